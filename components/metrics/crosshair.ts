'use client';

import { useSyncExternalStore } from 'react';

/** The time under the pointer, ms, on whichever chart it is: every chart shows it. Null when it is on none. */
class Crosshair {
  private atMs: number | null = null;
  private readonly listeners = new Set<() => void>();

  readonly get = (): number | null => this.atMs;

  set(atMs: number | null): void {
    if (atMs === this.atMs) return;
    this.atMs = atMs;
    for (const listener of this.listeners) listener();
  }

  readonly subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };
}

/** One page, one pointer. */
export const crosshair = new Crosshair();

export function useCrosshair(): number | null {
  return useSyncExternalStore(crosshair.subscribe, crosshair.get, () => null);
}
