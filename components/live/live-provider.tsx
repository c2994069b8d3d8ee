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
import type { Watches } from '../../client/watch.ts';
import type { ClusterView } from '../../contracts/view.ts';

const LiveContext = createContext<StoreApi<LiveState> | null>(null);
const WatchesContext = createContext<Watches | null>(null);

/** Holds what is known of the cluster and keeps it fresh while mounted. */
export function LiveProvider({
  initial,
  children,
}: {
  readonly initial: ClusterView | null;
  readonly children: ReactNode;
}) {
  const [store] = useState(() => createStore<LiveState>(() => initialState(initial)));
  const [watches, setWatches] = useState<Watches | null>(null);
  useEffect(() => {
    const live = connectLive({
      dispatch: (actions) => store.setState((state) => actions.reduce(reduce, state), true),
      state: store.getState,
    });
    setWatches(live.watches);
    return () => {
      setWatches(null);
      live.end();
    };
  }, [store]);
  return (
    <LiveContext value={store}>
      <WatchesContext value={watches}>{children}</WatchesContext>
    </LiveContext>
  );
}

function useLiveStore(): StoreApi<LiveState> {
  const store = use(LiveContext);
  if (store === null) throw new Error('useLive is for the inside of LiveProvider');
  return store;
}

/** Part of the live state; re-renders only when that part changes (compared one level deep). */
export function useLive<T>(select: (state: LiveState) => T): T {
  return useStore(useLiveStore(), useShallow(select));
}

/** The page's watches of the store; null until it has a line to the server. */
export function useWatches(): Watches | null {
  return use(WatchesContext);
}

const TICK_MS = 250;

/** Server time in ms, four times a second; null until the browser has taken over from the server. */
export function useNow(): number | null {
  const offset = useLive((state) => state.serverOffsetMs);
  const local = useSyncExternalStore(
    subscribeToTicks,
    () => Math.floor(Date.now() / TICK_MS) * TICK_MS,
    () => null,
  );
  return local === null ? null : local + offset;
}

function subscribeToTicks(onTick: () => void): () => void {
  const timer = setInterval(onTick, TICK_MS);
  return () => clearInterval(timer);
}

/** Why actions cannot be sent now, in words; null when they can. */
export function useActionsDisabled(): string | null {
  return useLive(({ conn }) =>
    conn === 'reconnecting' || conn === 'connecting' ? 'Not connected to the server' : null,
  );
}
