/**
 * The seconds of the metrics as rows of a chart. A second without a value, or
 * that nobody measured, breaks the line: a chart that draws through a crash
 * hides it.
 */
import type { MetricsPoint } from '../contracts/view.ts';

export interface Series {
  readonly name: string;
  /** Lines differ by form, not by colour: colour means role. */
  readonly style: 'solid' | 'dashed';
  /** Null where there is nothing to tell: the line breaks there. */
  readonly value: (point: MetricsPoint) => number | null;
}

export interface ChartRow {
  readonly atMs: number;
  /** One for each series, in their order. */
  readonly values: readonly (number | null)[];
}

/** Points are a second apart; beyond this, ms, some are missing. */
const GAP_MS = 1700;

export function chartRows(
  metrics: readonly MetricsPoint[],
  series: readonly Series[],
): readonly ChartRow[] {
  const rows: ChartRow[] = [];
  for (const point of metrics) {
    const before = rows.at(-1);
    if (before !== undefined && point.atMs - before.atMs > GAP_MS) {
      rows.push({ atMs: before.atMs + 1, values: series.map(() => null) });
    }
    rows.push({ atMs: point.atMs, values: series.map(({ value }) => value(point)) });
  }
  return rows;
}

/** Rows in which series `at` stands alone between breaks: no line shows it, so it needs a dot. */
export function lonelyRows(rows: readonly ChartRow[], at: number): ReadonlySet<number> {
  const has = (i: number): boolean => (rows[i]?.values[at] ?? null) !== null;
  const lonely = rows.filter((_, i) => has(i) && !has(i - 1) && !has(i + 1));
  return new Set(lonely.map((row) => row.atMs));
}

/** How many rows show something, and the newest value of the first series. */
export function summary(rows: readonly ChartRow[]): {
  readonly points: number;
  readonly last: number | null;
} {
  const told = rows.filter((row) => row.values.some((value) => value !== null));
  const last = rows.findLast((row) => (row.values[0] ?? null) !== null);
  return { points: told.length, last: last?.values[0] ?? null };
}

export interface LeaderChange {
  readonly atMs: number;
  readonly leader: string;
}

/** Seconds in which another leader was seen than the last one before. */
export function leaderChanges(metrics: readonly MetricsPoint[]): readonly LeaderChange[] {
  const changes: LeaderChange[] = [];
  let before: string | null = null;
  for (const { atMs, leader } of metrics) {
    if (leader !== null && before !== null && leader !== before) changes.push({ atMs, leader });
    before = leader ?? before;
  }
  return changes;
}
