/** Zones of values against the search, on registers whose values are all different. */
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Cell, CellRead, CellWrite } from '../../checks/cell.ts';
import { searchCell } from '../../checks/cell-search.ts';
import { zoneClash } from '../../checks/zones.ts';

const VALUES = ['a', 'b', 'c', 'd'] as const;
const BUDGET = 1_000_000;

const Interval = fc
  .tuple(fc.integer({ min: 0, max: 12 }), fc.integer({ min: 0, max: 6 }))
  .map(([call, lasts]) => ({ call, returned: call + lasts }));

const Write = fc.record({
  interval: Interval,
  isOpen: fc.boolean(),
  expects: fc.constantFrom(undefined, undefined, ...VALUES),
});

const Read = fc.record({ interval: Interval, value: fc.constantFrom(null, ...VALUES) });

interface Drawn {
  readonly writes: readonly (typeof Write extends fc.Arbitrary<infer T> ? T : never)[];
  readonly reads: readonly (typeof Read extends fc.Arbitrary<infer T> ? T : never)[];
}

/** `conditional`: some writes expect a value. */
function cellOf({ writes, reads }: Drawn, conditional: boolean): Cell {
  const operation = { client: 'c' };
  const all = writes.map(({ interval, isOpen, expects }, i): CellWrite => {
    const value = VALUES[i] ?? null;
    const isConditional = conditional && expects !== undefined && expects !== value;
    return {
      kind: 'write',
      operation,
      call: interval.call,
      returned: isOpen ? Number.POSITIVE_INFINITY : interval.returned,
      value,
      mayExpire: false,
      existed: null,
      ...(isConditional && { expects }),
    };
  });
  const seen = reads.map(
    ({ interval, value }): CellRead => ({ kind: 'read', operation, ...interval, value }),
  );
  const byCall = <T extends { readonly call: number }>(steps: T[]): T[] =>
    steps.sort((a, b) => a.call - b.call);
  return {
    key: 'k',
    field: 'f',
    settled: byCall([...all.filter(({ returned }) => returned < Infinity), ...seen]),
    open: byCall(all.filter(({ returned }) => returned === Infinity)),
  };
}

const History = fc.record({
  writes: fc.array(Write, { maxLength: VALUES.length }),
  reads: fc.array(Read, { maxLength: 5 }),
});

test('[F11] without conditional writes zones clash exactly where a search finds no order', () => {
  let bad = 0;
  fc.assert(
    fc.property(History, (drawn) => {
      const cell = cellOf(drawn, false);
      const isGood = searchCell(cell, BUDGET).is === 'linearizable';
      if (!isGood) bad++;
      expect(zoneClash(cell) === null).toBe(isGood);
    }),
    { numRuns: 4000 },
  );
  expect(bad).toBeGreaterThan(500);
});

test('[F11] with conditional writes what clashes has no order', () => {
  let clashes = 0;
  fc.assert(
    fc.property(History, (drawn) => {
      const cell = cellOf(drawn, true);
      const clash = zoneClash(cell);
      if (clash === null) return;
      clashes++;
      expect(clash.operations.length).toBeGreaterThan(0);
      expect(clash.operations.length).toBeLessThan(5);
      expect(searchCell(cell, BUDGET).is).toBe('violation');
    }),
    { numRuns: 4000 },
  );
  expect(clashes).toBeGreaterThan(500);
});
