/** The judge of counters against a search that tries every order. */
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { clashOf } from '../../checks/counter-order.ts';
import type { CounterOperation } from '../../checks/counter-order.ts';

const OPEN = Number.POSITIVE_INFINITY;

function increment(value: number | null, call: number, returned = OPEN): CounterOperation {
  return { kind: 'increment', client: 'c', call, returned, value };
}

function read(value: number, call: number, returned: number): CounterOperation {
  return { kind: 'read', client: 'r', call, returned, value };
}

const GOOD: Record<string, readonly CounterOperation[]> = {
  'nothing at all': [],
  'one after the other': [increment(1, 0, 1), read(1, 2, 3), increment(2, 4, 5)],
  'side by side, the later call first': [increment(2, 0, 9), increment(1, 1, 8)],
  'an unknown one was counted': [increment(null, 0), increment(2, 5, 6), read(2, 7, 8)],
  'an unknown one was not counted': [increment(null, 0), increment(1, 5, 6), read(1, 7, 8)],
  'an unknown one is counted late': [increment(null, 0), read(0, 1, 2), read(1, 3, 4)],
};

const BAD: Record<string, readonly CounterOperation[]> = {
  'an acknowledged one is lost': [increment(1, 0, 1), read(0, 2, 3)],
  'one is counted twice': [increment(1, 0, 1), read(2, 2, 3)],
  'two are the same number': [increment(1, 0, 1), increment(1, 0, 2)],
  'a stale read': [increment(1, 0, 1), increment(2, 2, 3), read(1, 4, 5)],
  'an unknown one that was not asked for yet': [read(1, 0, 1), increment(null, 2)],
  'one unknown one for two numbers': [increment(null, 0), increment(3, 1, 2)],
  'no number': [read(Number.NaN, 0, 1)],
};

describe('by hand', () => {
  test.each(Object.entries(GOOD))('[F11] a counter may do this: %s', (_name, operations) => {
    expect(clashOf(operations)).toBeNull();
  });

  test.each(Object.entries(BAD))('[F11] a counter never does this: %s', (_name, operations) => {
    const clash = clashOf(operations);
    expect(clash?.operations.length).toBeGreaterThan(0);
    expect(clash?.why).not.toBe('');
  });
});

const Operation = fc
  .record({
    isRead: fc.boolean(),
    value: fc.integer({ min: 0, max: 4 }),
    call: fc.integer({ min: 0, max: 8 }),
    lasts: fc.integer({ min: 0, max: 5 }),
    isOpen: fc.boolean(),
  })
  .map(({ isRead, value, call, lasts, isOpen }): CounterOperation => {
    if (isRead) return read(value, call, call + lasts);
    return isOpen ? increment(null, call) : increment(value + 1, call, call + lasts);
  });

test('[F11] whatever was answered, the verdict is that of a search through every order', () => {
  let bad = 0;
  fc.assert(
    fc.property(fc.array(Operation, { maxLength: 6 }), (operations) => {
      const expected = hasOrder(operations);
      if (!expected) bad++;
      expect(clashOf(operations) === null).toBe(expected);
    }),
    { numRuns: 3000 },
  );
  expect(bad).toBeGreaterThan(100);
});

/** Places one operation after the other; open ones may stay away. */
function hasOrder(left: readonly CounterOperation[], counter = 0): boolean {
  if (left.every(({ returned }) => returned === OPEN)) return true;
  const firstReturn = Math.min(...left.map(({ returned }) => returned));
  return left.some((next) => {
    if (next.call > firstReturn) return false;
    const after = next.kind === 'read' ? counter : counter + 1;
    if (next.value !== null && next.value !== after) return false;
    return hasOrder(
      left.filter((one) => one !== next),
      after,
    );
  });
}
