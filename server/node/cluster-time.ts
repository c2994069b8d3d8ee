/**
 * A leader's part of cluster time (T3): when something expires or begins, it
 * logs a TICK, so that "now" gets there on every node alike. One TICK is under
 * way at a time; while nothing is due, nothing is logged.
 */
import { encodeCommand } from '../kv/command.ts';
import type { Timer } from '../ports/clock.ts';
import type { LogIndex } from '../raft/types.ts';
import type { LeaderHost } from './leader-host.ts';

const TICK = encodeCommand({ op: 'tick' });
/** Timers are armed for at most this long (setTimeout's limit is 2^31 - 1 ms). */
const MAX_TIMER_MS = 60_000;

export class ClusterTimeDriver {
  private readonly host: LeaderHost;
  private timer: Timer | null = null;
  private timerDueMs = 0;
  /** Log index of a TICK that is not applied yet; 0 when there is none. */
  private pendingIndex: LogIndex = 0;

  constructor(host: LeaderHost) {
    this.host = host;
  }

  /** Call after every turn. The timer is only ever moved earlier; one that comes too early is armed anew. */
  arm(): void {
    const { clock, kv } = this.host;
    const dueMs = kv.nextDueMs();
    if (dueMs === null || this.pendingIndex !== 0) return;
    if (this.timer !== null && this.timerDueMs <= dueMs) return;
    const leaderMicros = this.host.leaderMicros();
    if (leaderMicros === null) return;
    this.timer?.cancel();
    this.timerDueMs = dueMs;
    const delayMs = Math.min(MAX_TIMER_MS, Math.max(0, dueMs - leaderMicros / 1000));
    this.timer = clock.setTimer(delayMs, () => {
      this.timer = null;
      this.host.guarded(() => this.onDue());
    });
  }

  stop(): void {
    this.timer?.cancel();
  }

  appended(index: LogIndex): void {
    this.pendingIndex = index;
  }

  /** The TICK did not get into the log, or nobody knows. */
  dropped(): void {
    this.pendingIndex = 0;
  }

  applied(index: LogIndex): void {
    if (index === this.pendingIndex) this.pendingIndex = 0;
  }

  private onDue(): void {
    const leaderMicros = this.host.leaderMicros();
    const dueMs = this.host.kv.nextDueMs();
    if (leaderMicros !== null && dueMs !== null && leaderMicros / 1000 >= dueMs)
      this.host.propose(TICK);
    else this.arm();
  }
}
