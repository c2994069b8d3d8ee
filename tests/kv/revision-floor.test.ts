/** The tree of lowest revisions, and deep fields that stand on it, against looking at every version. */
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Random } from '../../server/base/random.ts';
import { FieldVersions } from '../../server/kv/field-versions.ts';
import { RevisionFloor } from '../../server/kv/revision-floor.ts';
import type { VersionPlace } from '../../server/kv/types.ts';
import type { HeldVersion } from '../../server/kv/version-columns.ts';
import { VersionTable } from '../../server/kv/version-table.ts';

/** Depths at which a block fills, a level begins, and well between. */
const DEPTHS = [1, 31, 32, 33, 63, 64, 65, 1023, 1024, 1025, 1056, 1057, 2500] as const;

/** How far from the end the next version goes, at most: 0 appends always. */
const depth = fc.constantFrom(...DEPTHS);
const spread = fc.constantFrom(0, 1, 40, 3000);
const seed = fc.integer({ min: 1 });

/** Numbers from 0 up to, not including, the one asked for: thousands of them, which fast-check would try to shrink. */
function belowOf(from: number): (end: number) => number {
  const random = Random.fromSeed(from);
  return (end) => random.nextInt(0, end - 1);
}

describe('the tree of lowest revisions', () => {
  test('[T1] finds the nearest known row on either side, wherever rows were put in', () => {
    fc.assert(
      fc.property(depth, spread, seed, (count, back, from) => {
        const below = belowOf(from);
        const rows: { revision: number }[] = [];
        const floor = new RevisionFloor(floorRows(rows));
        for (let revision = 1; revision <= count; revision++) {
          const position = Math.max(0, rows.length - below(back + 1));
          rows.splice(position, 0, { revision });
          floor.inserted(position);
        }
        expect(levelsOf(floor)).toEqual(minimaOf(rows));
        const looks = [0, 1, 31, 32, 33, 1023, 1024, 1025, count - 1, count].filter(
          (i) => i <= count,
        );
        for (let i = 0; i < 20; i++) looks.push(below(count + 1));
        for (const look of looks) {
          for (const asOf of [0, 1, 2, count >> 1, count - 1, count, 1 + below(count)]) {
            const isKnown = ({ revision }: { revision: number }): boolean => revision <= asOf;
            expect(floor.lastKnown(look, asOf)).toBe(rows.slice(0, look).findLastIndex(isKnown));
            const first = rows.slice(look).findIndex(isKnown);
            expect(floor.firstKnown(look, asOf)).toBe(first === -1 ? count : look + first);
          }
        }
      }),
      { numRuns: 120 },
    );
  });

  test('[T1] finds them in few steps, however many newer rows stand between', () => {
    let looked = 0;
    const rows: { readonly revision: number }[] = [];
    const floor = new RevisionFloor(floorRows(rows));
    const count = 32 ** 3 + 7;
    // As of the first revision all that is known stands at the far end.
    for (let revision = 1; revision <= count; revision++) {
      rows.push({
        get revision() {
          looked++;
          return revision;
        },
      });
      floor.inserted(rows.length - 1);
    }
    looked = 0;
    expect(floor.lastKnown(count, 1)).toBe(0);
    expect(floor.firstKnown(1, 1)).toBe(count);
    expect(looked).toBeLessThan(4 * 32);
  });
});

/** The levels as they are kept: an answer can be right with one that is too low, but not soon. */
function levelsOf(floor: RevisionFloor): unknown {
  return Reflect.get(floor, 'levels');
}

function minimaOf(rows: readonly { readonly revision: number }[]): readonly (readonly number[])[] {
  const levels: number[][] = [];
  let below = rows.map(({ revision }) => revision);
  while (below.length > 32) {
    const level: number[] = [];
    for (let i = 0; i < below.length; i += 32) level.push(Math.min(...below.slice(i, i + 32)));
    levels.push(level);
    below = level;
  }
  return levels;
}

function floorRows(rows: readonly { readonly revision: number }[]) {
  return {
    get length() {
      return rows.length;
    },
    revisionAt: (position: number) => rows[position]?.revision ?? Number.NaN,
  };
}

/** As an object of its own. */
function plain(version: HeldVersion | null) {
  if (version === null) return null;
  const { timestamp, revision, op, value, expiresAt } = version;
  return { timestamp, revision, op, value, expiresAt };
}

describe('a field with thousands of versions', () => {
  const TIMES = 4000;

  test('[T1] says at every view what a look at all of them says', () => {
    fc.assert(
      fc.property(fc.constantFrom(40, 1100, 3000), fc.boolean(), seed, (count, dense, from) => {
        const below = belowOf(from);
        const table = new VersionTable();
        const field = new FieldVersions('k', 'f', table);
        const all: (VersionPlace & {
          readonly value: string | null;
          readonly expiresAt: number | null;
        })[] = [];
        let revision = 0;
        let op = 0;
        for (let i = 0; i < count; i++) {
          // Now and then several versions of one revision.
          if (below(4) > 0 || revision === 0) [revision, op] = [revision + 1, 0];
          else op++;
          const timestamp =
            op > 0 ? (all[all.length - 1]?.timestamp ?? 0) : below(dense ? 50 : TIMES);
          const value = below(6) === 0 ? null : `v${i}`;
          const expiresAt = value !== null && below(3) === 0 ? timestamp + 1 + below(90) : null;
          const version = { timestamp, revision, op, value, expiresAt };
          field.insert(table.add({ key: 'k', field: 'f', stamp: revision, ...version }, field));
          all.push(version);
        }
        const sorted = all.toSorted(
          (a, b) => a.timestamp - b.timestamp || a.revision - b.revision || a.op - b.op,
        );
        expect(field.lastTimestamp).toBe(sorted[sorted.length - 1]?.timestamp);
        for (let i = 0; i < 60; i++) {
          const view = { at: below(TIMES + 200), asOf: below(revision + 2) };
          const known = sorted.filter((each) => each.revision <= view.asOf);
          const winner = known.findLast((each) => each.timestamp <= view.at);
          const stands =
            winner !== undefined &&
            winner.value !== null &&
            (winner.expiresAt === null || view.at < winner.expiresAt);
          expect(plain(field.standing(view))).toEqual(stands ? winner : null);
          const [low, high] = [below(TIMES), below(TIMES)];
          const limit = 1 + below(40);
          const inside = known.filter((each) => each.timestamp >= low && each.timestamp <= high);
          const after = inside[below(inside.length + 1)] ?? null;
          const rest = after === null ? inside : inside.slice(inside.indexOf(after) + 1);
          const before = after === null ? inside : inside.slice(0, inside.indexOf(after));
          const page = { after, limit };
          const earliestFirst = field.history(low, high, view.asOf, { ...page, descending: false });
          expect(earliestFirst.map(plain)).toEqual(rest.slice(0, limit));
          const latestFirst = field.history(low, high, view.asOf, { ...page, descending: true });
          expect(latestFirst.map(plain)).toEqual(before.toReversed().slice(0, limit));
        }
      }),
      { numRuns: 40 },
    );
  });
});
