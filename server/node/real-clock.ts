/** Time from the machine: the monotonic clock for deadlines, the wall clock for stamps. */
import { performance } from 'node:perf_hooks';
import type { Clock, Timer } from '../ports/clock.ts';
import type { Instant } from '../raft/types.ts';

export class RealClock implements Clock {
  now(): Instant {
    return { mono: performance.now(), wall: Date.now() * 1000 };
  }

  setTimer(delayMs: number, fire: () => void): Timer {
    const handle = setTimeout(fire, delayMs);
    return { cancel: () => clearTimeout(handle) };
  }

  /** After the messages that this round of the event loop delivers. */
  defer(run: () => void): void {
    setImmediate(run);
  }
}
