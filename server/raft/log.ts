/**
 * The in-memory log: every entry from the snapshot's end to the tail, so that
 * the core reads synchronously. It knows which part still has to be written
 * (`takeUnwritten`), never whether that writing has finished.
 *
 * Invariants
 * - indexes are contiguous from `snapshotIndex + 1`;
 * - terms never fall and stamps strictly rise with the index;
 * - `runs` partition the entries into maximal runs of one term.
 */
import { assert, must } from '../base/assert.ts';
import type { Entry, LogIndex, Stamp, Term, TermRun } from './types.ts';

/** What the next persist effect must do to the stored log. */
export interface Unwritten {
  readonly truncateFrom: LogIndex | null;
  readonly append: readonly Entry[];
}

interface MutableRun {
  term: Term;
  from: LogIndex;
  to: LogIndex;
}

export class RaftLog {
  readonly snapshotIndex: LogIndex;
  readonly snapshotTerm: Term;
  readonly snapshotStamp: Stamp;
  private readonly entries: Entry[];
  private readonly runs: MutableRun[] = [];
  /** Lowest index changed since the last `takeUnwritten`; null when nothing changed. */
  private changedFrom: LogIndex | null = null;
  /** Last index of the stored log once every write handed out so far is done. */
  private writtenTo: LogIndex;

  constructor(restored: {
    readonly entries: readonly Entry[];
    readonly snapshotIndex: LogIndex;
    readonly snapshotTerm: Term;
    readonly snapshotStamp: Stamp;
  }) {
    this.snapshotIndex = restored.snapshotIndex;
    this.snapshotTerm = restored.snapshotTerm;
    this.snapshotStamp = restored.snapshotStamp;
    this.entries = [];
    for (const entry of restored.entries) this.push(entry);
    this.writtenTo = this.lastIndex;
  }

  /** First index held here; `lastIndex + 1` when the log is empty. */
  get firstIndex(): LogIndex {
    return this.snapshotIndex + 1;
  }

  get lastIndex(): LogIndex {
    return this.snapshotIndex + this.entries.length;
  }

  /** Null when no entry is held here. */
  get lastEntry(): Entry | null {
    return this.entries[this.entries.length - 1] ?? null;
  }

  get lastTerm(): Term {
    return this.entries[this.entries.length - 1]?.term ?? this.snapshotTerm;
  }

  get lastStamp(): Stamp {
    return this.entries[this.entries.length - 1]?.stamp ?? this.snapshotStamp;
  }

  get termRuns(): readonly TermRun[] {
    return this.runs;
  }

  /** Term at `index`; null outside [snapshotIndex, lastIndex]. Index 0 of an unsnapshotted log has term 0. */
  termAt(index: LogIndex): Term | null {
    if (index === this.snapshotIndex) return this.snapshotTerm;
    return this.entries[index - this.snapshotIndex - 1]?.term ?? null;
  }

  entryAt(index: LogIndex): Entry {
    return must(this.entries[index - this.snapshotIndex - 1], 'an index inside the log');
  }

  /** Entries of [from, to], at most `maxEntries` of them and `maxChars` of data, but at least one. */
  slice(from: LogIndex, to: LogIndex, maxEntries: number, maxChars: number): readonly Entry[] {
    assert(from > this.snapshotIndex, 'slice starts inside the log');
    assert(to <= this.lastIndex, 'slice ends inside the log');
    const start = from - this.snapshotIndex - 1;
    const limit = Math.min(to - this.snapshotIndex, start + maxEntries);
    let end = start;
    let chars = 0;
    while (end < limit) {
      chars += (this.entries[end] as Entry).data.length;
      if (chars > maxChars && end > start) break;
      end++;
    }
    return this.entries.slice(start, end);
  }

  /** Is a log that ends with (lastIndex, lastTerm) at least as up to date as this one (§5.4.1)? */
  isUpToDate(lastIndex: LogIndex, lastTerm: Term): boolean {
    return lastTerm > this.lastTerm || (lastTerm === this.lastTerm && lastIndex >= this.lastIndex);
  }

  /**
   * The last position at or before `index` whose term is at most `term`: where
   * two logs that differ at `index` can agree at the latest (§5.3).
   */
  lastIndexWithTermAtMost(index: LogIndex, term: Term): LogIndex {
    const capped = Math.min(index, this.lastIndex);
    for (let i = this.runs.length - 1; i >= 0; i--) {
      const run = this.runs[i] as MutableRun;
      if (run.from > capped || run.term > term) continue;
      return Math.min(run.to, capped);
    }
    return this.snapshotIndex;
  }

  /** Appends one entry right after the last. */
  append(entry: Entry): void {
    this.push(entry);
    this.changedFrom = Math.min(this.changedFrom ?? entry.index, entry.index);
  }

  /** Forgets every entry at or after `index`. */
  truncateFrom(index: LogIndex): void {
    assert(index > this.snapshotIndex, 'a snapshot is never truncated');
    assert(index <= this.lastIndex, 'there is something to truncate');
    this.entries.length = index - this.snapshotIndex - 1;
    while (this.runs.length > 0) {
      const run = this.runs[this.runs.length - 1] as MutableRun;
      if (run.to < index) break;
      if (run.from < index) {
        run.to = index - 1;
        break;
      }
      this.runs.pop();
    }
    this.changedFrom = Math.min(this.changedFrom ?? index, index);
  }

  get hasUnwritten(): boolean {
    return this.changedFrom !== null;
  }

  /** Hands out, once, what changed since the last call. */
  takeUnwritten(): Unwritten {
    if (this.changedFrom === null) return { truncateFrom: null, append: [] };
    const from = this.changedFrom;
    this.changedFrom = null;
    const truncateFrom = from <= this.writtenTo ? from : null;
    this.writtenTo = this.lastIndex;
    return { truncateFrom, append: this.entries.slice(from - this.snapshotIndex - 1) };
  }

  private push(entry: Entry): void {
    assert(entry.index === this.lastIndex + 1, 'the log has no holes');
    assert(entry.term >= this.lastTerm, 'terms never fall along the log');
    assert(entry.stamp > this.lastStamp, 'stamps strictly rise along the log');
    this.entries.push(entry);
    const run = this.runs[this.runs.length - 1];
    if (run !== undefined && run.term === entry.term) run.to = entry.index;
    else this.runs.push({ term: entry.term, from: entry.index, to: entry.index });
  }
}
