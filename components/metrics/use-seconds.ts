'use client';

import { useEffect, useMemo, useState } from 'react';
import { joinSeconds } from '../../client/metrics-marks.ts';
import { METRICS_SECONDS } from '../../contracts/metrics.ts';
import type { MetricsAnswer, MetricsDetail } from '../../contracts/metrics.ts';
import { client } from '../cluster/use-action.ts';
import { useLive } from '../live/live-provider.tsx';

/** Seconds that could not be had are asked for again after this long, ms. */
const RETRY_MS = 2000;

/** All seconds that the server keeps, newest last: asked for once, and after each gap in what the page heard; the rest is pushed. */
export function useSeconds(): readonly MetricsDetail[] {
  const { epoch, isLive, live } = useLive(({ view, conn, seconds }) => ({
    epoch: view?.epoch ?? null,
    isLive: conn === 'live',
    live: seconds,
  }));
  const [fetched, setFetched] = useState<MetricsAnswer | null>(null);
  useEffect(() => {
    if (!isLive) return;
    let wanted = true;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const ask = async (): Promise<void> => {
      const answer = await client.metrics(METRICS_SECONDS);
      if (!wanted) return;
      if (answer.ok) setFetched(answer.value);
      else timer = setTimeout(() => void ask(), RETRY_MS);
    };
    void ask();
    return () => {
      wanted = false;
      clearTimeout(timer);
    };
  }, [epoch, isLive]);
  return useMemo(
    () =>
      joinSeconds(fetched?.epoch === epoch ? fetched.seconds : [], live).slice(-METRICS_SECONDS),
    [fetched, epoch, live],
  );
}
