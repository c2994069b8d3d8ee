/** The benchmark runs, measures something everywhere, and says so in a table and in JSON. */
import { execFile } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterAll, expect, test } from 'vitest';
import { closedLoop, spread } from '../../bench/closed-loop.ts';
import { scaleWorkload } from '../../bench/scale-workload.ts';
import { figureTable, table } from '../../bench/table.ts';
import type { Figure, Line } from '../../bench/table.ts';

const out = mkdtempSync(path.join(tmpdir(), 'chronoraft-bench-test-'));

afterAll(() => rmSync(out, { recursive: true, force: true }));

test('[Q1] a tiny run measures writes, reads, fail-over and restart, inside and over HTTP', async () => {
  const { stdout } = await promisify(execFile)(process.execPath, [
    'scripts/bench.mjs',
    '--tiny',
    '--out',
    out,
  ]);
  const [file, ...others] = readdirSync(out);
  expect(others).toEqual([]);
  const report = JSON.parse(readFileSync(path.join(out, file ?? ''), 'utf8')) as {
    lines: Line[];
  };
  expect(report.lines.map(({ where, what }) => `${where}: ${what}`)).toEqual([
    'in process: writes, 1 at once',
    'in process: writes, 8 at once',
    'in process: reads, 1 at once',
    'in process: reads, 8 at once',
    'in process: leader killed to next write, 1 times',
    'in process: restart with 100 versions',
    'over HTTP: writes, 8 at once',
    'over HTTP: reads, 8 at once',
  ]);
  for (const { what, p50Ms, perSecond = 1, errors = 0 } of report.lines) {
    expect(p50Ms, what).toBeGreaterThan(0);
    expect(perSecond, what).toBeGreaterThan(0);
    expect(errors, what).toBe(0);
    expect(stdout).toContain(what);
  }
}, 120_000);

test('[Q2] a tiny run fills a cluster, starts it again and measures the store', async () => {
  const folder = path.join(out, 'scale');
  const { stdout } = await promisify(execFile)(process.execPath, [
    'scripts/bench.mjs',
    'scale',
    '--tiny',
    '--out',
    folder,
  ]);
  const [file] = readdirSync(folder);
  const { versions, figures } = JSON.parse(readFileSync(path.join(folder, file ?? ''), 'utf8')) as {
    versions: number;
    figures: Figure[];
  };
  expect(versions).toBe(1000);
  expect(figures.map(({ what }) => what)).toEqual(
    expect.arrayContaining([
      'cluster: versions written',
      'cluster: disk',
      'cluster: process start to first linearizable read',
      'cluster: memory of the process',
      'cluster: one killed node until it serves',
      'cluster: writes, 256 at once',
      'cluster: reads, 64 at once',
      'store: memory',
      'store: now',
      'store: in the past, p99',
      'store: in the past of 100, p99',
    ]),
  );
  for (const { what, value } of figures) {
    expect(value, what).toBeGreaterThan(0);
    expect(stdout).toContain(what);
  }
}, 120_000);

test('[Q2] the workload has as many versions as were asked for, and histories of their own depth', () => {
  const { transactions, transaction, depths, keyOf } = scaleWorkload(20_000, 500);
  const written = Array.from({ length: transactions }, (_, at) => transaction(at).success).flat();
  expect(written.length).toBe(20_000);
  expect(depths).toEqual([1, 10, 100, 1000]);
  const counts = new Map<string, number>();
  for (const [version, operation] of written.entries()) {
    if (operation.op !== 'set') throw new Error('only sets');
    expect(operation.key).toBe(keyOf(version));
    counts.set(operation.key, (counts.get(operation.key) ?? 0) + 1);
  }
  for (const depth of depths) expect(counts.get(`deep-${depth}`)).toBe(depth);
  expect(counts.size).toBe(500 + depths.length);
  expect(new Set(written.map((operation) => JSON.stringify(operation))).size).toBe(20_000);
});

test('[Q1] an operation that fails is counted as an error, never as an operation', async () => {
  let done = 0;
  const result = await closedLoop({ depth: 2, warmupMs: 0, measureMs: 50 }, async (i) => {
    await new Promise((resolve) => setImmediate(resolve));
    if (i % 2 === 1) throw new Error('refused');
    done++;
  });
  expect(result.errors).toBeGreaterThan(0);
  expect(result.operations).toBeGreaterThan(0);
  expect(result.operations).toBeLessThanOrEqual(done);
});

test('[Q1] a measurement that is shorter than an operation goes on until one is done', async () => {
  const result = await closedLoop({ depth: 1, warmupMs: 0, measureMs: 0 }, async (i) => {
    for (let turn = 0; turn < 1000 && i === 0; turn++)
      await new Promise((resolve) => setImmediate(resolve));
  });
  expect(result.operations).toBeGreaterThan(0);
  expect(result.p50Ms).toBeGreaterThanOrEqual(0);
});

test('[Q1] percentiles are those of all values', () => {
  const values = Array.from({ length: 100 }, (_, i) => 100 - i);
  expect(spread(values)).toEqual({ p50Ms: 51, p99Ms: 100, maxMs: 100 });
  expect(spread([7])).toEqual({ p50Ms: 7, p99Ms: 7, maxMs: 7 });
  expect(spread([])).toEqual({ p50Ms: null, p99Ms: null, maxMs: null });
});

test('[Q1] the table keeps its columns', () => {
  const text = table([
    { where: 'here', what: 'writes', perSecond: 12_345, p50Ms: 1, p99Ms: 2, maxMs: 3, errors: 0 },
    { where: 'elsewhere', what: 'restart', p50Ms: 1234.5, p99Ms: 2, maxMs: 3 },
    { where: 'nowhere', what: 'reads', p50Ms: null, p99Ms: null, maxMs: null, errors: 9 },
  ]);
  const lines = text.split('\n');
  expect(lines[2]).toMatch(/^here {7}writes {5}12,345 /);
  expect(lines[2]?.indexOf('1.00')).toBe((lines[3]?.indexOf('1234.50') ?? 0) + 3);
  expect(lines[4]).toMatch(/–.*–.*–.* 9$/);
});

test('[Q2] a figure is whole where that is exact enough', () => {
  const lines = figureTable([
    { what: 'disk', value: 175.4, unit: 'bytes' },
    { what: 'a read', value: 2.1, unit: 'µs' },
  ]).split('\n');
  expect(lines.slice(2)).toEqual(['disk       175  bytes', 'a read    2.10  µs']);
});
