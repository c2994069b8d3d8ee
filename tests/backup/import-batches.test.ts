/** What a restore writes is what the file's view shows, in parts of a bounded size. */
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { compareCells } from '../../server/kv/bytes-order.ts';
import { standingFields, versionBatches } from '../../server/backup/import-batches.ts';
import type { Chunk } from '../../server/backup/read-backup.ts';
import type { ImportedField, Value, Version } from '../../server/kv/types.ts';
import { Writer } from '../kv/writer.ts';
import { HEADER } from './files.ts';

async function* chunked(versions: readonly Version[], size: number): AsyncGenerator<Chunk> {
  for (let i = 0; i < versions.length; i += size) yield versions.slice(i, i + size);
}

async function all<T>(items: AsyncIterable<T>): Promise<readonly T[]> {
  const taken: T[] = [];
  for await (const item of items) taken.push(item);
  return taken;
}

describe('the fields that stand', () => {
  const name = fc.constantFrom('a', 'b', '～', '😀');
  const time = fc.nat(12);
  const write = fc.oneof(
    fc.record({
      op: fc.constant('set' as const),
      key: name,
      field: name,
      value: fc.oneof(fc.constantFrom('1', '2'), fc.constant(['p'])),
      ttl: fc.option(fc.integer({ min: 1, max: 6 }), { nil: undefined }),
      timestamp: time,
    }),
    fc.record({ op: fc.constant('delete' as const), key: name, field: name, timestamp: time }),
  );

  test('[H19] are those that a reader sees at the view of the backup, with the time that is left to them', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(write, { maxLength: 40 }),
        time,
        fc.integer({ min: 1, max: 9 }),
        async (writes, at, size) => {
          const writer = new Writer();
          for (const each of writes) writer.apply(each);
          const { versions, asOf } = writer.answer({ type: 'versions', limit: 1000 });
          const batches = await all(
            standingFields(chunked(versions, size), { ...HEADER, at, asOf }),
          );
          const { records } = writer.answer({ type: 'range', at, limit: 1000 });
          const expected = records.flatMap(({ key, fields }) =>
            fields.map(({ field, value, expiresAt }) => ({
              key,
              field,
              value,
              ttl: expiresAt === null ? undefined : expiresAt - at,
            })),
          );
          expect(batches.flatMap(({ fields }) => fields)).toEqual(expected);
          expect(batches[batches.length - 1]).toMatchObject({ to: null, passed: versions.length });
        },
      ),
      { numRuns: 200 },
    );
  });
});

function version(field: string, value: Value): Version {
  const place = { timestamp: 10, revision: 3, op: 0, stamp: 10_000, expiresAt: null };
  return { key: 'a', field, value, ...place };
}

describe('batches', () => {
  const name = (i: number): string => String(i).padStart(5, '0');

  test('[H19] are of 1,000 rows at most, and the ranges of fields follow each other', async () => {
    const versions = Array.from({ length: 2500 }, (_, i) => version(name(i), 'x'));
    const batches = await all(standingFields(chunked(versions, 700), HEADER));
    expect(batches.map(({ fields, to }) => [fields.length, to?.field ?? null])).toEqual([
      [1000, name(999)],
      [1000, name(1999)],
      [500, null],
    ]);
    const sorted = batches.flatMap(({ fields }): readonly ImportedField[] => fields);
    expect([...sorted].sort(compareCells)).toEqual(sorted);
    const histories = await all(versionBatches(chunked(versions, 700), 400));
    expect(histories.map(({ versions: part, passed }) => [part.length, passed])).toEqual([
      [1000, 1400],
      [1000, 2400],
      [100, 2500],
    ]);
    expect(histories[0]?.versions[0]?.field).toBe(name(400));
  });

  test('[H19] end when their values are long', async () => {
    const versions = Array.from({ length: 5 }, (_, i) =>
      version(name(i), 'x'.repeat(i === 4 ? 1024 * 1024 : 200 * 1024)),
    );
    const batches = await all(standingFields(chunked(versions, 2), HEADER));
    expect(batches.map(({ fields }) => fields.length)).toEqual([3, 2]);
    const histories = await all(versionBatches(chunked(versions, 2), 0));
    expect(histories.map(({ versions: part }) => part.length)).toEqual([3, 2]);
    expect(await all(versionBatches(chunked(versions, 2), 5))).toEqual([]);
  });

  test('[H19] end when their lists are long, though nothing is in them', async () => {
    const value = Array.from({ length: 10_000 }, () => '');
    const versions = Array.from({ length: 100 }, (_, i) => version(name(i), value));
    const batches = await all(standingFields(chunked(versions, 50), HEADER));
    expect(batches.flatMap(({ fields }) => fields)).toHaveLength(100);
    for (const { fields } of batches)
      expect(JSON.stringify(fields).length).toBeLessThan(1024 * 1024);
  });
});
