/**
 * Tells from the live log when what was read may have changed, so that it can
 * be looked at again. The log's lines are for people (they are made in
 * `server/node/entry-summary.ts`), so this may say yes once too often (`a.b` of
 * `c` reads like `a` of `b.c`, and a transaction tells no names), never too
 * seldom among the entries that the view holds.
 */
import type { ClusterView, EntryView } from '../contracts/view.ts';

export interface CellName {
  readonly key: string;
  readonly field: string;
}

/** Index of the newest committed entry that may have written this field, or 0. */
export function lastChange(view: ClusterView, cell: CellName): number {
  const name = `${cell.key}.${cell.field}`;
  return newest(view, (entry) => writes(entry, name, `${cell.key}.*`)) ?? 0;
}

/** The highest index that any node knows to be committed. */
export function committedIndex(view: ClusterView): number {
  return Math.max(0, ...view.nodes.map((node) => node.commitIndex));
}

function newest(view: ClusterView, counts: (entry: EntryView) => boolean): number | null {
  const committed = committedIndex(view);
  return view.entries.findLast((entry) => entry.index <= committed && counts(entry))?.index ?? null;
}

/** What follows the name in a line: set, append, remove, increment. */
const SIGNS = [' = ', ' += ', ' -= ', ' + ', ' - '];

function writes({ kind, label }: EntryView, name: string, record: string): boolean {
  switch (kind) {
    case 'txn':
      return true;
    case 'set':
      return SIGNS.some((sign) => mayBegin(label, `${name}${sign}`));
    case 'delete':
      return [name, record].some((whole) => label === whole || isCutOf(label, whole));
    case 'noop':
    case 'tick':
    case 'compact':
    case 'confChange':
      return false;
  }
}

function mayBegin(label: string, start: string): boolean {
  return label.startsWith(start) || isCutOf(label, start);
}

/** Lines that are too long end in an ellipsis. */
function isCutOf(label: string, text: string): boolean {
  return label.endsWith('…') && text.startsWith(label.slice(0, -1));
}
