/**
 * Runs of the simulator as tests: the seeds are fixed, so that a red build is
 * red again; `SIM_FROM` moves them, for those who hunt. A quarter a file, so
 * that all cores share them.
 */
import { expect, test } from 'vitest';
import { sweep } from '../../sim/sweep.ts';

const QUARTER = 75;

/** Quarter 0 to 3. */
export function testQuarter(quarter: number): void {
  const from = 1 + quarter * QUARTER + Number(process.env['SIM_FROM'] ?? 0);
  test(`[F1] ${QUARTER} seeds from ${from}: no rule breaks under faults, and a healed cluster answers and agrees`, () => {
    const { faults, totals } = sweep(from, QUARTER);
    // Together they must have been a real test: every fault, many elections, open outcomes, real losses.
    for (const [kind, fired] of faults) expect(fired, kind).toBeGreaterThan(10);
    expect(totals.leaderChanges).toBeGreaterThan(150);
    expect(totals.acknowledged).toBeGreaterThan(10_000);
    expect(totals.unknown).toBeGreaterThan(10);
    expect(totals.reads).toBeGreaterThan(10_000);
    expect(totals.searched).toBeGreaterThan(10_000);
    expect(totals.parts).toBeGreaterThan(5 * QUARTER);
    expect(totals.messagesLost).toBeGreaterThan(2500);
    expect(totals.writesLost).toBeGreaterThan(50);
  });
}
