/** The log in words: what an entry does, and what a node has of it. */
import type { CellState } from '../../client/log-matrix.ts';
import type { EntryView } from '../../contracts/view.ts';

export const CELL_WORD: Readonly<Record<CellState, string>> = {
  absent: 'absent',
  appended: 'appended, not committed',
  committed: 'committed',
  applied: 'committed and applied',
  divergent: 'another entry, to be replaced',
  compacted: 'applied and compacted: in its database, not in its log',
};

export const KIND_WORD: Readonly<Record<EntryView['kind'], string>> = {
  noop: 'no operation',
  set: 'write',
  delete: 'delete',
  txn: 'transaction',
  tick: 'time moves on',
  compact: 'retention',
  confChange: 'change of members',
};

/** Labels of transactions tell their steps; those of restores, which are `txn` too, what is restored. */
const STEPS = /^(?:if .*: )?(?:\d+ steps?|many steps)|^if .*…$/;

export function commandOf({ kind, label }: EntryView): string {
  if (kind === 'delete') return `delete ${label}`;
  if (kind === 'txn') return `${STEPS.test(label) ? 'transaction' : 'restore'} ${label}`;
  return label;
}

/** What nobody asked for. */
export function isQuiet({ kind }: EntryView): boolean {
  return kind === 'noop' || kind === 'tick' || kind === 'compact';
}
