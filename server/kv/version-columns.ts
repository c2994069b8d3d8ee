/**
 * Some thousand versions as columns, in the order in which they were written.
 * Sealed, a version costs its text and some thirty bytes, and the collector
 * nothing. Of which field each is, others know.
 */
import { assert } from '../base/assert.ts';
import { placeAt, positionOf, revisionAt } from '../base/position.ts';
import type { Revision, Stamp, TimestampMs, Value, Version, VersionPlace } from './types.ts';
import { OpenValues, SealedValues } from './version-values.ts';

/** Versions in one set of columns, at most. */
export const MAX_ROWS = 4096;
/** Text after which no more versions are added, UTF-16 units: one value may go beyond. */
const MAX_CHARS = 4 * 1024 * 1024;

/** Sealed columns, as they are stored: each has one number a version. */
export interface SealedColumns {
  /** Revision and op as one number (`position.ts`), ascending. */
  readonly positions: Float64Array;
  readonly timestamps: Float64Array;
  readonly stamps: Float64Array;
  /** NaN for none; null when no version expires. */
  readonly expiries: Float64Array | null;
  readonly values: SealedValues;
}

/** A list that grows, or sealed. */
type Numbers = number[] | Float64Array;

export class VersionColumns {
  private positions: Numbers = [];
  private timestamps: Numbers = [];
  private stamps: Numbers = [];
  private expiries: Numbers | null = null;
  private values: OpenValues | SealedValues = new OpenValues();

  /** Shares the columns. */
  static of(columns: SealedColumns): VersionColumns {
    const made = new VersionColumns();
    made.take(columns);
    return made;
  }

  /** No version is to come: all is kept as it is stored. Shares the columns. */
  seal(): SealedColumns {
    const columns = {
      positions: sealed(this.positions),
      timestamps: sealed(this.timestamps),
      stamps: sealed(this.stamps),
      expiries: this.expiries && sealed(this.expiries),
      values: this.values instanceof OpenValues ? this.values.seal() : this.values,
    };
    this.take(columns);
    return columns;
  }

  private take({ positions, timestamps, stamps, expiries, values }: SealedColumns): void {
    this.positions = positions;
    this.timestamps = timestamps;
    this.stamps = stamps;
    this.expiries = expiries;
    this.values = values;
  }

  get length(): number {
    return this.positions.length;
  }

  /** Takes no more versions. */
  get isFull(): boolean {
    const { values } = this;
    if (values instanceof SealedValues) return true;
    return this.length >= MAX_ROWS || values.chars >= MAX_CHARS;
  }

  /** Adds a version that was written after all that are here. */
  add(version: Version): void {
    const { positions, timestamps, stamps, values } = this;
    const row = positions.length;
    assert(
      !isSealed(positions) && !isSealed(timestamps) && !isSealed(stamps),
      'sealed columns take no more',
    );
    assert(values instanceof OpenValues, 'sealed values take no more');
    const position = positionOf(version);
    assert(row === 0 || position > this.position(row - 1), 'versions come in their order');
    positions.push(position);
    timestamps.push(version.timestamp);
    stamps.push(version.stamp);
    values.add(version.value);
    this.addExpiry(row, version.expiresAt);
  }

  private addExpiry(row: number, at: TimestampMs | null): void {
    if (this.expiries === null && at === null) return;
    this.expiries ??= Array.from({ length: row }, () => Number.NaN);
    this.expiries[row] = at ?? Number.NaN;
  }

  /** A copy of those for which `keeps` holds, open or sealed as these are. */
  filter(keeps: (row: number) => boolean): VersionColumns {
    const kept = new VersionColumns();
    kept.positions = filtered(this.positions, keeps);
    kept.timestamps = filtered(this.timestamps, keeps);
    kept.stamps = filtered(this.stamps, keeps);
    kept.expiries = this.expiries && filtered(this.expiries, keeps);
    kept.values = this.values.filter(keeps);
    return kept;
  }

  position(row: number): number {
    return this.positions[row] as number;
  }

  place(row: number): { readonly revision: Revision; readonly op: number } {
    return placeAt(this.position(row));
  }

  revision(row: number): Revision {
    return revisionAt(this.position(row));
  }

  timestamp(row: number): TimestampMs {
    return this.timestamps[row] as number;
  }

  /** Of the entry that wrote it. */
  stamp(row: number): Stamp {
    return this.stamps[row] as number;
  }

  expiresAt(row: number): TimestampMs | null {
    const at = this.expiries?.[row] ?? Number.NaN;
    return Number.isNaN(at) ? null : at;
  }

  isTombstone(row: number): boolean {
    return this.values.isTombstone(row);
  }

  value(row: number): Value | null {
    return this.values.value(row);
  }

  /** The first row after a revision. */
  firstAfter(revision: Revision): number {
    const last = positionOf({ revision: revision + 1, op: 0 });
    let low = 0;
    let high = this.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.position(middle) < last) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

/** A version where it is stored: what is not asked for is not read. */
export class HeldVersion implements VersionPlace {
  private readonly columns: VersionColumns;
  private readonly row: number;

  constructor(columns: VersionColumns, row: number) {
    this.columns = columns;
    this.row = row;
  }

  get revision(): Revision {
    return this.columns.revision(this.row);
  }

  get op(): number {
    return this.columns.place(this.row).op;
  }

  get timestamp(): TimestampMs {
    return this.columns.timestamp(this.row);
  }

  get stamp(): Stamp {
    return this.columns.stamp(this.row);
  }

  get value(): Value | null {
    return this.columns.value(this.row);
  }

  get isTombstone(): boolean {
    return this.columns.isTombstone(this.row);
  }

  get expiresAt(): TimestampMs | null {
    return this.columns.expiresAt(this.row);
  }
}

export function isSameVersion(a: VersionPlace, b: VersionPlace): boolean {
  return a.revision === b.revision && a.op === b.op;
}

function isSealed(numbers: Numbers): numbers is Float64Array {
  return numbers instanceof Float64Array;
}

function sealed(numbers: Numbers): Float64Array {
  return isSealed(numbers) ? numbers : new Float64Array(numbers);
}

function filtered(numbers: Numbers, keeps: (row: number) => boolean): Numbers {
  return isSealed(numbers)
    ? numbers.filter((_, row) => keeps(row))
    : numbers.filter((_, row) => keeps(row));
}
