/**
 * Virtual time: a heap of things to do, ordered by their instant and, among
 * equals, by the order in which they were asked for. Nothing else makes time
 * pass, so a run is a function of its seed.
 */
import { assert } from '../server/base/assert.ts';

interface Item {
  readonly atMs: number;
  readonly order: number;
  readonly run: () => void;
  cancelled: boolean;
}

export interface Scheduled {
  cancel(): void;
}

export class Scheduler {
  /** Virtual milliseconds since the run began. */
  nowMs = 0;
  /** Things done so far: a finer clock than `nowMs`, rising with each. */
  steps = 0;
  private readonly heap: Item[] = [];
  private order = 0;

  /** Runs `run` at `atMs`, or now if that has passed. */
  at(atMs: number, run: () => void): Scheduled {
    const item: Item = {
      atMs: Math.max(atMs, this.nowMs),
      order: this.order++,
      run,
      cancelled: false,
    };
    this.push(item);
    return {
      cancel: () => {
        item.cancelled = true;
      },
    };
  }

  after(delayMs: number, run: () => void): Scheduled {
    assert(delayMs >= 0, 'time does not go back');
    return this.at(this.nowMs + delayMs, run);
  }

  /** Does the next thing due no later than `untilMs`; false when there is none. */
  step(untilMs: number): boolean {
    for (;;) {
      const next = this.heap[0];
      if (next === undefined || next.atMs > untilMs) {
        this.nowMs = Math.max(this.nowMs, untilMs);
        return false;
      }
      this.pop();
      if (next.cancelled) continue;
      this.nowMs = next.atMs;
      this.steps++;
      next.run();
      return true;
    }
  }

  private push(item: Item): void {
    const { heap } = this;
    let child = heap.push(item) - 1;
    while (child > 0) {
      const parent = (child - 1) >>> 1;
      if (isBefore(heap[parent] as Item, item)) break;
      heap[child] = heap[parent] as Item;
      child = parent;
    }
    heap[child] = item;
  }

  private pop(): void {
    const { heap } = this;
    const last = heap.pop() as Item;
    if (heap.length === 0) return;
    let parent = 0;
    for (;;) {
      let child = 2 * parent + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && isBefore(heap[child + 1] as Item, heap[child] as Item))
        child++;
      if (isBefore(last, heap[child] as Item)) break;
      heap[parent] = heap[child] as Item;
      parent = child;
    }
    heap[parent] = last;
  }
}

function isBefore(a: Item, b: Item): boolean {
  return a.atMs < b.atMs || (a.atMs === b.atMs && a.order < b.order);
}
