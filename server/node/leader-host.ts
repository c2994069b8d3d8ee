/** What a driver of a leader's own entries needs of its host. */
import type { KvStore } from '../kv/store.ts';
import type { Clock } from '../ports/clock.ts';

export interface LeaderHost {
  readonly clock: Clock;
  readonly kv: KvStore;
  /** The leader's time; null unless it leads. */
  leaderMicros(): number | null;
  /** Answered by `appended` or `dropped` of the driver, or never. */
  propose(data: string): void;
  /** Runs a step of the driver, unless the node has stopped. */
  guarded(run: () => void): void;
}
