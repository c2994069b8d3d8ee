/**
 * The stamp of every applied revision from the horizon on, so that a view as of
 * an old revision knows its cluster time (T3). Revisions are log indexes and
 * leave no gap, so an array from the first one will do.
 */
import { assert } from '../base/assert.ts';
import type { Mark, Revision, Stamp } from './types.ts';

export class RevisionStamps {
  /** That of revision `first + i` at position `i`. */
  private stamps = new Float64Array(1024);
  private first: Revision = 0;
  private last: Revision = 0;
  /** Nothing before it is asked for. */
  private horizon: Revision = 0;

  get lastRevision(): Revision {
    return this.last;
  }

  add(revision: Revision, stamp: Stamp): void {
    assert(revision === this.last + 1, 'revisions are applied in order');
    const position = revision - this.first;
    if (position >= this.stamps.length) this.makeRoom();
    this.stamps[revision - this.first] = stamp;
    this.last = revision;
  }

  /** Begins anew at a later revision: those before are not known. */
  startAt({ revision, stamp }: Mark): void {
    assert(revision > this.last, 'time goes on');
    this.stamps = new Float64Array(1024);
    this.stamps[0] = stamp;
    this.first = revision;
    this.last = revision;
    this.horizon = revision;
  }

  /** Those before `revision` are asked for no more. */
  forgetBefore(revision: Revision): void {
    this.horizon = Math.max(this.horizon, revision);
  }

  knows(revision: Revision): boolean {
    return revision >= this.horizon;
  }

  /** Stamp of `revision`, which is known and not after the last; revision 0 is before all time. */
  at(revision: Revision): Stamp {
    return this.stamps[revision - this.first] ?? 0;
  }

  /** The last known revision whose stamp is not after `stamp`; null when there is none. */
  lastUntil(stamp: Stamp): Revision | null {
    let low = this.horizon;
    let high = this.last + 1;
    while (low < high) {
      const middle = Math.floor((low + high) / 2);
      if (this.at(middle) <= stamp) low = middle + 1;
      else high = middle;
    }
    return low === this.horizon ? null : low - 1;
  }

  /** Room comes from what is forgotten when that is half of all, else from a larger array. */
  private makeRoom(): void {
    const forgotten = this.horizon - this.first;
    const roomy = forgotten * 2 > this.stamps.length;
    const stamps = roomy ? this.stamps : new Float64Array(this.stamps.length * 2);
    stamps.set(this.stamps.subarray(forgotten));
    this.stamps = stamps;
    this.first = this.horizon;
  }
}
