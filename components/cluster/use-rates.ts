'use client';

import { useEffect, useRef, useState } from 'react';
import { useLive, useViewingState } from '../live/live-provider.tsx';

const SECOND_MS = 1000;

/**
 * Messages in the last whole second by link, both ways ("n1-n2"); null until one
 * second was watched, and when what is looked at is not live: messages are not recorded.
 */
export function useRates(): ReadonlyMap<string, number> | null {
  const { packets, batch } = useLive((state) => ({
    packets: state.packets,
    batch: state.packetBatch,
  }));
  const isLive = useViewingState(({ mode }) => mode === 'live');
  const counts = useRef(new Map<string, number>());
  const [rates, setRates] = useState<ReadonlyMap<string, number> | null>(null);
  useEffect(() => {
    if (batch === 0) return;
    for (const { from, to, count } of packets) {
      const key = linkKey(from, to);
      counts.current.set(key, (counts.current.get(key) ?? 0) + count);
    }
  }, [packets, batch]);
  useEffect(() => {
    const timer = setInterval(() => {
      setRates(counts.current);
      counts.current = new Map();
    }, SECOND_MS);
    return () => clearInterval(timer);
  }, []);
  return isLive ? rates : null;
}

/** The same for both directions. */
export function linkKey(a: string, b: string): string {
  return a < b ? `${a}-${b}` : `${b}-${a}`;
}
