/** What clients were told, by second. */
import { expect, test } from 'vitest';
import { Tally } from '../../server/lab/tally.ts';
import { failed, read, set } from './histories.ts';

test('[F14] answers are counted in the second in which they came, and so is silence', () => {
  const tally = new Tally();
  tally.note(set('a', [0, 100]), 100);
  tally.note(read('a', [0, 900]), 900);
  tally.note(failed(set('b', [500, 2500])), 2500);
  tally.note(set('c', [1000, null]), 2600);
  tally.reach(3200);
  expect(tally.seconds).toEqual([
    { acknowledged: 1, reads: 1, failed: 0, unknown: 0 },
    { acknowledged: 0, reads: 0, failed: 0, unknown: 0 },
    { acknowledged: 0, reads: 0, failed: 1, unknown: 1 },
    { acknowledged: 0, reads: 0, failed: 0, unknown: 0 },
  ]);
  expect(tally.counts).toEqual({ acknowledged: 1, reads: 1, failed: 1, unknown: 1, operations: 4 });
});

test('[F14] the longest pause is between acknowledged writes, the start and now', () => {
  const tally = new Tally();
  tally.note(set('a', [0, 700]), 700);
  expect(tally.longestPauseMs(800)).toBe(700);
  tally.note(read('a', [900, 1900]), 1900);
  expect(tally.longestPauseMs(2000)).toBe(1300);
  tally.note(set('b', [900, 2100]), 2100);
  expect(tally.longestPauseMs(2200)).toBe(1400);
});
