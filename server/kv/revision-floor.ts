/**
 * The lowest revision of each block of versions, and of each block of blocks,
 * so that the nearest version known at an old revision is found in logarithmic
 * time however many newer ones stand between (T1). A tree of minima, 32 wide,
 * over the order of timestamps; it holds levels only for what is deep enough
 * to need them.
 */
import type { Revision } from './types.ts';

const BITS = 5;
const WIDTH = 1 << BITS;
/** So many need no levels. */
export const SHALLOW_ROWS = WIDTH;

interface Rows {
  readonly length: number;
  revisionAt(position: number): Revision;
}

const NO_LEVELS: Revision[][] = [];

export class RevisionFloor {
  private readonly rows: Rows;
  /** Level i has the minimum of each 32^(i+1) rows; none for the first 32 rows. */
  private levels: Revision[][] = NO_LEVELS;

  /** Over `rows`, which change only as {@link inserted} is told. */
  constructor(rows: Rows) {
    this.rows = rows;
  }

  /** A row came in at `position`; those after it moved on. */
  inserted(position: number): void {
    if (this.rows.length <= WIDTH) return;
    let count = Math.ceil(this.rows.length / WIDTH);
    let from = this.levels === NO_LEVELS ? 0 : position >>> BITS;
    if (this.levels === NO_LEVELS) this.levels = [];
    for (let level = 0; ; level++) {
      this.levels[level] ??= [];
      const minima = this.levels[level] as Revision[];
      for (let block = from; block < count; block++) minima[block] = this.minimumOf(level, block);
      if (count <= WIDTH) return;
      count = Math.ceil(count / WIDTH);
      // A level that is new has nothing yet.
      from = this.levels[level + 1] === undefined ? 0 : from >>> BITS;
    }
  }

  /** Position of the last row before `end` whose revision is at most `asOf`; -1 when there is none. */
  lastKnown(end: number, asOf: Revision): number {
    let at = end - 1;
    while (at >= 0) {
      // From the end of a block that has none, on to the block before it.
      let level = -1;
      while (isBlockEnd(at, level + 1) && this.minimum(level + 1, at) > asOf) level++;
      if (level >= 0) at -= 1 << (BITS * (level + 1));
      else if (this.rows.revisionAt(at) <= asOf) return at;
      else at--;
    }
    return -1;
  }

  /** Position of the first row from `start` whose revision is at most `asOf`; the number of rows when there is none. */
  firstKnown(start: number, asOf: Revision): number {
    const { length } = this.rows;
    let at = start;
    while (at < length) {
      let level = -1;
      while (isBlockStart(at, level + 1) && this.minimum(level + 1, at) > asOf) level++;
      if (level >= 0) at += 1 << (BITS * (level + 1));
      else if (this.rows.revisionAt(at) <= asOf) return at;
      else at++;
    }
    return length;
  }

  /** Of the block of `level` that `at` is in; below every revision where no such block is kept. */
  private minimum(level: number, at: number): Revision {
    return this.levels[level]?.[at >>> (BITS * (level + 1))] ?? -1;
  }

  private minimumOf(level: number, block: number): Revision {
    const first = block * WIDTH;
    let least = Number.POSITIVE_INFINITY;
    if (level === 0) {
      const end = Math.min(first + WIDTH, this.rows.length);
      for (let i = first; i < end; i++) least = Math.min(least, this.rows.revisionAt(i));
      return least;
    }
    const below = this.levels[level - 1] as Revision[];
    const end = Math.min(first + WIDTH, below.length);
    for (let i = first; i < end; i++) least = Math.min(least, below[i] as Revision);
    return least;
  }
}

function isBlockEnd(at: number, level: number): boolean {
  const width = 1 << (BITS * (level + 1));
  return (at & (width - 1)) === width - 1;
}

function isBlockStart(at: number, level: number): boolean {
  return (at & ((1 << (BITS * (level + 1))) - 1)) === 0;
}
