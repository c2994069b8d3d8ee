/** The judge of chaos runs on histories made by hand: what is wrong is seen and shown, what may be is not. */
import { describe, expect, test } from 'vitest';
import type { ChaosOperation } from '../../contracts/chaos.ts';
import { Random } from '../../server/base/random.ts';
import { historyText, readLines } from '../../server/lab/history-lines.ts';
import { judge } from '../../server/lab/judge.ts';
import { COUNTER, failed, increment, KEY, read, set, swap } from './histories.ts';

function verdictOf(operations: readonly ChaosOperation[], budget?: number) {
  const [register, counter] = [...judge(operations, [KEY, COUNTER], budget)];
  return { register, counter };
}

const GOOD: Record<string, readonly ChaosOperation[]> = {
  'a swap of what stands': [set('a', [0, 1]), swap('a', 'b', [2, 3]), read('b', [4, 5])],
  'a swap that was not made': [set('a', [0, 1]), swap('x', 'b', [2, 3], 'a'), read('a', [4, 5])],
  'an unknown swap that was made': [set('a', [0, 1]), swap('a', 'b', [2, null]), read('b', [4, 5])],
  'an unknown swap that was not': [set('a', [0, 1]), swap('a', 'b', [2, null]), read('a', [4, 5])],
  'unknown writes that follow from each other': [
    set('a', [0, null]),
    swap('a', 'b', [1, null]),
    swap('b', 'c', [2, null]),
    read('c', [5, 6]),
  ],
  'a swap on top of unknown ones': [
    set('a', [0, null]),
    swap('a', 'b', [1, null]),
    swap('b', 'c', [5, 6]),
    read('c', [7, 8]),
  ],
  'a failed set that nobody sees': [set('a', [0, 1]), failed(set('b', [2, 3])), read('a', [4, 5])],
};

const BAD: Record<string, readonly ChaosOperation[]> = {
  'a lost write': [set('a', [0, 1]), read(null, [2, 3])],
  'a stale read': [set('a', [0, 1]), set('b', [2, 3]), read('a', [4, 5])],
  'a failed set that is seen': [failed(set('b', [2, 3])), read('b', [4, 5])],
  'a swap of what does not stand': [set('a', [0, 1]), swap('x', 'b', [2, 3])],
  'a swap that was not made and is seen': [
    set('a', [0, 1]),
    swap('x', 'b', [2, 3], 'a'),
    read('b', [4, 5]),
  ],
  'two swaps of one value': [set('a', [0, 1]), swap('a', 'b', [2, 3]), swap('a', 'c', [4, 5])],
  'an unknown swap of what never stood': [
    set('a', [0, 1]),
    swap('x', 'b', [2, null]),
    read('b', [4, 5]),
  ],
  'an unknown write that is seen before it was asked for': [read('a', [0, 1]), set('a', [2, null])],
};

describe('registers', () => {
  test.each(Object.entries(GOOD))('[F12] it is linearizable: %s', (_name, operations) => {
    expect(verdictOf(operations).register).toMatchObject({
      kind: 'register',
      verdict: 'linearizable',
      counterExample: null,
    });
  });

  test.each(Object.entries(BAD))('[F12] it is not: %s', (_name, operations) => {
    const { register } = verdictOf(operations);
    expect(register?.verdict).toBe('violation');
    const shown = register?.counterExample?.operations ?? [];
    expect(shown.some(({ place }) => place === null)).toBe(true);
  });

  test('[F12] a counter-example tells what fits, in its order, and what cannot follow', () => {
    const { register } = verdictOf([
      set('a', [0, 1]),
      swap('a', 'b', [2, 20]),
      set('c', [3, 4]),
      read('c', [5, 6]),
      read('b', [10, 11]),
    ]);
    expect(register?.counterExample?.why).toContain('the register holds');
    const shown = register?.counterExample?.operations ?? [];
    expect(shown[0]).toEqual({ client: 'w', words: 'set "a"', callMs: 0, returnedMs: 1, place: 1 });
    expect(shown.some(({ place }) => place === null)).toBe(true);
  });

  test('[F12] a stale read among many clients is shown by the handful of operations that it takes', () => {
    const crowd = Array.from({ length: 40 }, (_, i) => set(`x${i}`, [i / 100, 1000 + i]));
    const { register } = verdictOf([
      ...crowd,
      set('a', [0.5, 2]),
      set('b', [3, 4]),
      read('a', [5, 6]),
    ]);
    expect(register?.counterExample).toEqual({
      why: '"a" stood from 2 to 5, yet "b" was there from a time after 3 to one before 4.',
      operations: [
        { client: 'w', words: 'set "a"', callMs: 0.5, returnedMs: 2, place: null },
        { client: 'w', words: 'set "b"', callMs: 3, returnedMs: 4, place: null },
        { client: 'r', words: 'read "a"', callMs: 5, returnedMs: 6, place: null },
      ],
      omitted: 0,
    });
  });

  test('[F12] a search that gives up says so', () => {
    const operations = [set('a', [0, 9]), set('b', [0, 9]), read('a', [10, 11])];
    expect(verdictOf(operations, 1).register?.verdict).toBe('unknown');
  });

  test.each([1, 2, 3])(
    '[F12] forty clients at work on one key are judged, and what one reads wrongly is seen (seed %i)',
    (seed) => {
      const operations = crowd(40, 2000, Random.fromSeed(seed));
      expect(verdictOf(operations).register?.verdict).toBe('linearizable');
      const last = operations.findLast(({ op }) => op === 'read');
      const wrong = operations.map((one) => (one === last ? { ...one, found: 'c1-1' } : one));
      expect(verdictOf(wrong as ChaosOperation[]).register?.verdict).toBe('violation');
    },
  );
});

describe('counters', () => {
  test('[F12] a repeat that was counted twice is seen', () => {
    const { counter } = verdictOf([increment(1, [0, 1]), increment(3, [2, 3])]);
    expect(counter).toMatchObject({ kind: 'counter', verdict: 'violation', operations: 2 });
    expect(counter?.counterExample?.why).toBe(
      '3 was answered, yet no increment can have been number 2.',
    );
  });

  test('[F12] an unknown increment explains the number that is missing', () => {
    const { counter } = verdictOf([
      increment(1, [0, 1]),
      increment(null, [1.5, null]),
      increment(3, [2, 3]),
      read('3', [4, 5], COUNTER),
    ]);
    expect(counter?.verdict).toBe('linearizable');
  });
});

test('[F12] a history comes back from its lines as it was', () => {
  const operations = [...Object.values(GOOD), ...Object.values(BAD)].flat();
  expect(readLines([...historyText(operations)].join(''))).toEqual(operations);
});

/** What a real register answers clients that overlap; some are never answered. */
function crowd(clients: number, count: number, random: Random): ChaosOperation[] {
  const told: ChaosOperation[] = [];
  const freeAt = Array.from({ length: clients }, () => 0);
  const seen = new Map<number, string>();
  let held: string | null = null;
  for (let now = 1; now <= count; now++) {
    // Each takes effect at a whole instant, somewhere between its call and its return.
    const client = random.nextInt(0, clients - 1);
    const call = Math.max(freeAt[client] ?? 0, now - random.nextFloat() * clients) + 0.0001;
    if (call >= now) continue;
    const returned = now + random.nextFloat() * clients;
    const isOpen = random.chance(0.02);
    const times = [call, isOpen ? null : returned] as const;
    const name = { client: `c${client}` };
    const value = `c${client}-${now}`;
    const expected = seen.get(client);
    const choice = random.nextFloat();
    freeAt[client] = returned;
    if (choice < 0.45 && !isOpen) {
      told.push({ ...read(held, [call, returned]), ...name });
      if (held !== null) seen.set(client, held);
    } else if (choice < 0.65 && expected !== undefined) {
      const isMade = held === expected;
      told.push({ ...swap(expected, value, times, isMade ? null : held), ...name });
      if (isMade) held = value;
      else if (held !== null) seen.set(client, held);
    } else {
      told.push({ ...set(value, times), ...name });
      held = value;
      seen.set(client, value);
    }
  }
  return told.sort((a, b) => a.callMs - b.callMs);
}
