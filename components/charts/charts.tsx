'use client';

import clsx from 'clsx';
import { lazy, Suspense } from 'react';
import type { MetricsPoint } from '../../contracts/view.ts';
import { useLive } from '../live/live-provider.tsx';
import type { Series } from './line-figure.tsx';

/** Recharts weighs more than the rest of the page: it comes after the first paint. */
const LineFigure = lazy(() =>
  import('./line-figure.tsx').then((module) => ({ default: module.LineFigure })),
);

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
  const metrics = useLive((state) => state.view?.metrics ?? NO_METRICS);
  const stale = useLive((state) => state.conn === 'reconnecting');
  return (
    <div className={clsx('grid h-full grid-cols-2 gap-2 p-2', stale && 'stale')}>
      <Suspense fallback={<Waiting title="Writes and reads a second" />}>
        <LineFigure
          id="chart-throughput"
          title="Writes and reads a second"
          unit="/s"
          metrics={metrics}
          series={THROUGHPUT}
        />
      </Suspense>
      <Suspense fallback={<Waiting title="Commit latency, ms" />}>
        <LineFigure
          id="chart-commit-latency"
          title="Commit latency, ms"
          unit=" ms"
          metrics={metrics}
          series={LATENCY}
        />
      </Suspense>
    </div>
  );
}

const NO_METRICS: readonly MetricsPoint[] = [];

function Waiting({ title }: { readonly title: string }) {
  return <p className="text-xs text-quiet">{title}</p>;
}
