/**
 * The replicated log of all nodes as rows and cells. Each node tells its log as
 * runs of terms, so every cell of any index is known without its entry.
 */
import type { ClusterView, EntryView, NodeView } from '../contracts/view.ts';

export type CellState = 'absent' | 'appended' | 'committed' | 'applied' | 'divergent';

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
  if (standing !== null && term !== null && term !== standing)
    return { node: node.id, state: 'divergent', term };
  if (index <= node.lastApplied) return { node: node.id, state: 'applied', term };
  if (index <= node.commitIndex) return { node: node.id, state: 'committed', term };
  return { node: node.id, state: 'appended', term };
}

/** Entries by "index/term", for looking up what a row says. */
export function entryIndex(entries: readonly EntryView[]): ReadonlyMap<string, EntryView> {
  return new Map(entries.map((entry) => [`${entry.index}/${entry.term}`, entry]));
}
