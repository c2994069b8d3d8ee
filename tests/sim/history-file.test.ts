/** Histories as files: what is written comes back, and what is not a history is refused with its line. */
import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import type { Operation } from '../../sim/history.ts';
import { readHistory, writeHistory } from '../../sim/history-file.ts';
import { runSeed } from '../../sim/run.ts';
import { get, scan, unknown, write } from './cell-stories.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'chronoraft-history-test-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function read(text: string): readonly Operation[] | string {
  const result = readHistory(text);
  return result.ok ? result.value : result.error;
}

describe('text', () => {
  test('[F6] the history of a run comes back as it was', () => {
    const histories: (readonly Operation[])[] = [];
    for (const seed of [1, 2])
      runSeed({ seed, chaosMs: 2000, onEnd: ({ history }) => histories.push(history) });
    for (const history of histories) expect(read(writeHistory(history))).toEqual(history);
  });

  test('[F6] a run that breaks a rule gives its history too', () => {
    const histories: (readonly Operation[])[] = [];
    const red = () =>
      runSeed({
        seed: 1,
        chaosMs: 2000,
        searchBudget: 1,
        onEnd: ({ history }) => histories.push(history),
      });
    expect(red).toThrow('undecided');
    expect(histories[0]?.length).toBeGreaterThan(10);
  });

  test('[F6] operations of every kind and outcome come back', () => {
    const horizon = { timestamp: 3, revision: 2 };
    const refusal = { error: { code: 'COMPACTED', message: 'gone', horizon }, asOf: 9 } as const;
    const history: Operation[] = [
      write('a', 0, 1, { existed: true, timestamp: 3, ttl: 4 }),
      write(null, 2, 3, { outcome: 'failed' }),
      unknown('b', 3),
      get('a', 4, 5),
      { ...get('a', 4, 5), outcome: 'failed', answer: null, returned: Number.POSITIVE_INFINITY },
      scan({ f: 'a' }, 6, 7, 'f'),
      { ...get('a', 4, 5), outcome: 'failed', answer: null, refusal },
      {
        ...write('é\n', 8, 9),
        result: { ok: false, error: { code: 'SESSION_STALE', message: 'no' } },
      },
    ];
    expect(read(writeHistory(history))).toEqual(history);
    expect(read('')).toEqual([]);
  });

  test('[F6] a line that is not an operation is refused, by its number', () => {
    const good = writeHistory([get('a', 4, 5)]);
    const bent = (change: object) =>
      read(`${good}${JSON.stringify({ ...(JSON.parse(good) as object), ...change })}\n`);
    expect(bent({})).toHaveLength(2);
    expect(read(`${good}{`)).toBe('line 2: not JSON');
    expect(read(`${good}\n${good}`)).toBe('line 2: not JSON');
    expect(bent({ kind: 'list' })).toMatch(/^line 2: kind: /);
    expect(bent({ call: '4' })).toMatch(/^line 2: call: /);
    expect(bent({ extra: 1 })).toMatch(/^line 2: .*extra/);
    expect(bent({ query: { type: 'get', key: 'k' } })).toMatch(/^line 2: query\.field: /);
    expect(bent({ outcome: 'unknown' })).toMatch(/^line 2: outcome: /);
    expect(bent({ returned: 3 })).toBe('line 2: it returned before its call');
    expect(bent({ returned: null })).toBe('line 2: what is ok has returned, with an answer');
    expect(bent({ answer: null })).toBe('line 2: what is ok has returned, with an answer');
    expect(bent({ outcome: 'failed' })).toBe('line 2: only what is ok has an answer');
    const refusal = { error: { code: 'COMPACTED', message: 'gone' }, asOf: 9 };
    expect(bent({ refusal })).toBe('line 2: what is ok was not refused');
    expect(bent({ refusal: { ...refusal, asOf: -1 } })).toMatch(/^line 2: refusal\.asOf: /);
    expect(bent({ query: { type: 'scan', key: 'k' } })).toBe(
      'line 2: the answer is not of the kind of the query',
    );
  });
});

describe('command', () => {
  const run = (script: string, ...args: readonly string[]) =>
    new Promise<{ code: number; output: string }>((resolve) => {
      execFile(process.execPath, [script, ...args], (error, stdout, stderr) =>
        resolve({ code: Number(error?.code ?? 0), output: stdout + stderr }),
      );
    });
  const file = path.join(folder, 'history.jsonl');

  test('[F6] a run writes its history down, and the file is judged: 0 right, 1 wrong, 2 no history', async () => {
    expect((await run('scripts/sim.mjs', '--seed', '1', '--history', file)).code).toBe(0);
    // What that has built serves for the rest.
    const check = (history: string) => run('dist/sim/main.js', '--check', history);
    const right = await check(file);
    expect(right.output).toMatch(/^\d+ of \d+ operations judged in 6 cells: linearizable$/m);
    expect(right.code).toBe(0);

    writeFileSync(file, `${readFileSync(file, 'utf8')}${writeHistory([get('never', 1, 2)])}`);
    const wrong = await check(file);
    expect(wrong.output).toContain('no order explains');
    expect(wrong.code).toBe(1);

    writeFileSync(file, writeHistory([unknown('a', 0)]));
    const nothing = await check(file);
    expect(nothing.output).toContain('no answer that could be judged');
    expect(nothing.code).toBe(2);

    writeFileSync(file, 'what?\n');
    const none = await check(file);
    expect(none.output).toContain('line 1: not JSON');
    expect(none.code).toBe(2);
    expect((await check(path.join(folder, 'missing'))).code).toBe(2);
  });
});
