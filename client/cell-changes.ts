/**
 * Tells from the live log when a field has changed, so that what was read of it
 * can be looked at again. The log's lines are for people, so this may say yes
 * once too often (`a.b` of `c` reads like `a` of `b.c`), never too seldom among
 * the entries that the view holds.
 */
import type { ClusterView, EntryView } from '../contracts/view.ts';

export interface CellName {
  readonly key: string;
  readonly field: string;
}

/** Index of the newest committed entry that wrote this field, or 0. */
export function lastChange(view: ClusterView, cell: CellName): number {
  const committed = Math.max(0, ...view.nodes.map((node) => node.commitIndex));
  const name = `${cell.key}.${cell.field}`;
  for (let i = view.entries.length - 1; i >= 0; i--) {
    const entry = view.entries[i];
    if (entry !== undefined && entry.index <= committed && writes(entry, name)) return entry.index;
  }
  return 0;
}

function writes({ kind, label }: EntryView, name: string): boolean {
  if (kind !== 'set' && kind !== 'delete') return false;
  const start = kind === 'set' ? `${name} = ` : name;
  if (label.startsWith(start)) return kind === 'set' || label === start;
  return label.endsWith('…') && start.startsWith(label.slice(0, -1));
}
