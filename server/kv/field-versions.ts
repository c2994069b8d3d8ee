/**
 * All versions of one field, sorted by (timestamp, revision, op): the order in
 * which rule T1 chooses. A write at the present appends at the end; a backfill
 * is inserted where it belongs. Every question costs the logarithm of their
 * number at most, whatever its coordinates.
 */
import { RevisionFloor } from './revision-floor.ts';
import type {
  FoundVersion,
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

export type Choice =
  | { readonly found: FoundVersion }
  | { readonly absentBecause: 'never' | 'not-yet' | 'deleted' | 'expired' };

export class FieldVersions {
  readonly key: string;
  readonly field: string;
  private readonly versions: HeldVersion[] = [];
  private readonly floor = new RevisionFloor(this.versions);
  private firstRevision: Revision = Number.POSITIVE_INFINITY;

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
    if (revision < this.firstRevision) this.firstRevision = revision;
    return version;
  }

  /** The greatest timestamp of any version. */
  get lastTimestamp(): TimestampMs {
    return this.versions[this.versions.length - 1]?.timestamp ?? 0;
  }

  /** The version that stands at a view, if any does (T1, T2). */
  standing({ at, asOf }: View): HeldVersion | null {
    return standingAt(this.winner({ at, asOf }), at);
  }

  /** What stood when `version` was written, at its timestamp. */
  standingBefore(version: HeldVersion): HeldVersion | null {
    const { timestamp, revision } = version;
    // Of its own revision, what comes before it here was written before it.
    const before = this.floor.lastKnown(this.firstFrom(version), revision);
    return standingAt(this.versions[before], timestamp);
  }

  /** Does `version` decide at a view, even if by its end? */
  decides(version: HeldVersion, view: View): boolean {
    return this.winner(view) === version;
  }

  /** The same with all that an answer says. */
  choose(view: View): Choice {
    const winner = this.winner(view);
    if (winner === undefined)
      return { absentBecause: this.firstRevision <= view.asOf ? 'not-yet' : 'never' };
    const { value, timestamp, revision, expiresAt } = winner;
    if (value === null) return { absentBecause: 'deleted' };
    if (isExpired(winner, view.at)) return { absentBecause: 'expired' };
    return {
      found: { value, timestamp, revision, expiresAt, validTo: this.validTo(winner, view) },
    };
  }

  /**
   * At most `limit` versions with timestamps in [from, to] known at `asOf`, in
   * order or against it, beginning after the place `after` (T14).
   */
  history(
    from: TimestampMs,
    to: TimestampMs,
    asOf: Revision,
    { descending, after, limit }: HistoryPage,
  ): readonly HeldVersion[] {
    const page: HeldVersion[] = [];
    if (descending) {
      let end = this.firstAfter(to);
      if (after !== null) end = Math.min(end, this.firstFrom(after));
      while (page.length < limit) {
        end = this.floor.lastKnown(end, asOf);
        const version = this.versions[end];
        if (version === undefined || version.timestamp < from) break;
        page.push(version);
      }
      return page;
    }
    let at = this.firstFrom({ timestamp: from, revision: 0, op: 0 });
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
