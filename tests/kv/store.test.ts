/** Order, history, restart and determinism of the store; and the store against a naive one. */
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { compareBytes, lowerBound } from '../../server/kv/bytes-order.ts';
import { encodeCommand, parseCommand } from '../../server/kv/command.ts';
import { KvStore } from '../../server/kv/store.ts';
import { MAX_TIMESTAMP_MS } from '../../server/kv/types.ts';
import type { Command, Condition, Operation } from '../../server/kv/types.ts';
import { Reference } from '../../sim/reference.ts';
import { remove, set } from './examples.ts';
import { restored, Writer } from './writer.ts';

describe('order of names', () => {
  const unit = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.string({ unit: fc.constantFrom('a', '\u{e000}', '\u{ffff}', '\u{10000}', '😀', '～', '') }),
  );

  test('[T13] names compare as their UTF-8 bytes do', () => {
    fc.assert(
      fc.property(unit, unit, (a, b) => {
        expect(Math.sign(compareBytes(a, b))).toBe(Buffer.compare(Buffer.from(a), Buffer.from(b)));
      }),
      { numRuns: 2000 },
    );
  });

  test('[T13] the lower bound is the first name that is not before', () => {
    fc.assert(
      fc.property(fc.array(unit), unit, (names, name) => {
        const sorted = [...names].sort(compareBytes);
        const position = lowerBound(sorted, name);
        expect(sorted.slice(0, position).every((n) => compareBytes(n, name) < 0)).toBe(true);
        expect(sorted.slice(position).every((n) => compareBytes(n, name) >= 0)).toBe(true);
      }),
    );
  });

  test('[T13] a scan lists fields by bytes, from a prefix, now and then', () => {
    const writer = new Writer();
    for (const [field, more] of [
      ['bb', {}],
      ['b', {}],
      ['c', { ttl: 9 }],
      ['😀', {}],
      ['～', {}],
    ] as const) {
      writer.apply({ op: 'set', key: 'a', field, value: field, timestamp: 1, ...more });
    }
    const fields = (prefix: string, at: number) =>
      writer.answer({ type: 'scan', key: 'a', prefix, at }).fields.map(({ field }) => field);
    expect(fields('b', 5)).toEqual(['b', 'bb']);
    expect(fields('', 5)).toEqual(['b', 'bb', 'c', '～', '😀']);
    expect(fields('', 10)).toEqual(['b', 'bb', '～', '😀']);
    expect(fields('', 0)).toEqual([]);
  });

  test('[T13] keys are listed by bytes, in pages, those alone that hold something at that time', () => {
    const writer = new Writer();
    for (const key of ['k2', 'k10', '😀', 'k1', '～', 'other'])
      writer.apply({ op: 'set', key, field: 'f', value: '1', timestamp: 10 });
    writer.apply({ op: 'delete', key: 'k10', field: 'f', timestamp: 20 });
    const page = (start: string | null, limit: number, at: number) =>
      writer.answer({ type: 'keys', limit, at, ...(start === null ? {} : { start }) });
    const first = page(null, 3, 10);
    expect(first.keys.map(({ key }) => key)).toEqual(['k1', 'k10', 'k2']);
    expect(page(first.next, 9, 10).keys.map(({ key }) => key)).toEqual(['other', '～', '😀']);
    expect(page(null, 3, 20).keys.map(({ key }) => key)).toEqual(['k1', 'k2', 'other']);
    expect(page(null, 3, 5)).toMatchObject({ keys: [], next: null });
    writer.apply({ op: 'set', key: 'k11', field: 'f', value: '1', timestamp: 10 });
    const prefixed = writer.answer({ type: 'keys', limit: 9, prefix: 'k1', at: 10 });
    expect(prefixed.keys.map(({ key }) => key)).toEqual(['k1', 'k10', 'k11']);
  });

  test('[T13] names that JavaScript knows are plain names', () => {
    const writer = new Writer();
    for (const key of ['__proto__', 'constructor', 'toString'])
      for (const field of ['__proto__', 'hasOwnProperty'])
        writer.apply({ op: 'set', key, field, value: `${key}.${field}`, timestamp: 1 });
    expect(
      writer.answer({ type: 'get', key: '__proto__', field: 'hasOwnProperty', at: 1 }).found?.value,
    ).toBe('__proto__.hasOwnProperty');
    expect(writer.answer({ type: 'scan', key: 'valueOf', at: 1 }).fields).toEqual([]);
    expect(writer.answer({ type: 'keys', limit: 9, at: 1 }).keys).toHaveLength(3);
  });
});

describe('history', () => {
  test('[T14] is all versions by timestamp and revision, tombstones and expired ones included', () => {
    const writer = new Writer();
    writer.apply(set('2', 2000));
    writer.apply(set('1', 1000, { ttl: 1 }));
    writer.apply(remove(3000));
    writer.apply(set('2b', 2000));
    const times = (query: { from?: number; to?: number; asOf?: number } = {}) =>
      writer
        .answer({ type: 'history', key: 'a', field: 'x', ...query })
        .versions.map(
          ({ timestamp, revision, value }) =>
            `${timestamp} r${revision} ${value === null ? 'delete' : 'set'}`,
        );
    expect(times()).toEqual(['1000 r2 set', '2000 r1 set', '2000 r4 set', '3000 r3 delete']);
    expect(times({ from: 2000, to: 2999 })).toEqual(['2000 r1 set', '2000 r4 set']);
    expect(times({ asOf: 2 })).toEqual(['1000 r2 set', '2000 r1 set']);
    expect(writer.answer({ type: 'history', key: 'no', field: 'x' }).versions).toEqual([]);
  });
});

describe('commands', () => {
  const name = fc.string({ unit: 'binary', minLength: 1 });
  const timestamp = fc.nat(MAX_TIMESTAMP_MS);
  const session = fc.record({ client: name, sequence: fc.maxSafeNat().map((n) => n || 1) });
  const target = { key: name, field: name };

  const text = fc.string({ unit: 'binary' });
  const value = fc.oneof(text, fc.array(text));
  const whole = fc.integer({ min: 1, max: MAX_TIMESTAMP_MS });
  const optional = (arbitrary: fc.Arbitrary<number>) => fc.option(arbitrary, { nil: undefined });
  const ttl = optional(whole);

  const operation: fc.Arbitrary<Operation> = fc.oneof(
    fc.record({ op: fc.constant('set' as const), ...target, value, ttl }),
    fc.record({ op: fc.constant('delete' as const), ...target }),
    fc.record({ op: fc.constant('deleteRecord' as const), key: name }),
    fc.record({
      op: fc.constant('append' as const),
      ...target,
      items: fc.array(text, { minLength: 1 }),
      ttl,
    }),
    fc.record({
      op: fc.constant('remove' as const),
      ...target,
      item: text,
      count: optional(whole),
    }),
    fc.record({ op: fc.constant('increment' as const), ...target, by: fc.maxSafeInteger(), ttl }),
  );
  const condition: fc.Arbitrary<Condition> = fc.oneof(
    fc.record({ is: fc.constant('value' as const), ...target, value }),
    fc.record({ is: fc.constantFrom('present', 'absent', 'latest'), ...target }),
    fc.record({ is: fc.constant('revision' as const), ...target, revision: fc.maxSafeNat() }),
  );
  const envelope = {
    timestamp: optional(timestamp),
    session: fc.option(session, { nil: undefined }),
  };
  const scope = fc.oneof(
    fc.record({
      key: name,
      field: fc.option(name, { nil: undefined }),
      prefix: fc.constant(undefined),
    }),
    fc.record({
      key: fc.constant(undefined),
      field: fc.constant(undefined),
      prefix: fc.option(text, { nil: undefined }),
    }),
  );

  test('[T19] a command comes back as it was encoded', () => {
    const any: fc.Arbitrary<Command> = fc.oneof(
      fc.tuple(operation, fc.record(envelope)).map(([write, rest]) => ({ ...write, ...rest })),
      fc.record({
        op: fc.constant('txn' as const),
        conditions: fc.array(condition),
        success: fc.array(operation),
        failure: fc.array(operation),
        ...envelope,
      }),
      fc
        .tuple(scope, fc.record({ at: optional(timestamp), asOf: timestamp }), envelope.session)
        .map(([where, when, session]) => ({
          op: 'restore' as const,
          ...where,
          ...when,
          timestamp: undefined,
          session,
        })),
      fc.constant({ op: 'tick' as const }),
      fc.constant({ op: 'session' as const }),
    );
    fc.assert(
      fc.property(any, (command) => {
        expect(parseCommand(encodeCommand(command))).toEqual({ ok: true, value: command });
      }),
    );
  });

  test.each([
    ['', 'not JSON'],
    ['null', 'not an array'],
    ['{"op":"tick"}', 'not an array'],
    ['[]', 'unknown operation'],
    ['["multiply","k","f",2,null,null,null]', 'unknown operation'],
    ['["toString","k","f",null,null,null]', 'unknown operation'],
    ['["tick",null]', 'tick has 1'],
    ['["session","mine"]', 'session has 1'],
    ['["set","k","f","",null,null,null]', 'set has 5'],
    ['["set","k","f","",null,null,null,null,null]', 'set has 5'],
    ['["set","k",1,"",null,null,null,null]', 'field is text'],
    ['["set","k","f",null,null,null,null,null]', 'value is text'],
    ['["set","k","f",["a",1],null,null,null,null]', 'value is text'],
    ['["set","k","f","",null,-1,null,null]', 'timestamp'],
    ['["set","k","f","",null,253402300800000,null,null]', 'timestamp'],
    ['["set","k","f","",0,null,null,null]', 'ttl'],
    ['["set","k","f","",1.5,null,null,null]', 'ttl'],
    ['["set","k","f","",null,null,"c",null]', 'sequence'],
    ['["set","k","f","",null,null,null,1]', 'client'],
    ['["delete","k","f",null,"c"]', 'delete has 3'],
    ['["delete",null,"f",null,null,null]', 'key is text'],
    ['["delete","k","f","1",null,null]', 'timestamp'],
    ['["delete","k","f",null,"",1]', 'client'],
    ['["delete","k","f",null,"c",0]', 'sequence'],
    ['["deleteRecord","k","f",null,null,null]', 'deleteRecord has 2'],
    ['["append","k","f",[],null,null,null,null]', 'items are texts'],
    ['["append","k","f","a",null,null,null,null]', 'items are texts'],
    ['["remove","k","f",["a"],null,null,null,null]', 'item is text'],
    ['["remove","k","f","a",0,null,null,null]', 'count'],
    ['["increment","k","f","1",null,null,null,null]', 'by is a safe integer'],
    ['["increment","k","f",9007199254740992,null,null,null,null]', 'by is a safe integer'],
    ['["txn",[],[],null,null,null]', 'txn has 4'],
    ['["txn",{},[],[],null,null,null]', 'not an array'],
    ['["txn",[["equals","k","f","1"]],[],[],null,null,null]', 'unknown condition'],
    ['["txn",[["present","k","f",1]],[],[],null,null,null]', 'present has 3'],
    ['["txn",[["revision","k","f",-1]],[],[],null,null,null]', 'revision is a whole number'],
    ['["txn",[["value","k","f"]],[],[],null,null,null]', 'value is text'],
    ['["txn",[],[["txn",[],[],[]]],[],null,null,null]', 'unknown operation'],
    ['["txn",[],[["set","k","f","",null,null]],[],null,null,null]', 'set has 5'],
    [
      `["txn",[],[${Array(129).fill('["deleteRecord","k"]').join()}],[],null,null,null]`,
      'more than 128',
    ],
    ['["restore",null,"f",null,1,null,null,null,null]', 'a field goes with its key'],
    ['["restore","k",null,"p",1,null,null,null,null]', 'a field goes with its key'],
    ['["restore",null,null,null,null,null,null,null,null]', 'names a time or a revision'],
    ['["restore",null,null,null,-1,null,null,null,null]', 'at is out of range'],
    ['["restore",null,null,null,1,null,5,null,null]', 'a restore is at now'],
  ])('[T19] %s is refused alike on every node', (data, why) => {
    const parsed = parseCommand(data);
    expect(parsed.ok ? null : parsed.error).toContain(why);
    const store = KvStore.empty();
    expect(store.apply({ index: 1, stamp: 1, kind: 'command', data })).toMatchObject({
      ok: false,
      error: { code: 'BAD_COMMAND' },
    });
    expect(store.lastApplied).toBe(1);
  });
});

describe('against a naive store', () => {
  const name = fc.constantFrom('a', 'b', 'é');
  const time = fc.nat(12);
  const command: fc.Arbitrary<Command | 'noop'> = fc.oneof(
    {
      weight: 6,
      arbitrary: fc.record(
        {
          op: fc.constant('set' as const),
          key: name,
          field: name,
          value: fc.string({ maxLength: 2 }),
          timestamp: time,
          ttl: fc.integer({ min: 1, max: 6 }),
          session: fc.record({
            client: fc.constantFrom('c', 'd'),
            sequence: fc.integer({ min: 1, max: 9 }),
          }),
        },
        { requiredKeys: ['op', 'key', 'field', 'value'] },
      ),
    },
    {
      weight: 2,
      arbitrary: fc.record(
        { op: fc.constant('delete' as const), key: name, field: name, timestamp: time },
        { requiredKeys: ['op', 'key', 'field'] },
      ),
    },
    { weight: 1, arbitrary: fc.constant({ op: 'tick' as const }) },
    { weight: 2, arbitrary: fc.constant({ op: 'session' as const }) },
    { weight: 1, arbitrary: fc.constant('noop' as const) },
  );
  const story = fc.array(fc.tuple(command, time), { maxLength: 40 });

  /** So short and few that sessions end all the time. */
  const LIMITS = { idleMicros: 6000, most: 2 };
  type Story = readonly (readonly [Command | 'noop', number])[];

  function told(commands: Story) {
    return tell(new Writer(KvStore.empty(LIMITS)), new Map(), commands);
  }

  /** `names` are those of the sessions that stand for the clients of the story, once opened. */
  function tell(writer: Writer, names: Map<string, string>, commands: Story): Writer {
    for (const [each, stampMs] of commands) {
      if (each === 'noop' || each.op === 'tick' || each.op === 'compact')
        writer.apply(each, stampMs);
      else if (each.op === 'session') names.set(stampMs % 2 === 0 ? 'c' : 'd', writer.open());
      else {
        const { session } = each;
        const client = session && names.get(session.client);
        writer.apply(client ? { ...each, session: { ...session, client } } : each, stampMs);
      }
    }
    return writer;
  }

  test('[T1] every field at every time as of every revision is what filtering all versions says', () => {
    fc.assert(
      fc.property(story, (commands) => {
        const writer = told(commands);
        const reference = new Reference(
          writer.entries.map((e) => ({ ...e, term: 1 })),
          LIMITS,
        );
        for (let asOf = 0; asOf <= writer.store.lastApplied; asOf++) {
          for (const key of ['a', 'b', 'é']) {
            for (let at = 0; at < 16; at++) {
              const scan = writer.answer({ type: 'scan', key, at, asOf }).fields;
              expect(scan.map(({ field, value, revision }) => [field, value, revision])).toEqual(
                reference.fields(key).flatMap((field) => {
                  const fact = reference.value(key, field, at, asOf);
                  return fact === null ? [] : [[field, fact.value, fact.revision]];
                }),
              );
              for (const field of ['a', 'b', 'é']) {
                const got = writer.answer({ type: 'get', key, field, at, asOf });
                expect(reference.disagrees(key, field, got)).toBeNull();
              }
            }
          }
        }
      }),
      { numRuns: 150 },
    );
  });

  test('[T1] a value holds until validTo and not longer', () => {
    fc.assert(
      fc.property(story, (commands) => {
        const writer = told(commands);
        for (let at = 0; at < 14; at++) {
          const { found } = writer.answer({ type: 'get', key: 'a', field: 'a', at });
          if (found === null) continue;
          const revisionAt = (later: number) =>
            writer.answer({ type: 'get', key: 'a', field: 'a', at: later }).found?.revision;
          for (let later = at; later < (found.validTo ?? 30); later++)
            expect(revisionAt(later)).toBe(found.revision);
          if (found.validTo !== null) expect(revisionAt(found.validTo)).not.toBe(found.revision);
        }
      }),
      { numRuns: 300 },
    );
  });

  test('[T19] a store restored at any point, saved in batches of any size, goes on as if it had never stopped', () => {
    fc.assert(
      fc.property(story, story, fc.integer({ min: 1, max: 9 }), (before, after, batch) => {
        const whole = told([...before, ...after]);
        const names = new Map<string, string>();
        const stopped = tell(new Writer(KvStore.empty(LIMITS)), names, before);
        const again = new Writer(restored(stopped.store, batch, LIMITS));
        expect(again.store.lastApplied).toBe(stopped.store.lastApplied);
        tell(again, names, after);
        expect(again.store.stateHash).toBe(whole.store.stateHash);
        expect(again.store.lastStamp).toBe(whole.store.lastStamp);
        expect(again.store.nextDueMs()).toBe(whole.store.nextDueMs());
        for (const key of ['a', 'b', 'é']) {
          expect(again.answer({ type: 'scan', key })).toEqual(whole.answer({ type: 'scan', key }));
          for (const field of ['a', 'b', 'é']) {
            const query = { type: 'history' as const, key, field };
            expect(again.answer(query)).toEqual(whole.answer(query));
          }
        }
      }),
      { numRuns: 300 },
    );
  });

  test('[T19] the hash tells apart stores that were told different things', () => {
    fc.assert(
      fc.property(story, fc.nat(), (commands, which) => {
        fc.pre(commands.length > 0);
        const at = which % commands.length;
        const changed = commands.map((item, i): (typeof commands)[number] =>
          i === at
            ? [{ op: 'set', key: 'a', field: 'a', value: 'something else', timestamp: 3 }, item[1]]
            : item,
        );
        expect(told(changed).store.stateHash).not.toBe(told(commands).store.stateHash);
      }),
      { numRuns: 200 },
    );
  });

  test('[T19] the hash covers each part of a version', () => {
    const base = { op: 'set', key: 'a', field: 'x', value: '1', timestamp: 3, ttl: 5 } as const;
    const hashes = [
      base,
      { ...base, key: 'b' },
      { ...base, field: 'y' },
      { ...base, value: '2' },
      { ...base, timestamp: 4 },
      { ...base, ttl: 6 },
    ].map((command) => told([[command, 1]]).store.stateHash);
    expect(new Set(hashes).size).toBe(hashes.length);
  });

  test('[T4] the time of every revision is known, however many there are', () => {
    const writer = new Writer();
    for (let i = 1; i <= 5000; i++) writer.apply('noop', i);
    for (const asOf of [1, 1023, 1024, 4999, 5000])
      expect(writer.answer({ type: 'get', key: 'a', field: 'x', asOf }).at).toBe(asOf);
  });

  test('[T19] entries out of order or with stamps that do not rise are bugs, not input', () => {
    const store = KvStore.empty();
    store.apply({ index: 1, stamp: 5, kind: 'noop', data: '' });
    expect(() => store.apply({ index: 3, stamp: 6, kind: 'noop', data: '' })).toThrow(/in order/);
    expect(() => store.apply({ index: 2, stamp: 5, kind: 'noop', data: '' })).toThrow(/rise/);
  });
});
