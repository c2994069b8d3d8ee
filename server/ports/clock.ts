/**
 * Time as a node sees it. A port, so that the simulator owns time entirely and
 * a whole cluster can be slowed, paused and stepped together.
 */
import type { Instant } from '../raft/types.ts';

/** An armed timer; `cancel` is idempotent. */
export interface Timer {
  cancel(): void;
}

export interface Clock {
  /** Both clocks, sampled now. `mono` never goes back; `wall` may. */
  now(): Instant;
  /** Calls `fire` once, not before `delayMs` (≥ 0, monotonic) has passed. */
  setTimer(delayMs: number, fire: () => void): Timer;
  /** Calls `run` once the inputs that are already waiting have been handed over: the end of this turn of the loop. */
  defer(run: () => void): void;
}
