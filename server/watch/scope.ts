/** What of a batch is within a scope, by the rule of the store's own answers (`kv/answer-changes.ts`). */
import type { ChangeBatch } from '../kv/queries.ts';
import type { Cell, Scope } from '../kv/types.ts';

export function isWithin(cell: Cell, { key, field, prefix }: Scope): boolean {
  if (key === undefined) return prefix === undefined || cell.key.startsWith(prefix);
  return cell.key === key && (field === undefined || cell.field === field);
}

/** Null when it has nothing there. */
export function partWithin(batch: ChangeBatch, scope: Scope): ChangeBatch | null {
  const changes = batch.changes.filter((change) => isWithin(change, scope));
  if (changes.length === batch.changes.length) return batch;
  return changes.length === 0 ? null : { ...batch, changes };
}
