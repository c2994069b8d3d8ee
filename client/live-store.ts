/**
 * What the page knows of the cluster: a pure reducer over the messages of the
 * live stream. No React, no socket, no clock of its own.
 *
 * A patch is taken only when it continues what is held; anything else makes
 * the state `resyncing` until a full view lands. Whether the stream is alive is
 * judged by the age of its last message, never by the socket's own word.
 */
import { STALE_AFTER_MS } from '../contracts/live.ts';
import type { Packet, Patch } from '../contracts/live.ts';
import type { ClusterView, EntryView } from '../contracts/view.ts';

const MAX_ENTRIES = 500;
const MAX_EVENTS = 500;
const MAX_METRICS = 300;

export type Connection = 'connecting' | 'live' | 'resyncing' | 'reconnecting';

export interface LiveState {
  readonly conn: Connection;
  readonly view: ClusterView | null;
  /** Local clock, ms, of the last message; null before the first. */
  readonly lastMessageAtMs: number | null;
  /** Server clock less local clock, ms. */
  readonly serverOffsetMs: number;
  /** Connection attempts since the stream was last alive. */
  readonly tries: number;
  /** The server was started anew since this page was opened. */
  readonly restarted: boolean;
  /** The newest samples of traffic, and a number that rises with each batch. */
  readonly packets: readonly Packet[];
  readonly packetBatch: number;
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
  | { readonly type: 'disconnected' }
  | { readonly type: 'attempt' }
  /** Time has passed: judges whether the stream is stale. */
  | { readonly type: 'clock'; readonly nowMs: number };

export function initialState(view: ClusterView | null): LiveState {
  return {
    conn: 'connecting',
    view,
    lastMessageAtMs: null,
    serverOffsetMs: 0,
    tries: 0,
    restarted: false,
    packets: [],
    packetBatch: 0,
  };
}

/** True when the holder of this state should ask for a full view. */
export function wantsView(state: LiveState): boolean {
  return state.conn === 'resyncing';
}

export function reduce(state: LiveState, action: LiveAction): LiveState {
  switch (action.type) {
    case 'view':
      return {
        ...heard(state, action.nowMs, action.view.atMs),
        conn: 'live',
        view: action.view,
        restarted: state.view !== null && state.view.epoch !== action.view.epoch,
        tries: 0,
      };
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
    case 'disconnected':
      return state.conn === 'connecting' ? state : { ...state, conn: 'reconnecting' };
    case 'attempt':
      return { ...state, tries: state.tries + 1 };
    case 'clock': {
      const stale =
        state.lastMessageAtMs !== null && action.nowMs - state.lastMessageAtMs > STALE_AFTER_MS;
      return stale && state.conn !== 'reconnecting' ? { ...state, conn: 'reconnecting' } : state;
    }
  }
}

function heard(state: LiveState, nowMs: number, serverMs: number): LiveState {
  return { ...state, lastMessageAtMs: nowMs, serverOffsetMs: serverMs - nowMs };
}

function reducePatch(state: LiveState, patch: Patch): LiveState {
  const { view } = state;
  if (view === null) return { ...state, conn: 'resyncing' };
  if (patch.epoch === view.epoch && patch.seq <= view.seq) return state;
  if (patch.epoch !== view.epoch || patch.seq !== view.seq + 1)
    return { ...state, conn: 'resyncing' };
  return { ...state, conn: 'live', view: applyPatch(view, patch) };
}

/** The view that `patch` makes of the one before it. */
export function applyPatch(view: ClusterView, patch: Patch): ClusterView {
  const { nodes, links, entries, events, metrics } = patch;
  return {
    ...view,
    seq: patch.seq,
    atMs: patch.atMs,
    ...(nodes && { nodes: replaceBy(view.nodes, nodes, (node) => node.id) }),
    ...(links && { links: replaceBy(view.links, links, (link) => `${link.from}>${link.to}`) }),
    ...(entries && { entries: mergeEntries(view.entries, entries) }),
    ...(events && { events: [...view.events, ...events].slice(-MAX_EVENTS) }),
    ...(metrics && { metrics: [...view.metrics, ...metrics].slice(-MAX_METRICS) }),
  };
}

function replaceBy<T>(old: readonly T[], changed: readonly T[], key: (item: T) => string): T[] {
  const byKey = new Map(changed.map((item) => [key(item), item]));
  return old.map((item) => byKey.get(key(item)) ?? item);
}

function mergeEntries(old: readonly EntryView[], added: readonly EntryView[]): EntryView[] {
  const known = new Set(old.map((entry) => `${entry.index}/${entry.term}`));
  const fresh = added.filter((entry) => !known.has(`${entry.index}/${entry.term}`));
  return [...old, ...fresh]
    .sort((a, b) => a.index - b.index || a.term - b.term)
    .slice(-MAX_ENTRIES);
}
