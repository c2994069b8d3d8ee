/** The worked examples, each read before and after a restart. */
import { describe, expect, test } from 'vitest';
import { EXAMPLES, remove, set } from './examples.ts';
import { restored, Writer } from './writer.ts';

describe('worked examples', () => {
  for (const { title, writes, reads } of EXAMPLES) {
    test.each(reads.map((read, i) => ({ read, name: `${title} (${i + 1})` })))(
      '$name',
      ({ read: [at, asOf, expected] }) => {
        const writer = new Writer();
        for (const command of writes) expect(writer.apply(command).ok).toBe(true);
        expect(writer.read(at ?? undefined, asOf ?? undefined)).toBe(expected);
        const again = new Writer(restored(writer.store, 1));
        expect(again.read(at ?? undefined, asOf ?? undefined)).toBe(expected);
      },
    );
  }
});

describe('answers to writes', () => {
  test('[T6] a delete tells whether the field was there at that time, and writes nothing if not', () => {
    const writer = new Writer();
    expect(writer.apply(remove(2000))).toMatchObject({
      ok: true,
      outcome: { op: 'delete', existed: false },
      revision: null,
    });
    writer.apply(set('1', 1000));
    expect(writer.apply(remove(500))).toMatchObject({
      outcome: { op: 'delete', existed: false },
      revision: null,
    });
    expect(writer.apply(remove(2000))).toMatchObject({
      outcome: { op: 'delete', existed: true },
      revision: 4,
    });
    expect(writer.apply(remove(3000))).toMatchObject({
      outcome: { op: 'delete', existed: false },
      revision: null,
    });
    const { versions } = writer.answer({ type: 'history', key: 'a', field: 'x' });
    expect(versions.map(({ revision }) => revision)).toEqual([2, 4]);
  });

  test('[T6] a delete of what has expired was not there', () => {
    const writer = new Writer();
    writer.apply(set('1', 1000, { ttl: 500 }));
    expect(writer.apply(remove(1500))).toMatchObject({
      outcome: { op: 'delete', existed: false },
      revision: null,
    });
    expect(writer.apply(remove(1499))).toMatchObject({
      outcome: { op: 'delete', existed: true },
      revision: 3,
    });
  });

  test('[T2] an expiry beyond the year 9999 is refused and nothing is written', () => {
    const writer = new Writer();
    const result = writer.apply(set('1', 253_402_300_799_999, { ttl: 1 }));
    expect(result).toMatchObject({ ok: false, error: { code: 'OUT_OF_RANGE' } });
    expect(writer.answer({ type: 'history', key: 'a', field: 'x' }).versions).toEqual([]);
    expect(writer.store.lastApplied).toBe(1);
  });

  test('[T3] a write without a timestamp is at the millisecond of its stamp', () => {
    const writer = new Writer();
    expect(writer.apply(set('1'), 5000)).toMatchObject({ timestamp: 5000, stamp: 5_000_000 });
    expect(writer.store.clusterTimeMs).toBe(5000);
  });
});

describe('now', () => {
  test('[T3] a leader whose clock is behind writes after its predecessor all the same', () => {
    const writer = new Writer();
    writer.apply(set('1'), 1000);
    writer.apply(set('2'), 400);
    expect(writer.read()).toBe('2');
    expect(writer.store.lastStamp).toBe(1_000_001);
  });

  test('[T3] a tick moves now past an expiry; the past keeps the value', () => {
    const writer = new Writer();
    writer.apply(set('1', 10, { ttl: 5 }), 10);
    expect(writer.read()).toBe('1');
    expect(writer.store.nextDueMs()).toBe(15);
    writer.apply({ op: 'tick' }, 15);
    expect(writer.read()).toBe('-');
    expect(writer.read(14)).toBe('1');
    expect(writer.store.nextDueMs()).toBeNull();
  });

  test('[T3] the next due time is the earliest start or expiry that is still to come', () => {
    const writer = new Writer();
    writer.apply(set('1', 900), 10);
    writer.apply(set('2', 300, { ttl: 100 }), 20);
    writer.apply({ op: 'set', key: 'b', field: 'y', value: '3', ttl: 50 }, 30);
    const seen: (number | null)[] = [];
    for (let due = writer.store.nextDueMs(); due !== null; due = writer.store.nextDueMs()) {
      seen.push(due);
      writer.apply({ op: 'tick' }, due);
    }
    expect(seen).toEqual([80, 300, 400, 900]);
  });

  test('[T4] an answer names its coordinates, and asked again with them says the same', () => {
    const writer = new Writer();
    writer.apply(set('1'), 1000);
    const first = writer.answer({ type: 'get', key: 'a', field: 'x' });
    expect(first).toMatchObject({ at: 1000, asOf: 1, absentBecause: null });
    writer.apply(set('2'), 2000);
    writer.apply(set('0', 999), 3000);
    const again = writer.answer({ type: 'get', key: 'a', field: 'x', at: 1000, asOf: 1 });
    expect(again).toEqual(first);
  });

  test('[T3] as of a revision, without a time, is what a reader saw then', () => {
    const writer = new Writer();
    writer.apply(set('1'), 1000);
    writer.apply(set('2'), 2000);
    expect(writer.answer({ type: 'get', key: 'a', field: 'x', asOf: 1 })).toMatchObject({
      at: 1000,
      found: { value: '1', validTo: null },
    });
    expect(writer.read(1999)).toBe('1');
  });

  test('[T4] a revision that is not reached is refused, never guessed at', () => {
    const writer = new Writer();
    writer.apply(set('1'));
    expect(writer.store.query({ type: 'get', key: 'a', field: 'x', asOf: 2 })).toMatchObject({
      ok: false,
      error: { code: 'REVISION_NOT_YET' },
    });
  });

  test('[T1] why nothing stands is told: never, not yet, deleted, expired', () => {
    const writer = new Writer();
    const why = (at: number) =>
      writer.answer({ type: 'get', key: 'a', field: 'x', at }).absentBecause;
    expect(why(0)).toBe('never');
    writer.apply(set('1', 10, { ttl: 10 }));
    writer.apply(set('2', 30));
    writer.apply(remove(40));
    expect([9, 15, 20, 35, 40].map(why)).toEqual(['not-yet', null, 'expired', null, 'deleted']);
  });

  test('[T1] an answer says until when it holds: the next version or its own expiry, as known then', () => {
    const writer = new Writer();
    const until = (at: number, asOf: number) =>
      writer.answer({ type: 'get', key: 'a', field: 'x', at, asOf }).found?.validTo;
    writer.apply(set('1', 10, { ttl: 50 }));
    writer.apply(set('2', 40));
    writer.apply(set('3', 30));
    expect([until(10, 1), until(10, 2), until(10, 3), until(30, 3), until(40, 3)]).toEqual([
      60,
      40,
      30,
      40,
      null,
    ]);
  });
});
