/**
 * Worked examples of the temporal rules, as data: what is written, then what is
 * read and what it must say. `-` is absent. Revisions count from 1.
 */
import type { Command, SessionRef } from '../../server/kv/types.ts';

export interface Example {
  /** Begins with the rule it shows. */
  readonly title: string;
  readonly writes: readonly Command[];
  /** [at, as of, value of a.x]; null: left out. */
  readonly reads: readonly (readonly [number | null, number | null, string])[];
}

interface SetOptions {
  readonly ttl?: number;
  readonly session?: SessionRef;
}

export function set(value: string, timestamp?: number, options: SetOptions = {}): Command {
  const at = timestamp === undefined ? {} : { timestamp };
  return { op: 'set', key: 'a', field: 'x', value, ...at, ...options };
}

export function remove(timestamp?: number): Command {
  const at = timestamp === undefined ? {} : { timestamp };
  return { op: 'delete', key: 'a', field: 'x', ...at };
}

export const EXAMPLES: readonly Example[] = [
  {
    title: '[T1] a value holds from its timestamp on',
    writes: [set('1', 1000)],
    reads: [
      [999, null, '-'],
      [1000, null, '1'],
      [5000, null, '1'],
    ],
  },
  {
    title: '[T1] the next value takes over at its own timestamp',
    writes: [set('1', 1000), set('2', 2000)],
    reads: [
      [1999, null, '1'],
      [2000, null, '2'],
    ],
  },
  {
    title: '[T5] a backfill fills the past and leaves the present alone',
    writes: [set('2', 2000), set('1', 1000)],
    reads: [
      [1500, null, '1'],
      [2500, null, '2'],
      [1500, 1, '-'],
    ],
  },
  {
    title: '[T1] of two values with one timestamp the later revision stands',
    writes: [set('1', 1000), set('9', 1000)],
    reads: [
      [1000, null, '9'],
      [1000, 1, '1'],
    ],
  },
  {
    title: '[T2] a ttl ends just before timestamp + ttl',
    writes: [set('1', 1000, { ttl: 500 })],
    reads: [
      [1499, null, '1'],
      [1500, null, '-'],
    ],
  },
  {
    title: '[T1] when a value expires no older one shines through',
    writes: [set('1', 1000), set('2', 2000, { ttl: 500 })],
    reads: [
      [2499, null, '2'],
      [2500, null, '-'],
    ],
  },
  {
    title: '[T2] the expiry of a value that was replaced is nobody’s',
    writes: [set('1', 1000, { ttl: 5000 }), set('2', 2000)],
    reads: [
      [5999, null, '2'],
      [6000, null, '2'],
      [9000, null, '2'],
    ],
  },
  {
    title: '[T6] a delete holds from its timestamp on',
    writes: [set('1', 1000), remove(2000)],
    reads: [
      [1999, null, '1'],
      [2000, null, '-'],
    ],
  },
  {
    title: '[T6] a delete of what is absent hides nothing that comes later',
    writes: [remove(2000), set('1', 1000)],
    reads: [[3000, null, '1']],
  },
  {
    title: '[T5] a value backfilled before a tombstone ends at the tombstone',
    writes: [set('1', 1000), remove(3000), set('5', 2000)],
    reads: [
      [2500, null, '5'],
      [3500, null, '-'],
    ],
  },
  {
    title: '[T1] set, delete and set at one timestamp stand by revision',
    writes: [set('1', 10), remove(10), set('3', 10)],
    reads: [
      [10, 1, '1'],
      [10, 2, '-'],
      [10, 3, '3'],
    ],
  },
  {
    title: '[T3] a value dated ahead is not there yet, and can be read ahead',
    writes: [set('1', 1_000_000)],
    reads: [
      [null, null, '-'],
      [1_000_000, null, '1'],
    ],
  },
];
