/**
 * Which rows a small table has, in two numbers: how many, and the sum of their
 * checksums. Each row has a checksum of its own; only this tells one that is
 * gone, or that is again what it was before.
 */
export interface RowTally {
  readonly count: number;
  /** Of the checksums, modulo 2^32. */
  readonly sum: number;
}

const MODULUS = 2 ** 32;

export function tallyRows(checksums: readonly number[]): RowTally {
  let total = 0;
  for (const checksum of checksums) total += checksum;
  return { count: checksums.length, sum: total % MODULUS };
}

/** After some rows went and some came. */
export function tallyAfter(before: RowTally, gone: RowTally, come: RowTally): RowTally {
  return {
    count: before.count - gone.count + come.count,
    sum: (before.sum - gone.sum + come.sum + MODULUS) % MODULUS,
  };
}

export function isSameTally(a: RowTally, b: RowTally): boolean {
  return a.count === b.count && a.sum === b.sum;
}
