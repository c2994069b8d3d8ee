/**
 * A node's clocks, set wrong on purpose: its wall clock is off, and both its
 * clocks count at a rate of their own. The monotonic clock never goes back and
 * never jumps; what it gained or lost while it ran at another rate it keeps.
 * The wall clock is true again, but for its offset, once the drift is taken away.
 */
import { assert } from '../base/assert.ts';
import type { Clock, Timer } from '../ports/clock.ts';
import type { Instant, MonoMs } from '../raft/types.ts';

export interface Skew {
  /** What the wall clock shows beside the truth, ms. */
  readonly offsetMs: number;
  /** How much faster the clocks count, thousandths, more than -1000. */
  readonly drift: number;
}

export class SkewedClock implements Clock {
  private readonly inner: Clock;
  private offsetMs = 0;
  private rate = 1;
  /** An instant of the inner clock, and what this one showed then. */
  private trueMono: MonoMs = 0;
  private ownMono: MonoMs = 0;
  /** What the wall clock had gained by drift then, ms. */
  private gainedMs = 0;

  constructor(inner: Clock, skew: Skew) {
    this.inner = inner;
    this.set(skew);
  }

  set({ offsetMs, drift }: Skew): void {
    assert(drift > -1000, 'a clock goes forward');
    const { mono } = this.inner.now();
    const ownMono = this.monoAt(mono);
    this.gainedMs = drift === 0 ? 0 : this.gainedAt(mono);
    this.ownMono = ownMono;
    this.trueMono = mono;
    this.offsetMs = offsetMs;
    this.rate = 1 + drift / 1000;
  }

  now(): Instant {
    const { mono, wall } = this.inner.now();
    return {
      mono: this.monoAt(mono),
      wall: wall + Math.round((this.offsetMs + this.gainedAt(mono)) * 1000),
    };
  }

  /** By this clock, also when its rate changes meanwhile. */
  setTimer(delayMs: number, fire: () => void): Timer {
    const dueMono = this.now().mono + delayMs;
    const arm = (): Timer =>
      this.inner.setTimer(Math.max(0, dueMono - this.now().mono) / this.rate, () => {
        if (this.now().mono + ROUNDING_MS < dueMono) timer = arm();
        else fire();
      });
    let timer = arm();
    return { cancel: () => timer.cancel() };
  }

  defer(run: () => void): void {
    this.inner.defer(run);
  }

  private monoAt(trueMono: MonoMs): MonoMs {
    return this.ownMono + (trueMono - this.trueMono) * this.rate;
  }

  private gainedAt(trueMono: MonoMs): number {
    return this.gainedMs + (trueMono - this.trueMono) * (this.rate - 1);
  }
}

/** A machine's timer may fire this much early, by its own rounding to whole milliseconds. */
const ROUNDING_MS = 1;
