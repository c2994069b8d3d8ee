/**
 * When the writes that somebody traces came to each stage of their way through
 * this node: taken, appended to its log, durable on its own disk, committed,
 * applied. A stage that a write did not come to while it was looked at has no
 * time. Of writes that nobody traces nothing is kept.
 */
import type { LogIndex } from '../raft/types.ts';

/** Milliseconds of the machine's monotonic clock, on the scale that all threads of the process share. */
type AtMs = number;

export interface WriteStamps {
  readonly index: LogIndex;
  readonly takenMs: AtMs;
  readonly appendedMs: AtMs;
  /** By this node's own disk; null when a quorum of others was faster than it. */
  readonly persistedMs: AtMs | null;
  readonly committedMs: AtMs;
  readonly appliedMs: AtMs;
}

type OpenStamps = {
  -readonly [K in keyof WriteStamps]: WriteStamps[K] | null;
};

export class WriteStages {
  private readonly now: () => AtMs;
  /** By proposal, in the order taken, which is that of the log. */
  private readonly open = new Map<number, OpenStamps>();

  constructor(now: () => AtMs) {
    this.now = now;
  }

  taken(ids: Iterable<number>): void {
    const takenMs = this.now();
    for (const id of ids)
      this.open.set(id, {
        index: null,
        takenMs,
        appendedMs: null,
        persistedMs: null,
        committedMs: null,
        appliedMs: null,
      });
  }

  appended(id: number, index: LogIndex): void {
    if (this.open.size === 0) return;
    const stamps = this.open.get(id);
    if (stamps === undefined) return;
    stamps.index = index;
    stamps.appendedMs = this.now();
  }

  /** This node's log is durable up to there. */
  persisted(upTo: LogIndex): void {
    this.reach('persistedMs', upTo);
  }

  committed(upTo: LogIndex): void {
    this.reach('committedMs', upTo);
  }

  applied(upTo: LogIndex): void {
    this.reach('appliedMs', upTo);
  }

  /** The proposal is answered: its stamps if it was traced and came to its end, else null. Nothing of it is kept. */
  end(id: number): WriteStamps | null {
    if (this.open.size === 0) return null;
    const stamps = this.open.get(id);
    if (stamps === undefined) return null;
    this.open.delete(id);
    const { index, takenMs, appendedMs, persistedMs, committedMs, appliedMs } = stamps;
    if (
      index === null ||
      takenMs === null ||
      appendedMs === null ||
      committedMs === null ||
      appliedMs === null
    )
      return null;
    return { index, takenMs, appendedMs, persistedMs, committedMs, appliedMs };
  }

  private reach(stage: 'persistedMs' | 'committedMs' | 'appliedMs', upTo: LogIndex): void {
    if (this.open.size === 0) return;
    const nowMs = this.now();
    for (const stamps of this.open.values()) {
      if (stamps.index === null || stamps.index > upTo) return;
      stamps[stage] ??= nowMs;
    }
  }
}
