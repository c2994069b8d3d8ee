/** A failing schedule is made as small as it gets, one by one. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { drawRun, runSeed } from '../../sim/run.ts';
import { shrink } from '../../sim/shrink.ts';

test('[F9] what is left still fails, and none of it could be left out alone', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 40 }),
      fc.uniqueArray(fc.nat(39), { maxLength: 4 }),
      fc.uniqueArray(fc.nat(39), { maxLength: 4 }),
      (count, some, others) => {
        // Either of two sets of faults is enough to fail; all together surely fail.
        const sets = [some, others].map((set) => set.filter((i) => i < count));
        const fails = (kept: readonly number[]): boolean =>
          sets.some((set) => set.every((i) => kept.includes(i)));
        const kept = shrink(count, fails, 10_000);
        expect(fails(kept)).toBe(true);
        for (const left of kept) expect(fails(kept.filter((i) => i !== left))).toBe(false);
      },
    ),
  );
});

test('[F9] a budget bounds the runs', () => {
  let runs = 0;
  const kept = shrink(30, () => ++runs > 1000, 7);
  expect(runs).toBe(7);
  expect(kept).toHaveLength(30);
});

test('[F9] a run with some of its faults is a run of its own, and repeats', () => {
  const { schedule } = drawRun(7, 3000);
  expect(schedule.length).toBeGreaterThan(1);
  const run = (only?: readonly number[]) =>
    runSeed({ seed: 7, chaosMs: 3000, ...(only && { only }) });
  expect(run([0])).toEqual(run([0]));
  expect(run([0]).traceHash).not.toBe(run([]).traceHash);
  expect(run(schedule.map((_, i) => i)).traceHash).toBe(run().traceHash);
});
