/** Sessions of the store: what is repeated, what is refused, and when they end. */
import { describe, expect, test } from 'vitest';
import { MAX_AGEING_MICROS, SESSION_IDLE_MICROS, Sessions } from '../../server/kv/sessions.ts';
import { KvStore } from '../../server/kv/store.ts';
import type { SessionRow } from '../../server/kv/types.ts';
import { set } from './examples.ts';
import { restored, Writer } from './writer.ts';

describe('sessions', () => {
  /** Sequences of one session, in a store where it is open. */
  function opened() {
    const writer = new Writer();
    const client = writer.open();
    return { writer, client, session: (sequence: number) => ({ session: { client, sequence } }) };
  }

  test('[T12] a repeat gets the first answer and writes nothing', () => {
    const { writer, session } = opened();
    const first = writer.apply(set('1', 10, session(7)));
    writer.apply(set('other', 10));
    expect(writer.apply(set('1', 10, session(7)))).toEqual(first);
    expect(writer.read(10)).toBe('other');
    expect(writer.answer({ type: 'history', key: 'a', field: 'x' }).versions).toHaveLength(2);
  });

  test('[T12] an older sequence is refused, a newer one is new, whatever the gap', () => {
    const { writer, session } = opened();
    const another = writer.open();
    writer.apply(set('1', 10, session(7)));
    expect(writer.apply(set('2', 10, session(6)))).toMatchObject({
      ok: false,
      error: { code: 'SESSION_STALE' },
    });
    expect(writer.apply(set('3', 10, session(99)))).toMatchObject({ ok: true, revision: 5 });
    const others = { session: { client: another, sequence: 6 } };
    expect(writer.apply(set('4', 10, others))).toMatchObject({ ok: true });
    expect(writer.read(10)).toBe('4');
  });

  test('[T12] a delete that found nothing, and an error, are repeated too', () => {
    const { writer, session } = opened();
    const absent = writer.apply({
      op: 'delete',
      key: 'a',
      field: 'x',
      timestamp: 5,
      ...session(1),
    });
    writer.apply(set('1', 1));
    const again = writer.apply({ op: 'delete', key: 'a', field: 'x', timestamp: 5, ...session(1) });
    expect(again).toEqual(absent);
    expect(writer.read(9)).toBe('1');
    const refused = writer.apply(set('1', 253_402_300_799_999, { ttl: 9, ...session(2) }));
    const repeated = writer.apply(set('1', 253_402_300_799_999, { ttl: 9, ...session(2) }));
    expect(repeated).toEqual(refused);
  });

  test('[T12] another write under the same sequence is refused, never answered as if it were done', () => {
    const { writer, session } = opened();
    const first = writer.apply(set('1', 10, session(7)));
    const others = [
      set('2', 10, session(7)),
      set('1', 11, session(7)),
      set('1', 10, { ttl: 5, ...session(7) }),
      { op: 'delete', key: 'a', field: 'x', timestamp: 10, ...session(7) },
      { op: 'set', key: 'b', field: 'x', value: '1', timestamp: 10, ...session(7) },
      { op: 'set', key: 'a', field: 'y', value: '1', timestamp: 10, ...session(7) },
    ] as const;
    for (const each of [writer, new Writer(restored(writer.store, 9))]) {
      for (const other of others) {
        expect(each.apply(other)).toMatchObject({ ok: false, error: { code: 'SESSION_STALE' } });
      }
      expect(each.apply(set('1', 10, session(7)))).toEqual(first);
      expect(each.answer({ type: 'scan', key: 'a', at: 10 }).fields).toHaveLength(1);
    }
  });

  test('[T12] repeats are known after a restart', () => {
    const { writer, session } = opened();
    const first = writer.apply(set('1', 10, session(7)));
    const again = new Writer(restored(writer.store, 1));
    expect(again.apply(set('1', 10, session(7)))).toEqual(first);
    expect(again.answer({ type: 'history', key: 'a', field: 'x' }).versions).toHaveLength(1);
  });

  test('[T12] a leader whose clock is days ahead ends no session', () => {
    const { writer, session } = opened();
    const first = writer.apply(set('1', 10, session(7)), 1000);
    writer.apply('noop', 3 * 86_400_000);
    expect(writer.apply(set('1', 10, session(7)))).toEqual(first);
    expect(writer.apply(set('1', 10, session(7)))).toEqual(first);
  });

  test('[T21] a session is named by its entry, once in all the log, and its opening is in the state', () => {
    const [writer, other] = [new Writer(), new Writer()];
    const names = [writer.open(), writer.open(), writer.open()];
    expect(new Set(names).size).toBe(3);
    expect(writer.store.query({ type: 'keys', limit: 9 })).toMatchObject({
      answer: { asOf: 3, keys: [] },
    });
    for (let i = 0; i < 3; i++) other.apply({ op: 'tick' });
    expect(other.store.stateHash).not.toBe(writer.store.stateHash);
    // Of another cluster the same revision is another session.
    other.apply('noop', 7);
    expect(names).not.toContain(other.open());
    const result = new Writer().apply({ op: 'session' });
    expect(result).toMatchObject({
      ok: true,
      revision: 1,
      outcome: { op: 'session', client: names[0], idleMs: 3_600_000 },
    });
  });

  test('[T21] a session is open after a restart, before its first write too', () => {
    const { writer, session } = opened();
    const again = new Writer(restored(writer.store, 1));
    expect(again.apply(set('1', 10, session(1)))).toMatchObject({ ok: true, revision: 2 });
  });

  test('[T21] a write whose session was never opened is refused, and nothing is done', () => {
    const writer = new Writer();
    const stranger = { session: { client: 'c', sequence: 1 } };
    for (let i = 0; i < 2; i++) {
      expect(writer.apply(set('1', 10, stranger))).toMatchObject({
        ok: false,
        error: { code: 'SESSION_EXPIRED' },
      });
    }
    expect(writer.read(10)).toBe('-');
  });

  test('[T21] an hour of log time without a write ends a session: a late repeat is refused and not run again, alike after a restart', () => {
    const { writer, session } = opened();
    writer.apply(set('1', 10, session(7)), 1000);
    const minutes = SESSION_IDLE_MICROS / MAX_AGEING_MICROS;
    for (let minute = 1; minute <= minutes; minute++) writer.apply('noop', 1000 + minute * 60_000);
    const again = new Writer(restored(writer.store, 7));
    for (const each of [writer, again]) {
      const late = 1000 + minutes * 60_000;
      for (const sequence of [7, 8]) {
        expect(each.apply(set('1', 10, session(sequence)), late)).toMatchObject({
          ok: false,
          error: { code: 'SESSION_EXPIRED' },
        });
      }
      expect(each.answer({ type: 'history', key: 'a', field: 'x' }).versions).toHaveLength(1);
    }
    expect(again.store.stateHash).toBe(writer.store.stateHash);
  });

  test('[T21] a session that is never written under ends like any other', () => {
    const writer = new Writer(KvStore.empty({ idleMicros: 10, most: 9 }));
    const client = writer.open();
    writer.apply('noop');
    expect(writer.apply(set('1', 10, { session: { client, sequence: 1 } }))).toMatchObject({
      ok: false,
      error: { code: 'SESSION_EXPIRED' },
    });
  });

  test('[T12] storage is told which sessions ended', () => {
    const { writer, client, session } = opened();
    writer.apply(set('1', 10, session(7)), 1000);
    expect(writer.store.takeChanges(9)).toMatchObject({ sessions: [{ client, sequence: 7 }] });
    for (let minute = 1; minute <= 61; minute++) writer.apply('noop', 1000 + minute * 60_000);
    expect(writer.store.takeChanges(99)).toMatchObject({
      sessions: [],
      droppedSessions: [client],
    });
  });

  test('[T12] the longest idle go first when there are too many', () => {
    const sessions = new Sessions({ idleMicros: 1000, most: 2 });
    const row = (client: string, stamp: number): SessionRow => ({
      client,
      sequence: 1,
      asked: 0,
      stamp,
      clock: stamp,
      result: { ok: true, revision: null, timestamp: 0, stamp, outcome: { op: 'tick' } },
    });
    for (const [at, client] of ['a', 'b', 'a', 'c'].entries()) {
      sessions.advance(at + 1);
      sessions.put(row(client, at + 1));
    }
    sessions.advance(5);
    expect(sessions.expire()).toEqual(['b']);
    expect(sessions.count).toBe(2);
    sessions.advance(1004);
    expect(sessions.expire()).toEqual(['a']);
    sessions.advance(1005);
    expect(sessions.expire()).toEqual(['c']);
  });
});
