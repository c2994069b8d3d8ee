/**
 * All versions of one field, sorted by (timestamp, revision, op): the order in
 * which rule T1 chooses. A write at the present appends at the end; a backfill
 * is inserted where it belongs. Every question costs the logarithm of their
 * number at most, whatever its coordinates.
 */
import { RevisionFloor } from './revision-floor.ts';
import { MAX_TIMESTAMP_MS } from './types.ts';
import type {
  FoundVersion,
  Horizon,
  Revision,
  TimestampMs,
  Value,
  Version,
  VersionPlace,
  View,
} from './types.ts';

/** A version as the field that has it keeps it. */
export interface HeldVersion extends VersionPlace {
  readonly value: Value | null;
  readonly expiresAt: TimestampMs | null;
}

/** Asked for what was dropped for its age or number (T17). */
export class Compacted extends Error {
  readonly horizon: Horizon;

  constructor(horizon: Horizon) {
    super(
      `what was before ${horizon.timestamp} or revision ${horizon.revision} there is compacted`,
    );
    this.name = 'Compacted';
    this.horizon = horizon;
  }
}

const NOTHING: readonly HeldVersion[] = [];

export type Choice =
  | { readonly found: FoundVersion }
  | { readonly absentBecause: 'never' | 'not-yet' | 'deleted' | 'expired' };

export class FieldVersions {
  readonly key: string;
  readonly field: string;
  private readonly versions: HeldVersion[] = [];
  private readonly floor = new RevisionFloor(this.versions);
  /** Nothing before this place can be asked for, for the number of versions; null: all can. */
  private oldest: VersionPlace | null = null;

  constructor(key: string, field: string) {
    this.key = key;
    this.field = field;
  }

  add({ timestamp, revision, op, value, expiresAt }: Version): HeldVersion {
    const { versions } = this;
    const version: HeldVersion = { timestamp, revision, op, value, expiresAt };
    const last = versions[versions.length - 1];
    const isLast = last === undefined || comparePlaces(last, version) < 0;
    const position = isLast ? versions.length : this.firstFrom(version);
    if (isLast) versions.push(version);
    else versions.splice(position, 0, version);
    this.floor.inserted(position);
    return version;
  }

  get isEmpty(): boolean {
    return this.versions.length === 0;
  }

  has(version: HeldVersion): boolean {
    return this.versions[this.firstFrom(version)] === version;
  }

  /** The greatest timestamp of any version. */
  get lastTimestamp(): TimestampMs {
    return this.versions[this.versions.length - 1]?.timestamp ?? 0;
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
  standingBefore(version: HeldVersion): HeldVersion | null | undefined {
    const { timestamp, revision } = version;
    if (this.oldest !== null && comparePlaces(version, this.oldest) <= 0) return undefined;
    // Of its own revision, what comes before it here was written before it.
    const before = this.floor.lastKnown(this.firstFrom(version), revision);
    return standingAt(this.versions[before], timestamp);
  }

  /** Does `version` decide at a view, even if by its end? */
  decides(version: HeldVersion, view: View): boolean {
    return this.winner(view) === version;
  }

  /** The same with all that an answer says. Throws {@link Compacted}. */
  choose(view: View): Choice {
    this.check(view);
    const winner = this.winner(view);
    if (winner === undefined) {
      const later = this.floor.firstKnown(this.firstAfter(view.at), view.asOf);
      return { absentBecause: later < this.versions.length ? 'not-yet' : 'never' };
    }
    const { value, timestamp, revision, expiresAt } = winner;
    if (value === null) return { absentBecause: 'deleted' };
    if (isExpired(winner, view.at)) return { absentBecause: 'expired' };
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
        const version = this.versions[end];
        if (version === undefined || version.timestamp < from || end < least) break;
        page.push(version);
      }
      return page;
    }
    let at = Math.max(least, this.firstFrom({ timestamp: from, revision: 0, op: 0 }));
    if (after !== null) at = Math.max(at, this.firstFrom({ ...after, op: after.op + 1 }));
    while (page.length < limit) {
      at = this.floor.firstKnown(at, asOf);
      const version = this.versions[at];
      if (version === undefined || version.timestamp > to) break;
      page.push(version);
      at++;
    }
    return page;
  }

  // --- dropping ------------------------------------------------------------------

  /** Drops what no view from `horizon` on can see, and what has ended there (T17). */
  compact({ at, asOf }: View): readonly HeldVersion[] {
    const decides = this.floor.lastKnown(this.firstAfter(at), asOf);
    const winner = this.versions[decides];
    if (winner === undefined) return NOTHING;
    const dropped = this.drop(decides, asOf);
    if (standingAt(winner, at) !== null) return dropped;
    // It has ended, and is the first now, unless it hides others that were written later.
    return [...dropped, ...this.drop(1, asOf)];
  }

  /**
   * Nothing before the `most` latest of the versions dated up to `at` and known
   * at `asOf` can be asked for from now on (T17). Answers whether that is news.
   */
  limit(most: number, { at, asOf }: View): boolean {
    if (this.versions.length <= most) return false;
    const least = this.oldest === null ? 0 : this.firstFrom(this.oldest);
    let first = this.firstAfter(at);
    for (let kept = 0; kept < most; kept++) {
      first = this.floor.lastKnown(first, asOf);
      if (first <= least) return false;
    }
    this.setOldest(this.versions[first] as HeldVersion);
    return true;
  }

  setOldest(place: VersionPlace | null): void {
    this.oldest = place && { timestamp: place.timestamp, revision: place.revision, op: place.op };
  }

  remove(versions: ReadonlySet<HeldVersion>): void {
    this.dropWhere(this.versions.length, (version) => versions.has(version));
  }

  /** Drops what can no more be asked for, of what was written up to revision `upTo`. */
  trim(upTo: Revision): readonly HeldVersion[] {
    return this.oldest === null ? NOTHING : this.drop(this.firstFrom(this.oldest), upTo);
  }

  /** Takes those before position `end` that were written up to revision `upTo`. */
  private drop(end: number, upTo: Revision): readonly HeldVersion[] {
    return this.dropWhere(end, ({ revision }) => revision <= upTo);
  }

  private dropWhere(end: number, goes: (version: HeldVersion) => boolean): readonly HeldVersion[] {
    const { versions } = this;
    const dropped: HeldVersion[] = [];
    let kept = 0;
    for (let i = 0; i < end; i++) {
      const version = versions[i] as HeldVersion;
      if (goes(version)) dropped.push(version);
      else versions[kept++] = version;
    }
    if (dropped.length === 0) return NOTHING;
    versions.splice(kept, end - kept);
    this.floor.removed();
    return dropped;
  }

  private check({ at, asOf }: View): void {
    const { oldest } = this;
    if (oldest === null || (at >= oldest.timestamp && asOf >= oldest.revision)) return;
    throw new Compacted({ timestamp: oldest.timestamp, revision: oldest.revision });
  }

  // --- choosing ------------------------------------------------------------------

  private winner({ at, asOf }: View): HeldVersion | undefined {
    return this.versions[this.floor.lastKnown(this.firstAfter(at), asOf)];
  }

  /** First instant after `at` from which another version, or its own expiry, decides. */
  private validTo(winner: HeldVersion, { at, asOf }: View): TimestampMs | null {
    const next = this.versions[this.floor.firstKnown(this.firstAfter(at), asOf)]?.timestamp ?? null;
    const { expiresAt } = winner;
    if (next === null || expiresAt === null) return next ?? expiresAt;
    return Math.min(next, expiresAt);
  }

  /** Position of the first version later than `at`. */
  private firstAfter(at: TimestampMs): number {
    return this.firstFrom({ timestamp: at + 1, revision: 0, op: 0 });
  }

  /** Position of the first version that is not before `place`. */
  private firstFrom(place: VersionPlace): number {
    let low = 0;
    let high = this.versions.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (comparePlaces(this.versions[middle] as HeldVersion, place) < 0) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

export interface HistoryPage {
  readonly descending: boolean;
  readonly after: VersionPlace | null;
  readonly limit: number;
}

function standingAt(winner: HeldVersion | undefined, at: TimestampMs): HeldVersion | null {
  return winner === undefined || winner.value === null || isExpired(winner, at) ? null : winner;
}

function isExpired({ expiresAt }: HeldVersion, at: TimestampMs): boolean {
  return expiresAt !== null && at >= expiresAt;
}

/** By timestamp, then revision, then op. */
function comparePlaces(a: VersionPlace, b: VersionPlace): number {
  return a.timestamp - b.timestamp || a.revision - b.revision || a.op - b.op;
}
