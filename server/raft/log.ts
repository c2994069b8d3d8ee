/**
 * The in-memory log: every entry after the base, so that the core reads
 * synchronously. It knows which part still has to be written (`takeUnwritten`),
 * never whether that writing has finished.
 *
 * Invariants
 * - indexes are contiguous from `baseIndex + 1`;
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
  /** The last entry that is not held any more; 0, 0 and 0 while none was dropped. */
  baseIndex: LogIndex;
  baseTerm: Term;
  baseStamp: Stamp;
  /** Data held, UTF-16 units. */
  chars = 0;
  private entries: Entry[];
  private runs: MutableRun[] = [];
  /** Lowest index changed since the last `takeUnwritten`; null when nothing changed. */
  private changedFrom: LogIndex | null = null;
  /** Last index of the stored log once every write handed out so far is done. */
  private writtenTo: LogIndex;

  constructor(restored: {
    readonly entries: readonly Entry[];
    readonly base: { readonly index: LogIndex; readonly term: Term; readonly stamp: Stamp };
  }) {
    this.baseIndex = restored.base.index;
    this.baseTerm = restored.base.term;
    this.baseStamp = restored.base.stamp;
    this.entries = [];
    for (const entry of restored.entries) this.push(entry);
    this.writtenTo = this.lastIndex;
  }

  /** First index held here; `lastIndex + 1` when the log is empty. */
  get firstIndex(): LogIndex {
    return this.baseIndex + 1;
  }

  get lastIndex(): LogIndex {
    return this.baseIndex + this.entries.length;
  }

  /** Null when no entry is held here. */
  get lastEntry(): Entry | null {
    return this.entries[this.entries.length - 1] ?? null;
  }

  get lastTerm(): Term {
    return this.entries[this.entries.length - 1]?.term ?? this.baseTerm;
  }

  get lastStamp(): Stamp {
    return this.entries[this.entries.length - 1]?.stamp ?? this.baseStamp;
  }

  get termRuns(): readonly TermRun[] {
    return this.runs;
  }

  /** Term at `index`; null outside [baseIndex, lastIndex]. Index 0 of a whole log has term 0. */
  termAt(index: LogIndex): Term | null {
    if (index === this.baseIndex) return this.baseTerm;
    return this.entries[index - this.baseIndex - 1]?.term ?? null;
  }

  entryAt(index: LogIndex): Entry {
    return must(this.entries[index - this.baseIndex - 1], 'an index inside the log');
  }

  /** Entries of [from, to], at most `maxEntries` of them and `maxChars` of data, but at least one. */
  slice(from: LogIndex, to: LogIndex, maxEntries: number, maxChars: number): readonly Entry[] {
    assert(from > this.baseIndex, 'slice starts inside the log');
    assert(to <= this.lastIndex, 'slice ends inside the log');
    const start = from - this.baseIndex - 1;
    const limit = Math.min(to - this.baseIndex, start + maxEntries);
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
    return Math.min(this.baseIndex, capped);
  }

  /** Appends one entry right after the last. */
  append(entry: Entry): void {
    this.push(entry);
    this.changedFrom = Math.min(this.changedFrom ?? entry.index, entry.index);
  }

  /** Forgets every entry at or after `index`. */
  truncateFrom(index: LogIndex): void {
    assert(index > this.baseIndex, 'what was compacted is never truncated');
    assert(index <= this.lastIndex, 'there is something to truncate');
    this.drop(this.entries.splice(index - this.baseIndex - 1));
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

  /** Drops every entry up to `index`, which becomes the base. */
  compactTo(index: LogIndex): void {
    assert(index > this.baseIndex && index <= this.lastIndex, 'what is dropped is held');
    assert((this.changedFrom ?? index + 1) > index, 'what is dropped was handed out to be written');
    const last = this.entryAt(index);
    this.drop(this.entries.splice(0, index - this.baseIndex));
    this.baseIndex = last.index;
    this.baseTerm = last.term;
    this.baseStamp = last.stamp;
    this.runs = this.runs.filter((run) => run.to > index);
    const first = this.runs[0];
    if (first !== undefined) first.from = Math.max(first.from, index + 1);
  }

  /** Holds nothing any more and goes on after `base`: a snapshot took the place of all there was. */
  reset(base: { readonly index: LogIndex; readonly term: Term; readonly stamp: Stamp }): void {
    this.entries = [];
    this.runs = [];
    this.chars = 0;
    this.baseIndex = base.index;
    this.baseTerm = base.term;
    this.baseStamp = base.stamp;
    this.changedFrom = null;
    this.writtenTo = base.index;
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
    return { truncateFrom, append: this.entries.slice(from - this.baseIndex - 1) };
  }

  private drop(entries: readonly Entry[]): void {
    for (const { data } of entries) this.chars -= data.length;
  }

  private push(entry: Entry): void {
    assert(entry.index === this.lastIndex + 1, 'the log has no holes');
    assert(entry.term >= this.lastTerm, 'terms never fall along the log');
    assert(entry.stamp > this.lastStamp, 'stamps strictly rise along the log');
    this.entries.push(entry);
    this.chars += entry.data.length;
    const run = this.runs[this.runs.length - 1];
    if (run !== undefined && run.term === entry.term) run.to = entry.index;
    else this.runs.push({ term: entry.term, from: entry.index, to: entry.index });
  }
}
