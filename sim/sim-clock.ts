/**
 * A node's clocks in virtual time. The monotonic one may run fast or slow, the
 * wall clock may also be wrong and jump. A paused node's timers fire late, all
 * at once. Made anew for each boot; `stop` silences what an earlier boot armed.
 */
import type { Clock, Timer } from '../server/ports/clock.ts';
import type { Instant, WallMicros } from '../server/raft/types.ts';
import type { Scheduler } from './scheduler.ts';

/** What is wrong with a machine's time; outlives the node's boots. */
export interface ClockError {
  /** Virtual ms to monotonic ms: 1 is right. */
  rate: number;
  /** Added to the wall clock, ms. */
  wallOffsetMs: number;
  /** Nothing of this node runs before this virtual instant. */
  pausedUntilMs: number;
}

/** Wall time at the beginning of every run: 2026-01-01. */
export const START_MS = 1_767_225_600_000;
/** No timer is finer; without a floor, rounding could fire one for ever at the same instant. */
const MIN_TIMER_MS = 0.1;

export class SimClock implements Clock {
  private readonly scheduler: Scheduler;
  private readonly error: ClockError;
  private running = true;
  /** Rate changes must not turn the monotonic clock back. */
  private lastMono = 0;
  private lastRealMs: number;
  private instant: Instant;
  private readonly onRun: () => void;

  /** `onRun` is called whenever the node runs: by a timer of its own, or because it asks for the time, as it does of all that comes in. */
  constructor(scheduler: Scheduler, error: ClockError, onRun: () => void = () => {}) {
    this.scheduler = scheduler;
    this.error = error;
    this.onRun = onRun;
    this.lastRealMs = scheduler.nowMs;
    this.instant = { mono: 0, wall: this.wall() };
  }

  now(): Instant {
    this.onRun();
    const real = this.scheduler.nowMs;
    const wall = this.wall();
    if (real !== this.lastRealMs || wall !== this.instant.wall) {
      this.lastMono += (real - this.lastRealMs) * this.error.rate;
      this.lastRealMs = real;
      this.instant = { mono: this.lastMono, wall };
    }
    return this.instant;
  }

  setTimer(delayMs: number, fire: () => void): Timer {
    const delay = Math.max(delayMs, MIN_TIMER_MS) / this.error.rate;
    return this.scheduler.after(delay, () => this.whenAwake(fire));
  }

  defer(run: () => void): void {
    this.scheduler.at(this.scheduler.nowMs, () => this.whenAwake(run));
  }

  stop(): void {
    this.running = false;
  }

  private wall(): WallMicros {
    const ms = START_MS + this.scheduler.nowMs + this.error.wallOffsetMs;
    return Math.max(0, Math.round(ms * 1000));
  }

  private whenAwake(run: () => void): void {
    if (!this.running) return;
    if (this.error.pausedUntilMs > this.scheduler.nowMs) {
      this.scheduler.at(this.error.pausedUntilMs, () => this.whenAwake(run));
      return;
    }
    this.onRun();
    run();
  }
}
