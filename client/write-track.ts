/**
 * One write on its way, by what nodes prove of it: who took it, where it stands
 * in the log, whose disks have it, who knows it to be committed, who has applied
 * it. A pure fold over live views and the answer: a step is done once something
 * shows it, never because the one before it is.
 *
 * The writer knows its entry by the name in it (session and number). A server
 * that proposes a write again after a leader's death makes a second entry of the
 * name; the first that is committed counts, the others do nothing (T12).
 */
import type { TransitView } from '../contracts/pace.ts';
import type { ClusterView, NodeView } from '../contracts/view.ts';
import type { WriteSession } from './http-client.ts';
import { standingTerm, termAt } from './log-matrix.ts';

/** Where the write stands in the log. */
export interface Place {
  readonly index: number;
  readonly term: number;
  /** Who leads that term; null when nobody said so. */
  readonly leader: string | null;
}

export interface WriteTrack {
  /** As entries tell it. */
  readonly name: string;
  readonly place: Place | null;
  /** Voters that have the entry on disk, in display order. */
  readonly stored: readonly string[];
  readonly voterCount: number;
  readonly isCommitted: boolean;
  /** Nodes that have applied it, in display order. */
  readonly applied: readonly string[];
  readonly nodeCount: number;
  /** Term of what was committed in its place instead; null when nothing was. */
  readonly overwrittenIn: number | null;
  readonly way: Way;
}

/** Messages on their way because of it; a cluster at full speed shows none. */
interface Way {
  /** To whom its entry travels. */
  readonly to: readonly string[];
  /** Whose acknowledgement travels to the leader. */
  readonly from: readonly string[];
}

/** As an entry tells it. */
export function nameOf({ clientId, sequence }: WriteSession): string {
  return `${clientId}/${sequence}`;
}

/** Nothing is known of the write but its name. */
export function newTrack(session: WriteSession): WriteTrack {
  return {
    name: nameOf(session),
    place: null,
    stored: [],
    voterCount: 0,
    isCommitted: false,
    applied: [],
    nodeCount: 0,
    overwrittenIn: null,
    way: { to: [], from: [] },
  };
}

/** With what the view proves; what is not seen any more stays proved. The same track where nothing is new. */
export function tracked(track: WriteTrack, view: ClusterView): WriteTrack {
  const next = trackedAnew(track, view);
  return JSON.stringify(next) === JSON.stringify(track) ? track : next;
}

function trackedAnew(track: WriteTrack, view: ClusterView): WriteTrack {
  const place = placeIn(track, view);
  if (place === null) return track;
  const { index, term } = place;
  const isMoved = track.place === null || track.place.index !== index;
  const knownStored = isMoved ? [] : track.stored;
  const knownApplied = isMoved ? [] : track.applied;
  const isCommitted =
    track.isCommitted ||
    view.nodes.some((node) => node.commitIndex >= index && termAt(node, index) === term);
  const standing = committedTerm(view, index);
  const isLost = !isCommitted && standing !== null && standing !== term;
  return {
    ...track,
    place,
    stored: view.voters.filter(
      (id) => !isLost && (hasStored(view, id, place) || (isCommitted && knownStored.includes(id))),
    ),
    voterCount: view.voters.length,
    isCommitted,
    applied: view.members.filter(
      (id) => isCommitted && (hasApplied(view, id, place) || knownApplied.includes(id)),
    ),
    nodeCount: view.members.length,
    overwrittenIn: isLost ? standing : null,
    way: wayOf(view.transit, place),
  };
}

/** With the store's answer: it was committed at `revision`, the index of the entry that counts, and `leader` has applied it. */
export function answered(
  track: WriteTrack,
  { revision, term, leader }: Readonly<{ revision: number; term: number; leader: string }>,
): WriteTrack {
  const isThere = track.place?.index === revision;
  return {
    ...track,
    place: isThere ? track.place : { index: revision, term, leader },
    stored: isThere ? track.stored : [],
    isCommitted: true,
    applied: isThere && track.applied.includes(leader) ? track.applied : [leader],
    overwrittenIn: null,
  };
}

/** Of what is committed, the entry that is; else the newest of that name. */
function placeIn(track: WriteTrack, view: ClusterView): Place | null {
  if (track.isCommitted && track.place !== null) {
    // Of an answer to a repeat the term may be the repeat's own.
    const { index } = track.place;
    const term = committedTerm(view, index) ?? track.place.term;
    return withLeader({ ...track.place, term }, track.place, view);
  }
  const mine = view.entries
    .filter(({ name }) => name === track.name)
    .sort((a, b) => a.term - b.term || a.index - b.index);
  const entry = mine.find(({ index, term }) => committedTerm(view, index) === term) ?? mine.at(-1);
  return entry === undefined
    ? track.place
    : withLeader({ index: entry.index, term: entry.term }, track.place, view);
}

function withLeader(
  { index, term }: Pick<Place, 'index' | 'term'>,
  before: Place | null,
  view: ClusterView,
): Place {
  const known = before?.term === term ? before.leader : null;
  return { index, term, leader: known ?? leaderOf(view, term) };
}

/** By itself, or by who followed it. */
function leaderOf({ nodes }: ClusterView, term: number): string | null {
  const ofTerm = nodes.filter((node) => node.term === term);
  const itself = ofTerm.find(({ role }) => role === 'leader');
  return itself?.id ?? ofTerm.find(({ leader }) => leader !== null)?.leader ?? null;
}

/** Null while nothing is known to be committed there, or nobody tells its term any more. */
function committedTerm(view: ClusterView, index: number): number | null {
  return view.nodes.some((node) => node.commitIndex >= index && termAt(node, index) !== null)
    ? standingTerm(view, index)
    : null;
}

/** By its own word, or by that of a leader which heard it from there (matchIndex, Figure 2). */
function hasStored(view: ClusterView, id: string, { index, term }: Place): boolean {
  return view.nodes.some((node) => {
    if (termAt(node, index) !== term) return false;
    if (node.id === id) return node.persistedIndex >= index;
    return node.progress.some(({ peer, matchIndex }) => peer === id && matchIndex >= index);
  });
}

/** Of an entry that is committed: its log may have forgotten it since. */
function hasApplied({ nodes }: ClusterView, id: string, { index, term }: Place): boolean {
  const node = nodes.find((other) => other.id === id);
  return node !== undefined && node.lastApplied >= index && !isOther(node, index, term);
}

function isOther(node: NodeView, index: number, term: number): boolean {
  const held = termAt(node, index);
  return held !== null && held !== term;
}

function wayOf(transit: readonly TransitView[], { index, term }: Place): Way {
  const to = new Set<string>();
  const from = new Set<string>();
  for (const message of transit) {
    if (message.term < term || message.refused) continue;
    if (message.type === 'AppendEntries') {
      const after = Number(fieldOf(message, 'prevLogIndex'));
      // The first entries are named: another leader's may stand in this place.
      const named = fieldOf(message, `entry ${index}`);
      const isMine = named === undefined || named.startsWith(`term ${term}:`);
      if (isMine && after < index && index <= after + message.entries) to.add(message.to);
    } else if (message.type === 'AppendEntriesResponse') {
      if (Number(fieldOf(message, 'matchIndex')) >= index) from.add(message.from);
    }
  }
  return { to: [...to].sort(), from: [...from].sort() };
}

function fieldOf({ fields }: TransitView, wanted: string): string | undefined {
  return fields.find(({ name }) => name === wanted)?.value;
}
