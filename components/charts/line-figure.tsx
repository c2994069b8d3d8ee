'use client';

import { Fragment, memo, useMemo } from 'react';
import {
  CartesianGrid,
  Line,
  LineChart,
  ReferenceLine,
  ResponsiveContainer,
  Tooltip,
  XAxis,
  YAxis,
} from 'recharts';
import {
  chartRows,
  leaderChanges,
  lonelyRows,
  roundTicks,
  summary,
} from '../../client/chart-rows.ts';
import type { ChartRow, Series } from '../../client/chart-rows.ts';
import type { MetricsPoint } from '../../contracts/view.ts';
import { secondOf, useViewingState } from '../live/live-provider.tsx';
import { SecondsTable } from './seconds-table.tsx';

interface LineFigureProps {
  readonly id: string;
  readonly title: string;
  readonly unit: string;
  /** Said in place of the lines when there are none. */
  readonly empty: string;
  readonly metrics: readonly MetricsPoint[];
  readonly series: readonly Series[];
}

const FIVE_MINUTES_MS = 300_000;

/** A line chart over the last five minutes, changes of leader marked, with its numbers as a table beside it. */
export const LineFigure = memo(function LineFigure({
  id,
  title,
  unit,
  empty,
  metrics,
  series,
}: LineFigureProps) {
  const rows = useMemo(() => chartRows(metrics, series), [metrics, series]);
  const { points, last } = summary(rows);
  return (
    <figure
      data-testid={id}
      data-points={points}
      data-last={last ?? ''}
      className="relative flex h-full min-w-0 flex-col"
    >
      <figcaption className="text-xs">
        <span className="block truncate text-quiet">{title}</span>
        <span className="flex gap-2">
          {series.map(({ name, style }) => (
            <span key={name} className="flex items-center gap-1 text-[11px] text-quiet">
              <svg viewBox="0 0 14 4" className="w-3.5" aria-hidden="true">
                <path
                  d="M0 2h14"
                  stroke="currentColor"
                  strokeWidth="2"
                  strokeDasharray={style === 'dashed' ? '4 2' : undefined}
                />
              </svg>
              {name}
            </span>
          ))}
        </span>
      </figcaption>
      <div className="min-h-0 flex-1" aria-hidden="true">
        <Lines rows={rows} unit={unit} metrics={metrics} series={series} />
      </div>
      {points === 0 && (
        <p className="absolute inset-0 grid place-content-center text-xs text-quiet">{empty}</p>
      )}
      <SecondsTable
        title={title}
        series={series}
        seconds={metrics}
        textOf={({ value }, point) => String(value(point) ?? 'none')}
      />
    </figure>
  );
});

type LinesProps = Pick<LineFigureProps, 'unit' | 'metrics' | 'series'> & {
  readonly rows: readonly ChartRow[];
};

function Lines({ rows, unit, metrics, series }: LinesProps) {
  const end = rows.at(-1)?.atMs ?? 0;
  const last = useViewingState(({ mode }) => (mode === 'live' ? 'now' : 'then'));
  const changes = leaderChanges(metrics);
  const ticks = roundTicks(Math.max(0, ...rows.flatMap(({ values }) => values.map((v) => v ?? 0))));
  return (
    <ResponsiveContainer width="100%" height="100%" initialDimension={{ width: 260, height: 130 }}>
      <LineChart
        data={[...rows]}
        margin={{ top: 8, right: 6, bottom: 0, left: 0 }}
        accessibilityLayer={false}
      >
        <CartesianGrid stroke="var(--line)" vertical={false} />
        <XAxis
          dataKey="atMs"
          type="number"
          domain={[end - FIVE_MINUTES_MS, end]}
          ticks={[end - FIVE_MINUTES_MS, end - FIVE_MINUTES_MS / 2, end]}
          tickFormatter={(atMs: number) => (atMs === end ? last : ago(end - atMs))}
          tick={TICK}
          stroke="var(--line-strong)"
          height={20}
          allowDataOverflow
        />
        <YAxis
          width={38}
          tick={TICK}
          stroke="var(--line)"
          tickFormatter={compact}
          domain={[0, ticks.at(-1) ?? 0]}
          ticks={[...ticks]}
        />
        <Tooltip
          isAnimationActive={false}
          labelFormatter={(atMs) => `${secondOf(Number(atMs))} UTC`}
          formatter={(value) => (typeof value === 'number' ? `${compact(value)}${unit}` : '–')}
          contentStyle={{
            background: 'var(--raised)',
            border: '1px solid var(--line)',
            borderRadius: 8,
            fontSize: 12,
          }}
          itemStyle={{ color: 'var(--text)' }}
        />
        {changes.map(({ atMs, leader, isCrowded }) => (
          <ReferenceLine
            key={atMs}
            x={atMs}
            stroke="var(--role-leader)"
            strokeDasharray="2 2"
            ifOverflow="hidden"
            {...(!isCrowded && {
              label: {
                value: leader,
                position: 'insideTopRight',
                fontSize: 10,
                fill: 'var(--quiet)',
              },
            })}
          />
        ))}
        {series.map(({ name, style }, at) => {
          const lonely = lonelyRows(rows, at);
          return (
            <Line
              key={name}
              name={name}
              dataKey={`values[${at}]`}
              stroke="var(--text)"
              strokeWidth={1.5}
              strokeDasharray={style === 'dashed' ? '4 3' : '0'}
              // Three hundred times asked where there is none, it would cost more than the line.
              dot={
                lonely.size > 0 &&
                (({ cx, cy, payload }: DotProps) =>
                  lonely.has(payload.atMs) ? (
                    <circle
                      key={payload.atMs}
                      cx={cx}
                      cy={cy}
                      r={2}
                      stroke="var(--text)"
                      strokeDasharray="0"
                      fill={style === 'dashed' ? 'var(--surface)' : 'var(--text)'}
                    />
                  ) : (
                    <Fragment key={payload.atMs} />
                  ))
              }
              isAnimationActive={false}
              connectNulls={false}
            />
          );
        })}
      </LineChart>
    </ResponsiveContainer>
  );
}

const TICK = { fill: 'var(--quiet)', fontSize: 11 };

interface DotProps {
  readonly cx?: number;
  readonly cy?: number;
  readonly payload: ChartRow;
}

function ago(ms: number): string {
  return `-${(ms / 60_000).toFixed(1).replace('.0', '')} min`;
}

const number = new Intl.NumberFormat('en', { notation: 'compact', maximumFractionDigits: 1 });

function compact(value: number): string {
  return number.format(value);
}
