/** Known bugs put back on purpose: a simulator that does not see them would see nothing. */
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { MUTANTS, UNSEEN } from '../../sim/mutants/table.ts';

const ROOT = path.resolve(import.meta.dirname, '../..');
/** Found within a few seeds; `npm run mutants` looks for all. */
const QUICK = 'C5,C10,C30,C33,D1,D2,W1,W2';

describe('table', () => {
  test('[F8] what a mutant replaces stands exactly once in its file, and is replaced by something else', () => {
    const wrong = MUTANTS.filter(({ file, find, replace }) => {
      const text = readFileSync(path.join(ROOT, file), 'utf8');
      return text.split(find).length !== 2 || find === replace;
    });
    expect(wrong.map(({ id }) => id)).toEqual([]);
  });

  test('[F8] each of the 38 rows of subtle bugs has a mutant or the reason why none would be seen, and ids are unique', () => {
    const ids = MUTANTS.map(({ id }) => id);
    const rows = Array.from({ length: 38 }, (_, i) => `C${i + 1}`);
    const unseen = UNSEEN.map(({ id }) => id);
    expect(rows.filter((row) => ids.includes(row) === unseen.includes(row))).toEqual([]);
    expect(new Set(ids).size).toBe(ids.length);
  });
});

test('[F4] bugs planted in the core and in the disk are found within a few seeds', async () => {
  const { code, output } = await new Promise<{ code: number; output: string }>((resolve) => {
    const args = ['scripts/mutants.mjs', '--only', QUICK, '--budget', '3'];
    execFile(process.execPath, args, { cwd: ROOT }, (error, stdout, stderr) =>
      resolve({ code: Number(error?.code ?? 0), output: stdout + stderr }),
    );
  });
  expect(output).toContain('8 of 8 found, and 3 seeds clean without them');
  expect(code).toBe(0);
});

test('[F4] a mutant that is not found is named, and ends with 1', async () => {
  // The first seed has no snapshot that is late.
  const args = ['scripts/mutants.mjs', '--only', 'C21', '--budget', '1'];
  const { code, output } = await new Promise<{ code: number; output: string }>((resolve) => {
    execFile(process.execPath, args, { cwd: ROOT }, (error, stdout, stderr) =>
      resolve({ code: Number(error?.code ?? 0), output: stdout + stderr }),
    );
  });
  expect(output).toContain('not found: C21');
  expect(code).toBe(1);
});
