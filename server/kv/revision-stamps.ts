/**
 * The stamp of every applied revision, so that a view as of an old revision
 * knows its cluster time (T3). Revisions are log indexes and leave no gap, so
 * an array from the first one will do.
 */
import { assert } from '../base/assert.ts';
import type { Revision, Stamp } from './types.ts';

export class RevisionStamps {
  private stamps = new Float64Array(1024);
  private last: Revision = 0;

  get lastRevision(): Revision {
    return this.last;
  }

  add(revision: Revision, stamp: Stamp): void {
    assert(revision === this.last + 1, 'revisions are applied in order');
    if (revision >= this.stamps.length) {
      const larger = new Float64Array(this.stamps.length * 2);
      larger.set(this.stamps);
      this.stamps = larger;
    }
    this.stamps[revision] = stamp;
    this.last = revision;
  }

  /** Stamp of `revision` in [0, lastRevision]; revision 0 is before all time. */
  at(revision: Revision): Stamp {
    return this.stamps[revision] ?? 0;
  }
}
