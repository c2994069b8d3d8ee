/** Walks in byte order, against sorting everything each time. */
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { compareBytes } from '../../server/kv/bytes-order.ts';
import { OrderedMap } from '../../server/kv/ordered-map.ts';

const name = fc.string({ unit: fc.constantFrom('a', 'b', 'é', '～', '😀'), maxLength: 4 });

/** Names that come between two walks; more in all than are sorted anew each time. */
const rounds = fc.array(
  fc.record({
    names: fc.uniqueArray(name, { minLength: 20, maxLength: 60 }),
    /** Names that go, if they are there, some to come again at once. */
    gone: fc.array(fc.tuple(name, fc.boolean()), { maxLength: 60 }),
    prefix: fc.oneof(fc.constant(''), name),
    start: fc.oneof(fc.constant(''), name),
  }),
  { minLength: 1, maxLength: 6 },
);

test('[T13] a walk gives every name with the prefix, from the start on, in byte order, whenever it came, and none that went', () => {
  fc.assert(
    fc.property(rounds, (all) => {
      const map = new OrderedMap<string>();
      const known = new Set<string>();
      for (const { names, gone, prefix, start } of all) {
        for (const each of names) {
          if (known.has(each)) continue;
          known.add(each);
          map.add(each, `value of ${each}`);
        }
        for (const [each, again] of gone) {
          if (!known.has(each)) continue;
          map.remove(each);
          if (again) map.add(each, `value of ${each}`);
          else known.delete(each);
        }
        const expected = [...known]
          .filter((each) => each.startsWith(prefix) && compareBytes(each, start) >= 0)
          .sort(compareBytes);
        expect([...map.walk(prefix, start)]).toEqual(
          expected.map((each) => [each, `value of ${each}`]),
        );
        expect(map.size).toBe(known.size);
      }
    }),
  );
});

test('[T13] names that rise as they come are walked like any others', () => {
  const map = new OrderedMap<number>();
  const all: string[] = [];
  for (let i = 0; i < 200; i++) {
    all.push(String(i).padStart(4, '0'));
    map.add(all[i] ?? '', i);
    if (i % 40 === 39) expect([...map.walk()].map(([each]) => each)).toEqual(all);
  }
});
