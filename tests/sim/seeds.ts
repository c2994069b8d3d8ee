/**
 * Runs of the simulator as tests: the seeds are fixed, so that a red build is
 * red again; `SIM_FROM` moves them, for those who hunt. A quarter a file, so
 * that all cores share them.
 */
import { expect, test } from 'vitest';
import { sweep, weaknesses } from '../../sim/sweep.ts';

const QUARTER = 75;

/** Quarter 0 to 3. */
export function testQuarter(quarter: number): void {
  const from = 1 + quarter * QUARTER + Number(process.env['SIM_FROM'] ?? 0);
  test(`[F1] ${QUARTER} seeds from ${from}: no rule breaks under faults, and a healed cluster answers and agrees`, () => {
    expect(weaknesses(sweep(from, QUARTER))).toEqual([]);
  });
}
