/**
 * A leader's part of forgetting (T17): logs the steps that the policy allows,
 * one at a time. A full step is followed by the next at once, else it looks
 * again a little later; while nothing is to be forgotten, nothing is logged.
 */
import { encodeCommand } from '../kv/command.ts';
import type { Timer } from '../ports/clock.ts';
import type { LogIndex } from '../raft/types.ts';
import type { LeaderHost } from './leader-host.ts';

/** How often a leader looks for something to forget, ms. */
const LOOK_EVERY_MS = 1000;

export interface RetentionHost extends LeaderHost {
  /** Other than usual in tests only. */
  readonly ageAfterMicros?: number | undefined;
}

export class RetentionDriver {
  private readonly host: RetentionHost;
  private timer: Timer | null = null;
  private state: 'idle' | 'proposed' | LogIndex = 'idle';
  /** There may be more to do after the step that is under way. */
  private isFull = false;

  constructor(host: RetentionHost) {
    this.host = host;
  }

  /** Call after every turn. */
  arm(): void {
    const { clock, kv } = this.host;
    if (this.timer !== null || !kv.hasPolicy || this.host.leaderMicros() === null) return;
    this.timer = clock.setTimer(LOOK_EVERY_MS, () => {
      this.timer = null;
      this.host.guarded(() => this.look());
      this.arm();
    });
  }

  stop(): void {
    this.timer?.cancel();
  }

  appended(index: LogIndex): void {
    this.state = index;
  }

  /** The step did not get into the log, or nobody knows. */
  dropped(): void {
    this.state = 'idle';
  }

  applied(index: LogIndex): void {
    if (this.state !== index) return;
    this.state = 'idle';
    if (this.isFull) this.look();
  }

  private look(): void {
    const nowMicros = this.host.leaderMicros();
    if (nowMicros === null || this.state !== 'idle') return;
    const next = this.host.kv.nextCompaction(nowMicros, this.host.ageAfterMicros);
    if (next === null) return;
    this.state = 'proposed';
    this.isFull = next.isFull;
    this.host.propose(encodeCommand(next.step));
  }
}
