/**
 * Which part of the log is surely on this node's own disk. Each persist effect
 * is remembered with the last index it covers; a later truncation clips every
 * write still under way, so an acknowledgement that arrives after the entry
 * was replaced, even by an equal one, proves nothing it should not
 * (etcd's "append ABA race").
 */
import { assert } from '../base/assert.ts';
import type { LogIndex, MonoMs } from './types.ts';

interface PendingWrite {
  readonly seq: number;
  lastIndex: LogIndex;
  issuedMono: MonoMs;
}

export class Persistence {
  /** The log up to here is durable and will stay so. */
  persistedIndex: LogIndex;
  private readonly pending: PendingWrite[] = [];
  private nextSeq = 1;

  constructor(persistedIndex: LogIndex) {
    this.persistedIndex = persistedIndex;
  }

  get isIdle(): boolean {
    return this.pending.length === 0;
  }

  /** When the oldest unfinished write was issued; null when none is. */
  get oldestIssuedMono(): MonoMs | null {
    return this.pending[0]?.issuedMono ?? null;
  }

  /** The node did not run for `ms` and could not have heard of a write's end. */
  excuse(ms: number, nowMono: MonoMs): void {
    for (const write of this.pending) write.issuedMono = Math.min(nowMono, write.issuedMono + ms);
  }

  /** A write that leaves the log ending at `lastIndex` is being issued; returns its number. */
  issue(lastIndex: LogIndex, nowMono: MonoMs): number {
    const seq = this.nextSeq++;
    this.pending.push({ seq, lastIndex, issuedMono: nowMono });
    return seq;
  }

  /** The log was cut at `from`: nothing at or after it counts as durable, whenever it was written. */
  truncated(from: LogIndex): void {
    this.persistedIndex = Math.min(this.persistedIndex, from - 1);
    for (const write of this.pending) write.lastIndex = Math.min(write.lastIndex, from - 1);
  }

  /** Write `seq` is durable, and so is every earlier one. */
  finished(seq: number): void {
    const first = this.pending[0];
    assert(first !== undefined && first.seq <= seq, 'a persist is acknowledged once and in order');
    while (this.pending.length > 0) {
      const write = this.pending[0] as PendingWrite;
      if (write.seq > seq) break;
      this.persistedIndex = Math.max(this.persistedIndex, write.lastIndex);
      this.pending.shift();
    }
  }
}
