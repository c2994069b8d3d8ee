/**
 * What the page knows of the cluster: a pure reducer over the messages of the
 * live stream. No React, no socket, no clock of its own.
 *
 * A patch is taken only when it continues what is held; anything else makes
 * the state `resyncing` until a full view lands. Whether the stream is alive is
 * judged by the age of its last message: a socket's claim to be connected is
 * never believed, only its word that it is not.
 */
import type { AccessView } from '../contracts/access.ts';
import { STALE_AFTER_MS } from '../contracts/live.ts';
import type { Packet, Patch } from '../contracts/live.ts';
import { METRICS_SECONDS } from '../contracts/metrics.ts';
import type { MetricsDetail } from '../contracts/metrics.ts';
import type { ClusterView, EntryView, MembersView } from '../contracts/view.ts';

import { pacePatched, withLosses } from './pace-state.ts';
import type { Loss } from './pace-state.ts';

const MAX_ENTRIES = 500;
const MAX_EVENTS = 500;
const MAX_METRICS = 300;
const MAX_SECONDS = METRICS_SECONDS;

export type Connection = 'connecting' | 'live' | 'resyncing' | 'reconnecting';

export interface LiveState {
  readonly conn: Connection;
  /** Who the server takes this page for; null until it said so. */
  readonly access: AccessView | null;
  /** Why the server wants to know anew who asks; null while it does not. */
  readonly signedOut: string | null;
  readonly view: ClusterView | null;
  /** Local clock, ms, of the last message, or of the first tick while there was none; null before both. */
  readonly lastMessageAtMs: number | null;
  /** Server clock less local clock, ms: of the message that came fastest, since the rest measure delay. */
  readonly serverOffsetMs: number;
  /** Connection attempts since the stream was last alive. */
  readonly tries: number;
  /** Server clock, ms, at which a new server was first heard on this page; null while it is the first one. */
  readonly restartedAtMs: number | null;
  /** Seconds of this server that patches brought, newest last: one that was missed is missing. */
  readonly seconds: readonly MetricsDetail[];
  /** The newest samples of traffic, and a number that rises with each batch. */
  readonly packets: readonly Packet[];
  readonly packetBatch: number;
  /** The last messages of this server that did not arrive, newest last. */
  readonly losses: readonly Loss[];
}

export type LiveAction =
  | { readonly type: 'view'; readonly view: ClusterView; readonly nowMs: number }
  | { readonly type: 'patch'; readonly patch: Patch; readonly nowMs: number }
  | {
      readonly type: 'beat';
      readonly epoch: string;
      readonly seq: number;
      readonly atMs: number;
      readonly nowMs: number;
    }
  | { readonly type: 'packets'; readonly packets: readonly Packet[] }
  | { readonly type: 'access'; readonly access: AccessView }
  | { readonly type: 'signedOut'; readonly why: string }
  /** The socket says that it is closed. */
  | { readonly type: 'disconnected' }
  | { readonly type: 'attempt' }
  /** Time has passed: judges whether the stream is stale. */
  | { readonly type: 'clock'; readonly nowMs: number };

export function initialState(view: ClusterView | null): LiveState {
  return {
    conn: 'connecting',
    access: null,
    signedOut: null,
    view,
    lastMessageAtMs: null,
    serverOffsetMs: 0,
    tries: 0,
    restartedAtMs: null,
    seconds: [],
    packets: [],
    packetBatch: 0,
    losses: [],
  };
}

/** True when the holder of this state should ask for a full view. */
export function wantsView(state: LiveState): boolean {
  return state.conn === 'resyncing';
}

export function reduce(state: LiveState, action: LiveAction): LiveState {
  switch (action.type) {
    case 'view':
      return reduceView(heard(state, action.nowMs, action.view.atMs), action.view);
    case 'patch':
      return reducePatch(heard(state, action.nowMs, action.patch.atMs), action.patch);
    case 'beat': {
      const next = heard(state, action.nowMs, action.atMs);
      const { view } = next;
      if (view === null) return next;
      const inStep = view.epoch === action.epoch && view.seq >= action.seq;
      return { ...next, conn: inStep ? 'live' : 'resyncing' };
    }
    case 'packets':
      return { ...state, packets: action.packets, packetBatch: state.packetBatch + 1 };
    case 'access':
      return { ...state, access: action.access, signedOut: null };
    case 'signedOut':
      return { ...state, signedOut: action.why, conn: 'reconnecting' };
    case 'disconnected':
      return state.conn === 'connecting' ? state : { ...state, conn: 'reconnecting' };
    case 'attempt':
      return { ...state, tries: state.tries + 1 };
    case 'clock':
      return judgeAge(state, action.nowMs);
  }
}

function judgeAge(state: LiveState, nowMs: number): LiveState {
  if (state.lastMessageAtMs === null) return { ...state, lastMessageAtMs: nowMs };
  const stale = nowMs - state.lastMessageAtMs > STALE_AFTER_MS;
  return stale && state.conn !== 'reconnecting' ? { ...state, conn: 'reconnecting' } : state;
}

/** A clock that was set back by more than this is another clock, ms. */
const CLOCK_JUMP_MS = 1000;

function heard(state: LiveState, nowMs: number, serverMs: number): LiveState {
  const offsetMs = serverMs - nowMs;
  const isFirst = state.conn === 'connecting';
  const slower =
    offsetMs <= state.serverOffsetMs && state.serverOffsetMs - offsetMs < CLOCK_JUMP_MS;
  return {
    ...state,
    lastMessageAtMs: nowMs,
    serverOffsetMs: slower && !isFirst ? state.serverOffsetMs : offsetMs,
  };
}

function reduceView(state: LiveState, view: ClusterView): LiveState {
  const before = state.view;
  // An answer that was overtaken by patches of the same server has nothing new.
  if (state.conn === 'live' && before?.epoch === view.epoch && view.seq < before.seq) return state;
  const isOther = before !== null && before.epoch !== view.epoch;
  return {
    ...state,
    conn: 'live',
    view,
    restartedAtMs: isOther ? view.atMs : state.restartedAtMs,
    seconds: isOther ? [] : state.seconds,
    losses: isOther ? [] : state.losses,
    tries: 0,
  };
}

function reducePatch(state: LiveState, patch: Patch): LiveState {
  const { view } = state;
  if (view === null) return { ...state, conn: 'resyncing' };
  if (patch.epoch === view.epoch && patch.seq <= view.seq) return state;
  if (patch.epoch !== view.epoch || patch.seq !== view.seq + 1)
    return { ...state, conn: 'resyncing' };
  return {
    ...state,
    conn: 'live',
    view: applyPatch(view, patch),
    losses: withLosses(state.losses, view, patch, state.lastMessageAtMs ?? 0),
    ...(patch.metrics && {
      seconds: append(state.seconds, patch.metrics, MAX_SECONDS, (second) => second.atMs),
    }),
  };
}

/** The view that `patch` makes of the one before it. */
export function applyPatch(view: ClusterView, patch: Patch): ClusterView {
  const { members, nodes, links, entries, events, metrics, invariants } = patch;
  const held = members === undefined ? view : { ...view, ...members, ...onlyOf(view, members) };
  return {
    ...held,
    seq: patch.seq,
    atMs: patch.atMs,
    ...(nodes && { nodes: replaceBy(held.nodes, nodes, (node) => node.id) }),
    ...(links && { links: replaceBy(held.links, links, (link) => `${link.from}>${link.to}`) }),
    ...(entries && { entries: mergeEntries(view.entries, entries) }),
    ...(events && { events: append(view.events, events, MAX_EVENTS, (event) => event.seq) }),
    ...pacePatched(held, patch),
    ...(invariants && { invariants }),
    ...(metrics && { metrics: append(view.metrics, metrics, MAX_METRICS, (point) => point.atMs) }),
  };
}

/** Nodes and links of members alone. */
function onlyOf(
  { nodes, links }: ClusterView,
  { members }: MembersView,
): Pick<ClusterView, 'links' | 'nodes'> {
  return {
    nodes: nodes.filter(({ id }) => members.includes(id)),
    links: links.filter(({ from, to }) => members.includes(from) && members.includes(to)),
  };
}

/** New ones come last, in the order in which they are told. */
function replaceBy<T>(old: readonly T[], changed: readonly T[], key: (item: T) => string): T[] {
  const byKey = new Map(changed.map((item) => [key(item), item]));
  const known = new Set(old.map(key));
  return [
    ...old.map((item) => byKey.get(key(item)) ?? item),
    ...changed.filter((item) => !known.has(key(item))),
  ];
}

/** Adds what is newer than the newest held: a view fetched over HTTP may be ahead of its number. */
function append<T>(
  old: readonly T[],
  added: readonly T[],
  limit: number,
  order: (item: T) => number,
): T[] {
  const newest = old.at(-1);
  const after = newest === undefined ? Number.NEGATIVE_INFINITY : order(newest);
  return [...old, ...added.filter((item) => order(item) > after)].slice(-limit);
}

function mergeEntries(old: readonly EntryView[], added: readonly EntryView[]): EntryView[] {
  // The usual case, and many times as fast: a replay goes through hundreds of patches at once.
  if (added.every((entry, i) => follows(entry, i === 0 ? old.at(-1) : added[i - 1])))
    return [...old, ...added].slice(-MAX_ENTRIES);
  const known = new Set(old.map((entry) => `${entry.index}/${entry.term}`));
  const fresh = added.filter((entry) => !known.has(`${entry.index}/${entry.term}`));
  return [...old, ...fresh]
    .sort((a, b) => a.index - b.index || a.term - b.term)
    .slice(-MAX_ENTRIES);
}

function follows(entry: EntryView, before: EntryView | undefined): boolean {
  if (before === undefined) return true;
  return entry.index === before.index ? entry.term > before.term : entry.index > before.index;
}
