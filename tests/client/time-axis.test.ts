import { describe, expect, test } from 'vitest';
import { changeAfter, changeBefore, snapped, timeAxis } from '../../client/time-axis.ts';

const DAY = 86_400_000;
const NOW = Date.UTC(2026, 10, 21);

describe('the axis of time', () => {
  test.each([
    ['a burst and a long silence', [NOW - DAY, NOW - DAY + 1, NOW - DAY + 2, NOW - 5]],
    ['logical numbers beside dates', [1000, 2000, NOW - 1]],
    ['a change at now, and one to come', [NOW, NOW + DAY]],
    ['one change at time 0', [0]],
    ['nothing', []],
  ])('[U46] every time keeps its order and can be reached: %s', (_what, changes) => {
    const axis = timeAxis(changes, NOW);
    const times = [...new Set([...changes, NOW])].sort((a, b) => a - b);
    const places = times.map((time) => axis.fractionOf(time));
    for (const [i, place] of places.entries()) {
      expect(place).toBeGreaterThanOrEqual(0);
      expect(place).toBeLessThanOrEqual(1);
      if (i > 0) expect(place).toBeGreaterThan(places[i - 1] ?? 1);
      expect(axis.timeOf(place)).toBe(times[i]);
    }
    const middle = axis.timeOf(((places[0] ?? 0) + (places.at(-1) ?? 0)) / 2);
    expect(middle).toBeGreaterThanOrEqual(times[0] ?? 0);
    expect(middle).toBeLessThanOrEqual(times.at(-1) ?? 0);
  });

  test('[V37] now is the end of the axis, unless something is planned after it', () => {
    expect(timeAxis([1000, 2000], 5000).fractionOf(5000)).toBe(1);
    expect(timeAxis([5000], 5000).fractionOf(5000)).toBe(1);
    expect(timeAxis([], 5000).fractionOf(5000)).toBe(1);
    const planned = timeAxis([1000, 9000], 5000);
    expect(planned.fractionOf(5000)).toBeLessThan(planned.fractionOf(9000));
    expect(planned.fractionOf(9000)).toBeLessThan(1);
  });

  test('[U46] an idle year takes a few times the width of a millisecond, and no more', () => {
    const axis = timeAxis([NOW - 366 * DAY, NOW - DAY, NOW - DAY + 1], NOW);
    const width = (from: number, to: number) => axis.fractionOf(to) - axis.fractionOf(from);
    const short = width(NOW - DAY, NOW - DAY + 1);
    const long = width(NOW - 366 * DAY, NOW - DAY);
    expect(long).toBeGreaterThan(2 * short);
    expect(long).toBeLessThan(12 * short);
  });

  test('[U46] a step leads to the change before or after', () => {
    const { stops } = timeAxis([30, 10, 20, 20], 100);
    expect(stops).toEqual([10, 20, 30]);
    expect([changeBefore(stops, 100), changeBefore(stops, 20), changeBefore(stops, 10)]).toEqual([
      30,
      10,
      null,
    ]);
    expect([changeAfter(stops, 9), changeAfter(stops, 20), changeAfter(stops, 30)]).toEqual([
      10,
      30,
      null,
    ]);
  });

  test('[U46] a place near a change is that change; after now is now unless something is planned', () => {
    const axis = timeAxis([1000, 2000], 5000);
    const place = axis.fractionOf(2000);
    expect(snapped(axis, place + 0.004, 5000, 0.005)).toBe(2000);
    expect(snapped(axis, place + 0.05, 5000, 0.005)).not.toBe(2000);
    expect(snapped(axis, 1, 5000, 0.005)).toBe(5000);
    const planned = timeAxis([1000, 9000], 5000);
    expect(snapped(planned, 1, 5000, 0.005)).toBeGreaterThan(9000);
  });
});
