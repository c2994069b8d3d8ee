/**
 * The search on histories made by hand, against a search without any cleverness,
 * and on what the real store answers. A judge that never complains is worth
 * nothing, and one that complains of the innocent is worth less.
 */
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { existedBefore } from '../../sim/history.ts';
import type { Operation, ReadOp, WriteOp } from '../../sim/history.ts';
import { checkLinearizability } from '../../sim/linearizability.ts';
import { get, scan, unknown, write } from './cell-stories.ts';
import { told } from './store-stories.ts';
import type { Act } from './store-stories.ts';

function isLinearizable(operations: readonly Operation[]): boolean {
  return checkLinearizability(operations).complaints.length === 0;
}

type Table = Readonly<Record<string, readonly Operation[]>>;

const REFUSED: WriteOp = {
  ...write('b', 2, 3),
  result: { ok: false, error: { code: 'SESSION_STALE', message: 'an older sequence' } },
};

const GOOD: Table = {
  'nothing at all': [],
  'absent before, there after': [get(null, 0, 1), write('a', 2, 3), get('a', 4, 5)],
  'an overwritten value': [write('a', 0, 1), write('b', 2, 3), get('b', 4, 5)],
  'a deleted value': [write('a', 0, 1), write(null, 2, 3, { existed: true }), get(null, 4, 5)],
  'a read beside a write sees it': [write('a', 0, 9), get('a', 1, 2)],
  'a read beside a write does not see it': [write('a', 0, 9), get(null, 1, 2)],
  'reads beside a write: not yet, then seen': [write('a', 0, 9), get(null, 1, 2), get('a', 3, 4)],
  'writes side by side, the first one last': [write('a', 0, 9), write('b', 1, 8), get('a', 10, 11)],
  'writes side by side, the second one last': [
    write('a', 0, 9),
    write('b', 1, 8),
    get('b', 10, 11),
  ],
  'a call at the instant of a return overlaps it': [write('a', 0, 5), get(null, 5, 6)],
  'an unknown write is seen later': [unknown('a', 0), get(null, 1, 2), get('a', 50, 51)],
  'an unknown write is never seen': [write('a', 0, 1), unknown('b', 2), get('a', 3, 4)],
  'an unknown delete takes effect late': [
    write('a', 0, 1),
    unknown(null, 2),
    get('a', 3, 4),
    get(null, 5, 6),
  ],
  'unknown writes, both seen': [unknown('a', 0), unknown('b', 1), get('b', 2, 3), get('a', 4, 5)],
  'an unknown write explains that something was there': [
    unknown('a', 0),
    write('b', 1, 2, { existed: true }),
    get('b', 3, 4),
  ],
  'a failed write is nowhere': [
    write('a', 0, 1),
    write('b', 2, 3, { outcome: 'failed' }),
    get('a', 4, 5),
  ],
  'a write is refused, and was not done': [write('a', 0, 1), REFUSED, get('a', 4, 5)],
  'a write is refused, and an earlier attempt at it was done': [
    write('a', 0, 1),
    REFUSED,
    get('b', 4, 5),
  ],
  'a value with a ttl is there, then gone': [
    write('a', 0, 1, { ttl: 5 }),
    get('a', 2, 3),
    get(null, 4, 5),
  ],
  'a delete finds a value with a ttl gone': [
    write('a', 0, 1, { ttl: 5 }),
    write(null, 2, 3, { existed: false }),
    get(null, 4, 5),
  ],
  'a write with a past timestamp shows': [write('a', 0, 1, { timestamp: 7 }), get('a', 2, 3)],
  'a write with a past timestamp is covered by a later version': [
    write('a', 0, 1),
    write('b', 2, 3, { timestamp: 7 }),
    get('a', 4, 5),
  ],
  'a write with a future timestamp shows late': [
    write('a', 0, 1),
    write('b', 2, 3, { timestamp: 7 }),
    get('a', 4, 5),
    get('b', 6, 7),
  ],
  'the same value twice, once with a ttl': [
    write('a', 0, 9),
    unknown('a', 1, { ttl: 5 }),
    get('a', 2, 3),
    get(null, 10, 11),
  ],
  'a scan sees some cells and not others': [
    write('a', 0, 1, { field: 'x' }),
    write('b', 2, 9, { field: 'y' }),
    scan({ x: 'a' }, 3, 4),
    scan({ x: 'a', y: 'b' }, 5, 6),
  ],
  'a scan by prefix says nothing of other fields': [
    write('a', 0, 1, { field: 'x' }),
    scan({}, 2, 3, 'y'),
  ],
};

const BAD: Table = {
  'an acknowledged write is lost': [write('a', 0, 1), get(null, 2, 3)],
  'an acknowledged overwrite is lost': [write('a', 0, 1), write('b', 2, 3), get('a', 4, 5)],
  'an acknowledged delete is lost': [write('a', 0, 1), write(null, 2, 3), get('a', 4, 5)],
  'a stale read after a fresh one': [
    write('a', 0, 1),
    write('b', 2, 9),
    get('b', 3, 4),
    get('a', 5, 6),
  ],
  'a write is applied twice: its value comes back': [
    write('a', 0, 1),
    write('b', 2, 3),
    get('b', 4, 5),
    get('a', 6, 7),
  ],
  'two readers see two writes in opposite orders': [
    write('a', 0, 20),
    write('b', 0, 20),
    get('a', 1, 2),
    get('b', 3, 4),
    get('a', 5, 6),
  ],
  'values are swapped between cells': [
    write('a', 0, 1, { field: 'x' }),
    write('b', 0, 1, { field: 'y' }),
    get('b', 2, 3, 'x'),
    get('a', 2, 3, 'y'),
  ],
  'a value that nobody wrote': [write('a', 0, 1), get('z', 2, 3)],
  'a read from the future': [get('a', 0, 1), write('a', 2, 3)],
  'a read of an unknown write before its call': [get('a', 0, 1), unknown('a', 2)],
  'a failed write is seen': [write('a', 0, 1, { outcome: 'failed' }), get('a', 2, 3)],
  'an unknown write is seen, then gone': [unknown('a', 0), get('a', 1, 2), get(null, 3, 4)],
  'an unknown write is seen, covered, and seen again': [
    unknown('a', 0),
    get('a', 1, 2),
    write('b', 3, 4),
    get('b', 5, 6),
    get('a', 7, 8),
  ],
  'a value without a ttl expires': [
    write('a', 0, 1, { ttl: 5 }),
    write('b', 2, 3),
    get(null, 4, 5),
  ],
  'an expired value comes back': [
    write('a', 0, 1, { ttl: 5 }),
    get('a', 2, 3),
    get(null, 4, 5),
    get('a', 6, 7),
  ],
  'a delete finds nothing where something was': [
    write('a', 0, 1),
    write(null, 2, 3, { existed: false }),
  ],
  'a delete finds something where nothing was': [
    write('a', 0, 1),
    write(null, 2, 3, { existed: true }),
    write(null, 4, 5, { existed: true }),
  ],
  'a write with a past timestamp shows before its call': [
    get('a', 0, 1),
    write('a', 2, 3, { timestamp: 7 }),
  ],
  'a write with a past timestamp shows twice': [
    write('a', 0, 1, { timestamp: 7 }),
    get('a', 2, 3),
    write('b', 4, 5),
    get('b', 6, 7),
    get('a', 8, 9),
  ],
  'a scan misses a cell': [write('a', 0, 1, { field: 'x' }), scan({}, 2, 3)],
  'a scan sees a field that nobody wrote': [scan({ x: 'a' }, 0, 1)],
  'a scan sees an old value': [
    write('a', 0, 1, { field: 'x' }),
    write('b', 2, 3, { field: 'x' }),
    scan({ x: 'a' }, 4, 5),
  ],
};

describe('by hand', () => {
  for (const [title, operations] of Object.entries(GOOD)) {
    test(`[F5] passes: ${title}`, () => {
      expect(checkLinearizability(operations).complaints).toEqual([]);
    });
  }

  for (const [title, operations] of Object.entries(BAD)) {
    test(`[F5] is seen: ${title}`, () => {
      expect(checkLinearizability(operations).complaints).not.toEqual([]);
    });
  }

  test('[F5] the final log tells what became of an unknown write', () => {
    const lost = unknown('a', 0);
    const history = [lost, get('a', 1, 2)];
    const complaintsWith = (tookEffect: ReadonlySet<string>) =>
      checkLinearizability(history, { tookEffect }).complaints;
    expect(complaintsWith(new Set([`${lost.client}/1`]))).toEqual([]);
    expect(complaintsWith(new Set())).toHaveLength(1);
  });

  test('[F5] what was judged is counted: what looks elsewhere than at the present is not', () => {
    const past: ReadOp = { ...get('z', 4, 5), query: { type: 'get', key: 'k', field: 'f', at: 3 } };
    const known: ReadOp = { ...past, query: { type: 'get', key: 'k', field: 'f', asOf: 3 } };
    const unanswered: ReadOp = { ...get(null, 6, 7), outcome: 'failed', answer: null };
    const history = [
      write('a', 0, 1),
      write('b', 2, 3, { timestamp: 7 }),
      past,
      known,
      unanswered,
      unknown('c', 8),
      unknown('d', 8, { field: 'g' }),
      scan({ f: 'a', h: 'e' }, 9, 10),
      write('e', 8, 9, { field: 'h' }),
    ];
    expect(checkLinearizability(history)).toEqual({ judged: 3, parts: 3, complaints: [] });
  });

  test('[F5] a complaint tells the cell, how far one comes, and what cannot follow', () => {
    const history = [write('a', 0, 1), unknown('b', 2), get('b', 3, 4), get('a', 5, 7)];
    const [a, b] = history.map(({ client }) => client);
    expect(checkLinearizability(history).complaints).toEqual([
      [
        '"k" "f": no order explains its 3 answers; the longest attempt is',
        `  1. ${a} set "a" [0, 1]`,
        `  2. ${b} set "b" [2, open]`,
        '  3. r read "b" [3, 4]',
        '  which leaves "b", and none of these can come next:',
        '  - r read "a" [5, 7]',
      ].join('\n'),
    ]);
  });

  test('[F5] undecided within the budget is a complaint', () => {
    const history = [write('a', 0, 1), write('b', 2, 3), get('b', 4, 5)];
    expect(checkLinearizability(history, { budget: 3 }).complaints).toEqual([]);
    expect(checkLinearizability(history, { budget: 2 }).complaints).toEqual([
      '"k" "f": undecided after 2 steps',
    ]);
  });

  test('[F5] a long history of one cell is decided within the budget', () => {
    const history: Operation[] = [];
    for (let i = 0; i < 8000; i += 4) {
      history.push(
        write(`v${i}`, i, i + 9),
        get(`v${i}`, i + 1, i + 6),
        get(`v${i}`, i + 2, i + 3),
      );
      if (i % 100 === 0) history.push(unknown(`lost${i}`, i));
    }
    expect(checkLinearizability(history).complaints).toEqual([]);
    history.push(get('v0', 8010, 8011));
    expect(checkLinearizability(history).complaints.join()).toContain('no order explains');
  });

  test('[F5] writes side by side are not tried in every order', () => {
    const history: Operation[] = [];
    for (let i = 0; i < 200; i += 10)
      for (const each of 'abcdef') history.push(write(`${each}${i}`, i, i + 5));
    history.push(get('a0', 300, 301));
    expect(checkLinearizability(history).complaints.join()).toContain('no order explains');
  });
});

/** Any order at all that keeps time, open writes and expiry at any instant: no memo, no cells, no shortcuts. */
function hasOrder(operations: readonly Operation[]): boolean {
  const settled = operations.filter((op) => op.outcome === 'ok' && !isDated(op));
  const optional = operations.filter((op) => op.outcome === 'unknown' || isDated(op));
  return canFinish(settled, optional, null, false);
}

function isDated(operation: Operation): boolean {
  return operation.kind === 'write' && operation.command.timestamp !== undefined;
}

function canFinish(
  settled: readonly Operation[],
  optional: readonly Operation[],
  held: string | null,
  expires: boolean,
): boolean {
  if (settled.length === 0) return true;
  if (expires && canFinish(settled, optional, null, false)) return true;
  const without = (from: readonly Operation[], operation: Operation) =>
    from.filter((other) => other !== operation);
  return [...settled, ...optional]
    .filter((operation) => settled.every(({ returned }) => returned >= operation.call))
    .some((operation) => {
      const rest = without(settled, operation);
      if (operation.kind === 'read') {
        const saw = operation.answer?.type === 'get' ? operation.answer.found : null;
        return (saw?.value ?? null) === held && canFinish(rest, optional, held, expires);
      }
      const { command, result } = operation;
      const existed = settled.includes(operation) ? existedBefore(result) : null;
      if (existed !== null && existed !== (held !== null)) return false;
      const left = command.op === 'set' ? command.value : null;
      const willExpire = command.op === 'set' && command.ttl !== undefined;
      return canFinish(rest, without(optional, operation), left, willExpire);
    });
}

describe('against others', () => {
  const value = fc.option(fc.constantFrom('a', 'b', 'c'));
  const operation = fc
    .record({
      isRead: fc.boolean(),
      value,
      call: fc.nat(9),
      lasts: fc.nat(4),
      ttl: fc.option(fc.constant(1), { nil: undefined, freq: 3 }),
      timestamp: fc.option(fc.constant(1), { nil: undefined, freq: 3 }),
      existed: fc.option(fc.boolean(), { nil: undefined }),
      isUnknown: fc.nat(3).map((n) => n === 0),
    })
    .map(({ isRead, value: text, call, lasts, isUnknown, ttl, timestamp, existed }) =>
      isRead
        ? get(text, call, call + lasts)
        : write(text, call, call + lasts, {
            outcome: isUnknown ? 'unknown' : 'ok',
            ...(ttl !== undefined && { ttl }),
            ...(timestamp !== undefined && { timestamp }),
            ...(existed !== undefined && { existed }),
          }),
    );

  test('[F5] on tiny histories the verdict is that of trying every order', () => {
    const verdicts = { good: 0, bad: 0 };
    fc.assert(
      fc.property(fc.array(operation, { minLength: 2, maxLength: 7 }), (history) => {
        const good = hasOrder(history);
        verdicts[good ? 'good' : 'bad']++;
        expect(isLinearizable(history)).toBe(good);
      }),
      { numRuns: 3000 },
    );
    expect(Math.min(verdicts.good, verdicts.bad)).toBeGreaterThan(300);
  });

  const act: fc.Arbitrary<Act> = fc.record({
    what: fc.constantFrom('set', 'set', 'delete', 'get', 'get', 'scan'),
    field: fc.constantFrom('f', 'g'),
    /** From before to beyond the end of the story. */
    timestamp: fc.option(fc.nat(90), { nil: undefined, freq: 3 }),
    ttl: fc.option(fc.integer({ min: 1, max: 9 }), { nil: undefined }),
    passesMs: fc.nat(3),
    early: fc.nat(3),
    late: fc.nat(3),
    isUnknown: fc.nat(5).map((n) => n === 0),
  });

  test('[F5] what the real store answers passes, whatever timestamps, ttls and unknown writes there are', () => {
    const story = fc.oneof(
      { weight: 20, arbitrary: fc.array(act, { maxLength: 40 }) },
      { weight: 1, arbitrary: fc.array(act, { minLength: 200, maxLength: 300 }) },
    );
    fc.assert(
      fc.property(story, (acts) => {
        expect(checkLinearizability(told(acts)).complaints).toEqual([]);
      }),
      { numRuns: 2000 },
    );
  });
});
