/**
 * All versions of one field, sorted by (timestamp, revision, op): the order in
 * which rule T1 chooses. A write at the present appends at the end; a backfill
 * is inserted where it belongs. Every question costs the logarithm of their
 * number at most, whatever its coordinates. What a version says stands in the
 * table of all versions; here is where.
 */
import { placeAt } from '../base/position.ts';
import { Compacted } from './horizon.ts';
import { RevisionFloor, SHALLOW_ROWS } from './revision-floor.ts';
import { MAX_TIMESTAMP_MS } from './types.ts';
import type { FoundVersion, View } from './queries.ts';
import type { Revision, TimestampMs, VersionPlace } from './types.ts';
import type { HeldVersion } from './version-columns.ts';
import type { Row, VersionTable } from './version-table.ts';

export type Choice =
  | { readonly found: FoundVersion }
  | { readonly absentBecause: 'never' | 'not-yet' | 'deleted' | 'expired' };

const NOTHING: readonly Row[] = [];

/** What a field of many versions has besides: the table is far away for so many steps. */
interface Deep {
  /** That of each of its rows. */
  readonly timestamps: TimestampMs[];
  readonly floor: RevisionFloor;
}

export class FieldVersions {
  readonly key: string;
  readonly field: string;
  private readonly table: VersionTable;
  private readonly rows: Row[] = [];
  /** Null for the few versions that most fields have. */
  private deep: Deep | null = null;
  /** Nothing before this place can be asked for, for the number of versions; null: all can. */
  private oldest: VersionPlace | null = null;

  constructor(key: string, field: string, table: VersionTable) {
    this.key = key;
    this.field = field;
    this.table = table;
  }

  /** Takes in a row that was written after all of its others. */
  insert(row: Row): void {
    const { rows, table } = this;
    const timestamp = table.timestamp(row);
    const last = rows[rows.length - 1];
    const isLast = last === undefined || table.timestamp(last) <= timestamp;
    const position = isLast ? rows.length : this.firstAfter(timestamp);
    if (isLast) rows.push(row);
    else rows.splice(position, 0, row);
    const { deep } = this;
    if (deep === null) this.deepen();
    else {
      if (isLast) deep.timestamps.push(timestamp);
      else deep.timestamps.splice(position, 0, timestamp);
      deep.floor.inserted(position);
    }
  }

  private deepen(): void {
    if (this.rows.length <= SHALLOW_ROWS) return;
    const timestamps = this.rows.map((row) => this.table.timestamp(row));
    const floor = new RevisionFloor(this);
    floor.inserted(0);
    this.deep = { timestamps, floor };
  }

  get isEmpty(): boolean {
    return this.rows.length === 0;
  }

  /** How many versions it has. */
  get length(): number {
    return this.rows.length;
  }

  /** Of the version at a position in the order of timestamps. */
  revisionAt(position: number): Revision {
    return this.table.revision(this.rows[position] as Row);
  }

  has(place: VersionPlace): boolean {
    const position = this.firstFrom(place);
    return position < this.rows.length && this.compareAt(position, place) === 0;
  }

  /** The greatest timestamp of any version. */
  get lastTimestamp(): TimestampMs {
    const last = this.rows[this.rows.length - 1];
    return last === undefined ? 0 : this.table.timestamp(last);
  }

  /** Nothing before its timestamp, nor as of a revision before its own, can be asked for; null: all can. */
  get oldestKept(): VersionPlace | null {
    return this.oldest;
  }

  /** The version that stands at a view, if any does (T1, T2). Throws {@link Compacted}. */
  standing({ at, asOf }: View): HeldVersion | null {
    this.check({ at, asOf });
    return standingAt(this.winner({ at, asOf }), at);
  }

  /** What stood when `version` was written, at its timestamp; undefined when that was dropped. */
  standingBefore(version: VersionPlace): HeldVersion | null | undefined {
    const { timestamp, revision } = version;
    if (this.oldest !== null && comparePlaces(version, this.oldest) <= 0) return undefined;
    // Of its own revision, what comes before it here was written before it.
    const before = this.floor.lastKnown(this.firstFrom(version), revision);
    return standingAt(this.versionAt(before), timestamp);
  }

  /** The version that decides at a view, even if by its end. */
  deciding(view: View): HeldVersion | null {
    return this.winner(view) ?? null;
  }

  /** The same with all that an answer says. Throws {@link Compacted}. */
  choose(view: View): Choice {
    this.check(view);
    const winner = this.winner(view);
    if (winner === undefined) {
      const later = this.floor.firstKnown(this.firstAfter(view.at), view.asOf);
      return { absentBecause: later < this.rows.length ? 'not-yet' : 'never' };
    }
    if (isExpired(winner, view.at)) return { absentBecause: 'expired' };
    const { value, timestamp, revision, expiresAt } = winner;
    if (value === null) return { absentBecause: 'deleted' };
    return {
      found: { value, timestamp, revision, expiresAt, validTo: this.validTo(winner, view) },
    };
  }

  /**
   * At most `limit` versions with timestamps in [from, to] known at `asOf`, in
   * order or against it, beginning after the place `after` (T14). Throws {@link Compacted}.
   */
  history(
    from: TimestampMs,
    to: TimestampMs,
    asOf: Revision,
    { descending, after, limit }: HistoryPage,
  ): readonly HeldVersion[] {
    this.check({ at: MAX_TIMESTAMP_MS, asOf });
    const page: HeldVersion[] = [];
    const least = this.oldest === null ? 0 : this.firstFrom(this.oldest);
    if (descending) {
      let end = this.firstAfter(to);
      if (after !== null) end = Math.min(end, this.firstFrom(after));
      while (page.length < limit) {
        end = this.floor.lastKnown(end, asOf);
        const version = this.versionAt(end);
        if (version === undefined || version.timestamp < from || end < least) break;
        page.push(version);
      }
      return page;
    }
    let at = Math.max(least, this.firstFrom({ timestamp: from, revision: 0, op: 0 }));
    if (after !== null) at = Math.max(at, this.firstFrom({ ...after, op: after.op + 1 }));
    while (page.length < limit) {
      at = this.floor.firstKnown(at, asOf);
      const version = this.versionAt(at);
      if (version === undefined || version.timestamp > to) break;
      page.push(version);
      at++;
    }
    return page;
  }

  // --- dropping ------------------------------------------------------------------

  /** Drops what no view from `horizon` on can see, and what has ended there (T17). Answers the rows, for the table to forget. */
  compact({ at, asOf }: View): readonly Row[] {
    const decides = this.floor.lastKnown(this.firstAfter(at), asOf);
    const winner = this.versionAt(decides);
    if (winner === undefined) return NOTHING;
    const stands = standingAt(winner, at) !== null;
    const dropped = this.drop(decides, asOf);
    // It has ended, and is the first now, unless it hides others that were written later.
    return stands ? dropped : [...dropped, ...this.drop(1, asOf)];
  }

  /**
   * Nothing before the `most` latest of the versions dated up to `at` and known
   * at `asOf` can be asked for from now on (T17). Answers whether that is news.
   */
  limit(most: number, { at, asOf }: View): boolean {
    if (this.rows.length <= most) return false;
    const least = this.oldest === null ? 0 : this.firstFrom(this.oldest);
    let first = this.firstAfter(at);
    for (let kept = 0; kept < most; kept++) {
      first = this.floor.lastKnown(first, asOf);
      if (first <= least) return false;
    }
    this.setOldest(this.versionAt(first) ?? null);
    return true;
  }

  setOldest(place: VersionPlace | null): void {
    this.oldest = place && { timestamp: place.timestamp, revision: place.revision, op: place.op };
  }

  remove(rows: ReadonlySet<Row>): void {
    this.dropWhere(this.rows.length, (row) => rows.has(row));
  }

  /** Drops what can no more be asked for, of what was written up to revision `upTo`. */
  trim(upTo: Revision): readonly Row[] {
    return this.oldest === null ? NOTHING : this.drop(this.firstFrom(this.oldest), upTo);
  }

  /** Where a row of its own stands in the order of timestamps. */
  placeOf(row: Row): number {
    const timestamp = this.table.timestamp(row);
    return this.firstWhere((position) => {
      const order = this.timestampAt(position) - timestamp;
      return order > 0 || (order === 0 && (this.rows[position] as Row) >= row);
    });
  }

  /** What stands there has another row in the table now. */
  moved(position: number, row: Row): void {
    this.rows[position] = row;
  }

  /** Takes those before position `end` that were written up to revision `upTo`. */
  private drop(end: number, upTo: Revision): readonly Row[] {
    return this.dropWhere(end, (row) => this.table.revision(row) <= upTo);
  }

  private dropWhere(end: number, goes: (row: Row) => boolean): readonly Row[] {
    const { rows } = this;
    const dropped: Row[] = [];
    let kept = 0;
    for (let i = 0; i < end; i++) {
      const row = rows[i] as Row;
      if (goes(row)) dropped.push(row);
      else rows[kept++] = row;
    }
    if (dropped.length === 0) return NOTHING;
    rows.splice(kept, end - kept);
    this.deep = null;
    this.deepen();
    return dropped;
  }

  private check({ at, asOf }: View): void {
    const { oldest } = this;
    if (oldest === null || (at >= oldest.timestamp && asOf >= oldest.revision)) return;
    throw new Compacted({ timestamp: oldest.timestamp, revision: oldest.revision });
  }

  // --- choosing ------------------------------------------------------------------

  private winner({ at, asOf }: View): HeldVersion | undefined {
    return this.versionAt(this.floor.lastKnown(this.firstAfter(at), asOf));
  }

  /** First instant after `at` from which another version, or its own expiry, decides. */
  private validTo(winner: HeldVersion, { at, asOf }: View): TimestampMs | null {
    const next =
      this.versionAt(this.floor.firstKnown(this.firstAfter(at), asOf))?.timestamp ?? null;
    const { expiresAt } = winner;
    if (next === null || expiresAt === null) return next ?? expiresAt;
    return Math.min(next, expiresAt);
  }

  private get floor(): RevisionFloor {
    return this.deep?.floor ?? new RevisionFloor(this);
  }

  private versionAt(position: number): HeldVersion | undefined {
    const row = this.rows[position];
    return row === undefined ? undefined : this.table.version(row);
  }

  /** Position of the first version later than `at`. Every read comes here. */
  private firstAfter(at: TimestampMs): number {
    let low = 0;
    let high = this.rows.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.timestampAt(middle) > at) high = middle;
      else low = middle + 1;
    }
    return low;
  }

  /** Position of the first version that is not before `place`. */
  private firstFrom(place: VersionPlace): number {
    return this.firstWhere((position) => this.compareAt(position, place) >= 0);
  }

  /** Position of the first for which `holds`, as it does for all after it. */
  private firstWhere(holds: (position: number) => boolean): number {
    let low = 0;
    let high = this.rows.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (holds(middle)) high = middle;
      else low = middle + 1;
    }
    return low;
  }

  private timestampAt(position: number): TimestampMs {
    return this.deep === null
      ? this.table.timestamp(this.rows[position] as Row)
      : (this.deep.timestamps[position] as TimestampMs);
  }

  private compareAt(position: number, place: VersionPlace): number {
    const order = this.timestampAt(position) - place.timestamp;
    if (order !== 0) return order;
    const { revision, op } = placeAt(this.table.position(this.rows[position] as Row));
    return revision - place.revision || op - place.op;
  }
}

export interface HistoryPage {
  readonly descending: boolean;
  readonly after: VersionPlace | null;
  readonly limit: number;
}

function standingAt(winner: HeldVersion | undefined, at: TimestampMs): HeldVersion | null {
  return winner === undefined || winner.isTombstone || isExpired(winner, at) ? null : winner;
}

function isExpired({ expiresAt }: HeldVersion, at: TimestampMs): boolean {
  return expiresAt !== null && at >= expiresAt;
}

/** By timestamp, then revision, then op. */
function comparePlaces(a: VersionPlace, b: VersionPlace): number {
  return a.timestamp - b.timestamp || a.revision - b.revision || a.op - b.op;
}
