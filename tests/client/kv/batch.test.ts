/** How the writes of a batch are cut into requests. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { batchesOf, withPlaceFrom } from '../../../client/kv/batch.ts';
import { wrongArgument } from '../../../client/kv/errors.ts';
import type { BatchWrite } from '../../../client/kv/requests.ts';

const write: fc.Arbitrary<BatchWrite> = fc
  .record({
    op: fc.constantFrom('delete', 'deleteRecord'),
    key: fc.constantFrom('a', 'b'),
    field: fc.constantFrom('a', 'b', 'c'),
  })
  .map(({ op, key, field }) =>
    op === 'delete' ? { op: 'delete', key, field } : { op: 'deleteRecord', key },
  );

function meet(one: BatchWrite, two: BatchWrite): boolean {
  if (one.key !== two.key) return false;
  if (one.op === 'deleteRecord' || two.op === 'deleteRecord') return true;
  return one.field === two.field;
}

describe('a batch', () => {
  test('[L23] is cut in its order, into parts that are small enough and in which no two writes meet', () => {
    fc.assert(
      fc.property(fc.array(write), fc.integer({ min: 1, max: 5 }), (writes, most) => {
        const parts = batchesOf(writes, most);
        expect(parts.flat()).toEqual(writes);
        for (const [i, part] of parts.entries()) {
          expect(part.length).toBeLessThanOrEqual(most);
          const pairs = part.flatMap((one, at) => part.slice(at + 1).map((two) => meet(one, two)));
          expect(pairs).not.toContain(true);
          // No sooner than needed.
          const next = parts[i + 1]?.[0];
          if (next !== undefined && part.length < most)
            expect(part.some((one) => meet(one, next))).toBe(true);
        }
      }),
    );
  });

  test('[L23] is cut where the server would not take more', () => {
    const value = '\u0001'.repeat(1_048_576);
    const large = ['a', 'b', 'c'].map((field) => ({ op: 'set', key: 'k', field, value }) as const);
    expect(batchesOf(large, 64)).toEqual(large.map((one) => [one]));
    const small = large.map((one) => ({ ...one, value: 'x'.repeat(900_000) }));
    expect(batchesOf(small, 64).map(({ length }) => length)).toEqual([2, 1]);
  });

  test('[L23] says of an error where it is in the whole', () => {
    const path = 'body.writes.3.value';
    const error = wrongArgument(path, `${path} is too long`);
    expect(withPlaceFrom({ ok: false, error }, 64)).toMatchObject({
      error: { path: 'body.writes.67.value', message: 'body.writes.67.value is too long' },
    });
  });
});
