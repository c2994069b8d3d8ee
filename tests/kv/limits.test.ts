/** What one answer and one write may come to: a page ends in time, and a write that is too much does nothing. */
import { describe, expect, test } from 'vitest';
import { must } from '../../server/base/assert.ts';
import type { Query } from '../../server/kv/queries.ts';
import type { Operation } from '../../server/kv/types.ts';
import { MAX_PAGE } from '../../server/kv/queries.ts';
import {
  MAX_ENTRY_LOOKS,
  MAX_ENTRY_VERSIONS,
  MAX_FOUND_CHARS,
  MAX_LIST_ITEMS,
  MAX_OPERATIONS,
  MAX_TIMESTAMP_MS,
} from '../../server/kv/types.ts';
import { Writer } from './writer.ts';

/** Fields looked at for one page, at most. */
const LOOKS = 20_000;

/** All at 10, as many at once as may be. */
function write(writer: Writer, operations: readonly Operation[]): void {
  for (let i = 0; i < operations.length; i += MAX_OPERATIONS) {
    const success = operations.slice(i, i + MAX_OPERATIONS);
    const txn = { op: 'txn', conditions: [], success, failure: [], timestamp: 10 } as const;
    expect(writer.apply(txn).ok).toBe(true);
  }
}

function numbered(key: string, from: number, to: number, value = ''): readonly Operation[] {
  return Array.from({ length: to - from + 1 }, (_, i) => ({
    op: 'set',
    key,
    field: String(from + i).padStart(6, '0'),
    value,
  }));
}

function removed(operations: readonly Operation[]): readonly Operation[] {
  return operations.flatMap((each) =>
    each.op === 'set' ? [{ op: 'delete', key: each.key, field: each.field }] : [],
  );
}

describe('pages', () => {
  test('[T13] a record in a range shows its first 1,000 fields, and says more only if there are more', () => {
    const writer = new Writer();
    write(writer, numbered('full', 1, MAX_PAGE));
    write(writer, numbered('gone', 1, MAX_PAGE + 5));
    write(writer, removed(numbered('gone', MAX_PAGE + 1, MAX_PAGE + 5)));
    write(writer, numbered('more', 1, MAX_PAGE + 1));
    write(writer, removed(numbered('more', 5, 5)));
    write(writer, numbered('most', 1, MAX_PAGE + 2));
    write(writer, removed(numbered('most', 5, 5)));
    const { records, next } = writer.answer({ type: 'range', limit: 9, at: 10 });
    expect(records.map(({ key, fields, more }) => [key, fields.length, more])).toEqual([
      ['full', MAX_PAGE, false],
      ['gone', MAX_PAGE, false],
      ['more', MAX_PAGE, false],
      ['most', MAX_PAGE, true],
    ]);
    expect(next).toBeNull();
  });

  test('[T13] a record of which nothing is left is in no range, however much it had', () => {
    const writer = new Writer();
    write(writer, numbered('a', 1, LOOKS + 1));
    write(writer, removed(numbered('a', 1, LOOKS + 1)));
    write(writer, numbered('b', 1, LOOKS + 1));
    write(writer, removed(numbered('b', 1, LOOKS)));
    write(writer, numbered('c', 1, 1));
    const keys: string[] = [];
    let pages = 0;
    const page = (start: string): string | null => {
      const { records, next } = writer.answer({ type: 'range', limit: 9, start, at: 10 });
      for (const { key, fields } of records) keys.push(`${key}:${fields.length}`);
      return next;
    };
    for (let start: string | null = ''; start !== null; start = page(start)) pages++;
    expect(keys).toEqual(['b:1', 'c:1']);
    // What was looked at in vain counts: one page for each that had so much.
    expect(pages).toBe(3);
  });

  test('[T13] a page that looked long in vain ends, empty, and the next goes on', () => {
    const writer = new Writer();
    write(writer, numbered('a', 1, LOOKS + 2));
    write(writer, removed(numbered('a', 1, LOOKS + 1)));
    const first = writer.answer({ type: 'scan', key: 'a', at: 10 });
    expect(first).toMatchObject({ fields: [], next: '020001' });
    const second = writer.answer({ type: 'scan', key: 'a', at: 10, start: first.next ?? '' });
    expect(second.fields.map(({ field }) => field)).toEqual(['020002']);
    expect(second.next).toBeNull();
    const views = { before: { at: 9 }, after: { at: 10 } };
    const diff = writer.answer({ type: 'diff', ...views, limit: 5 });
    expect(diff).toMatchObject({ changes: [], next: { key: 'a', field: '020001' } });
  });

  test('[T13] a page ends when its values are many mebibytes, and the next goes on', () => {
    const writer = new Writer();
    const long = 'x'.repeat(1024 * 1024);
    for (let i = 0; i < 6; i++) write(writer, numbered('a', i, i, long));
    for (let i = 0; i < 6; i++) writer.apply({ op: 'set', key: 'h', field: 'x', value: long });
    const scan = writer.answer({ type: 'scan', key: 'a', at: 10 });
    expect([scan.fields.length, scan.next]).toEqual([4, '000004']);
    const range = writer.answer({ type: 'range', prefix: 'a', limit: 5, at: 10 });
    expect(range.records[0]).toMatchObject({ more: true });
    expect(range.records[0]?.fields).toHaveLength(4);
    const history = writer.answer({ type: 'history', key: 'h', field: 'x' });
    expect(history.versions).toHaveLength(4);
    const after = must(history.next, 'the page was full');
    const rest = writer.answer({ type: 'history', key: 'h', field: 'x', after });
    expect([rest.versions.length, rest.next]).toEqual([2, null]);
    const diff = writer.answer({
      type: 'diff',
      key: 'a',
      before: { at: 9 },
      after: { at: 10 },
      limit: 9,
    });
    expect([diff.changes.length, diff.next?.field]).toEqual([4, '000004']);
  });

  test('[T22] a page of all versions ends when it is full, long, or looked long in vain, and the next goes on', () => {
    const writer = new Writer();
    write(writer, numbered('a', 1, LOOKS + 1));
    const { asOf } = writer.answer({ type: 'keys', limit: 1 });
    for (const value of ['1', '2', '3']) writer.apply({ op: 'set', key: 'b', field: 'x', value });
    const long = 'x'.repeat(1024 * 1024);
    for (let i = 0; i < 6; i++) writer.apply({ op: 'set', key: 'c', field: 'x', value: long });
    const page = (query: Partial<Extract<Query, { type: 'versions' }>>) => {
      const { versions, next } = writer.answer({ type: 'versions', limit: MAX_PAGE, ...query });
      return [versions.length, next?.field, next?.revision] as const;
    };
    // Nothing of a was known at 0: as many fields as one page looks at, and then the rest.
    expect(page({ asOf: 0 })).toEqual([0, '020001', 0]);
    const start = { key: 'a', field: '020001', timestamp: 0, revision: 0, op: 0 };
    expect(page({ asOf: 0, start })).toEqual([0, undefined, undefined]);
    expect(page({ asOf })[0]).toBe(MAX_PAGE);
    expect(page({ prefix: 'b', limit: 2 })).toEqual([2, 'x', asOf + 3]);
    expect(page({ prefix: 'b', limit: 3 })).toEqual([3, undefined, undefined]);
    expect(page({ prefix: 'c' })).toEqual([4, 'x', asOf + 8]);
  });

  test('[T13] a page of lists ends when it is full of items, though they have no text', () => {
    const writer = new Writer();
    const value = Array.from({ length: MAX_LIST_ITEMS }, () => '');
    for (let i = 100; i < 300; i++)
      writer.apply({ op: 'set', key: 'a', field: String(i), value, timestamp: 10 });
    const first = writer.answer({ type: 'scan', key: 'a', at: 10 });
    expect(first.fields.length).toBeLessThan(200);
    const start = must(first.next, 'the page was full');
    const second = writer.answer({ type: 'scan', key: 'a', at: 10, start });
    expect(first.fields.length + second.fields.length).toBe(200);
    expect(second.next).toBeNull();
  });
});

describe('writes', () => {
  test('[T10] what a failed condition shows is short: a session keeps it', () => {
    const writer = new Writer();
    const ask = (value: string) => {
      const written = writer.apply({ op: 'set', key: 'a', field: 'x', value, timestamp: 10 });
      const result = writer.apply({
        op: 'txn',
        conditions: [{ is: 'absent', key: 'a', field: 'x' }],
        success: [],
        failure: [],
        timestamp: 10,
      });
      const revision = written.ok ? written.revision : null;
      return { result, revision };
    };
    const short = ask('x'.repeat(MAX_FOUND_CHARS));
    expect(short.result).toMatchObject({
      outcome: { failed: { found: { value: 'x'.repeat(MAX_FOUND_CHARS) } } },
    });
    const long = ask('x'.repeat(MAX_FOUND_CHARS + 1));
    expect(long.result).toMatchObject({
      outcome: { failed: { found: { value: null, revision: long.revision } } },
    });
  });

  test('[T16] what would live beyond the calendar is restored to its end', () => {
    const writer = new Writer();
    writer.apply({
      op: 'set',
      key: 'a',
      field: 'x',
      value: '1',
      timestamp: 0,
      ttl: MAX_TIMESTAMP_MS,
    });
    writer.apply({ op: 'set', key: 'a', field: 'y', value: '1', timestamp: 1000 });
    expect(writer.apply({ op: 'restore', at: 500 }, 2000)).toMatchObject({
      ok: true,
      outcome: { fields: 1 },
    });
    expect(writer.answer({ type: 'scan', key: 'a' }).fields).toMatchObject([
      { field: 'x', value: '1', expiresAt: MAX_TIMESTAMP_MS },
    ]);
  });

  test('[T12] what came too early is not remembered, and may be asked again under its name', () => {
    const writer = new Writer();
    writer.apply({ op: 'set', key: 'a', field: 'x', value: '1', timestamp: 10 });
    const session = { client: writer.open(), sequence: 1 };
    const restore = { op: 'restore', asOf: 4, session } as const;
    expect(writer.apply(restore)).toMatchObject({ error: { code: 'REVISION_NOT_YET' } });
    writer.apply({ op: 'tick' });
    expect(writer.apply(restore)).toMatchObject({ ok: true });
    const far = { op: 'restore', asOf: Number.MAX_SAFE_INTEGER } as const;
    expect(writer.apply(far)).toMatchObject({ error: { code: 'REVISION_NOT_YET' } });
  });

  test('[T20] one write changes at most 20,000 fields; a larger one does nothing', () => {
    const writer = new Writer();
    write(writer, numbered('a', 1, MAX_ENTRY_VERSIONS + 1));
    const deletion = { op: 'deleteRecord', key: 'a', timestamp: 20 } as const;
    const refused = { ok: false, error: { code: 'TOO_LARGE', limit: MAX_ENTRY_VERSIONS } };
    expect(writer.apply(deletion)).toMatchObject(refused);
    expect(writer.apply({ op: 'restore', at: 9 }, 50)).toMatchObject(refused);
    const count = () => writer.answer({ type: 'keys', limit: 1, at: 20 }).keys;
    expect(count()).toEqual([{ key: 'a', fields: MAX_ENTRY_VERSIONS + 1 }]);
    writer.apply({ op: 'delete', key: 'a', field: '000001', timestamp: 20 });
    expect(writer.apply(deletion)).toMatchObject({ outcome: { fields: MAX_ENTRY_VERSIONS } });
    expect(count()).toEqual([]);
  });

  test('[T20] one write looks at 200,000 fields at most, those that are gone included', () => {
    const writer = new Writer();
    const most = Math.floor(MAX_ENTRY_LOOKS / MAX_OPERATIONS);
    write(writer, numbered('a', 1, most));
    write(writer, removed(numbered('a', 1, most)));
    const deletion = (count: number) =>
      writer.apply({
        op: 'txn',
        conditions: [],
        success: Array.from({ length: count }, () => ({ op: 'deleteRecord', key: 'a' })),
        failure: [],
        timestamp: 20,
      });
    expect(deletion(MAX_OPERATIONS)).toMatchObject({ ok: true, revision: null });
    write(writer, numbered('a', most + 1, most + MAX_OPERATIONS));
    const operation = Math.floor(MAX_ENTRY_LOOKS / (most + MAX_OPERATIONS));
    expect(deletion(MAX_OPERATIONS)).toMatchObject({
      ok: false,
      error: { code: 'TOO_LARGE', operation, limit: MAX_ENTRY_LOOKS },
    });
    expect(deletion(1)).toMatchObject({ outcome: { outcomes: [{ fields: MAX_OPERATIONS }] } });
  });

  test('[T20] one write stores at most 16 Mi characters; a larger one does nothing', () => {
    const writer = new Writer();
    const value = ['x'.repeat(1024 * 1024 - 1)];
    const success = Array.from({ length: 17 }, (_, i) => ({
      op: 'set' as const,
      key: 'a',
      field: `f${i}`,
      value,
    }));
    const txn = { op: 'txn', conditions: [], failure: [], timestamp: 10 } as const;
    expect(writer.apply({ ...txn, success })).toMatchObject({
      ok: false,
      error: { code: 'TOO_LARGE', operation: 16, limit: 16 * 1024 * 1024 },
    });
    expect(writer.answer({ type: 'keys', limit: 1, at: 10 }).keys).toEqual([]);
    expect(writer.apply({ ...txn, success: success.slice(1) })).toMatchObject({ ok: true });
  });
});
