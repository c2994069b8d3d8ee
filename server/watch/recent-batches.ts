/**
 * The latest batches of the whole store, from which watchers near the head are
 * served without asking a node. Bounded by the number of changes and by text.
 */
import { roomOf } from '../kv/value.ts';
import type { Change, ChangeBatch } from '../kv/queries.ts';
import type { Revision } from '../kv/types.ts';

export interface RecentLimits {
  readonly changes: number;
  /** UTF-16 units. */
  readonly chars: number;
}

/** Room is made in the list itself once this many at its front are forgotten. */
const TRIM_AFTER = 1024;

export class RecentBatches {
  private readonly limits: RecentLimits;
  private batches: ChangeBatch[] = [];
  /** Those before it are forgotten. */
  private first = 0;
  private changes = 0;
  private chars = 0;
  /** All that happened after `floor`, up to `through`, is here. */
  floor: Revision;
  through: Revision;

  constructor(from: Revision, limits: RecentLimits) {
    this.floor = from;
    this.through = from;
    this.limits = limits;
  }

  /** `batches` are all that happened after `through` up to the new one. */
  append(batches: readonly ChangeBatch[], through: Revision): void {
    for (const batch of batches) {
      this.batches.push(batch);
      this.changes += batch.changes.length;
      this.chars += charsOfBatch(batch);
    }
    this.through = through;
    while (this.changes > this.limits.changes || this.chars > this.limits.chars) this.forget();
    if (this.first < TRIM_AFTER || this.first * 2 < this.batches.length) return;
    this.batches = this.batches.slice(this.first);
    this.first = 0;
  }

  /** What happened after a revision, not below `floor`; nothing may be appended meanwhile. */
  *after(revision: Revision): Generator<ChangeBatch> {
    for (let at = this.placeAfter(revision); at < this.batches.length; at++)
      yield this.batches[at] as ChangeBatch;
  }

  private forget(): void {
    const batch = this.batches[this.first] as ChangeBatch;
    this.batches[this.first] = GONE;
    this.first++;
    this.floor = batch.revision;
    this.changes -= batch.changes.length;
    this.chars -= charsOfBatch(batch);
  }

  private placeAfter(revision: Revision): number {
    let low = this.first;
    let high = this.batches.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.batches[middle] as ChangeBatch).revision <= revision) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

const GONE: ChangeBatch = { revision: 0, stamp: 0, changes: [] };

/** Text of a batch, UTF-16 units, and the room of lists, of which items may be empty. */
export function charsOfBatch({ changes }: ChangeBatch): number {
  return changes.reduce((sum, change) => sum + charsOfChange(change), 0);
}

function charsOfChange({ key, field, value, previous }: Change): number {
  const own = key.length + field.length + (value === null ? 0 : roomOf(value));
  return own + (previous === null ? 0 : roomOf(previous.value));
}
