/**
 * The one sentence: who leads, do writes commit, how much more can be lost.
 * A leader counts only when a quorum of running, reachable nodes follows it in
 * its term; one node's word is never the cluster's.
 */
import { violationOf } from './invariant-words.ts';
import { deciders, inWords, isQuorum, spare } from './quorum.ts';
import type { ClusterView, NodeView } from '../contracts/view.ts';

export interface Verdict {
  readonly state: 'healthy' | 'degraded' | 'electing' | 'no-quorum' | 'stopped' | 'violated';
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

/** Nodes that can reach one another, in display order. */
export interface Side {
  readonly nodes: readonly string[];
  readonly hasQuorum: boolean;
}

/** The parts of a view that decide: what else changes, the verdict does not. */
export type Judged = Pick<ClusterView, 'links' | 'nodes' | 'voters' | 'votersOutgoing'>;

export function verdictOf(view: Judged): Verdict {
  const voters = deciders(view);
  const up = view.nodes.filter((node) => node.state === 'serving' && voters.includes(node.id));
  const facts = {
    leader: null,
    term: Math.max(0, ...up.map((node) => node.term)),
    tolerates: 0,
    up: up.length,
    configured: voters.length,
  };
  if (up.length === 0) {
    return {
      ...facts,
      state: 'stopped',
      word: 'Stopped',
      sentence: `0 of ${facts.configured} up; what was acknowledged is on disk`,
    };
  }
  if (!someReachQuorum(view, up)) {
    const why = isQuorum(view, idsOf(up))
      ? `no side of the partition has ${inWords(view)}`
      : `${up.length} of ${facts.configured} up`;
    return {
      ...facts,
      state: 'no-quorum',
      word: 'No quorum',
      sentence: `${why}, cannot commit, by design`,
    };
  }
  const leader = agreedLeader(view, up);
  if (leader === null) {
    return {
      ...facts,
      state: 'electing',
      word: 'Electing',
      sentence: `${whoAsks(up)}, writes wait`,
    };
  }
  return { ...facts, ...led(view, up, leader), leader: leader.id, term: leader.term };
}

/** The verdict, unless something is broken that must never be: then that comes first, with who leads and what is up as they are. */
export function headlineOf(view: ClusterView): Verdict {
  const verdict = verdictOf(view);
  const violation = violationOf(view.invariants);
  if (violation === null) return verdict;
  return { ...verdict, state: 'violated', word: 'Safety violated', sentence: violation.text };
}

/** What the verdict would be about if `id` were lost: for the moment before a click. */
export function forecastKill(
  view: Judged,
  id: string,
  doing: 'Killing' | 'Pausing' = 'Killing',
): string {
  const voters = deciders(view);
  if (!voters.includes(id)) return `${id} has no vote: ${doing.toLowerCase()} it stops nothing`;
  const left = view.nodes.filter(
    (node) => node.state === 'serving' && node.id !== id && voters.includes(node.id),
  );
  const of = `${doing} ${id} leaves ${left.length} of ${voters.length}`;
  if (left.length === 0) return `${of}: the cluster stops`;
  if (!someReachQuorum(view, left)) return `${of}: writes will stop`;
  return verdictOf(view).leader === id
    ? `${of}: writes wait for an election, then go on`
    : `${of}: writes go on`;
}

/**
 * How a node that says it leads stands among the others: `agreed` when a quorum
 * follows it, `stale` when a newer term has begun, else `alone`. Null for a node
 * that does not say so.
 */
export function standingOf(view: Judged, id: string): 'agreed' | 'stale' | 'alone' | null {
  const up = view.nodes.filter((node) => node.state === 'serving');
  const node = up.find((candidate) => candidate.id === id);
  if (node?.role !== 'leader') return null;
  if (agreedLeader(view, up)?.id === id) return 'agreed';
  return up.some((other) => other.term > node.term) ? 'stale' : 'alone';
}

/** The sides of a partition of all nodes, up or down; one side while every node can reach every other on some way. */
export function sidesOf(view: Judged): readonly Side[] {
  const sides: string[][] = [];
  const all = idsOf(view.nodes);
  for (const id of all) {
    const joined = sides.filter((side) => side.some((other) => areJoined(view, id, other)));
    const merged = [...joined.flat(), id];
    for (const side of joined) sides.splice(sides.indexOf(side), 1);
    sides.push(merged);
  }
  return sides
    .map((nodes) => all.filter((id) => nodes.includes(id)))
    .sort((a, b) => b.length - a.length)
    .map((nodes) => ({ nodes, hasQuorum: isQuorum(view, nodes) }));
}

function whoAsks(up: readonly NodeView[]): string {
  const asking = up
    .filter((node) => node.role === 'candidate' || node.role === 'preCandidate')
    .sort((a, b) => b.term - a.term)[0];
  if (asking === undefined) return 'no quorum follows one leader';
  return asking.role === 'candidate'
    ? `${asking.id} asks for votes in term ${asking.term}`
    : `${asking.id} hears no leader and asks whether it could win`;
}

function led(
  view: Judged,
  up: readonly NodeView[],
  leader: NodeView,
): Pick<Verdict, 'sentence' | 'state' | 'tolerates' | 'word'> {
  const followers = idsOf(followersOf(view, up, leader));
  const tolerates = spare(view, followers);
  const missing = deciders(view)
    .filter((id) => !followers.includes(id))
    .map((id) => whyMissing(view, up, leader, id));
  const isHealthy = missing.length === 0;
  const loss =
    tolerates === 0
      ? 'can lose no more nodes'
      : `can lose ${tolerates} more node${tolerates === 1 ? '' : 's'}`;
  const because = isHealthy ? '' : `; ${missing.join(', ')}`;
  return {
    state: isHealthy ? 'healthy' : 'degraded',
    word: isHealthy ? 'Healthy' : 'Degraded',
    sentence: `${leader.id} leads term ${leader.term}, writes commit, ${loss}${because}`,
    tolerates,
  };
}

function whyMissing(view: Judged, up: readonly NodeView[], leader: NodeView, id: string): string {
  if (!up.some((node) => node.id === id)) return `${id} is down`;
  return areJoined(view, leader.id, id) ? `${id} does not follow yet` : `${id} is cut off`;
}

function agreedLeader(view: Judged, up: readonly NodeView[]): NodeView | null {
  const claims = up.filter((node) => node.role === 'leader').sort((a, b) => b.term - a.term);
  return claims.find((node) => isQuorum(view, idsOf(followersOf(view, up, node)))) ?? null;
}

/** The nodes that follow `leader` in its term and can hear it, itself included. */
function followersOf(view: Judged, up: readonly NodeView[], leader: NodeView): readonly NodeView[] {
  return up.filter(
    (node) =>
      node.id === leader.id ||
      (node.leader === leader.id &&
        node.term === leader.term &&
        areJoined(view, leader.id, node.id)),
  );
}

/** Does one of them reach a quorum both ways, itself included? A leader must stand there. */
function someReachQuorum(view: Judged, up: readonly NodeView[]): boolean {
  return up.some((node) =>
    isQuorum(
      view,
      idsOf(up.filter((other) => other.id === node.id || areJoined(view, node.id, other.id))),
    ),
  );
}

function idsOf(nodes: readonly NodeView[]): readonly string[] {
  return nodes.map(({ id }) => id);
}

/** Raft needs an answer to each question: one direction alone joins nobody. */
function areJoined(view: Judged, a: string, b: string): boolean {
  return !view.links.some(
    (link) =>
      link.cut && ((link.from === a && link.to === b) || (link.from === b && link.to === a)),
  );
}
