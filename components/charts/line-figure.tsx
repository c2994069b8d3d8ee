'use client';

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
import type { MetricsPoint } from '../../contracts/view.ts';

export interface Series {
  readonly name: string;
  /** Lines differ by form, not by colour: colour means role. */
  readonly style: 'solid' | 'dashed';
  /** Null where there is nothing to tell: the line breaks there. */
  readonly value: (point: MetricsPoint) => number | null;
}

interface LineFigureProps {
  readonly id: string;
  readonly title: string;
  readonly unit: string;
  readonly metrics: readonly MetricsPoint[];
  readonly series: readonly Series[];
}

/** Rows of the table that screen readers get. */
const TABLE_ROWS = 10;
const FIVE_MINUTES_MS = 300_000;

/** A line chart over the last five minutes, changes of leader marked, with its numbers as a table beside it. */
export function LineFigure({ id, title, unit, metrics, series }: LineFigureProps) {
  const data = metrics.map((point) => ({
    atMs: point.atMs,
    ...Object.fromEntries(series.map(({ name, value }) => [name, value(point)])),
  }));
  const end = metrics.at(-1)?.atMs ?? 0;
  const first = series[0];
  const last = metrics.at(-1);
  return (
    <figure
      data-testid={id}
      data-points={metrics.length}
      data-last={(first !== undefined && last !== undefined ? first.value(last) : null) ?? ''}
      className="flex h-full min-w-0 flex-col"
    >
      <figcaption className="flex items-baseline justify-between gap-2 text-xs">
        <span className="truncate text-quiet">{title}</span>
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
        <ResponsiveContainer
          width="100%"
          height="100%"
          initialDimension={{ width: 260, height: 130 }}
        >
          <LineChart
            data={data}
            margin={{ top: 6, right: 6, bottom: 0, left: 0 }}
            accessibilityLayer={false}
          >
            <CartesianGrid stroke="var(--line)" vertical={false} />
            <XAxis
              dataKey="atMs"
              type="number"
              domain={[end - FIVE_MINUTES_MS, end]}
              ticks={[end - FIVE_MINUTES_MS, end - FIVE_MINUTES_MS / 2, end]}
              tickFormatter={(atMs: number) =>
                atMs === end
                  ? 'now'
                  : `-${((end - atMs) / 60_000).toFixed(1).replace('.0', '')} min`
              }
              tick={{ fill: 'var(--quiet)', fontSize: 11 }}
              stroke="var(--line-strong)"
              height={20}
              allowDataOverflow
            />
            <YAxis
              width={38}
              tick={{ fill: 'var(--quiet)', fontSize: 11 }}
              stroke="var(--line)"
              allowDecimals={false}
              tickFormatter={compact}
            />
            <Tooltip
              isAnimationActive={false}
              labelFormatter={(atMs) => new Date(Number(atMs)).toISOString().slice(11, 19)}
              formatter={(value) => `${value === undefined ? '–' : String(value)}${unit}`}
              contentStyle={{
                background: 'var(--raised)',
                border: '1px solid var(--line)',
                borderRadius: 8,
                fontSize: 12,
              }}
              itemStyle={{ color: 'var(--text)' }}
            />
            {leaderChanges(metrics).map((atMs) => (
              <ReferenceLine
                key={atMs}
                x={atMs}
                stroke="var(--role-leader)"
                strokeDasharray="2 2"
                ifOverflow="hidden"
              />
            ))}
            {series.map(({ name, style }) => (
              <Line
                key={name}
                dataKey={name}
                stroke="var(--text)"
                strokeWidth={1.5}
                strokeDasharray={style === 'dashed' ? '4 3' : '0'}
                dot={false}
                isAnimationActive={false}
                connectNulls={false}
              />
            ))}
          </LineChart>
        </ResponsiveContainer>
      </div>
      <table className="sr-only">
        <caption>
          {title}, last {TABLE_ROWS} seconds
        </caption>
        <thead>
          <tr>
            <th scope="col">time</th>
            {series.map(({ name }) => (
              <th key={name} scope="col">
                {name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {metrics.slice(-TABLE_ROWS).map((point) => (
            <tr key={point.atMs}>
              <th scope="row">{new Date(point.atMs).toISOString().slice(11, 19)}</th>
              {series.map(({ name, value }) => (
                <td key={name}>{value(point) ?? 'none'}</td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </figure>
  );
}

/** Seconds in which another leader was seen than in the second before. */
function leaderChanges(metrics: readonly MetricsPoint[]): readonly number[] {
  const changes: number[] = [];
  let before: string | null = null;
  for (const { atMs, leader } of metrics) {
    if (leader !== null && before !== null && leader !== before) changes.push(atMs);
    before = leader ?? before;
  }
  return changes;
}

function compact(value: number): string {
  return new Intl.NumberFormat('en', { notation: 'compact', maximumFractionDigits: 1 }).format(
    value,
  );
}
