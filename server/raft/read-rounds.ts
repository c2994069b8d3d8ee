/**
 * Linearizable reads without a log entry (ReadIndex: dissertation §6.4). A
 * round takes the leader's commit index, gives itself a number, and is
 * confirmed when a quorum has answered a heartbeat that carries the number:
 * then no newer leader can have committed anything before the round began.
 * Reads that arrive while a round is out wait for the next one, so a round
 * serves any number of reads, those that followers pass on included. Numbers
 * are made by the leader and rise for the whole leadership: a delayed answer can
 * only confirm rounds that are older than itself.
 */
import { assert } from '../base/assert.ts';
import type { LogIndex, NodeId } from './types.ts';

/** A read of this node's own, or a follower's question by its token. */
export type WaitingRead =
  | { readonly from: null; readonly id: number }
  | { readonly from: NodeId; readonly token: number };

interface Round {
  readonly seq: number;
  readonly index: LogIndex;
  readonly reads: readonly WaitingRead[];
}

export class ReadRounds {
  private waiting: WaitingRead[] = [];
  private round: Round | null = null;
  private seq = 0;

  /** Number carried by heartbeats: that of the newest round. */
  get currentSeq(): number {
    return this.seq;
  }

  get hasOpenRound(): boolean {
    return this.round !== null;
  }

  get canStart(): boolean {
    return this.round === null && this.waiting.length > 0;
  }

  add(read: WaitingRead): void {
    this.waiting.push(read);
  }

  /** Opens a round for all waiting reads at `commitIndex`. */
  start(commitIndex: LogIndex): void {
    assert(this.canStart, 'one round at a time');
    this.seq++;
    this.round = { seq: this.seq, index: commitIndex, reads: this.waiting };
    this.waiting = [];
  }

  /** A quorum has confirmed `seq`: returns the reads that are now safe, if that closes the round. */
  confirm(
    seq: number,
  ): { readonly index: LogIndex; readonly reads: readonly WaitingRead[] } | null {
    if (this.round === null || seq < this.round.seq) return null;
    const { index, reads } = this.round;
    this.round = null;
    return { index, reads };
  }

  /** The leadership is over: returns every read not answered. */
  drop(): readonly WaitingRead[] {
    const reads = [...(this.round?.reads ?? []), ...this.waiting];
    this.round = null;
    this.waiting = [];
    return reads;
  }
}
