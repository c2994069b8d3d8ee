/** Group commit: which writes go together. What they do together is in the contract. */
import { expect, test } from 'vitest';
import { mergeWrites, takeGroup } from '../../server/storage/merge-writes.ts';
import { entry, logWrite } from './rows.ts';

test('[P3] a group is bounded by its data, but one write always goes whole', () => {
  const queue = [100, 400, 400, 200].map((chars, at) => ({
    write: logWrite([entry(at + 1, 'x'.repeat(chars))]),
  }));
  expect(takeGroup(queue, 1000)).toBe(3);
  expect(takeGroup(queue, 899)).toBe(2);
  expect(takeGroup(queue, 10)).toBe(1);
  expect(takeGroup(queue, 10_000)).toBe(4);
  expect(takeGroup([], 10)).toBe(0);
});

test('[P3] a merged write has the last hard state, and no entry that a later write took back', () => {
  const vote = { term: 3, votedFor: 'n2', commit: 0 };
  expect(
    mergeWrites([
      logWrite([entry(5), entry(6)], { hardState: { ...vote, term: 2 } }),
      logWrite([entry(6, 'new', 3)], { truncateFrom: 6, hardState: vote }),
      logWrite([entry(7, 'new', 3)]),
    ]),
  ).toEqual({
    hardState: vote,
    truncateFrom: 6,
    append: [entry(5), entry(6, 'new', 3), entry(7, 'new', 3)],
  });
});
