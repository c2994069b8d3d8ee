/** The table of all versions, over several chunks, against a plain list: whatever is dropped and taken in between. */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { must } from '../../server/base/assert.ts';
import { Random } from '../../server/base/random.ts';
import { FieldVersions } from '../../server/kv/field-versions.ts';
import type { Version } from '../../server/kv/types.ts';
import { MAX_ROWS } from '../../server/kv/version-columns.ts';
import { packsOf } from '../../server/kv/version-pack.ts';
import { VersionTable } from '../../server/kv/version-table.ts';

const FIELDS = 300;
const LATE = 10_000;

/** The table and its fields, and all that should be in them. */
class Course {
  private readonly random: Random;
  private readonly table = new VersionTable();
  private readonly fields = new Map<string, FieldVersions>();
  private expected: Version[] = [];
  private revision = 0;
  private op = 0;

  constructor(seed: number) {
    this.random = Random.fromSeed(seed);
  }

  /** Writes versions one by one, or takes them over as a restart does. */
  write(count: number, how: 'add' | 'adopt'): void {
    const written = Array.from({ length: count }, () => this.next());
    if (how === 'add')
      for (const version of written) {
        const field = this.fieldOf(version.field);
        field.insert(this.table.add(version, field));
      }
    else
      for (const { columns, names } of packsOf(written)) {
        this.table.adopt(columns);
        for (let row = 0; row < columns.length; row++) {
          const field = this.fieldOf(must(names[2 * row + 1], 'each has its names'));
          field.insert(this.table.give(field));
        }
      }
    for (const version of written) this.expected.push(version);
  }

  /** Drops some of what is in a stretch of revisions, field by field. */
  drop(from: number, to: number, share: number): void {
    const goes = new Set(
      this.expected.filter(
        ({ revision }) => revision >= from && revision <= to && this.random.chance(share),
      ),
    );
    const places = new Set([...goes].map(({ revision, op }) => `${revision} ${op}`));
    const rows = new Map<FieldVersions, Set<number>>();
    for (const next = this.table.after(0); next.revision !== null; next.advance()) {
      const { revision, op } = next.version;
      if (!places.has(`${revision} ${op}`)) continue;
      const of = rows.get(next.field) ?? new Set();
      rows.set(next.field, of.add(next.row));
    }
    for (const [field, dropped] of rows) field.remove(dropped);
    this.table.drop([...rows.values()].flatMap((dropped) => [...dropped]));
    this.expected = this.expected.filter((version) => !goes.has(version));
  }

  get last(): number {
    return this.revision;
  }

  check(): void {
    const { table, expected, random } = this;
    expect(this.told(0)).toEqual(expected.map(textOf));
    expect(table.count).toBe(expected.length);
    for (let i = 0; i < 20; i++) {
      const revision = random.nextInt(0, this.revision + 1);
      const after = expected.filter((each) => each.revision > revision);
      expect(this.told(revision, 5)).toEqual(after.slice(0, 5).map(textOf));
      const stamp = expected.find((each) => each.revision === revision)?.stamp ?? null;
      expect(table.stampOf(revision)).toBe(stamp);
    }
    for (const [name, field] of this.fields) {
      const own = expected
        .filter((each) => each.field === name)
        .sort((a, b) => a.timestamp - b.timestamp || a.revision - b.revision || a.op - b.op);
      const page = { descending: false, after: null, limit: LATE };
      const held = field.history(0, LATE, this.revision, page);
      const inWords = held.map(({ timestamp, revision, op, value }) =>
        textOf({ field: name, timestamp, revision, op, value }),
      );
      expect(inWords).toEqual(own.map(textOf));
    }
  }

  private told(after: number, most = Number.POSITIVE_INFINITY): readonly string[] {
    const told: string[] = [];
    for (const next = this.table.after(after); next.revision !== null; next.advance()) {
      if (told.length === most) break;
      const { timestamp, revision, op, value } = next.version;
      told.push(textOf({ field: next.field.field, timestamp, revision, op, value }));
    }
    return told;
  }

  private next(): Version {
    const { random } = this;
    if (this.revision > 0 && random.chance(0.3)) this.op++;
    else [this.revision, this.op] = [this.revision + 1, 0];
    return {
      key: 'k',
      field: `f${random.nextInt(0, FIELDS - 1)}`,
      timestamp: random.nextInt(0, LATE - 1),
      revision: this.revision,
      op: this.op,
      value: random.chance(0.1) ? null : `value ${random.nextInt(0, 99)}`,
      expiresAt: null,
      stamp: this.revision * 10,
    };
  }

  private fieldOf(name: string): FieldVersions {
    const field = this.fields.get(name) ?? new FieldVersions('k', name, this.table);
    this.fields.set(name, field);
    return field;
  }
}

function textOf(version: Pick<Version, 'field' | 'timestamp' | 'revision' | 'op' | 'value'>) {
  const { field, timestamp, revision, op, value } = version;
  return `${field} ${timestamp} ${revision}.${op} ${String(value)}`;
}

const step = fc.oneof(
  fc.record({
    do: fc.constant('write' as const),
    count: fc.constantFrom(1, 100, MAX_ROWS - 1, MAX_ROWS, MAX_ROWS + 1),
    how: fc.constantFrom('add' as const, 'adopt' as const),
  }),
  fc.record({
    do: fc.constant('drop' as const),
    /** Where, in thousandths of all revisions. */
    from: fc.integer({ min: 0, max: 1000 }),
    to: fc.integer({ min: 0, max: 1000 }),
    share: fc.constantFrom(0.2, 0.6, 1),
  }),
);

test('[T18] the table tells what is kept in the order in which it was written, and every field has its own, whatever was dropped', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1 }), fc.array(step, { maxLength: 8 }), (seed, steps) => {
      const course = new Course(seed);
      course.write(MAX_ROWS + 100, 'add');
      for (const each of steps) {
        const { last } = course;
        if (each.do === 'write') course.write(each.count, each.how);
        else course.drop((each.from * last) / 1000, (each.to * last) / 1000, each.share);
        course.check();
      }
      course.write(10, 'add');
      course.check();
    }),
    { numRuns: 25 },
  );
}, 120_000);

test('[T17] chunks of which all is forgotten take next to no memory, however many', () => {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  const bytes = (): number => {
    collect();
    const { heapUsed, arrayBuffers } = process.memoryUsage();
    return heapUsed + arrayBuffers;
  };
  const table = new VersionTable();
  const field = new FieldVersions('k', 'f', table);
  const chunks = 4000;
  const pass = (from: number): void => {
    for (let revision = from; revision < from + chunks; revision++) {
      const rest = { key: 'k', field: 'f', op: 0, value: 'v', expiresAt: null };
      const [pack] = packsOf([{ ...rest, revision, timestamp: revision, stamp: revision }]);
      const { columns } = must(pack, 'it has a version');
      columns.seal();
      table.adopt(columns);
      const row = table.give(field);
      field.insert(row);
      field.remove(new Set([row]));
      table.drop([row]);
    }
  };
  pass(1);
  const before = bytes();
  pass(chunks + 1);
  expect((bytes() - before) / chunks).toBeLessThan(400);
  expect(table.after(0).revision).toBeNull();
});

test('[T18] text in one set of columns is bounded, of lists of nothing too', () => {
  const value = Array.from({ length: 10_000 }, () => '');
  const rest = { key: 'k', field: 'f', op: 0, value, expiresAt: null };
  const packs = packsOf(
    Array.from({ length: 200 }, (_, i) => ({ ...rest, revision: i + 1, timestamp: i, stamp: i })),
  );
  expect(packs).toHaveLength(2);
  for (const { columns } of packs)
    expect(columns.seal().values.bytes.length).toBeLessThan(5 * 1024 * 1024);
});
