'use client';

import dynamic from 'next/dynamic';
import { useMemo } from 'react';
import clsx from 'clsx';
import { chartPlans } from '../../client/metrics-charts.ts';
import { marksOf } from '../../client/metrics-marks.ts';
import { useLive, useNow } from '../live/live-provider.tsx';
import type { Frame, Range } from './frame.ts';
import { MarkList } from './mark-list.tsx';
import { MarkPatterns } from './mark-patterns.tsx';
import { useSeconds } from './use-seconds.ts';

/** Recharts weighs more than the rest of the page: it comes after the first paint. */
const TimeFigure = dynamic(() => import('./time-figure.tsx').then((module) => module.TimeFigure), {
  ssr: false,
  loading: () => (
    <div aria-hidden="true" className="h-full rounded-lg border border-line bg-surface" />
  ),
});

/** Between the drawing of two charts, ms. */
const STAGGER_MS = 50;
const SECOND_MS = 1000;
/** A newest second older than this is not now, ms. */
const LATE_MS = 3000;

/** All charts of the page, on one axis that ends now. */
export function MetricsBoard({ range }: { readonly range: Range }) {
  const stale = useLive((state) => state.conn === 'reconnecting');
  const members = useLive((state) => state.view?.members.join(' ') ?? '');
  const nodes = useMemo(() => members.split(' ').filter((node) => node !== ''), [members]);
  const plans = useMemo(() => chartPlans(nodes), [nodes]);
  const frame = useFrame(range, nodes);
  return (
    <div
      className={clsx(
        'grid min-h-0 flex-1 auto-rows-[14rem] grid-cols-1 gap-3 sm:grid-cols-2 desk:auto-rows-fr desk:grid-cols-3',
        stale && 'stale',
      )}
    >
      <MarkPatterns />
      {plans.map((plan, at) => (
        <TimeFigure key={plan.id} plan={plan} frame={frame} delayMs={at * STAGGER_MS} />
      ))}
      <MarkList marks={frame.marks} />
    </div>
  );
}

function useFrame(range: Range, nodes: readonly string[]): Frame {
  const all = useSeconds();
  const rangeMs = range * 60 * SECOND_MS;
  const newestMs = (all.at(-1)?.atMs ?? 0) + SECOND_MS;
  // While seconds come the axis moves with them; when they stop it moves on without.
  const nowMs = useNow() ?? newestMs;
  const endMs = nowMs - newestMs < LATE_MS ? newestMs : Math.floor(nowMs / SECOND_MS) * SECOND_MS;
  return useMemo(() => {
    const seconds = all.filter(({ atMs }) => atMs >= endMs - rangeMs);
    return { seconds, marks: marksOf(seconds, nodes), endMs, rangeMs };
  }, [all, nodes, endMs, rangeMs]);
}
