/**
 * Instants at which "now" may read differently without anyone writing: expiries
 * and starts of future-dated versions. A binary min-heap of milliseconds;
 * instants that cluster time has passed are dropped when they surface.
 */
import type { TimestampMs } from './types.ts';

export class DueTimes {
  private readonly heap: TimestampMs[] = [];

  add(instant: TimestampMs): void {
    const { heap } = this;
    heap.push(instant);
    let child = heap.length - 1;
    while (child > 0) {
      const parent = (child - 1) >>> 1;
      if ((heap[parent] as number) <= instant) break;
      heap[child] = heap[parent] as number;
      child = parent;
    }
    heap[child] = instant;
  }

  /** The earliest instant after `clusterTime`; null when nothing is due. */
  nextAfter(clusterTime: TimestampMs): TimestampMs | null {
    while (this.heap.length > 0 && (this.heap[0] as number) <= clusterTime) this.removeFirst();
    return this.heap[0] ?? null;
  }

  private removeFirst(): void {
    const { heap } = this;
    const last = heap.pop();
    if (last === undefined || heap.length === 0) return;
    let parent = 0;
    for (;;) {
      let child = 2 * parent + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && (heap[child + 1] as number) < (heap[child] as number)) child++;
      if ((heap[child] as number) >= last) break;
      heap[parent] = heap[child] as number;
      parent = child;
    }
    heap[parent] = last;
  }
}
