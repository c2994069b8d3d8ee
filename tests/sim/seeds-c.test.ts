/** Seeds of the simulator, the third quarter: four files, so that all cores share them. */
import { expect, test } from 'vitest';
import { runSeeds } from './seeds.ts';

test('[F1] 75 seeds from 151: no rule breaks under faults, and a healed cluster answers and agrees', () => {
  const { faults, ...totals } = runSeeds(151, 75);
  // Together they must have been a real test: every fault, many elections, open outcomes, real losses.
  for (const [kind, fired] of faults) expect(fired, kind).toBeGreaterThan(10);
  expect(totals.leaderChanges).toBeGreaterThan(150);
  expect(totals.acknowledged).toBeGreaterThan(10_000);
  expect(totals.unknown).toBeGreaterThan(10);
  expect(totals.reads).toBeGreaterThan(10_000);
  expect(totals.messagesLost).toBeGreaterThan(2500);
  expect(totals.writesLost).toBeGreaterThan(50);
});
