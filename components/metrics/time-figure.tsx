'use client';

import { memo, useMemo } from 'react';
import { chartRows, roundTicks, summary } from '../../client/chart-rows.ts';
import type { ChartRow } from '../../client/chart-rows.ts';
import type { ChartPlan } from '../../client/metrics-charts.ts';
import { SecondsTable } from '../charts/seconds-table.tsx';
import { figureOf } from './figure-of.ts';
import type { Frame } from './frame.ts';
import { DASHES } from './line-style.ts';
import { PLOT } from './plot-box.ts';
import { PlotMarks } from './plot-marks.tsx';
import { PlotPointer } from './plot-pointer.tsx';
import { TimeLines } from './time-lines.tsx';
import { useStaggered } from './use-staggered.ts';

interface TimeFigureProps {
  readonly plan: ChartPlan;
  readonly frame: Frame;
  /** It is drawn so long after the frame came. */
  readonly delayMs: number;
}

/** One chart: its title and what it means, a line for each series with its newest figure, and the numbers as a table. */
export const TimeFigure = memo(function TimeFigure({
  plan,
  frame: newest,
  delayMs,
}: TimeFigureProps) {
  const { id, title, caption, unit, empty, series } = plan;
  const frame = useStaggered(newest, delayMs);
  const rows = useMemo(() => chartRows(frame.seconds, series), [frame.seconds, series]);
  const ticks = useMemo(() => ticksOf(rows), [rows]);
  const { points, last } = summary(rows);
  const now = frame.seconds.at(-1);
  return (
    <figure
      data-testid={id}
      data-points={points}
      data-last={last ?? ''}
      className="relative flex h-full min-w-0 flex-col overflow-hidden rounded-lg border border-line bg-surface px-2 pt-1.5 pb-1"
    >
      <figcaption className="px-1 text-xs">
        <span className="block truncate font-medium">{title}</span>
        <span className="block truncate text-[11px] leading-4 text-quiet" title={caption}>
          {caption}
        </span>
      </figcaption>
      <ul className="flex h-4 gap-3 overflow-hidden px-1 text-[11px] text-quiet" aria-hidden="true">
        {series.map((each) => (
          <li key={each.name} className="flex shrink-0 items-center gap-1">
            <svg viewBox="0 0 18 4" className="w-[18px]">
              <path
                d="M0 2h18"
                stroke="currentColor"
                strokeWidth="1.5"
                strokeDasharray={DASHES[each.style]}
              />
            </svg>
            {each.name}
            <span className="font-mono text-text">
              {now === undefined ? '' : figureOf(each, now)}
            </span>
          </li>
        ))}
      </ul>
      <div className="relative min-h-0 flex-1" aria-hidden="true">
        <TimeLines
          rows={rows}
          series={series}
          ticks={ticks}
          endMs={frame.endMs}
          rangeMs={frame.rangeMs}
        />
        <div className="absolute" style={PLOT}>
          <PlotMarks
            marks={frame.marks}
            rows={rows}
            lines={series.length}
            max={ticks.at(-1) ?? 0}
            startMs={frame.endMs - frame.rangeMs}
            rangeMs={frame.rangeMs}
          />
          <PlotPointer frame={frame} series={series} unit={unit} />
        </div>
      </div>
      {points === 0 && (
        <p className="pointer-events-none absolute inset-x-0 bottom-[38%] text-center text-xs text-quiet">
          {empty}
        </p>
      )}
      <SecondsTable title={title} series={series} seconds={frame.seconds} textOf={figureOf} />
    </figure>
  );
});

function ticksOf(rows: readonly ChartRow[]): readonly number[] {
  const most = rows.reduce((max, { values }) => Math.max(max, ...values.map((v) => v ?? 0)), 0);
  return roundTicks(most);
}
