/**
 * Entries that lost their place: a leader without a quorum had logged them, and
 * another entry was committed there. Nothing committed is ever among them (Raft
 * §5.3: only conflicting, uncommitted entries are deleted).
 */
import { termAt } from './log-matrix.ts';
import type { ClusterView, EntryView, NodeView } from '../contracts/view.ts';

export interface Overwritten {
  readonly lost: EntryView;
  /** Term of what is committed in its place. */
  readonly byTerm: number;
  /** What is committed there, once the page has heard of it. */
  readonly by: EntryView | null;
  /** Nodes that still hold the lost entry. */
  readonly heldBy: readonly string[];
}

/** Kept by a page: the oldest are let go. */
const MAX_KEPT = 200;

/**
 * What is known to be overwritten, by index and then term: of `before`, what
 * the view says now, and what it shows for the first time.
 */
export function overwritten(
  view: ClusterView,
  before: readonly Overwritten[] = [],
): readonly Overwritten[] {
  const found = new Map<string, Overwritten>();
  const judge = (lost: EntryView): void => {
    const byTerm = committedTerm(view.nodes, lost.index);
    if (byTerm === null || byTerm === lost.term) return;
    const by = view.entries.find(({ index, term }) => index === lost.index && term === byTerm);
    found.set(placeOf(lost), { lost, byTerm, by: by ?? null, heldBy: holders(view.nodes, lost) });
  };
  for (const known of before) {
    // A place that is compacted by now says nothing any more: what was seen stays.
    found.set(placeOf(known.lost), { ...known, heldBy: holders(view.nodes, known.lost) });
  }
  for (const entry of view.entries) if (!found.get(placeOf(entry))?.by) judge(entry);
  return [...found.values()]
    .sort((a, b) => a.lost.index - b.lost.index || a.lost.term - b.lost.term)
    .slice(-MAX_KEPT);
}

function placeOf({ index, term }: EntryView): string {
  return `${index}/${term}`;
}

/** Term of what some node knows to be committed at `index`. */
function committedTerm(nodes: readonly NodeView[], index: number): number | null {
  for (const node of nodes) {
    const term = node.commitIndex >= index ? termAt(node, index) : null;
    if (term !== null) return term;
  }
  return null;
}

function holders(nodes: readonly NodeView[], { index, term }: EntryView): readonly string[] {
  return nodes.filter((node) => termAt(node, index) === term).map(({ id }) => id);
}
