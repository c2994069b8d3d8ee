'use client';

import clsx from 'clsx';
import dynamic from 'next/dynamic';
import { useDeferredValue } from 'react';
import type { Series } from '../../client/chart-rows.ts';
import type { MetricsPoint } from '../../contracts/view.ts';
import { useLive } from '../live/live-provider.tsx';

/** Recharts weighs more than the rest of the page: it comes after the first paint. */
const LineFigure = dynamic(() => import('./line-figure.tsx').then((module) => module.LineFigure), {
  ssr: false,
  loading: () => <div aria-hidden="true" />,
});

const THROUGHPUT: readonly Series[] = [
  { name: 'writes/s', style: 'solid', value: (point) => point.writesPerSecond },
  { name: 'reads/s', style: 'dashed', value: (point) => point.readsPerSecond },
];
const LATENCY: readonly Series[] = [
  { name: 'p50', style: 'solid', value: (point) => point.commitP50Ms },
  { name: 'p99', style: 'dashed', value: (point) => point.commitP99Ms },
];

/** The last five minutes: how much, and how fast. */
export function Charts() {
  // After what else came with the same second, and not in one task with it.
  const metrics = useDeferredValue(useLive((state) => state.view?.metrics ?? NO_METRICS));
  const stale = useLive((state) => state.conn === 'reconnecting');
  return (
    <div className={clsx('grid h-full grid-cols-2 gap-2 p-2', stale && 'stale')}>
      <LineFigure
        id="chart-throughput"
        title="Writes and reads a second"
        unit="/s"
        empty="No second has passed yet"
        metrics={metrics}
        series={THROUGHPUT}
      />
      <LineFigure
        id="chart-commit-latency"
        title="Commit latency, ms"
        unit=" ms"
        empty="No writes in these five minutes"
        metrics={metrics}
        series={LATENCY}
      />
    </div>
  );
}

const NO_METRICS: readonly MetricsPoint[] = [];
