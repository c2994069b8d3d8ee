/**
 * A leader's knowledge of one follower (§5.3; etcd's Progress). In `probe` one
 * AppendEntries at a time finds where the logs meet; in `replicate` appends are
 * pipelined, `nextIndex` runs ahead of the answers, and the number of
 * unanswered ones is bounded. In `snapshot` the follower lacks entries that the
 * leader's log no longer has, and gets rows of its state, a piece at a time.
 *
 * Invariant: 0 ≤ matchIndex < nextIndex.
 */
import { assert, must } from '../base/assert.ts';
import type { LogIndex, MonoMs, NodeId, ProgressStatus } from './types.ts';

/** How much may be under way to one follower in `replicate`; one append always may. */
export interface InflightWindow {
  readonly maxInflightAppends: number;
  /** UTF-16 units. */
  readonly maxInflightChars: number;
}

export class Progress {
  readonly peer: NodeId;
  matchIndex: LogIndex = 0;
  nextIndex: LogIndex;
  state: 'probe' | 'replicate' | 'snapshot' = 'probe';
  /** In `probe`: one append is out and unanswered. */
  probeSent = false;
  /** In `snapshot`: rows that the follower is known to have, and when it was last sent anything. */
  snapshotTo: LogIndex = 0;
  snapshotSentMono: MonoMs = 0;
  /** Each unanswered append with entries, oldest first: its last index, and its data in UTF-16 units. */
  private readonly inflight: { readonly lastIndex: LogIndex; readonly chars: number }[] = [];
  private inflightChars = 0;
  /** When the follower last answered anything of this term, or when this leadership began. */
  lastAckMono: MonoMs;
  hasAnswered = false;
  /** Commit index that the follower has been told. */
  sentCommit: LogIndex = 0;
  /** Highest read round that the follower has confirmed. */
  readSeq = 0;

  constructor(peer: NodeId, nextIndex: LogIndex, nowMono: MonoMs) {
    this.peer = peer;
    this.nextIndex = nextIndex;
    this.lastAckMono = nowMono;
  }

  /** May another append with entries be sent now? */
  hasRoom(window: InflightWindow): boolean {
    if (this.state === 'snapshot') return false;
    if (this.state === 'probe') return !this.probeSent;
    if (this.inflight.length >= window.maxInflightAppends) return false;
    return this.inflight.length === 0 || this.inflightChars < window.maxInflightChars;
  }

  /** An append with entries up to `lastIndex` and so much data left. */
  sent(lastIndex: LogIndex, chars: number): void {
    if (this.state === 'probe') {
      this.probeSent = true;
      return;
    }
    assert(lastIndex >= this.nextIndex, 'pipelined appends move forward');
    this.nextIndex = lastIndex + 1;
    this.inflight.push({ lastIndex, chars });
    this.inflightChars += chars;
  }

  /** The follower's log matches ours up to `index`. Late answers never lower it. */
  matched(index: LogIndex): boolean {
    while (this.inflight[0] !== undefined && this.inflight[0].lastIndex <= index)
      this.inflightChars -= must(this.inflight.shift(), 'the first is there').chars;
    const advanced = index > this.matchIndex;
    if (advanced) this.matchIndex = index;
    this.nextIndex = Math.max(this.nextIndex, index + 1);
    if (this.state === 'probe') this.becomeReplicate();
    return advanced;
  }

  /** The follower refused an append that followed `refusedPrev`. Returns false for an answer that is out of date. */
  refused(refusedPrev: LogIndex, probeAt: LogIndex): boolean {
    if (refusedPrev <= this.matchIndex || this.state === 'snapshot') return false;
    if (this.state === 'probe' && refusedPrev !== this.nextIndex - 1) return false;
    this.becomeProbe(Math.max(this.matchIndex + 1, Math.min(refusedPrev, probeAt)));
    return true;
  }

  becomeReplicate(): void {
    this.state = 'replicate';
    this.forgetInflight();
    this.nextIndex = this.matchIndex + 1;
  }

  becomeSnapshot(): void {
    this.state = 'snapshot';
    this.forgetInflight();
    this.snapshotTo = 0;
  }

  becomeProbe(nextIndex: LogIndex): void {
    this.state = 'probe';
    this.forgetInflight();
    this.nextIndex = nextIndex;
  }

  private forgetInflight(): void {
    this.probeSent = false;
    this.inflight.length = 0;
    this.inflightChars = 0;
  }

  status(): ProgressStatus {
    return {
      peer: this.peer,
      matchIndex: this.matchIndex,
      nextIndex: this.nextIndex,
      state: this.state,
      inflight: this.inflight.length,
      snapshotTo: this.state === 'snapshot' ? this.snapshotTo : null,
      lastAckMono: this.hasAnswered ? this.lastAckMono : null,
    };
  }
}
