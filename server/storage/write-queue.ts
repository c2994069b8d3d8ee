/**
 * What waits for a node's disk, and in which order it goes there: log writes
 * before all else, many at once, since whoever waits for them waits for
 * consensus; then the save of applied state; then snapshots. What was to be
 * saved before a snapshot is installed must not come after it.
 */
import { assert } from '../base/assert.ts';
import type { KvChanges } from '../kv/types.ts';
import type { Done, LogWrite } from '../ports/node-storage.ts';
import { mergeWrites, takeGroup } from './merge-writes.ts';

/** What goes to the disk next, as one. */
export type DiskWork =
  | { readonly type: 'log'; readonly write: LogWrite; readonly done: readonly Done[] }
  | { readonly type: 'save'; readonly changes: KvChanges; readonly done: Done }
  | { readonly type: 'other'; readonly run: () => void };

interface QueuedWrite {
  readonly write: LogWrite;
  readonly done: Done;
}

export class WriteQueue {
  private readonly maxGroupChars: number;
  private log: QueuedWrite[] = [];
  private save: { readonly changes: KvChanges; readonly done: Done } | null = null;
  /** Reading and staging of snapshots. */
  private others: (() => void)[] = [];

  /** A group of log writes has so much text at most, UTF-16 units; one write always goes whole. */
  constructor(maxGroupChars: number) {
    this.maxGroupChars = maxGroupChars;
  }

  get isEmpty(): boolean {
    return this.log.length === 0 && this.save === null && this.others.length === 0;
  }

  addLog(write: LogWrite, done: Done): void {
    this.log.push({ write, done });
  }

  addSave(changes: KvChanges, done: Done): void {
    assert(this.save === null, 'one save at a time');
    this.save = { changes, done };
  }

  addOther(run: () => void): void {
    this.others.push(run);
  }

  /** Takes what is next; null when nothing waits. */
  take(): DiskWork | null {
    const { save } = this;
    const installs = this.log[0]?.write.install ?? null;
    if (save !== null && (this.log.length === 0 || installs !== null)) {
      this.save = null;
      return { type: 'save', ...save };
    }
    if (this.log.length > 0) {
      const group = this.log.splice(0, takeGroup(this.log, this.maxGroupChars));
      const write = mergeWrites(group.map((each) => each.write));
      return { type: 'log', write, done: group.map((each) => each.done) };
    }
    const run = this.others.shift();
    return run === undefined ? null : { type: 'other', run };
  }
}
