/** Group commit: which writes go together. What they do together is in the contract. */
import { expect, test } from 'vitest';
import { mergeWrites, takeGroup } from '../../server/storage/merge-writes.ts';
import { firstBase } from '../../server/ports/durable-state.ts';
import { entry, logWrite, VOTERS } from './rows.ts';

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

test('[D6] a write that installs a snapshot begins a group', () => {
  const base = { ...firstBase(VOTERS), index: 9 };
  const install = logWrite([entry(10)], { install: { base, state: '' } });
  const queue = [logWrite([entry(1)]), logWrite([entry(2)]), install, logWrite([entry(11)])];
  const waiting = queue.map((write) => ({ write }));
  expect(takeGroup(waiting, Number.POSITIVE_INFINITY)).toBe(2);
  expect(takeGroup(waiting.slice(2), Number.POSITIVE_INFINITY)).toBe(2);
  expect(mergeWrites(queue.slice(2))).toMatchObject({
    install: { base },
    append: [entry(10), entry(11)],
  });
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
    install: null,
    base: null,
    hardState: vote,
    truncateFrom: 6,
    append: [entry(5), entry(6, 'new', 3), entry(7, 'new', 3)],
  });
});
