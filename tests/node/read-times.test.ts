import { expect, test } from 'vitest';
import { ReadTimes } from '../../server/node/read-times.ts';

test('[K40] a read is timed from its taking to its answer, once; one that failed, or never waited, is not', () => {
  const times = new ReadTimes();
  for (const id of [1, 2, 3]) times.taken(id, id * 10);
  expect(times.waiting).toBe(3);
  times.ended(2, true, 27);
  times.ended(1, false, 28);
  times.ended(9, true, 29);
  times.ended(2, true, 99);
  expect(times.waiting).toBe(1);
  expect(times.take()).toEqual([7]);
  times.ended(3, true, 31);
  expect(times.take()).toEqual([1]);
  expect(times.take()).toEqual([]);
  expect(times.waiting).toBe(0);
});

test('[K40] of many reads at once a few hundred are timed, and all are counted', () => {
  const times = new ReadTimes();
  for (let id = 0; id < 1000; id++) times.taken(id, 0);
  expect(times.waiting).toBe(1000);
  for (let id = 0; id < 1000; id++) times.ended(id, true, id);
  expect(times.take()).toHaveLength(256);
  expect(times.waiting).toBe(0);
});
