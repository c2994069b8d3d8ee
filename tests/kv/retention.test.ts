/** What is forgotten, and what a view from the horizon on would miss. */
import { expect, test } from 'vitest';
import type { Query } from '../../server/kv/queries.ts';
import { remove, set } from './examples.ts';
import { restored, Writer } from './writer.ts';

/** A writer whose policy is set, at cluster time 0. */
function withPolicy(maxAgeMs: number | null, maxVersions: number | null): Writer {
  const writer = new Writer();
  writer.apply({ op: 'retention', maxAgeMs, maxVersions });
  return writer;
}

/** A step over all there is. */
function compact(writer: Writer, by: 'age' | 'versions'): void {
  writer.apply({ op: 'compact', by, asOf: writer.store.lastApplied });
}

/** Revisions of the versions that are kept, in the order of a history. */
function kept(writer: Writer): readonly number[] {
  const { versions } = writer.answer({ type: 'versions', limit: 100 });
  return versions.map(({ revision }) => revision);
}

function codeOf(writer: Writer, query: Query): string {
  const result = writer.store.query(query);
  return result.ok ? 'answered' : result.error.code;
}

const CELL = { key: 'a', field: 'x' };

test('[T17] by age, what stands at the horizon is kept, and what comes after it', () => {
  const writer = withPolicy(5, null);
  writer.apply(set('old', 1), 10);
  writer.apply(set('stands', 2), 20);
  writer.apply(set('planned', 500), 30);
  compact(writer, 'age');
  expect(kept(writer)).toEqual([3, 4]);
  expect([writer.read(30), writer.read(499), writer.read(500)]).toEqual([
    'stands',
    'stands',
    'planned',
  ]);
  for (const query of [
    { type: 'get', ...CELL, at: 29 },
    { type: 'get', ...CELL, at: 30, asOf: 3 },
    { type: 'scan', key: 'a', asOf: 3 },
    { type: 'history', ...CELL, asOf: 3 },
    { type: 'changes', after: 3, limit: 9 },
  ] as const)
    expect(codeOf(writer, query), JSON.stringify(query)).toBe('COMPACTED');
  expect(writer.apply(set('late', 29))).toMatchObject({ error: { code: 'COMPACTED' } });
  expect(writer.apply(set('just so', 30))).toMatchObject({ ok: true });
  const history = writer.answer({ type: 'history', ...CELL });
  expect(history.horizon).toEqual({ timestamp: 30, revision: 4 });
});

test('[T17] by age, deletes and expiries at the horizon go, and a field without versions is none', () => {
  const writer = withPolicy(5, null);
  writer.apply(set('deleted', 1), 10);
  writer.apply(remove(2), 20);
  writer.apply({ op: 'set', key: 'b', field: 'y', value: 'brief', ttl: 5 }, 30);
  writer.apply('noop', 40);
  compact(writer, 'age');
  expect(kept(writer)).toEqual([]);
  expect(writer.answer({ type: 'get', ...CELL }).absentBecause).toBe('never');
  expect(writer.store.query({ type: 'keys', limit: 9 })).toMatchObject({ answer: { keys: [] } });
});

test('[T17] what has ended at the horizon stays while it hides what was written later, and no longer', () => {
  const writer = withPolicy(5, null);
  writer.apply(set('1', 5), 10);
  writer.apply(remove(9), 20);
  const asOf = writer.store.lastApplied;
  // Dated before the delete, and before the horizon to come; written after both.
  writer.apply(set('2', 8), 30);
  writer.apply({ op: 'compact', by: 'age', asOf });
  expect(kept(writer)).toEqual([4, 3]);
  expect(writer.read()).toBe('-');
  compact(writer, 'age');
  expect(kept(writer)).toEqual([]);
  expect(writer.read()).toBe('-');
});

test('[T17] by number, the newest are kept, and a field has a horizon of its own', () => {
  const writer = withPolicy(null, 2);
  for (const at of [1, 2, 3, 4]) writer.apply(set(String(at), at), at * 10);
  writer.apply({ op: 'set', key: 'b', field: 'y', value: 'still', timestamp: 1 }, 50);
  compact(writer, 'versions');
  expect(kept(writer)).toEqual([4, 5, 6]);
  expect(writer.read(3)).toBe('3');
  expect(codeOf(writer, { type: 'get', ...CELL, at: 2 })).toBe('COMPACTED');
  expect(codeOf(writer, { type: 'get', ...CELL, at: 9, asOf: 3 })).toBe('COMPACTED');
  expect(codeOf(writer, { type: 'get', key: 'b', field: 'y', at: 2 })).toBe('answered');
  expect(codeOf(writer, { type: 'keys', at: 2, limit: 9 })).toBe('COMPACTED');
  expect(codeOf(writer, { type: 'keys', at: 2, limit: 9, start: 'b' })).toBe('answered');
  expect(writer.apply(set('late', 2))).toMatchObject({ error: { code: 'COMPACTED' } });
  expect(
    writer.apply({
      op: 'txn',
      conditions: [],
      success: [
        { op: 'set', key: 'b', field: 'y', value: 'undone' },
        { op: 'delete', ...CELL },
      ],
      failure: [],
      timestamp: 2,
    }),
  ).toMatchObject({ error: { code: 'COMPACTED', operation: 1 } });
  expect(codeOf(writer, { type: 'changes', after: 5, limit: 9 })).toBe('COMPACTED');
  const again = restored(writer.store, 2);
  expect(again.query({ type: 'get', ...CELL, at: 2 })).toEqual(
    writer.store.query({ type: 'get', ...CELL, at: 2 }),
  );
});

test('[T17] by number, what is planned does not count, and a smaller number counts all again', () => {
  const writer = withPolicy(null, 2);
  for (const at of [1, 2, 500, 600]) writer.apply(set(String(at), at), 10);
  compact(writer, 'versions');
  expect(kept(writer)).toEqual([2, 3, 4, 5]);
  writer.apply({ op: 'retention', maxAgeMs: null, maxVersions: 1 });
  compact(writer, 'versions');
  expect(kept(writer)).toEqual([3, 4, 5]);
  expect(writer.read()).toBe('2');
  writer.apply({ op: 'retention', maxAgeMs: null, maxVersions: null });
  writer.apply(set('more', 20), 30);
  compact(writer, 'versions');
  expect(kept(writer)).toEqual([3, 10, 4, 5]);
});

test('[T17] all that the horizon has passed counts at once', () => {
  const writer = withPolicy(5, null);
  writer.apply(set('planned', 500), 10);
  writer.apply(set('now', 5), 20);
  writer.apply('noop', 30);
  const asOf = writer.store.lastApplied;
  writer.apply(set('hidden', 3), 40);
  writer.apply({ op: 'compact', by: 'age', asOf });
  expect(kept(writer)).toEqual([5, 3, 2]);
  writer.apply({ op: 'retention', maxAgeMs: 5, maxVersions: 1 });
  // By then only the planned one was written; the others are counted with it.
  writer.apply({ op: 'compact', by: 'versions', asOf: 2 });
  const { versions } = writer.answer({ type: 'history', ...CELL });
  expect(versions.map(({ revision }) => revision)).toEqual([3, 2]);
});

test('[T17] when what it hid goes for its number, what has ended goes with it', () => {
  const writer = withPolicy(5, 2);
  writer.apply(set('0', 1), 10);
  writer.apply(remove(1), 10);
  const asOf = writer.store.lastApplied;
  writer.apply(set('hidden', 0), 10);
  writer.apply({ op: 'compact', by: 'versions', asOf });
  writer.apply({ op: 'compact', by: 'age', asOf });
  expect(kept(writer)).toEqual([3]);
  writer.apply({ op: 'compact', by: 'versions', asOf: asOf + 1 });
  expect(writer.answer({ type: 'versions', limit: 9 }).versions).toEqual([]);
  expect(writer.store.query({ type: 'keys', limit: 9 })).toMatchObject({ answer: { keys: [] } });
  expect(writer.answer({ type: 'get', ...CELL }).absentBecause).toBe('never');
});

test('[T17] a watch tells what is kept of what stood before', () => {
  const writer = withPolicy(null, 1);
  writer.apply(set('1', 1), 10);
  writer.apply(set('2', 2), 20);
  const asOf = writer.store.lastApplied;
  writer.apply(set('3', 3), 30);
  writer.apply({ op: 'compact', by: 'versions', asOf });
  const { batches } = writer.answer({ type: 'changes', after: asOf, limit: 9 });
  expect(batches.flatMap(({ changes }) => changes)).toMatchObject([
    { value: '3', previous: { value: '2' }, previousCompacted: false },
  ]);
});
