/** Seeds of the simulator, the first half: two files, so that two cores share them. */
import { expect, test } from 'vitest';
import { runSeeds } from './seeds.ts';

test('[F1] 150 seeds from 1: no rule breaks under faults, and a healed cluster answers and agrees', () => {
  const { faults, ...totals } = runSeeds(1, 150);
  // Together they must have been a real test: every fault, many elections, open outcomes, real losses.
  for (const [kind, fired] of faults) expect(fired, kind).toBeGreaterThan(20);
  expect(totals.leaderChanges).toBeGreaterThan(300);
  expect(totals.acknowledged).toBeGreaterThan(20_000);
  expect(totals.unknown).toBeGreaterThan(20);
  expect(totals.reads).toBeGreaterThan(20_000);
  expect(totals.messagesLost).toBeGreaterThan(5000);
  expect(totals.writesLost).toBeGreaterThan(100);
});
