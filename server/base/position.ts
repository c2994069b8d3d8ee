/**
 * A revision and an order within it as one number: an integer key is the
 * cheapest that SQLite has, and rows come in its order.
 */
import { assert } from './assert.ts';

interface Place {
  readonly revision: number;
  readonly op: number;
}

/** Room for all versions that one entry may write; revisions may then have 36 bits. */
const VERSIONS_AN_ENTRY = 2 ** 17;

/** Rises with revision, then op. */
export function positionOf({ revision, op }: Place): number {
  assert(op >= 0 && op < VERSIONS_AN_ENTRY, 'an entry writes at most 131,072 versions');
  const position = revision * VERSIONS_AN_ENTRY + op;
  assert(Number.isSafeInteger(position), 'positions are safe integers');
  return position;
}

/** The last place of an entry's versions. */
export function lastPositionOf(revision: number): number {
  return positionOf({ revision, op: VERSIONS_AN_ENTRY - 1 });
}

export function revisionAt(position: number): number {
  return Math.floor(position / VERSIONS_AN_ENTRY);
}

/** Whose version stands at `position`. */
export function placeAt(position: number): Place {
  const revision = revisionAt(position);
  return { revision, op: position - revision * VERSIONS_AN_ENTRY };
}
