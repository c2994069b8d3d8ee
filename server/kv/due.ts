/**
 * Instants at which "now" may read differently without anyone writing: expiries
 * and starts of future-dated versions. A binary min-heap.
 */
import type { FieldVersions } from './field-versions.ts';
import type { TimestampMs, VersionPlace } from './types.ts';

/** A version that begins or ends. */
export interface Due {
  readonly at: TimestampMs;
  readonly field: FieldVersions;
  readonly version: VersionPlace;
}

export class DueTimes {
  private readonly heap: Due[] = [];

  /** The earliest instant; null when nothing is due. */
  get nextMs(): TimestampMs | null {
    return this.heap[0]?.at ?? null;
  }

  add(due: Due): void {
    const { heap } = this;
    heap.push(due);
    let child = heap.length - 1;
    while (child > 0) {
      const parent = (child - 1) >>> 1;
      if (isBefore(heap[parent] as Due, due)) break;
      heap[child] = heap[parent] as Due;
      child = parent;
    }
    heap[child] = due;
  }

  /** The earliest that is not after `now`, taken away; null when there is none. */
  takeUntil(now: TimestampMs): Due | null {
    const first = this.heap[0];
    if (first === undefined || first.at > now) return null;
    this.removeFirst();
    return first;
  }

  private removeFirst(): void {
    const { heap } = this;
    const last = heap.pop();
    if (last === undefined || heap.length === 0) return;
    let parent = 0;
    for (;;) {
      let child = 2 * parent + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && isBefore(heap[child + 1] as Due, heap[child] as Due)) child++;
      if (isBefore(last, heap[child] as Due)) break;
      heap[parent] = heap[child] as Due;
      parent = child;
    }
    heap[parent] = last;
  }
}

/** By instant, then in the order of writing: alike on every node. No version begins and ends at once. */
function isBefore(a: Due, b: Due): boolean {
  const order =
    a.at - b.at || a.version.revision - b.version.revision || a.version.op - b.version.op;
  return order < 0;
}
