/**
 * The one sentence: who leads, do writes commit, how much more can be lost.
 * A leader counts only when a quorum of running, reachable nodes follows it in
 * its term; one node's word is never the cluster's.
 */
import type { ClusterView, NodeView } from '../contracts/view.ts';

export interface Verdict {
  readonly state: 'healthy' | 'degraded' | 'electing' | 'no-quorum' | 'stopped';
  /** One word for the state, as the sentence begins. */
  readonly word: string;
  readonly sentence: string;
  readonly leader: string | null;
  readonly term: number;
  /** Further nodes that may be lost with writes still committing. */
  readonly tolerates: number;
  readonly up: number;
  readonly configured: number;
}

export function verdictOf(view: ClusterView): Verdict {
  const up = view.nodes.filter((node) => node.state === 'serving');
  const term = Math.max(0, ...up.map((node) => node.term));
  const facts = { up: up.length, configured: view.voters.length };
  const { quorum } = view;

  if (up.length === 0) {
    return {
      ...facts,
      state: 'stopped',
      word: 'Stopped',
      sentence: 'no node is running; what was acknowledged is on disk',
      leader: null,
      term,
      tolerates: 0,
    };
  }
  if (largestSide(view, up) < quorum) {
    const why =
      up.length < quorum
        ? `${up.length} of ${facts.configured} up`
        : 'no side of the partition has a majority';
    return {
      ...facts,
      state: 'no-quorum',
      word: 'No quorum',
      sentence: `${why}; ${quorum} must agree, so nothing commits, by design`,
      leader: null,
      term,
      tolerates: 0,
    };
  }
  const leader = agreedLeader(view, up);
  if (leader === null) {
    return {
      ...facts,
      state: 'electing',
      word: 'Electing',
      sentence: 'no leader is agreed on yet; writes wait',
      leader: null,
      term,
      tolerates: 0,
    };
  }
  const tolerates = followersOf(view, up, leader).length - quorum;
  const healthy = tolerates === facts.configured - quorum;
  const loss =
    tolerates === 0
      ? 'can lose no more nodes'
      : `can lose ${tolerates} more node${tolerates === 1 ? '' : 's'}`;
  return {
    ...facts,
    state: healthy ? 'healthy' : 'degraded',
    word: healthy ? 'Healthy' : 'Degraded',
    sentence: `${leader.id} leads term ${leader.term}, writes commit, ${loss}`,
    leader: leader.id,
    term: leader.term,
    tolerates,
  };
}

/** What the sentence would be about if `id` were lost, or came back: for the moment before a click. */
export function forecastKill(view: ClusterView, id: string): string {
  const left = view.nodes.filter((node) => node.state === 'serving' && node.id !== id).length;
  const of = `${left} of ${view.voters.length}`;
  return left >= view.quorum
    ? `Killing ${id} leaves ${of}: writes go on${verdictOf(view).leader === id ? ' once another is elected' : ''}`
    : `Killing ${id} leaves ${of}: writes will stop until one returns`;
}

function agreedLeader(view: ClusterView, up: readonly NodeView[]): NodeView | null {
  const claims = up.filter((node) => node.role === 'leader').sort((a, b) => b.term - a.term);
  return claims.find((node) => followersOf(view, up, node).length >= view.quorum) ?? null;
}

/** The nodes that follow `leader` in its term and can hear it, itself included. */
function followersOf(
  view: ClusterView,
  up: readonly NodeView[],
  leader: NodeView,
): readonly NodeView[] {
  return up.filter(
    (node) =>
      node.id === leader.id ||
      (node.leader === leader.id &&
        node.term === leader.term &&
        areJoined(view, leader.id, node.id)),
  );
}

/** Number of nodes in the largest set that can all reach one of them both ways. */
function largestSide(view: ClusterView, up: readonly NodeView[]): number {
  return Math.max(
    ...up.map(
      (node) =>
        1 + up.filter((other) => other.id !== node.id && areJoined(view, node.id, other.id)).length,
    ),
  );
}

function areJoined(view: ClusterView, a: string, b: string): boolean {
  return !view.links.some(
    (link) =>
      link.cut && ((link.from === a && link.to === b) || (link.from === b && link.to === a)),
  );
}
