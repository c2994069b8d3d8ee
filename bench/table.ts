/** Figures in columns, for a terminal. */

export interface Line {
  readonly where: string;
  readonly what: string;
  readonly perSecond?: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly maxMs: number;
  readonly errors?: number;
}

const HEAD = ['where', 'what', 'a second', 'p50 ms', 'p99 ms', 'max ms', 'errors'] as const;
/** The first columns are words. */
const WORDS = 2;

export function table(lines: readonly Line[]): string {
  const rows = lines.map(({ where, what, perSecond, p50Ms, p99Ms, maxMs, errors }) => [
    where,
    what,
    perSecond === undefined ? '' : perSecond.toLocaleString('en'),
    p50Ms.toFixed(2),
    p99Ms.toFixed(2),
    maxMs.toFixed(2),
    errors === undefined ? '' : String(errors),
  ]);
  const widths = HEAD.map((name, i) =>
    Math.max(name.length, ...rows.map((row) => row[i]?.length ?? 0)),
  );
  const line = (cells: readonly string[]): string =>
    cells
      .map((cell, i) => (i < WORDS ? cell.padEnd(widths[i] ?? 0) : cell.padStart(widths[i] ?? 0)))
      .join('  ')
      .trimEnd();
  return [line(HEAD), line(widths.map((width) => '-'.repeat(width))), ...rows.map(line)].join('\n');
}
