/**
 * Which versions a store keeps, in two numbers beside the rows. Every row has a
 * checksum of its own, and rows of a revision may be gone for good reasons: they
 * were forgotten. Only this tells a row that is gone for none.
 */
import { positionOf } from '../base/position.ts';
import type { VersionPlace } from '../kv/types.ts';
import type { VersionPack } from '../kv/version-pack.ts';

export interface VersionTally {
  readonly count: number;
  /** Of all positions (`position.ts`), modulo 2^32. */
  readonly sum: number;
}

export const NO_VERSIONS: VersionTally = { count: 0, sum: 0 };

type Place = Pick<VersionPlace, 'revision' | 'op'>;

/** After some came and some went. */
export function tallied(
  { count, sum }: VersionTally,
  added: readonly Place[],
  dropped: readonly Place[],
): VersionTally {
  let total = sum;
  for (const place of added) total += positionOf(place) % MODULUS;
  for (const place of dropped) total -= positionOf(place) % MODULUS;
  return { count: count + added.length - dropped.length, sum: modulo(total) };
}

/** That of versions as they were read back. */
export function tallyOf(packs: readonly VersionPack[]): VersionTally {
  let count = 0;
  let total = 0;
  for (const { columns } of packs) {
    count += columns.length;
    for (let row = 0; row < columns.length; row++) total += columns.position(row) % MODULUS;
    total %= MODULUS;
  }
  return { count, sum: total };
}

const MODULUS = 2 ** 32;

/** Sums of some hundred thousand terms are exact. */
function modulo(total: number): number {
  return ((total % MODULUS) + MODULUS) % MODULUS;
}
