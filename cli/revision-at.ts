/** What the cluster knew at an instant, as a revision: entries carry rising stamps, so it is searched for by halves. */
import type { BatchView } from '../contracts/watch.ts';
import type { Call } from './call.ts';
import { CliError } from './failure.ts';
import { EXIT } from './exit-codes.ts';

/** The last revision that was stamped at or before `atMs`. */
export async function revisionAt(call: Call, atMs: number): Promise<number> {
  const { watchableAfter, appliedRevision } = await call.ask(call.client.retention());
  let [low, high] = [watchableAfter, appliedRevision];
  // Always: what is up to `low` was known by then, what is after `high` was not.
  let isKnown = watchableAfter === 0;
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    const next = await firstAfter(call, middle, high);
    if (next === null || next.revision > high) high = middle;
    else if (next.stamp / 1000 < atMs + 1) {
      low = next.revision;
      isKnown = true;
    } else high = middle;
  }
  if (!isKnown)
    throw new CliError(
      EXIT.failed,
      'COMPACTED',
      'what was known so long ago is forgotten',
      'ask for a later time; see `chronoraft retention get`',
    );
  return low;
}

/** Null when nothing happened after `revision` up to `high`. */
async function firstAfter(call: Call, revision: number, high: number): Promise<BatchView | null> {
  for (let after = revision; after < high; ) {
    const { batches, through } = await call.ask(call.client.changes(after, 1));
    const [first] = batches;
    if (first !== undefined) return first;
    if (through <= after) return null;
    after = through;
  }
  return null;
}
