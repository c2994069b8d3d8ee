import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  firstRow,
  lastRow,
  slide,
  tailRow,
  WINDOW_ROWS,
  windowWith,
} from '../../client/log-window.ts';

const MILLION = 1_000_000;

describe('the window of a long log', () => {
  test('[U77] from the end of a million entries one scrolls to the first and back, row by row', () => {
    let first = tailRow(MILLION);
    let slides = 0;
    /** Scrolls a screen of 30 rows by a thousand rows at a time. */
    const scroll = (from: number, to: number): void => {
      for (let top = from; top !== to; top += Math.sign(to - from) * 1000) {
        const next = slide(first, top, top + 29, MILLION);
        if (next !== first) slides++;
        first = next;
        expect(top).toBeGreaterThanOrEqual(first);
        expect(top + 29).toBeLessThanOrEqual(lastRow(first, MILLION));
      }
    };
    scroll(MILLION - 999, 1);
    expect(first).toBe(1);
    scroll(1, MILLION - 999);
    expect(lastRow(first, MILLION)).toBe(MILLION);
    expect(slides).toBeLessThan(20);
  });

  test('[U77] while a list follows the end it has as many rows, once there are that many', () => {
    const rows = (last: number): number => last - tailRow(last) + 1;
    expect([1, 2, 3999, 4000].map(rows)).toEqual([1, 2, 3999, 4000]);
    expect([4001, 5000, MILLION].map(rows)).toEqual([4000, 4000, 4000]);
  });

  test('[U77] any index is in a window that a browser can hold, and a window that serves stays', () => {
    const indexes = fc.integer({ min: 1, max: 5 * MILLION });
    fc.assert(
      fc.property(indexes, indexes, indexes, (a, b, c) => {
        const last = Math.max(a, b, c);
        const first = firstRow(b);
        const found = windowWith(a, first, last);
        const end = lastRow(found, last);
        expect(a).toBeGreaterThanOrEqual(found);
        expect(a).toBeLessThanOrEqual(end);
        expect(end - found).toBeLessThan(WINDOW_ROWS);
      }),
      { seed: 77 },
    );
    expect(windowWith(250_000, 200_001, MILLION)).toBe(200_001);
    expect(windowWith(990_000, 1, MILLION)).toBe(600_001);
  });
});
