/** Figures in columns, for a terminal. */

export interface Line {
  readonly where: string;
  readonly what: string;
  readonly perSecond?: number;
  /** Null where nothing was done. */
  readonly p50Ms: number | null;
  readonly p99Ms: number | null;
  readonly maxMs: number | null;
  readonly errors?: number;
}

/** A single figure. */
export interface Figure {
  readonly what: string;
  readonly value: number;
  readonly unit: string;
}

const HEAD = ['where', 'what', 'a second', 'p50 ms', 'p99 ms', 'max ms', 'errors'] as const;

export function table(lines: readonly Line[]): string {
  const rows = lines.map(({ where, what, perSecond, p50Ms, p99Ms, maxMs, errors }) => [
    where,
    what,
    perSecond === undefined ? '' : perSecond.toLocaleString('en'),
    ...[p50Ms, p99Ms, maxMs].map((ms) => ms?.toFixed(2) ?? '–'),
    errors === undefined ? '' : String(errors),
  ]);
  return columns([HEAD, ...rows], (column) => column < 2);
}

export function figureTable(figures: readonly Figure[]): string {
  const rows = figures.map(({ what, value, unit }) => [what, rounded(value), unit]);
  return columns([['what', 'figure', 'unit'], ...rows], (column) => column !== 1);
}

/** Whole where that is exact enough. */
function rounded(value: number): string {
  const digits = value < 100 ? 2 : 0;
  return value.toLocaleString('en', {
    minimumFractionDigits: digits,
    maximumFractionDigits: digits,
  });
}

/** Columns as wide as they need, under the head's line; words begin together, figures end together. */
function columns(
  [head = [], ...rows]: readonly (readonly string[])[],
  isWords: (column: number) => boolean,
): string {
  const widths = head.map((name, i) =>
    Math.max(name.length, ...rows.map((row) => row[i]?.length ?? 0)),
  );
  const line = (cells: readonly string[]): string =>
    cells
      .map((cell, i) => (isWords(i) ? cell.padEnd(widths[i] ?? 0) : cell.padStart(widths[i] ?? 0)))
      .join('  ')
      .trimEnd();
  return [line(head), line(widths.map((width) => '-'.repeat(width))), ...rows.map(line)].join('\n');
}
