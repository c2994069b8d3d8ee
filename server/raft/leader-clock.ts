/**
 * How a leader tells time. The wall clock is read once, when it is elected;
 * from then on time advances with the steady clock and is slewed towards
 * the wall clock by at most 1 part in 1,000, so that a wall clock that jumps in
 * mid-term expires nothing. Stamps strictly rise whatever the clocks do. A
 * cluster that is slowed for the eye goes on dating its data by people's time
 * (docs/adr/0021).
 */
import type { Instant, MonoMs, Stamp, WallMicros } from './types.ts';

const SLEW = 0.001;

export class LeaderClock {
  private base: WallMicros;
  private baseSteady: MonoMs;

  constructor(elected: Instant) {
    this.base = elected.wall;
    this.baseSteady = steady(elected);
  }

  /** The leader's time at `at`, microseconds. */
  read(at: Instant): WallMicros {
    return Math.floor(this.base + Math.max(0, steady(at) - this.baseSteady) * 1000);
  }

  /** Called now and then: moves the leader's time a little towards the wall clock. */
  slew(at: Instant): void {
    const now = this.read(at);
    const mostMicros = Math.max(0, steady(at) - this.baseSteady) * 1000 * SLEW;
    const error = at.wall - now;
    this.base = now + Math.max(-mostMicros, Math.min(mostMicros, error));
    this.baseSteady = steady(at);
  }

  /** Stamp of the next entry after one stamped `last`. */
  stamp(at: Instant, last: Stamp): Stamp {
    return Math.max(last + 1, this.read(at));
  }
}

function steady({ steady: ms, mono }: Instant): MonoMs {
  return ms ?? mono;
}
