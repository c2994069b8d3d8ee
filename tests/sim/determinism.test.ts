/** A run is a function of its seed, or its failures could not be repeated. */
import { expect, test } from 'vitest';
import { runSeed } from '../../sim/run.ts';

test('[F2] the same seed gives the same run, event by event', () => {
  for (const seed of [3, 44]) {
    const first = runSeed({ seed, chaosMs: 3000 });
    const second = runSeed({ seed, chaosMs: 3000 });
    expect(second).toEqual(first);
    expect(first.steps).toBeGreaterThan(1000);
  }
});

test('[F2] another seed gives another run', () => {
  const hashes = [1, 2, 3, 4].map((seed) => runSeed({ seed, chaosMs: 2000 }).traceHash);
  expect(new Set(hashes).size).toBe(hashes.length);
});
