/** Holds what watchers were told against the log: all of it in the scope, in order, once, and no revision in parts. */
import type { Change, ChangeBatch, Scope } from '../server/kv/types.ts';
import type { Happened, Reference } from './reference.ts';
import type { Heard } from './sim-watcher.ts';

/** Complaints, in words; empty when every watcher was told what happened. */
export function checkWatches(heard: readonly Heard[], reference: Reference): readonly string[] {
  const happened = reference.changes();
  return heard.flatMap((one) => {
    const complaint = judge(one, happened, reference.lastRevision);
    return complaint === null
      ? []
      : [`watch of ${JSON.stringify(one.scope)} after ${one.after}: ${complaint}`];
  });
}

function judge(
  { scope, after, through, batches }: Heard,
  happened: readonly Happened[],
  last: number,
): string | null {
  if (through > last) return `was told up to ${through}, which was never committed`;
  const parted = batches.find(({ revision }, i) => revision <= (batches[i - 1]?.revision ?? after));
  if (parted !== undefined) return `revision ${parted.revision} came out of turn`;
  const expected = happened
    .filter(({ revision, ...cell }) => revision > after && revision <= through && isIn(cell, scope))
    .map(({ text }) => `${text};`);
  const told = batches.flatMap((batch) => batch.changes.map((change) => textOf(batch, change)));
  const wrong = expected.findIndex((text, i) => !text.startsWith(told[i] ?? '?'));
  if (wrong >= 0)
    return `was told "${told[wrong] ?? 'nothing'}" where "${expected[wrong]}" happened`;
  const extra = told[expected.length];
  return extra === undefined ? null : `was told "${extra}", which did not happen by ${through}`;
}

function isIn(cell: { readonly key: string; readonly field: string }, scope: Scope): boolean {
  return (
    (scope.key === undefined || scope.key === cell.key) &&
    (scope.field === undefined || scope.field === cell.field) &&
    cell.key.startsWith(scope.prefix ?? '')
  );
}

function textOf({ revision, stamp }: ChangeBatch, change: Change): string {
  const { kind, key, field, at, version, value, expiresAt, previous, previousCompacted } = change;
  const was = previous === null ? 'nothing' : `${String(previous.value)}@${previous.revision}`;
  const what = `${revision} (${stamp}) ${kind} ${key}.${field} of ${version.timestamp}@${version.revision}/${version.op} at ${at}: ${String(value)} until ${String(expiresAt)}`;
  // What it was is forgotten: so far it must be as it happened.
  return previousCompacted ? `${what}, was ` : `${what}, was ${was};`;
}
