/**
 * Where a version stands in its table, as one number: an integer key is the
 * cheapest that SQLite has, and rows come in its order. 1,024 places an entry.
 */
import { assert } from '../base/assert.ts';
import type { Version } from '../kv/types.ts';

const VERSIONS_AN_ENTRY = 1024;

/** Rises with revision, then op. */
export function positionOf({ revision, op }: Pick<Version, 'revision' | 'op'>): number {
  assert(op >= 0 && op < VERSIONS_AN_ENTRY, 'an entry writes at most 1,024 versions');
  const position = revision * VERSIONS_AN_ENTRY + op;
  assert(Number.isSafeInteger(position), 'positions are safe integers');
  return position;
}

/** The last place of an entry's versions. */
export function lastPositionOf(revision: number): number {
  return positionOf({ revision, op: VERSIONS_AN_ENTRY - 1 });
}

/** Whose version stands at `position`. */
export function placeAt(position: number): Pick<Version, 'revision' | 'op'> {
  const revision = Math.floor(position / VERSIONS_AN_ENTRY);
  return { revision, op: position - revision * VERSIONS_AN_ENTRY };
}
