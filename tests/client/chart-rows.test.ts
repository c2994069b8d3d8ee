import { describe, expect, test } from 'vitest';
import {
  chartRows,
  leaderChanges,
  lonelyRows,
  roundTicks,
  summary,
} from '../../client/chart-rows.ts';
import type { Series } from '../../client/chart-rows.ts';
import type { MetricsPoint } from '../../contracts/view.ts';

const LATENCY: readonly Series[] = [
  { name: 'p50', style: 'solid', value: (point) => point.commitP50Ms },
  { name: 'p99', style: 'dashed', value: (point) => point.commitP99Ms },
];

function second(at: number, p50: number | null, leader: string | null = 'n1'): MetricsPoint {
  return {
    atMs: at * 1000,
    writesPerSecond: 0,
    readsPerSecond: 0,
    failedPerSecond: 0,
    commitP50Ms: p50,
    commitP99Ms: p50 === null ? null : p50 * 2,
    persistP50Ms: null,
    persistP99Ms: null,
    lag: {},
    leader,
    storeBytes: null,
  };
}

describe('charts', () => {
  test('[U38] a second without samples, or that is missing, breaks the line', () => {
    const rows = chartRows([second(1, 5), second(2, null), second(3, 7), second(9, 8)], LATENCY);
    expect(rows).toEqual([
      { atMs: 1000, values: [5, 10] },
      { atMs: 2000, values: [null, null] },
      { atMs: 3000, values: [7, 14] },
      { atMs: 3001, values: [null, null] },
      { atMs: 9000, values: [8, 16] },
    ]);
    expect(chartRows([], LATENCY)).toEqual([]);
  });

  test('[U38] a value alone between breaks gets a dot, and only such a one', () => {
    const rows = chartRows(
      [1, null, 2, 3, null, 4].map((p50, i) => second(i, p50)),
      LATENCY,
    );
    expect([...lonelyRows(rows, 0)]).toEqual([0, 5000]);
  });

  test('[U38] what is not drawn is not counted', () => {
    expect(summary(chartRows([second(1, null), second(2, null)], LATENCY))).toEqual({
      points: 0,
      last: null,
    });
    const rows = chartRows([second(1, 3), second(9, 4), second(10, null)], LATENCY);
    expect(summary(rows)).toEqual({ points: 2, last: 4 });
  });

  test('[U38] another leader is marked once, whatever time passed without one', () => {
    const leaders = ['n1', 'n1', null, 'n1', null, null, 'n2', 'n2', 'n3', 'n2'];
    expect(leaderChanges(leaders.map((leader, i) => second(i, null, leader)))).toEqual([
      { atMs: 6000, leader: 'n2', isCrowded: false },
      { atMs: 8000, leader: 'n3', isCrowded: true },
      { atMs: 9000, leader: 'n2', isCrowded: true },
    ]);
    expect(leaderChanges([second(1, null, null), second(2, null, 'n2')])).toEqual([]);
  });

  test.each([
    [0, 3],
    [2, 3],
    [3, 3],
    [4, 6],
    [9, 9],
    [9.1, 15],
    [29, 30],
    [31, 60],
    [151, 300],
    [41_234, 60_000],
  ])('[U38] an axis that must show %s ends at %s, in three round steps', (max, end) => {
    expect(roundTicks(max)).toEqual([0, end / 3, (2 * end) / 3, end]);
  });
});
