'use client';

import { createContext, use, useEffect, useState, useSyncExternalStore } from 'react';
import type { ReactNode } from 'react';
import { useStore } from 'zustand';
import { useShallow } from 'zustand/react/shallow';
import { createStore } from 'zustand/vanilla';
import type { StoreApi } from 'zustand/vanilla';
import { connectLive } from '../../client/live-socket.ts';
import { initialState, reduce } from '../../client/live-store.ts';
import type { LiveState } from '../../client/live-store.ts';
import { ServerSource } from '../../client/recording-source.ts';
import { formatClock } from '../../client/time-input.ts';
import { Viewing } from '../../client/viewing.ts';
import type { ViewingState } from '../../client/viewing.ts';
import type { Watches } from '../../client/watch.ts';
import type { ClusterView } from '../../contracts/view.ts';

/** What the stream says now, and what of it or of a recording is looked at. */
interface Sources {
  readonly stream: StoreApi<LiveState>;
  readonly viewing: Viewing;
}

const SourcesContext = createContext<Sources | null>(null);
const WatchesContext = createContext<Watches | null>(null);

/** Holds what is known of the cluster and keeps it fresh while mounted. */
export function LiveProvider({
  initial,
  children,
}: {
  readonly initial: ClusterView | null;
  readonly children: ReactNode;
}) {
  const [sources] = useState((): Sources => {
    const stream = createStore<LiveState>(() => initialState(initial));
    return { stream, viewing: new Viewing(stream, new ServerSource()) };
  });
  const [watches, setWatches] = useState<Watches | null>(null);
  useEffect(() => {
    const { stream, viewing } = sources;
    const unfollow = stream.subscribe(() => viewing.followLive());
    const live = connectLive({
      dispatch: (actions) => stream.setState((state) => actions.reduce(reduce, state), true),
      state: stream.getState,
    });
    setWatches(live.watches);
    return () => {
      setWatches(null);
      live.end();
      unfollow();
    };
  }, [sources]);
  return (
    <SourcesContext value={sources}>
      <WatchesContext value={watches}>{children}</WatchesContext>
    </SourcesContext>
  );
}

function useSources(): Sources {
  const sources = use(SourcesContext);
  if (sources === null) throw new Error('useLive is for the inside of LiveProvider');
  return sources;
}

/** What the stream says, for those who must see every change and not only the latest. */
export function useLiveStore(): StoreApi<LiveState> {
  return useSources().stream;
}

/**
 * Part of what is looked at: the live state, or a moment held still or replayed.
 * Re-renders only when that part changes (compared one level deep).
 */
export function useLive<T>(select: (state: LiveState) => T): T {
  return useStore(useSources().viewing.shown, useShallow(select));
}

/** Part of what the stream says now, whatever is looked at. */
export function useStream<T>(select: (state: LiveState) => T): T {
  return useStore(useSources().stream, useShallow(select));
}

export function useViewing(): Viewing {
  return useSources().viewing;
}

export function useViewingState<T>(select: (state: ViewingState) => T): T {
  return useStore(useSources().viewing.state, useShallow(select));
}

/** The page's watches of the store; null until it has a line to the server. */
export function useWatches(): Watches | null {
  return use(WatchesContext);
}

const TICK_MS = 250;

/**
 * Server time in ms, of what is looked at: four times a second while it is live,
 * else that of the moment shown; null until the browser has taken over from the server.
 */
export function useNow(): number | null {
  const serverNow = useServerNow();
  const atMs = useViewingState((state) => state.atMs);
  return atMs ?? serverNow;
}

/** Server time in ms, whatever is looked at. */
export function useServerNow(): number | null {
  const offset = useStream((state) => state.serverOffsetMs);
  const local = useSyncExternalStore(
    subscribeToTicks,
    () => Math.floor(Date.now() / TICK_MS) * TICK_MS,
    () => null,
  );
  return local === null ? null : local + offset;
}

/**
 * As {@link useNow}, but never later than the server's last word: whatever was silent since then, it may have
 * been the page that did not hear.
 */
export function useHeardUntil(): number | null {
  const now = useNow();
  const lastWordMs = useStream(({ lastMessageAtMs, serverOffsetMs }) =>
    lastMessageAtMs === null
      ? null
      : Math.floor((lastMessageAtMs + serverOffsetMs) / TICK_MS) * TICK_MS,
  );
  return now === null || lastWordMs === null ? now : Math.min(now, lastWordMs);
}

function subscribeToTicks(onTick: () => void): () => void {
  const timer = setInterval(onTick, TICK_MS);
  return () => clearInterval(timer);
}

/** Why nothing can be asked of the server now, in words; null when it can. */
export function useQuestionsDisabled(): string | null {
  return useStream(({ conn }) =>
    conn === 'reconnecting' || conn === 'connecting' ? 'Not connected to the server' : null,
  );
}

/** Why actions cannot be sent now, in words; null when they can. Nobody acts on what is not so any more. */
export function useActionsDisabled(): string | null {
  const disconnected = useQuestionsDisabled();
  const viewer = useStream(({ access }) =>
    access?.role === 'viewer' ? `${access.name} may read and watch; this takes an operator` : null,
  );
  const past = useViewingState(({ mode, atMs }) => {
    if (mode === 'live' || atMs === null) return null;
    return mode === 'replay'
      ? `You are looking at ${secondOf(atMs)}. Back to live (Esc)`
      : `The view is paused at ${secondOf(atMs)}. Back to live (Esc)`;
  });
  return past ?? disconnected ?? viewer;
}

/** "14:03:22" */
export function secondOf(ms: number): string {
  return formatClock(ms).slice(0, 8);
}
