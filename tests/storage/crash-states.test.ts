/**
 * What crashes may leave of a real store's files, opened by the real store. One
 * workload is recorded as it is, and one for each way to promise too much, which
 * must be seen.
 */
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { whyNotRecorded } from '../../torture/crash-states/recording.ts';
import { WEAKENINGS } from '../../torture/crash-states/weakenings.ts';

const ROOT = path.resolve(import.meta.dirname, '../..');
/** `--weaken all` looks for each. */
const QUICK = 'normal,early,log-apart,install-apart';
const SLOW_MACHINE_MS = 240_000;

interface Ended {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Of the command, with `--json`. */
interface Report {
  readonly seed: number;
  readonly complaints: readonly unknown[];
  readonly bad: number;
  readonly states: number;
  readonly distinct: number;
  readonly kinds: Readonly<Record<string, number>>;
  readonly asked: Readonly<Record<string, number>>;
}

function run(args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<Ended> {
  return new Promise((resolve) => {
    execFile(
      process.execPath,
      ['scripts/crash-states.mjs', ...args],
      { cwd: ROOT, env: { ...process.env, ...env } },
      (error, stdout, stderr) => resolve({ code: Number(error?.code ?? 0), stdout, stderr }),
    );
  });
}

const why = await whyNotRecorded();
if (why !== null) process.stderr.write(`SKIPPED: crash states are not looked at: ${why}\n`);

describe.skipIf(why !== null)(`crash states${why === null ? '' : ` (${why})`}`, () => {
  test('[X24] no crash loses what was acknowledged, leaves half of a change, or makes a store that is refused', {
    timeout: SLOW_MACHINE_MS,
  }, async () => {
    const { code, stdout, stderr } = await run(['--states', '1000', '--rounds', '2', '--json']);
    expect(stderr).toBe('');
    const { complaints, bad, states, distinct, kinds, asked } = JSON.parse(stdout) as Report;
    expect(complaints).toEqual([]);
    expect([code, bad, states]).toEqual([0, 0, 1000]);
    // Else it looked at little.
    expect(distinct).toBeGreaterThan(400);
    for (const count of Object.values(kinds)) expect(count).toBeGreaterThan(20);
    // Checkpoints cut the main file, and each name of the write-ahead log comes and goes.
    expect(asked['write']).toBeGreaterThan(300);
    for (const kind of ['create', 'unlink', 'syncNames', 'sync', 'resize', 'mark'])
      expect(asked[kind], kind).toBeGreaterThan(1);
  });

  test('[X26] the command takes seed, number of states and length', {
    timeout: SLOW_MACHINE_MS,
  }, async () => {
    const args = ['--seed', '9', '--states', '3', '--rounds', '1', '--json'];
    const { code, stdout } = await run(args);
    const { seed, states, asked } = JSON.parse(stdout) as Report;
    expect([code, seed, states]).toEqual([0, 9, 3]);
    // The usual length has four times as many.
    expect(asked['mark']).toBeLessThan(60);
  });

  test('[X25] stores that promise too much are seen', { timeout: SLOW_MACHINE_MS }, async () => {
    const { code, stdout } = await run(['--weaken', QUICK]);
    expect(stdout).toContain('4 of 4 seen');
    expect(stdout).toMatch(
      /^normal .*(?:acknowledged|forgotten|opened|older than|nothing of n1 is left)/m,
    );
    expect(stdout).toMatch(/^early .* is that of write \d+, when \d+ was acknowledged/m);
    expect(stdout).toMatch(
      /^log-apart .* (?:the log, .* is that of no moment|the log ends at \d+, not at)/m,
    );
    expect(stdout).toMatch(/^install-apart .* (?:refused|half of a snapshot)/m);
    expect(code).toBe(0);
  });

  test('[X25] one that is not seen is named, and ends with 1', {
    timeout: SLOW_MACHINE_MS,
  }, async () => {
    const { code, stderr } = await run(['--weaken', 'save-apart', '--states', '1']);
    expect(stderr).toContain('not seen: save-apart');
    expect(code).toBe(1);
  });
});

test('[X25] what a weakening replaces stands exactly once in its file', () => {
  const wrong = WEAKENINGS.flatMap(({ id, edits }) =>
    edits
      .filter(({ file, find, replace }) => {
        const text = readFileSync(path.join(ROOT, file), 'utf8');
        return text.split(find).length !== 2 || find === replace;
      })
      .map(({ file }) => `${id}: ${file}`),
  );
  expect(wrong).toEqual([]);
});

test('[X26] the command names what it does not understand, and ends with 1', async () => {
  for (const [args, says] of [
    [['--states', 'many'], '--states many is not a number from 1 on'],
    [['--weaken', 'knees'], 'there is no weakening knees: normal,'],
    [['--weaken', 'early', '--synchronous', 'normal'], 'not both'],
    [['--loud'], "Unknown option '--loud'"],
  ] as const) {
    const { code, stderr } = await run(args);
    expect(stderr).toContain(says);
    expect(code).toBe(1);
  }
});

test('[X27] where strace is missing it says so, ends with 3, and looks at nothing', async () => {
  const { code, stdout, stderr } = await run(['--states', '10'], { PATH: '/nonexistent' });
  expect(stderr).toMatch(/^crash states cannot be recorded: strace does not run here/);
  expect([code, stdout]).toEqual([3, '']);
});
