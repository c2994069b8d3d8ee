/**
 * Leases: linearizable reads without a round (LeaseGuard; docs/adr/0013). The
 * log is the lease. While the newest entry that a leader has made and committed
 * is younger than `leaseMs`, the leader answers reads at once, because every
 * later leader has that entry (§5.4.3) and commits nothing of its own before
 * all leases that can stand on its log are over ({@link commitsHeldUntil}).
 *
 * Only lengths of time are compared, each on one node's monotonic clock: an age
 * counts from the making of an entry, the wait from a later instant, that of an
 * entry's arrival in another log. What the clocks of two nodes show never meets.
 *
 * Invariant: indexes and instants in `uncommitted` rise.
 */
import { assert } from '../base/assert.ts';
import type { LogIndex, MonoMs } from './types.ts';

/** While one clock counts 1, no other of the cluster may count more than 1 + this. */
export const CLOCK_DRIFT = 0.1;

interface Made {
  readonly index: LogIndex;
  readonly atMono: MonoMs;
}

/** A leader's lease; made anew with each leadership. */
export class Lease {
  private readonly leaseMs: number;
  /** Entries of this term that are not committed. */
  private uncommitted: Made[] = [];
  /** When the newest committed entry of this term was made; null while there is none. */
  private fromMono: MonoMs | null = null;

  constructor(leaseMs: number) {
    assert(leaseMs > 0, 'without leases there is none');
    this.leaseMs = leaseMs;
  }

  /** The leader has made the entry at `index`. */
  made(index: LogIndex, atMono: MonoMs): void {
    this.uncommitted.push({ index, atMono });
  }

  /** Entries are committed up to `index`: what counts is when they were made, for others got them later. */
  committed(index: LogIndex): void {
    let count = 0;
    while ((this.uncommitted[count]?.index ?? Number.POSITIVE_INFINITY) <= index) count++;
    this.fromMono = this.uncommitted.splice(0, count).at(-1)?.atMono ?? this.fromMono;
  }

  /** Until when, exclusively, reads may be answered at once; null when not even `nowMono`. */
  validUntilMono(nowMono: MonoMs): MonoMs | null {
    if (this.fromMono === null) return null;
    const until = this.fromMono + this.leaseMs;
    return nowMono < until ? until : null;
  }
}

/** When the last lease that rests on entries received by `receivedMono` is over, however slowly its holder's clock runs. */
export function commitsHeldUntil(receivedMono: MonoMs, leaseMs: number): MonoMs {
  return receivedMono + leaseMs * (1 + CLOCK_DRIFT);
}
