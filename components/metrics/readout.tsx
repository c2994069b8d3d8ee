'use client';

import type { NodeSeries } from '../../client/metrics-charts.ts';
import type { MetricsDetail } from '../../contracts/metrics.ts';
import { secondOf } from '../live/live-provider.tsx';
import { figureOf } from './figure-of.ts';

interface ReadoutProps {
  readonly atMs: number;
  readonly seconds: readonly MetricsDetail[];
  readonly series: readonly NodeSeries[];
  readonly unit: string;
}

/** The figures of the second under the crosshair. A node that was down is said to be, and has no figure. */
export function Readout({ atMs, seconds, series, unit }: ReadoutProps) {
  const second = seconds.find((each) => each.atMs === atMs);
  return (
    <div className="rounded-lg border border-line bg-raised px-2 py-1 text-xs">
      <p className="text-quiet">
        {secondOf(atMs)} UTC{second?.leader === null && ', no leader'}
      </p>
      {second === undefined ? (
        <p>nothing was measured</p>
      ) : (
        series.map((each) => {
          const text = figureOf(each, second);
          return (
            <p key={each.name} className="flex justify-between gap-3">
              <span>{each.name}</span>
              <span className="font-mono">
                {text}
                {each.value(second) !== null && unit}
              </span>
            </p>
          );
        })
      )}
    </div>
  );
}
