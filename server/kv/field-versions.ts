/**
 * All versions of one field, sorted by (timestamp, revision, op): the order in
 * which rule T1 chooses. A write at the present appends at the end; a backfill
 * is inserted where it belongs.
 */
import type { FoundVersion, Revision, TimestampMs, Version } from './types.ts';

export type Choice =
  | { readonly found: FoundVersion }
  | { readonly absentBecause: 'never' | 'not-yet' | 'deleted' | 'expired' };

export class FieldVersions {
  private readonly versions: Version[] = [];

  add(version: Version): void {
    const last = this.versions[this.versions.length - 1];
    if (last === undefined || compareVersions(last, version) < 0) {
      this.versions.push(version);
      return;
    }
    let low = 0;
    let high = this.versions.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (compareVersions(this.versions[middle] as Version, version) < 0) low = middle + 1;
      else high = middle;
    }
    this.versions.splice(low, 0, version);
  }

  /** The answer at time `at` as of revision `asOf` (T1, T2). */
  choose(at: TimestampMs, asOf: Revision): Choice {
    const winner = this.winnerBefore(this.firstAfter(at), asOf);
    if (winner === null) {
      return { absentBecause: this.versions.some((v) => v.revision <= asOf) ? 'not-yet' : 'never' };
    }
    if (winner.kind === 'delete' || winner.value === null) return { absentBecause: 'deleted' };
    if (winner.expiresAt !== null && at >= winner.expiresAt) return { absentBecause: 'expired' };
    return {
      found: {
        value: winner.value,
        timestamp: winner.timestamp,
        revision: winner.revision,
        expiresAt: winner.expiresAt,
        validTo: this.validTo(winner, at, asOf),
      },
    };
  }

  /** Does a value stand at (at, asOf)? */
  isPresent(at: TimestampMs, asOf: Revision): boolean {
    const winner = this.winnerBefore(this.firstAfter(at), asOf);
    if (winner === null || winner.kind === 'delete') return false;
    return winner.expiresAt === null || at < winner.expiresAt;
  }

  /** Versions with timestamp in [from, to] known at `asOf`, in order (T14). */
  history(from: TimestampMs, to: TimestampMs, asOf: Revision): readonly Version[] {
    return this.versions.filter(
      (v) => v.timestamp >= from && v.timestamp <= to && v.revision <= asOf,
    );
  }

  /** Position of the first version later than `at`. */
  private firstAfter(at: TimestampMs): number {
    let low = 0;
    let high = this.versions.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.versions[middle] as Version).timestamp <= at) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** The last version before `position` that was known at `asOf`. */
  private winnerBefore(position: number, asOf: Revision): Version | null {
    for (let i = position - 1; i >= 0; i--) {
      const version = this.versions[i] as Version;
      if (version.revision <= asOf) return version;
    }
    return null;
  }

  /** First instant after `at` from which another version, or its own expiry, decides. */
  private validTo(winner: Version, at: TimestampMs, asOf: Revision): TimestampMs | null {
    let next = winner.expiresAt;
    for (let i = this.firstAfter(at); i < this.versions.length; i++) {
      const version = this.versions[i] as Version;
      if (version.revision > asOf) continue;
      if (next === null || version.timestamp < next) next = version.timestamp;
      break;
    }
    return next;
  }
}

/** By timestamp, then revision, then op. */
function compareVersions(a: Version, b: Version): number {
  return a.timestamp - b.timestamp || a.revision - b.revision || a.op - b.op;
}
