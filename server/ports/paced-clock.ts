/**
 * Time that can be slowed, stopped and led on by hand: a clock in front of
 * another. Everything that a protocol measures runs at the pace (the monotonic
 * clock and the timers), so slowed nodes do what they would do at full speed,
 * and none of them takes slowness for silence. People's time goes on: the wall
 * clock is passed on as it is, and `unslowed` times what depends on it
 * (docs/adr/0021). It stands among the ports because it needs nothing but one.
 *
 * Invariants: `mono` never goes back, whatever the pace does; while the pace is
 * 0 nothing fires but by {@link PacedClock.fireNext}.
 */
import { assert } from '../base/assert.ts';
import type { Instant } from '../raft/types.ts';
import type { Clock, Timer } from './clock.ts';

interface Armed {
  /** On the clock that it goes by: slowed, or the one behind. */
  readonly dueMs: number;
  readonly isSlowed: boolean;
  readonly fire: () => void;
  /** The timer behind; null while the pace is 0. */
  behind: Timer | null;
}

export class PacedClock implements Clock {
  /** The same hands, but timers run at full speed unless the pace is 0. */
  readonly unslowed: Clock;
  private readonly inner: Clock;
  private readonly armed = new Set<Armed>();
  private rate = 1;
  /** While nothing was ever slowed, the time behind is the time. */
  private isStraight = true;
  private baseMono = 0;
  private baseInner = 0;

  constructor(inner: Clock) {
    this.inner = inner;
    this.unslowed = {
      now: () => this.now(),
      setTimer: (delayMs, fire) => this.arm(this.inner.now().mono + delayMs, false, fire),
      defer: (run) => this.defer(run),
    };
  }

  now(): Instant {
    const at = this.inner.now();
    if (this.isStraight) return at;
    return { mono: this.monoAt(at.mono), wall: at.wall, steady: at.mono };
  }

  setTimer(delayMs: number, fire: () => void): Timer {
    return this.arm(this.now().mono + delayMs, true, fire);
  }

  defer(run: () => void): void {
    this.inner.defer(run);
  }

  /** Milliseconds of this clock in one of the clock behind: 1 is full speed, 0 stands still. */
  get pace(): number {
    return this.rate;
  }

  set pace(pace: number) {
    assert(pace >= 0, 'time does not go back');
    const inner = this.inner.now().mono;
    this.baseMono = this.monoAt(inner);
    this.baseInner = inner;
    this.isStraight = false;
    this.rate = pace;
    for (const timer of this.armed) {
      timer.behind?.cancel();
      this.start(timer);
    }
  }

  /** How long until the next slowed timer is due, of this clock's ms, ≥ 0; null when none is armed. */
  nextDueInMs(): number | null {
    const next = this.nextSlowed();
    return next === null ? null : Math.max(0, next.dueMs - this.now().mono);
  }

  /** While the pace is 0: moves time on and fires nothing. */
  advance(ms: number): void {
    assert(this.rate === 0, 'time that runs is not led');
    assert(ms >= 0, 'time does not go back');
    this.baseMono += ms;
  }

  /** While the pace is 0: fires the slowed timer that is due first, if it is due by now. Of several, the one armed first. */
  fireNext(): void {
    assert(this.rate === 0, 'time that runs is not led');
    const next = this.nextSlowed();
    if (next === null || next.dueMs > this.baseMono + ROUNDING_MS) return;
    this.baseMono = Math.max(this.baseMono, next.dueMs);
    this.armed.delete(next);
    next.fire();
  }

  private monoAt(inner: number): number {
    return this.isStraight ? inner : this.baseMono + (inner - this.baseInner) * this.rate;
  }

  private arm(dueMs: number, isSlowed: boolean, fire: () => void): Timer {
    const timer: Armed = { dueMs, isSlowed, fire, behind: null };
    this.armed.add(timer);
    this.start(timer);
    return {
      cancel: () => {
        this.armed.delete(timer);
        timer.behind?.cancel();
      },
    };
  }

  private start(timer: Armed): void {
    timer.behind = null;
    if (this.rate === 0) return;
    const inner = this.inner.now().mono;
    const leftMs = timer.isSlowed
      ? (timer.dueMs - this.monoAt(inner)) / this.rate
      : timer.dueMs - inner;
    timer.behind = this.inner.setTimer(Math.max(0, leftMs), () => {
      this.armed.delete(timer);
      timer.fire();
    });
  }

  private nextSlowed(): Armed | null {
    let next: Armed | null = null;
    for (const timer of this.armed)
      if (timer.isSlowed && (next === null || timer.dueMs < next.dueMs)) next = timer;
    return next;
  }
}

/** Led times are sums: what differs by less is the same instant, ms. */
const ROUNDING_MS = 1e-6;
