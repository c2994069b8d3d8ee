/** The axis of the time bar, with idle stretches folded. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { lengthInWords } from '../../client/duration.ts';
import type { Span } from '../../client/recording-lanes.ts';
import { foldAt, foldGroups, percentOf, timeFold } from '../../client/time-fold.ts';

const FROM_MS = Date.UTC(2026, 10, 21);

/** A range, and idle stretches of it, from lengths of work and idleness in turn. */
const recordings = fc
  .array(fc.tuple(fc.integer({ min: 1, max: 60_000 }), fc.integer({ min: 1, max: 300_000 })), {
    maxLength: 20,
  })
  .chain((stretches) => fc.record({ stretches: fc.constant(stretches), endMs: fc.nat(60_000) }))
  .map(({ stretches, endMs }) => {
    let atMs = FROM_MS;
    const idle: Span[] = [];
    for (const [busyMs, idleMs] of stretches) {
      idle.push({ fromMs: atMs + busyMs, toMs: atMs + busyMs + idleMs });
      atMs += busyMs + idleMs;
    }
    return { range: { fromMs: FROM_MS, toMs: atMs + endMs }, idle };
  });

describe('the folded axis', () => {
  it('[V34] leads from each time to its place and back, and from each place to its time and back', () => {
    fc.assert(
      fc.property(recordings, fc.nat(), fc.nat(), ({ range, idle }, a, b) => {
        const axis = timeFold(range, idle);
        const ms = range.fromMs + (a % (range.toMs - range.fromMs + 1));
        expect(axis.timeOf(axis.placeOf(ms))).toBe(ms);
        const place = b % (axis.length + 1);
        expect(Math.round(axis.placeOf(axis.timeOf(place)))).toBe(place);
      }),
      { numRuns: 2000 },
    );
  });

  it('[V34] never changes the order of times or places, and has both ends of the range', () => {
    fc.assert(
      fc.property(recordings, fc.array(fc.nat(), { minLength: 2 }), ({ range, idle }, draws) => {
        const axis = timeFold(range, idle);
        const times = draws.map((draw) => range.fromMs + (draw % (range.toMs - range.fromMs + 1)));
        const ascending = [...new Set(times)].toSorted((a, b) => a - b);
        const places = ascending.map((ms) => axis.placeOf(ms));
        for (const [i, place] of places.entries()) {
          const next = places[i + 1];
          if (next !== undefined) expect(next).toBeGreaterThan(place);
        }
        expect([axis.placeOf(range.fromMs), axis.placeOf(range.toMs)]).toEqual([0, axis.length]);
        expect([axis.timeOf(0), axis.timeOf(axis.length)]).toEqual([range.fromMs, range.toMs]);
        expect([axis.placeOf(0), axis.timeOf(-1)]).toEqual([0, range.fromMs]);
        expect(axis.placeOf(range.toMs + 1)).toBe(axis.length);
        expect(axis.timeOf(axis.length + 1)).toBe(range.toMs);
      }),
      { numRuns: 500 },
    );
  });

  it('[V34] shows what is not folded to one scale, and every fold as wide as another', () => {
    fc.assert(
      fc.property(recordings, ({ range, idle }) => {
        const axis = timeFold(range, idle);
        const widths = axis.folds.map(
          ({ fromMs, toMs }) => axis.placeOf(toMs) - axis.placeOf(fromMs),
        );
        for (const [i, width] of widths.entries()) {
          expect(width).toBeCloseTo(widths[0] ?? 0, 5);
          const fold = axis.folds[i];
          expect(width * 2).toBeLessThanOrEqual((fold?.toMs ?? 0) - (fold?.fromMs ?? 0));
          expect(idle).toContainEqual(fold);
        }
        const edges = [range.fromMs, ...axis.folds.flatMap(({ fromMs, toMs }) => [fromMs, toMs])];
        for (const [i, from] of edges.entries()) {
          if (i % 2 === 1) continue;
          const to = edges[i + 1] ?? range.toMs;
          expect(axis.placeOf(to) - axis.placeOf(from)).toBeCloseTo(to - from, 5);
        }
      }),
      { numRuns: 500 },
    );
  });

  it('[V34] folds the longest of many, none that is short, and nothing at all without any', () => {
    const range = { fromMs: 0, toMs: 900_000 };
    const long = Array.from({ length: 12 }, (_, i) => ({
      fromMs: i * 75_000 + 5000,
      toMs: i * 75_000 + 65_000 + i * 100,
    }));
    const { folds } = timeFold(range, long);
    expect(folds).toEqual(long.slice(-8));
    expect(timeFold(range, [{ fromMs: 0, toMs: 19_999 }]).folds).toEqual([]);
    const plain = timeFold(range, []);
    expect([0, 1234, 900_000].map((ms) => plain.placeOf(ms))).toEqual([0, 1234, 900_000]);
  });

  it('[V34] gives each mark the same narrow part of the axis', () => {
    const range = { fromMs: 0, toMs: 900_000 };
    const axis = timeFold(range, [{ fromMs: 10_000, toMs: 890_000 }]);
    expect(percentOf(axis, 10_000)).toBeCloseTo(48, 1);
    expect(percentOf(axis, 890_000)).toBeCloseTo(52, 1);
    expect(foldAt(axis, 9999)).toBeNull();
    expect(foldAt(axis, 10_000)).toEqual({ fromMs: 10_000, toMs: 890_000 });
    expect(foldAt(axis, 890_000)).toBeNull();
    expect(percentOf(timeFold({ fromMs: 5, toMs: 5 }, []), 5)).toBe(0);
  });

  it('[V34] takes marks together that are too close to be hit apart', () => {
    const range = { fromMs: 0, toMs: 900_000 };
    const idle = [100, 200, 300, 700].map((s) => ({ fromMs: s * 1000, toMs: s * 1000 + 98_000 }));
    const axis = timeFold(range, idle);
    const [a, b, c, d] = axis.folds;
    expect(foldGroups(axis, 1)).toEqual([[a], [b], [c], [d]]);
    expect(foldGroups(axis, 5)).toEqual([[a, b, c], [d]]);
    expect(foldGroups(axis, 100)).toEqual([[a, b, c, d]]);
    expect(foldGroups(timeFold(range, []), 5)).toEqual([]);
  });

  it('[V34] tells the length of a stretch in words', () => {
    expect([8400, 59_600, 60_000, 252_000].map(lengthInWords)).toEqual([
      '8 s',
      '1 min',
      '1 min',
      '4 min 12 s',
    ]);
  });
});
