/** What the store holds in the end against what was told. */
import { expect, test } from 'vitest';
import type { ChaosOperation } from '../../contracts/chaos.ts';
import { judgeFinalState } from '../../server/lab/final-state.ts';
import { COUNTER, failed, increment, KEY, set, swap } from './histories.ts';

const TOLD: readonly ChaosOperation[] = [
  set('a', [0, 1]),
  failed(set('b', [2, 3])),
  set('c', [4, null]),
  swap('a', 'd', [5, 6]),
  swap('x', 'e', [7, 8], 'd'),
  increment(1, [0, 1]),
  increment(null, [2, null]),
];

function found(registers: readonly string[], counter: readonly string[]) {
  const written = new Map([
    [KEY, registers],
    [COUNTER, counter],
  ]);
  return judgeFinalState(TOLD, written, '').map(({ status }) => status);
}

test('[F12] what was acknowledged is there once; the unknown may be there or not', () => {
  expect(found(['a', 'd'], ['1'])).toEqual(['pass', 'pass']);
  expect(found(['a', 'c', 'd'], ['1', '2'])).toEqual(['pass', 'pass']);
});

test.each([
  ['a set is lost', ['d']],
  ['a swap is lost', ['a']],
  ['a write is there twice', ['a', 'd', 'a']],
  ['a failed write is there', ['a', 'b', 'd']],
  ['a swap that was refused is there', ['a', 'd', 'e']],
])('[F12] in the store %s', (_name, registers) => {
  expect(found(registers, ['1'])).toEqual(['fail', 'pass']);
});

test.each([
  ['one is lost', []],
  ['one is counted twice', ['1', '2', '3']],
  ['one counts for two', ['2']],
])('[F12] of the increments %s', (_name, counter) => {
  expect(found(['a', 'd'], counter)).toEqual(['pass', 'fail']);
});

test('[F12] a store that could not be read is no verdict', () => {
  const [writes, increments] = judgeFinalState(TOLD, null, 'It did not answer.');
  expect(writes).toMatchObject({ status: 'unknown', words: 'It did not answer.' });
  expect(increments?.status).toBe('unknown');
});
