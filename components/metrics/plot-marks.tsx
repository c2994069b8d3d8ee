'use client';

import { memo } from 'react';
import { lonelyRows } from '../../client/chart-rows.ts';
import type { ChartRow } from '../../client/chart-rows.ts';
import type { Marks } from '../../client/metrics-marks.ts';

interface PlotMarksProps {
  readonly marks: Marks;
  readonly rows: readonly ChartRow[];
  readonly lines: number;
  /** Upper end of the value axis. */
  readonly max: number;
  readonly startMs: number;
  readonly rangeMs: number;
}

const WIDTH = 1000;
const HEIGHT = 100;

/** What happened, behind the lines: spans and changes of leader; and a dot where a value stands alone. */
export const PlotMarks = memo(function PlotMarks(props: PlotMarksProps) {
  const { marks, rows, lines, max, startMs, rangeMs } = props;
  const share = (atMs: number): number => Math.min(1, Math.max(0, (atMs - startMs) / rangeMs));
  const dots = Array.from({ length: lines }, (_, at) => {
    const lonely = lonelyRows(rows, at);
    return rows
      .filter(({ atMs }) => lonely.has(atMs))
      .map(({ atMs, values }) => {
        const y = HEIGHT * (1 - (values[at] ?? 0) / Math.max(1e-9, max));
        return `M${(WIDTH * share(atMs)).toFixed(1)} ${y.toFixed(2)}h0`;
      })
      .join('');
  }).join('');
  return (
    <>
      <svg className="absolute inset-0 size-full">
        {marks.spans.map(({ kind, node, fromMs, toMs }) => (
          <rect
            key={`${kind} ${node} ${fromMs}`}
            data-mark={kind}
            x={`${100 * share(fromMs)}%`}
            width={`${100 * (share(toMs) - share(fromMs))}%`}
            height="100%"
            fill={`url(#metrics-${kind})`}
          />
        ))}
        {marks.changes.map(({ atMs, leader, isCrowded }) => (
          <g key={atMs} data-mark="leader">
            <line
              x1={`${100 * share(atMs)}%`}
              x2={`${100 * share(atMs)}%`}
              y2="100%"
              stroke="var(--role-leader)"
              strokeDasharray="2 2"
            />
            {!isCrowded && (
              <text
                x={`${100 * share(atMs)}%`}
                dx={share(atMs) < 0.1 ? 3 : -3}
                y="10"
                textAnchor={share(atMs) < 0.1 ? 'start' : 'end'}
                fontSize="10"
                fill="var(--quiet)"
              >
                {leader}
              </text>
            )}
          </g>
        ))}
      </svg>
      <svg
        viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
        preserveAspectRatio="none"
        className="absolute inset-0 size-full overflow-visible"
      >
        <path
          d={dots}
          stroke="var(--text)"
          strokeWidth="4"
          strokeLinecap="round"
          vectorEffect="non-scaling-stroke"
        />
      </svg>
    </>
  );
});
