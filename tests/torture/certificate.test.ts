/** The judge by revisions, on histories that are right and on ones that have one thing wrong. */
import { describe, expect, it } from 'vitest';
import { checkCertificate, checkWatch } from '../../torture/certificate.ts';
import type { Kept } from '../../torture/certificate.ts';
import type { Seen, Told } from '../../torture/events.ts';

const R = 't/0/register-0';
const C = 't/0/counter-0';

function set(
  value: string,
  revision: number | null,
  times: readonly [number, number | null],
): Told {
  const [callMs, returnedMs] = times;
  const outcome = revision !== null ? 'ok' : returnedMs === null ? 'unknown' : 'failed';
  return {
    op: 'set',
    client: 'p',
    key: R,
    value,
    existed: null,
    callMs,
    returnedMs,
    outcome,
    revision,
  };
}

function read(found: string | null, revision: number, times: readonly [number, number]): Told {
  const [callMs, returnedMs] = times;
  return { op: 'read', client: 'p', key: R, found, callMs, returnedMs, outcome: 'ok', revision };
}

function increment(result: number, revision: number, times: readonly [number, number]): Told {
  const [callMs, returnedMs] = times;
  return {
    op: 'increment',
    client: 'p',
    key: C,
    result,
    callMs,
    returnedMs,
    outcome: 'ok',
    revision,
  };
}

const TOLD: readonly Told[] = [
  set('a', 5, [0, 10]),
  read(null, 4, [1, 3]),
  read('a', 6, [11, 12]),
  set('b', null, [13, null]),
  set('never', null, [13, 14]),
  increment(1, 7, [20, 21]),
  increment(2, 9, [22, 23]),
  read('b', 9, [24, 25]),
];
const KEPT: ReadonlyMap<string, readonly Kept[]> = new Map([
  [
    R,
    [
      { revision: 5, value: 'a' },
      { revision: 8, value: 'b' },
    ],
  ],
  [
    C,
    [
      { revision: 7, value: '1' },
      { revision: 9, value: '2' },
    ],
  ],
]);

function kept(key: string, versions: readonly Kept[]): ReadonlyMap<string, readonly Kept[]> {
  return new Map([...KEPT, [key, versions]]);
}

function changed(at: number, told: Told): readonly Told[] {
  return TOLD.map((each, i) => (i === at ? told : each));
}

describe('a history is judged by the order that its answers name', () => {
  it('[X30] passes what is in order, with unknown writes done or not', () => {
    expect(checkCertificate(TOLD, KEPT)).toEqual([]);
    const without = TOLD.filter(({ op, revision }) => op !== 'read' || revision !== 9);
    expect(checkCertificate(without, kept(R, [{ revision: 5, value: 'a' }]))).toEqual([]);
  });

  it.each<[string, readonly Told[], ReadonlyMap<string, readonly Kept[]>, RegExp]>([
    ['an acknowledged write is lost', TOLD, kept(R, [{ revision: 8, value: 'b' }]), /lost/],
    [
      'one is done again',
      TOLD,
      kept(R, [...(KEPT.get(R) ?? []), { revision: 12, value: 'a' }]),
      /twice/,
    ],
    [
      'one that failed is done',
      TOLD,
      kept(R, [...(KEPT.get(R) ?? []), { revision: 12, value: 'never' }]),
      /said to have failed/,
    ],
    [
      'a value comes from nowhere',
      TOLD,
      kept(R, [...(KEPT.get(R) ?? []), { revision: 12, value: 'x' }]),
      /nobody wrote/,
    ],
    ['one is done at another revision', changed(0, set('a', 6, [0, 10])), KEPT, /done at 5/],
    ['a read is stale', changed(2, read(null, 6, [11, 12])), KEPT, /where "a" stood/],
    [
      'a read is of a view before it was asked',
      changed(2, read(null, 4, [11, 12])),
      KEPT,
      /had returned/,
    ],
    [
      'a write stands before one that had returned',
      changed(6, increment(2, 9, [3, 4])),
      KEPT,
      /had returned/,
    ],
    [
      'two increments have one answer',
      changed(6, increment(1, 7, [22, 23])),
      KEPT,
      /two increments/,
    ],
    [
      'an increment is done twice',
      TOLD,
      kept(C, [...(KEPT.get(C) ?? []), { revision: 12, value: '3' }]),
      /3 increments of at most 2/,
    ],
    ['an increment is lost', TOLD, kept(C, [{ revision: 7, value: '1' }]), /nothing there/],
  ])('[X30] finds out that %s', (_what, told, versions, complaint) => {
    expect(checkCertificate(told, versions).join('\n')).toMatch(complaint);
  });

  const SEEN: readonly Seen[] = [
    { revision: 5, key: R, value: 'a' },
    { revision: 7, key: C, value: '1' },
    { revision: 8, key: R, value: 'b' },
    { revision: 9, key: C, value: '2' },
  ];

  it('[X31] passes a watch that told everything once, in order', () => {
    expect(checkWatch('w', SEEN, KEPT)).toEqual([]);
  });

  it.each<[string, readonly Seen[], RegExp]>([
    ['left something out', SEEN.filter((_, i) => i !== 1), /never told, as 7/],
    ['told something twice', [...SEEN.slice(0, 3), ...SEEN.slice(2)], /twice/],
    ['told something out of order', [...SEEN].reverse(), /told after/],
    ['made something up', [...SEEN, { revision: 10, key: R, value: 'x' }], /never happened/],
  ])('[X31] finds out that a watch %s', (_what, seen, complaint) => {
    expect(checkWatch('w', seen, KEPT).join('\n')).toMatch(complaint);
  });
});
