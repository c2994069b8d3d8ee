/**
 * Virtual time: things to do, ordered by their instant and, among equals, by
 * the order in which they were asked for. Nothing else makes time pass, so a
 * run is a function of its seed.
 *
 * What is asked for "now" waits in a line of its own, as it is half of
 * everything; the rest waits in a heap. What the heap holds for this instant
 * was asked for before the instant came, so it goes first.
 */
import { assert } from '../server/base/assert.ts';

export interface Scheduled {
  /** Idempotent; does nothing once it ran. */
  cancel(): void;
}

class Item implements Scheduled {
  readonly atMs: number;
  readonly order: number;
  /** Null once cancelled. */
  run: (() => void) | null;

  constructor(atMs: number, order: number, run: () => void) {
    this.atMs = atMs;
    this.order = order;
    this.run = run;
  }

  cancel(): void {
    this.run = null;
  }
}

export class Scheduler {
  /** Virtual milliseconds since the run began. */
  nowMs = 0;
  /** Things done so far: a finer clock than `nowMs`, rising with each. */
  steps = 0;
  /** Due later than the instant at which they were asked for. */
  private readonly heap: Item[] = [];
  /** Due at `nowMs`, asked for at `nowMs`: places `lineHead` to `lineEnd` (excluded) wait, first come, first served. */
  private readonly line: Item[] = [];
  private lineHead = 0;
  private lineEnd = 0;
  private order = 0;

  /** Runs `run` at `atMs`, or now if that has passed. */
  at(atMs: number, run: () => void): Scheduled {
    const item = new Item(atMs, this.order++, run);
    if (atMs > this.nowMs) this.push(item);
    else this.line[this.lineEnd++] = item;
    return item;
  }

  after(delayMs: number, run: () => void): Scheduled {
    assert(delayMs >= 0, 'time does not go back');
    return this.at(this.nowMs + delayMs, run);
  }

  /** Does the next thing due no later than `untilMs`; false when there is none. */
  step(untilMs: number): boolean {
    for (;;) {
      const next = this.next(untilMs);
      if (next === null) {
        this.nowMs = Math.max(this.nowMs, untilMs);
        return false;
      }
      if (next.run === null) continue;
      this.steps++;
      next.run();
      return true;
    }
  }

  /** Takes the next item due no later than `untilMs` and moves time to it. */
  private next(untilMs: number): Item | null {
    const first = this.heap[0];
    if (this.lineHead < this.lineEnd && (first === undefined || first.atMs > this.nowMs)) {
      const item = this.line[this.lineHead++] as Item;
      if (this.lineHead === this.lineEnd) {
        this.lineHead = 0;
        this.lineEnd = 0;
      }
      return item;
    }
    if (first === undefined || first.atMs > untilMs) return null;
    this.pop();
    if (first.run !== null) this.nowMs = first.atMs;
    return first;
  }

  private push(item: Item): void {
    this.rise(this.heap.length, item);
  }

  /**
   * Takes the first out. The gap that it leaves sinks to the bottom, by one comparison a level, and
   * the last, which belongs down there nearly always, fills it (Wegener, "Bottom-up heapsort", 1993).
   */
  private pop(): void {
    const { heap } = this;
    const last = heap.pop() as Item;
    const end = heap.length;
    if (end === 0) return;
    let gap = 0;
    for (let child = 1; child < end; child = 2 * gap + 1) {
      if (child + 1 < end && isBefore(heap[child + 1] as Item, heap[child] as Item)) child++;
      heap[gap] = heap[child] as Item;
      gap = child;
    }
    this.rise(gap, last);
  }

  /** Puts `item` at `place`, or above, where what is above it is before it. */
  private rise(place: number, item: Item): void {
    const { heap } = this;
    let child = place;
    while (child > 0) {
      const parent = (child - 1) >>> 1;
      if (isBefore(heap[parent] as Item, item)) break;
      heap[child] = heap[parent] as Item;
      child = parent;
    }
    heap[child] = item;
  }
}

function isBefore(a: Item, b: Item): boolean {
  return a.atMs < b.atMs || (a.atMs === b.atMs && a.order < b.order);
}
