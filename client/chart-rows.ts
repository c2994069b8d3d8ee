/**
 * The seconds of the metrics as rows of a chart. A second without a value, or
 * that nobody measured, breaks the line: a chart that draws through a crash
 * hides it.
 */
import type { MetricsPoint } from '../contracts/view.ts';

/** P: what is known of one second. */
export interface Series<P = MetricsPoint> {
  readonly name: string;
  /** Lines differ by form, not by colour: colour means role. */
  readonly style: LineStyle;
  /** Null where there is nothing to tell: the line breaks there. */
  readonly value: (point: P) => number | null;
}

export type LineStyle = 'solid' | 'dashed' | 'dotted' | 'dash-dot' | 'long';

export interface ChartRow {
  readonly atMs: number;
  /** One for each series, in their order. */
  readonly values: readonly (number | null)[];
}

/** Points are a second apart; beyond this, ms, some are missing. */
const GAP_MS = 1700;
/** A name on the chart covers about this much of the time axis. */
const NAME_WIDTH_MS = 25_000;

export function chartRows<P extends { readonly atMs: number }>(
  metrics: readonly P[],
  series: readonly Series<P>[],
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

/** Four round marks from 0 that reach `max`, at least one apart. */
export function roundTicks(max: number): readonly number[] {
  const least = Math.max(1, max / 3);
  const unit = 10 ** Math.floor(Math.log10(least));
  const step = unit * ([1, 2, 3, 5].find((factor) => factor * unit >= least) ?? 10);
  return [0, step, 2 * step, 3 * step];
}

export interface LeaderChange {
  readonly atMs: number;
  readonly leader: string;
  /** Another change was so shortly before that the name, at the left of its line, would cover that one. */
  readonly isCrowded: boolean;
}

/** Seconds in which another leader was seen than the last one before. */
export function leaderChanges(
  metrics: readonly Pick<MetricsPoint, 'atMs' | 'leader'>[],
): readonly LeaderChange[] {
  const changes: Omit<LeaderChange, 'isCrowded'>[] = [];
  let before: string | null = null;
  for (const { atMs, leader } of metrics) {
    if (leader !== null && before !== null && leader !== before) changes.push({ atMs, leader });
    before = leader ?? before;
  }
  return changes.map((change, i) => ({
    ...change,
    isCrowded: change.atMs - (changes[i - 1]?.atMs ?? Number.NEGATIVE_INFINITY) < NAME_WIDTH_MS,
  }));
}
