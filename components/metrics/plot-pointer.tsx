'use client';

import clsx from 'clsx';
import { useState } from 'react';
import type { PointerEvent } from 'react';
import type { NodeSeries } from '../../client/metrics-charts.ts';
import { crosshair, useCrosshair } from './crosshair.ts';
import type { Frame } from './frame.ts';
import { Readout } from './readout.tsx';

interface PlotPointerProps {
  readonly frame: Frame;
  readonly series: readonly NodeSeries[];
  readonly unit: string;
}

/** The crosshair, at the same second on every chart, and on the one under the pointer the figures of that second. */
export function PlotPointer({ frame, series, unit }: PlotPointerProps) {
  const { endMs, rangeMs, seconds } = frame;
  const atMs = useCrosshair();
  const [isHere, setHere] = useState(false);
  const share = atMs === null ? null : (atMs - (endMs - rangeMs)) / rangeMs;
  const onPointerMove = ({ clientX, currentTarget }: PointerEvent): void => {
    const { left, width } = currentTarget.getBoundingClientRect();
    const pointedMs = endMs - rangeMs + ((clientX - left) / width) * rangeMs;
    const nearest = seconds.findLast(({ atMs: startMs }) => startMs <= pointedMs) ?? seconds[0];
    crosshair.set(nearest?.atMs ?? null);
    setHere(true);
  };
  return (
    <div
      className="absolute inset-0"
      onPointerMove={onPointerMove}
      onPointerLeave={() => {
        crosshair.set(null);
        setHere(false);
      }}
    >
      {atMs !== null && share !== null && share >= 0 && share <= 1 && (
        <div
          data-testid="crosshair"
          className="pointer-events-none absolute inset-y-0 w-px bg-quiet"
          style={{ left: `${100 * share}%` }}
        >
          {isHere && (
            <div className={clsx('absolute top-0 z-10 w-max', share > 0.5 ? 'right-2' : 'left-2')}>
              <Readout atMs={atMs} seconds={seconds} series={series} unit={unit} />
            </div>
          )}
        </div>
      )}
    </div>
  );
}
