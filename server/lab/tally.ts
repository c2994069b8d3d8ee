/** What clients were told, counted second by second: how available the cluster was. */
import type { ChaosCounts, ChaosOperation, ChaosSecond } from '../../contracts/chaos.ts';

const SECOND_MS = 1000;

export class Tally {
  readonly seconds: ChaosSecond[] = [];
  private lastWriteMs = 0;
  private longestMs = 0;

  /** An operation is over, so long after the start. */
  note(operation: ChaosOperation, atMs: number): void {
    const second = this.at(atMs);
    if (operation.outcome !== 'ok') second[operation.outcome]++;
    else if (operation.op === 'read') second.reads++;
    else {
      second.acknowledged++;
      this.longestMs = this.longestPauseMs(atMs);
      this.lastWriteMs = atMs;
    }
  }

  /** Seconds in which nobody was told anything count too. */
  reach(atMs: number): void {
    this.at(atMs);
  }

  /** Longest time without an acknowledged write, from the start until `nowMs`. */
  longestPauseMs(nowMs: number): number {
    return Math.max(this.longestMs, nowMs - this.lastWriteMs);
  }

  get counts(): ChaosCounts {
    const sum = { acknowledged: 0, reads: 0, failed: 0, unknown: 0 };
    for (const second of this.seconds) {
      sum.acknowledged += second.acknowledged;
      sum.reads += second.reads;
      sum.failed += second.failed;
      sum.unknown += second.unknown;
    }
    return { ...sum, operations: sum.acknowledged + sum.reads + sum.failed + sum.unknown };
  }

  private at(atMs: number): Mutable {
    const position = Math.floor(atMs / SECOND_MS);
    while (this.seconds.length <= position)
      this.seconds.push({ acknowledged: 0, reads: 0, failed: 0, unknown: 0 });
    return this.seconds[position] as Mutable;
  }
}

type Mutable = { -readonly [K in keyof ChaosSecond]: ChaosSecond[K] };
