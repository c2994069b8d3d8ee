/** Imports: what they leave, how far one entry goes, and what is refused. */
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { compareCells } from '../../server/kv/bytes-order.ts';
import { encodeCommand, parseCommand } from '../../server/kv/command.ts';
import { KvStore } from '../../server/kv/store.ts';
import type { Cell, Import, ImportedField, ImportedVersion } from '../../server/kv/types.ts';
import {
  MAX_ENTRY_CHARS,
  MAX_ENTRY_LOOKS,
  MAX_ENTRY_VERSIONS,
  MAX_OPERATIONS,
  MAX_TIMESTAMP_MS,
} from '../../server/kv/types.ts';
import { Writer } from './writer.ts';

const ALL = { op: 'import', from: null, to: null } as const;

function field(name: string, value: string, ttl?: number): ImportedField {
  return { key: 'a', field: name, value, ttl };
}

function numbered(from: number, to: number, value: string): readonly ImportedField[] {
  return Array.from({ length: to - from + 1 }, (_, i) =>
    field(String(from + i).padStart(6, '0'), value),
  );
}

/** Each entry goes on from where the one before it ended. */
function importAll(writer: Writer, command: Import): readonly number[] {
  const changed: number[] = [];
  for (let { from } = command; ; ) {
    const last = from;
    const fields = command.fields.filter((each) => last === null || compareCells(each, last) > 0);
    const result = writer.apply({ ...command, from, fields });
    if (!result.ok || result.outcome.op !== 'import') throw new Error(JSON.stringify(result));
    changed.push(result.outcome.fields);
    if (result.outcome.settled === null) return changed;
    from = result.outcome.settled;
  }
}

describe('the present', () => {
  function present(writer: Writer): string {
    return writer
      .answer({ type: 'range', limit: 9 })
      .records.flatMap(({ key, fields }) =>
        fields.map(
          ({ field: name, value, expiresAt }) => `${key}.${name}=${String(value)}<${expiresAt}`,
        ),
      )
      .join(' ');
  }

  test('[T22] an import makes its range what it says, at its timestamp, and leaves what is so alone', () => {
    const writer = new Writer();
    for (const name of ['equal', 'changed', 'gone', 'mortal'])
      writer.apply({ op: 'set', key: 'a', field: name, value: '1', timestamp: 10 });
    writer.apply({ op: 'set', key: 'b', field: 'x', value: '1', timestamp: 10 });
    writer.apply({ op: 'set', key: 'a', field: 'later', value: '1', timestamp: 30 });
    const fields = [
      field('changed', '2'),
      field('equal', '1'),
      field('mortal', '1', 50),
      field('new', '3'),
    ];
    const result = writer.apply({ ...ALL, prefix: 'a', fields, timestamp: 20 }, 40);
    expect(result).toMatchObject({ timestamp: 20, outcome: { fields: 4, settled: null } });
    expect(present(writer)).toBe(
      'a.changed=2<null a.equal=1<null a.later=1<null a.mortal=1<70 a.new=3<null b.x=1<null',
    );
    const again = { ...ALL, prefix: 'a', fields, timestamp: 20 };
    expect(writer.apply(again)).toMatchObject({ revision: null, outcome: { fields: 0 } });
  });

  test('[T22] a range leaves out where it begins and takes in where it ends', () => {
    const writer = new Writer();
    for (const name of ['a', 'b', 'c', 'd'])
      writer.apply({ op: 'set', key: 'a', field: name, value: '1', timestamp: 10 });
    const cell = (name: string): Cell => ({ key: 'a', field: name });
    const fields = [field('bb', '2')];
    writer.apply({ op: 'import', from: cell('a'), to: cell('c'), fields }, 20);
    expect(present(writer)).toBe('a.a=1<null a.bb=2<null a.d=1<null');
  });

  test('[T22] what would outlast the calendar ends with it', () => {
    const writer = new Writer();
    writer.apply({ ...ALL, fields: [field('x', '1', MAX_TIMESTAMP_MS)] });
    expect(present(writer)).toBe(`a.x=1<${MAX_TIMESTAMP_MS}`);
  });

  test('[T22] a repeat under its session gets the first answer', () => {
    const writer = new Writer();
    const session = { client: 'c', sequence: 1 };
    const command = { ...ALL, fields: [field('x', '1', 10)], session };
    const first = writer.apply(command, 1000);
    writer.apply({ op: 'set', key: 'a', field: 'x', value: '2' });
    expect(writer.apply(command, 2000)).toEqual(first);
    expect(present(writer)).toBe('a.x=2<null');
  });

  test('[T20] an entry changes at most 20,000 fields, and tells where the next goes on', () => {
    const writer = new Writer();
    const fields = numbered(1, MAX_ENTRY_VERSIONS + 5, 'x');
    expect(importAll(writer, { ...ALL, fields })).toEqual([MAX_ENTRY_VERSIONS, 5]);
    expect(importAll(writer, { ...ALL, fields: [] })).toEqual([MAX_ENTRY_VERSIONS, 5]);
    expect(present(writer)).toBe('');
  });

  test('[T20] an entry stores at most 16 Mi characters, and looks at 200,000 fields at most', () => {
    const writer = new Writer();
    const long = numbered(1, 17, 'x'.repeat(1024 * 1024));
    expect(MAX_ENTRY_CHARS).toBe(16 * 1024 * 1024);
    expect(importAll(writer, { ...ALL, fields: long })).toEqual([16, 1]);
    const many = numbered(1, MAX_ENTRY_LOOKS + 1, '');
    importAll(writer, { ...ALL, fields: many });
    // All are equal: looking alone ends the first entry.
    expect(importAll(writer, { ...ALL, fields: many })).toEqual([0, 0]);
  });

  test('[T20] a list beyond its limit does nothing', () => {
    const writer = new Writer();
    const value = Array.from({ length: 10_001 }, () => '');
    const fields = [field('a', '1'), { key: 'a', field: 'b', value }];
    expect(writer.apply({ ...ALL, fields })).toMatchObject({ error: { code: 'TOO_LARGE' } });
    const versions = [{ ...VERSION, value }];
    expect(writer.apply({ op: 'importHistory', from: null, versions })).toMatchObject({
      error: { code: 'TOO_LARGE' },
    });
    expect(present(writer)).toBe('');
  });
});

const VERSION: ImportedVersion = {
  key: 'a',
  field: 'x',
  timestamp: 10,
  value: '1',
  expiresAt: null,
};

describe('histories', () => {
  test('[T22] a history is added where the records end, and refused where anything is beyond', () => {
    const writer = new Writer();
    const history = (
      from: { revision: number; op: number } | null,
      ...times: readonly number[]
    ) => {
      const place = from === null ? null : { key: 'a', field: 'x', timestamp: 20, ...from };
      const versions = times.map((timestamp) => ({ ...VERSION, timestamp }));
      return writer.apply({ op: 'importHistory', prefix: 'a', from: place, versions });
    };
    const refused = { ok: false, error: { code: 'NOT_EMPTY' } };
    writer.apply({ op: 'set', key: 'b', field: 'x', value: 'of another prefix' });
    expect(history(null, 10, 20, 20)).toMatchObject({ revision: 2, outcome: { versions: 3 } });
    expect(history(null, 30)).toMatchObject(refused);
    expect(history({ revision: 2, op: 1 }, 30)).toMatchObject(refused);
    expect(history({ revision: 2, op: 2 }, 20, 30)).toMatchObject({ ok: true });
    writer.apply({ op: 'set', key: 'a', field: 'y', value: '', timestamp: 0 });
    const last = writer.answer({ type: 'versions', prefix: 'a', limit: 99 }).versions;
    expect(last.map(({ field: name, timestamp }) => `${name}${timestamp}`).join(' ')).toBe(
      'x10 x20 x20 x20 x30 y0',
    );
    expect(history({ revision: 2, op: 2 }, 40)).toMatchObject(refused);
  });

  test('[T22] versions come with their own times and expiries, and ties resolve in their order', () => {
    const writer = new Writer();
    const versions = [
      { ...VERSION, timestamp: 10, value: 'early', expiresAt: 12 },
      { ...VERSION, timestamp: 20, value: 'lost' },
      { ...VERSION, timestamp: 20, value: 'won' },
      { ...VERSION, timestamp: 30, value: null },
      { ...VERSION, timestamp: 9000, value: 'planned' },
    ];
    writer.apply({ op: 'importHistory', from: null, versions }, 100);
    expect([9, 10, 12, 20, 30, 9000].map((at) => writer.read(at))).toEqual([
      '-',
      'early',
      '-',
      'won',
      '-',
      'planned',
    ]);
    expect(writer.store.nextDueMs()).toBe(9000);
  });

  test('[T20] a history is at most 20,000 versions, of 16 Mi characters, an entry', () => {
    const writer = new Writer();
    const tooMany = Array.from({ length: MAX_ENTRY_VERSIONS + 1 }, () => VERSION);
    const long = { ...VERSION, value: 'x'.repeat(1024 * 1024) };
    const add = (versions: readonly ImportedVersion[]) =>
      writer.apply({ op: 'importHistory', from: null, versions });
    const refused = (limit: number) => ({ error: { code: 'TOO_LARGE', limit } });
    expect(add(tooMany)).toMatchObject(refused(MAX_ENTRY_VERSIONS));
    const much = Array.from({ length: 17 }, () => long);
    expect(add(much)).toMatchObject(refused(16 * 1024 * 1024));
    expect(add(Array.from({ length: 16 }, () => long))).toMatchObject({ ok: true });
  });
});

describe('the grammar', () => {
  const text = fc.string({ unit: 'binary' });
  const cell = fc.record({ key: text, field: text });
  const value = fc.oneof(text, fc.array(text));
  const time = fc.integer({ min: 0, max: 1_000_000_000_000 });
  const session = fc.option(
    fc.record({ client: text.map((name) => `c${name}`), sequence: fc.nat().map((n) => n + 1) }),
    { nil: undefined },
  );

  test('[T19] an import is read back as it was encoded', () => {
    const fields = fc.uniqueArray(
      fc.record({
        key: text,
        field: text,
        value,
        ttl: fc.option(fc.integer({ min: 1, max: 9 }), { nil: undefined }),
      }),
      {
        selector: ({ key, field: name }) => JSON.stringify([key, name]),
        maxLength: MAX_OPERATIONS,
      },
    );
    fc.assert(
      fc.property(fields, fc.option(time, { nil: undefined }), session, (given, timestamp, ref) => {
        const sorted = [...given].sort(compareCells);
        const [from = null, ...rest] = sorted;
        const command = {
          op: 'import' as const,
          prefix: undefined,
          from: from === null ? null : { key: from.key, field: from.field },
          to: null,
          fields: rest,
          timestamp,
          session: ref,
        };
        expect(parseCommand(encodeCommand(command))).toEqual({ ok: true, value: command });
      }),
    );
  });

  test('[T19] a history is read back as it was encoded', () => {
    const versions = fc.array(
      fc
        .tuple(cell, time, fc.option(value), fc.option(time))
        .map(([where, timestamp, content, left]) => ({
          ...where,
          timestamp,
          value: content,
          expiresAt: content === null || left === null ? null : timestamp + left,
        })),
      { minLength: 1 },
    );
    fc.assert(
      fc.property(versions, session, (given, ref) => {
        const sorted = [...given].sort((a, b) => compareCells(a, b) || a.timestamp - b.timestamp);
        const command = {
          op: 'importHistory' as const,
          prefix: undefined,
          from: { key: '', field: '', timestamp: 0, revision: 3, op: 0 },
          versions: sorted,
          timestamp: undefined,
          session: ref,
        };
        expect(parseCommand(encodeCommand(command))).toEqual({ ok: true, value: command });
      }),
    );
  });

  const END = ',null,null,null]';
  test.each([
    [`["import",null,null,null${END}`, 'import has 5'],
    [`["import",1,null,null,[]${END}`, 'prefix is text'],
    [`["import",null,["k"],null,[]${END}`, 'from and to'],
    [`["import",null,null,["k",1],[]${END}`, 'from and to'],
    [`["import",null,null,null,{}${END}`, 'not an array'],
    [`["import",null,null,null,[["k","f","v"]]${END}`, '4 places'],
    [`["import",null,null,null,[["k",1,"v",null]]${END}`, 'key and field'],
    [`["import",null,null,null,[["k","f",null,null]]${END}`, 'value is text'],
    [`["import",null,null,null,[["k","f","v",0]]${END}`, 'ttl'],
    [`["import","p",null,null,[["k","f","v",null]]${END}`, 'another prefix'],
    [`["import",null,["k","f"],null,[["k","f","v",null]]${END}`, 'not in order'],
    [`["import",null,null,null,[["k","f","v",1],["k","f","v",1]]${END}`, 'not in order'],
    [`["import",null,null,["k","e"],[["k","f","v",1]]${END}`, 'beyond the range'],
    [`["import",null,["k","f"],["k","e"],[]${END}`, 'beyond the range'],
    [`["importHistory",null,null,[["k","f",1,"v",null]],5,null,null]`, 'times of its own'],
    [`["importHistory",null,null,[]${END}`, 'versions are an array'],
    [`["importHistory",null,["k","f"],[["k","f",1,"v",null]]${END}`, 'from has 5'],
    [`["importHistory",null,["k","f",1,-1,0],[["k","f",1,"v",null]]${END}`, 'whole numbers'],
    [`["importHistory",null,null,[["k","f",1,"v"]]${END}`, '5 places'],
    [`["importHistory",null,null,[["k","f",null,"v",null]]${END}`, 'timestamp is out'],
    [`["importHistory",null,null,[["k","f",5,"v",4]]${END}`, 'expiresAt is out'],
    [`["importHistory",null,null,[["k","f",5,null,6]]${END}`, 'a tombstone'],
    [`["importHistory",null,null,[["k","f",5,1,6]]${END}`, 'value is text'],
    [`["importHistory","p",null,[["k","f",5,"v",6]]${END}`, 'another prefix'],
    [`["importHistory",null,["k","f",6,1,0],[["k","f",5,"v",6]]${END}`, 'not in order'],
    [`["importHistory",null,null,[["k","g",5,"v",6],["k","f",5,"v",6]]${END}`, 'not in order'],
    [`["txn",[],[["import",null,null,null,[]]],[]${END}`, 'unknown operation'],
  ])('[T19] %s is refused alike on every node', (data, why) => {
    const parsed = parseCommand(data);
    expect(parsed.ok ? null : parsed.error).toContain(why);
    const store = KvStore.empty();
    expect(store.apply({ index: 1, stamp: 1, kind: 'command', data })).toMatchObject({
      error: { code: 'BAD_COMMAND' },
    });
  });
});
