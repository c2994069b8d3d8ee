/**
 * The replicated log of all nodes as rows and cells. Each node tells its log as
 * runs of terms, so every cell of any index is known without its entry.
 */
import type { ClusterView, EntryView, NodeView } from '../contracts/view.ts';

export type CellState =
  | 'absent'
  | 'appended'
  | 'committed'
  | 'applied'
  | 'divergent'
  /** Applied, and gone from this node's log: a snapshot, or its own database, has what it did. */
  | 'compacted';

export interface Cell {
  readonly node: string;
  readonly state: CellState;
  /** Term of the entry that this node holds here; null when it holds none, or one too old for its runs. */
  readonly term: number | null;
}

/** The last log index that any node is known to hold. */
export function lastIndexOf(view: ClusterView): number {
  return Math.max(0, ...view.nodes.map((node) => node.lastIndex));
}

/** Term of this node's entry at `index`; null when it has none or the runs do not reach back so far. */
export function termAt(node: NodeView, index: number): number | null {
  for (let i = node.termRuns.length - 1; i >= 0; i--) {
    const run = node.termRuns[i];
    if (run !== undefined && index >= run.from && index <= run.to) return run.term;
  }
  return null;
}

/**
 * The term that stands at `index`: what some node has committed there, or else
 * what the node of the newest log says.
 */
export function standingTerm(view: ClusterView, index: number): number | null {
  const committed = view.nodes.find(
    (node) => node.commitIndex >= index && termAt(node, index) !== null,
  );
  if (committed !== undefined) return termAt(committed, index);
  const terms = view.nodes.map((node) => termAt(node, index)).filter((term) => term !== null);
  return terms.length === 0 ? null : Math.max(...terms);
}

export function cellOf(node: NodeView, index: number, standing: number | null): Cell {
  const term = termAt(node, index);
  if (index > node.lastIndex) return { node: node.id, state: 'absent', term: null };
  if (index < node.firstIndex) return { node: node.id, state: 'compacted', term: null };
  if (standing !== null && term !== null && term !== standing)
    return { node: node.id, state: 'divergent', term };
  if (index <= node.lastApplied) return { node: node.id, state: 'applied', term };
  if (index <= node.commitIndex) return { node: node.id, state: 'committed', term };
  return { node: node.id, state: 'appended', term };
}

/** No node's log reaches back to `index` any more. */
export function isForgotten(view: ClusterView, index: number): boolean {
  return view.nodes.every((node) => index < node.firstIndex || index > node.lastIndex);
}

/** Why there is nothing to be shown at an index that was asked for, a sentence; null where there is. */
export function whyNoEntry(view: ClusterView, index: number): string | null {
  const last = lastIndexOf(view);
  if (index > last)
    return `There is no entry ${index.toLocaleString('en')} yet; the last is ${last.toLocaleString('en')}.`;
  if (!isForgotten(view, index)) return null;
  const bases = view.nodes.map((node) => node.firstIndex - 1).filter((base) => base >= index);
  return `Entries up to ${Math.min(...bases).toLocaleString('en')} are compacted: no log holds them any more. The databases hold what they did.`;
}

/** How far a node's commit index is behind the furthest one. */
export function commitLag(view: ClusterView, node: NodeView): number {
  return Math.max(...view.nodes.map((other) => other.commitIndex)) - node.commitIndex;
}

export type EntryBook = ReadonlyMap<string, EntryView>;

/** Entries for looking up what a row says; later ones of a place replace earlier ones. */
export function entryBook(entries: readonly EntryView[], before?: EntryBook): EntryBook {
  const book = new Map(before);
  for (const entry of entries) {
    book.set(placeOf(entry.index, entry.term), entry);
    // For rows so old that no node tells their term any more: committed long since, so one entry is left.
    book.set(placeOf(entry.index, null), entry);
  }
  return book;
}

export function findEntry(
  book: EntryBook,
  index: number,
  term: number | null,
): EntryView | undefined {
  return book.get(placeOf(index, term));
}

function placeOf(index: number, term: number | null): string {
  return `${index}/${term ?? 'any'}`;
}
