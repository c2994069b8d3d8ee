'use client';

import { memo } from 'react';
import { CartesianGrid, Line, LineChart, ResponsiveContainer, XAxis, YAxis } from 'recharts';
import type { ChartRow } from '../../client/chart-rows.ts';
import type { NodeSeries } from '../../client/metrics-charts.ts';
import { DASHES, figure } from './line-style.ts';
import { PLOT } from './plot-box.ts';

interface TimeLinesProps {
  readonly rows: readonly ChartRow[];
  readonly series: readonly NodeSeries[];
  readonly ticks: readonly number[];
  readonly endMs: number;
  readonly rangeMs: number;
}

const TICK = { fill: 'var(--quiet)', fontSize: 11 };

/** Axes and lines. Marks and the crosshair lie over them: drawn by the chart, they would cost more than all lines. */
export const TimeLines = memo(function TimeLines(props: TimeLinesProps) {
  const { rows, series, ticks, endMs, rangeMs } = props;
  const startMs = endMs - rangeMs;
  return (
    <ResponsiveContainer width="100%" height="100%" initialDimension={{ width: 380, height: 110 }}>
      <LineChart
        data={[...rows]}
        margin={{ top: PLOT.top, right: PLOT.right, bottom: 0, left: 0 }}
        accessibilityLayer={false}
      >
        <CartesianGrid stroke="var(--line)" vertical={false} />
        <XAxis
          dataKey="atMs"
          type="number"
          domain={[startMs, endMs]}
          ticks={[startMs, endMs - rangeMs / 2, endMs]}
          tickFormatter={(atMs: number) => ago(endMs - atMs)}
          tick={TICK}
          stroke="var(--line-strong)"
          height={PLOT.bottom}
          allowDataOverflow
        />
        <YAxis
          width={PLOT.left}
          tick={TICK}
          stroke="var(--line)"
          tickFormatter={figure}
          domain={[0, ticks.at(-1) ?? 0]}
          ticks={[...ticks]}
        />
        {series.map(({ name, style }, at) => (
          <Line
            key={name}
            name={name}
            dataKey={`values[${at}]`}
            stroke="var(--text)"
            strokeWidth={1.5}
            strokeDasharray={DASHES[style]}
            dot={false}
            activeDot={false}
            isAnimationActive={false}
            connectNulls={false}
          />
        ))}
      </LineChart>
    </ResponsiveContainer>
  );
});

function ago(ms: number): string {
  if (ms === 0) return 'now';
  return ms < 60_000 ? `-${ms / 1000} s` : `-${(ms / 60_000).toFixed(1).replace('.0', '')} min`;
}
