/**
 * Holds what watchers were told against the log: all of it in the scope, in
 * order, once, and no revision in parts. What is said to be forgotten must be so
 * for a node that has applied as much as the one that said it, and what is
 * forgotten must not be told.
 */
import type { Change, ChangeBatch } from '../server/kv/queries.ts';
import type { Horizon, Scope } from '../server/kv/types.ts';
import type { Happened, Reference } from './reference.ts';
import { heardThrough } from './sim-watcher.ts';
import type { Heard } from './sim-watcher.ts';

/** Complaints, in words; empty when every watcher was told what happened. */
export function checkWatches(heard: readonly Heard[], reference: Reference): readonly string[] {
  const happened = reference.changes();
  return heard.flatMap((one) => {
    const complaint = judgePlaces(one, reference) ?? judgeChanges(one, happened, reference);
    return complaint === null
      ? []
      : [`watch of ${JSON.stringify(one.scope)} after ${one.after}: ${complaint}`];
  });
}

/** Whether each page was rightly given, or rightly not. */
function judgePlaces(
  { after: first, pages, refusals }: Heard,
  reference: Reference,
): string | null {
  let after = first;
  for (const { through, asOf } of pages) {
    if (asOf > reference.lastRevision || through > asOf)
      return `was told up to ${through} as of ${asOf}, which was never committed`;
    if (after < reference.horizonAt(asOf).revision)
      return `was told what follows ${after}, and it is forgotten`;
    after = through;
  }
  for (const refusal of refusals) {
    const { code, horizon: told } = refusal.error;
    const isAhead = refusal.after > refusal.asOf;
    if (isAhead && code === 'REVISION_NOT_YET') continue;
    const horizon = reference.horizonAt(refusal.asOf);
    const isForgotten = refusal.after < horizon.revision && code === 'COMPACTED';
    if (isForgotten && told?.revision === horizon.revision) continue;
    return `was refused what follows ${refusal.after} as of ${refusal.asOf}: ${JSON.stringify(refusal.error)}`;
  }
  return null;
}

function judgeChanges(
  heard: Heard,
  happened: readonly Happened[],
  reference: Reference,
): string | null {
  const { scope, after, pages } = heard;
  const through = heardThrough(heard);
  const batches = pages.flatMap((page) => page.batches);
  const parted = batches.find(({ revision }, i) => revision <= (batches[i - 1]?.revision ?? after));
  if (parted !== undefined) return `revision ${parted.revision} came out of turn`;
  const told = pages.flatMap(({ batches, asOf }) => {
    const horizon = reference.horizonAt(asOf);
    return batches.flatMap((batch) =>
      batch.changes.map((change) => ({
        text: textOf(batch, change),
        isForgotten: hidesPast(change, horizon),
      })),
    );
  });
  const expected = happened.filter(
    (one) => one.revision > after && one.revision <= through && isIn(one, scope),
  );
  for (const [i, { text, was }] of expected.entries()) {
    const got = told[i];
    const right = `${text}, was ${got?.isForgotten === true ? FORGOTTEN : was}`;
    if (got?.text !== right)
      return `was told "${got?.text ?? 'nothing'}" where "${right}" happened`;
  }
  const extra = told[expected.length];
  return extra === undefined
    ? null
    : `was told "${extra.text}", which did not happen by ${through}`;
}

function isIn(cell: { readonly key: string; readonly field: string }, scope: Scope): boolean {
  return (
    (scope.key === undefined || scope.key === cell.key) &&
    (scope.field === undefined || scope.field === cell.field) &&
    cell.key.startsWith(scope.prefix ?? '')
  );
}

/** What was written to a time before the horizon is told without what stood there: that is forgotten. */
function hidesPast({ kind, version }: Change, horizon: Horizon): boolean {
  return (kind === 'set' || kind === 'delete') && version.timestamp < horizon.timestamp;
}

const FORGOTTEN = 'forgotten';

function textOf({ revision, stamp }: ChangeBatch, change: Change): string {
  const { kind, key, field, at, version, value, expiresAt, previous, previousCompacted } = change;
  const stood = previous === null ? 'nothing' : `${String(previous.value)}@${previous.revision}`;
  const was = previousCompacted && previous === null ? FORGOTTEN : stood;
  return `${revision} (${stamp}) ${kind} ${key}.${field} of ${version.timestamp}@${version.revision}/${version.op} at ${at}: ${String(value)} until ${String(expiresAt)}, was ${was}`;
}
