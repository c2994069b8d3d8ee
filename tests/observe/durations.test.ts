/** Durations in buckets, and the stages of writes that are traced. */
import { describe, expect, test } from 'vitest';
import { DURATION_BOUNDS_MS, Durations } from '../../server/base/durations.ts';
import { WriteStages } from '../../server/node/write-stages.ts';

describe('durations', () => {
  test('[O14] each falls into the first bucket that holds it, bounds included, the longest into the last', () => {
    const durations = new Durations();
    for (const ms of [0, -1, 0.1, 0.11, 10_000, 10_001, Number.POSITIVE_INFINITY]) {
      if (Number.isFinite(ms)) durations.add(ms);
    }
    const { counts, sumMs } = durations.all;
    expect(counts).toHaveLength(DURATION_BOUNDS_MS.length + 1);
    expect([counts[0], counts[1], counts.at(-2), counts.at(-1)]).toEqual([3, 1, 1, 1]);
    expect(sumMs).toBeCloseTo(20_001.21, 6);
    expect([...DURATION_BOUNDS_MS]).toEqual([...DURATION_BOUNDS_MS].sort((a, b) => a - b));
  });

  test('[O14] what is taken is taken once, and adds up to all, however many there were', () => {
    const node = new Durations();
    const kept = new Durations();
    expect(node.take()).toBeNull();
    for (let round = 0; round < 3; round++) {
      for (let n = 0; n < 1000; n++) node.add(n);
      const taken = node.take();
      if (taken !== null) kept.addAll(taken);
    }
    expect(node.take()).toBeNull();
    expect(kept.all.counts.reduce((a, b) => a + b)).toBe(3000);
    expect(kept.all.sumMs).toBe((3 * 999 * 1000) / 2);
  });
});

describe('stages of a write', () => {
  function stages(): { readonly of: WriteStages; at(ms: number): WriteStages } {
    let now = 0;
    const of = new WriteStages(() => now);
    return {
      of,
      at: (ms) => {
        now = ms;
        return of;
      },
    };
  }

  test('[O15] a write has the first time of each stage, and is forgotten with its answer', () => {
    const { at } = stages();
    at(1).taken([7, 8]);
    at(2).appended(7, 41);
    at(3).appended(8, 42);
    at(4).persisted(41);
    at(5).persisted(42);
    at(6).committed(41);
    at(7).applied(41);
    const first = { index: 41, takenMs: 1, appendedMs: 2, persistedMs: 4 };
    expect(at(8).end(7)).toEqual({ ...first, committedMs: 6, appliedMs: 7 });
    at(9).committed(42);
    at(9).applied(42);
    expect(at(10).end(8)).toMatchObject({ index: 42, persistedMs: 5, committedMs: 9 });
    expect(at(11).end(8)).toBeNull();
  });

  test('[O15] a leader that is slower than the others has no time of its own disk, and a write that came to nothing none at all', () => {
    const { at } = stages();
    at(1).taken([7, 8, 9]);
    at(2).appended(7, 41);
    at(3).committed(41);
    at(4).applied(41);
    expect(at(5).end(7)).toMatchObject({ persistedMs: null, committedMs: 3 });
    // Dropped before it was appended, and appended but never committed.
    expect(at(6).end(8)).toBeNull();
    at(7).appended(9, 42);
    expect(at(8).end(9)).toBeNull();
    expect(at(9).end(1)).toBeNull();
  });
});
