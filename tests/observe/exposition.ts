/** Prometheus' text format, read strictly: what is not a line of it fails. */
import { expect } from 'vitest';

export interface Series {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

export interface Exposition {
  readonly series: readonly Series[];
  /** By name of the metric, without what a histogram adds to it. */
  readonly types: ReadonlyMap<string, string>;
  readonly helps: ReadonlyMap<string, string>;
}

const LINE = /^([a-zA-Z_:][\w:]*)(?:\{(.*)\})? (\S+)$/;
const LABEL = /([a-zA-Z_]\w*)="((?:[^"\\]|\\.)*)",?/g;

export function parseExposition(text: string): Exposition {
  const series: Series[] = [];
  const types = new Map<string, string>();
  const helps = new Map<string, string>();
  for (const line of text.split('\n')) {
    if (line === '') continue;
    const [, kind, name = '', rest = ''] = /^# (HELP|TYPE) (\S+) (.*)$/.exec(line) ?? [];
    if (kind !== undefined) {
      const known = kind === 'HELP' ? helps : types;
      expect(known.has(name), `${kind} ${name} stands once`).toBe(false);
      known.set(name, rest);
      continue;
    }
    const [, metric = '', labels = '', value = ''] = LINE.exec(line) ?? [];
    expect(metric, line).not.toBe('');
    series.push({
      name: metric,
      labels: Object.fromEntries(
        [...labels.matchAll(LABEL)].map(([, label = '', text = '']) => [label, text]),
      ),
      value: value === '+Inf' ? Number.POSITIVE_INFINITY : Number(value),
    });
  }
  const keys = series.map(keyOf);
  expect(keys.length, 'no series stands twice').toBe(new Set(keys).size);
  return { series, types, helps };
}

export function keyOf({ name, labels }: Series): string {
  return `${name} ${JSON.stringify(Object.entries(labels).sort(([a], [b]) => (a < b ? -1 : 1)))}`;
}

/** The series of that name with these labels, whatever others they have. */
export function named(
  { series }: Exposition,
  name: string,
  labels: Readonly<Record<string, string>> = {},
): readonly Series[] {
  return series.filter(
    (one) =>
      one.name === name &&
      Object.entries(labels).every(([label, value]) => one.labels[label] === value),
  );
}

/** The sum of their values; null when there is none. */
export function sumOf(
  exposition: Exposition,
  name: string,
  labels: Readonly<Record<string, string>> = {},
): number | null {
  const found = named(exposition, name, labels);
  return found.length === 0 ? null : found.reduce((sum, { value }) => sum + value, 0);
}
