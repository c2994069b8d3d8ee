/**
 * Calls and returns of operations in order of time, as a doubly linked list
 * out of which an operation is lifted when the search has placed it, and put
 * back when the search takes that back (Lowe, "Testing for linearizability",
 * 2017). Call and return at one instant overlap: the call comes first.
 */
import { assert } from '../server/base/assert.ts';

interface Interval {
  readonly call: number;
  readonly returned: number;
}

/** Operations by their position in what the list was made of; a node is an event, `END` none. */
export class EventList {
  /** After the last event, and before the first. */
  static readonly END = 0;
  private readonly operationOf: Int32Array;
  private readonly callOf: Int32Array;
  private readonly returnOf: Int32Array;
  private readonly next: Int32Array;
  private readonly previous: Int32Array;

  /** Intervals ascend by call; every one ends, and not before it begins. */
  constructor(intervals: readonly Interval[]) {
    let latest = Number.NEGATIVE_INFINITY;
    for (const { call, returned } of intervals) {
      assert(call >= latest, 'intervals ascend by call');
      assert(returned >= call && returned < Number.POSITIVE_INFINITY, 'an interval has an end');
      latest = call;
    }
    const size = 2 * intervals.length + 1;
    this.operationOf = new Int32Array(size);
    this.callOf = new Int32Array(intervals.length);
    this.returnOf = new Int32Array(intervals.length);
    const byReturn = intervals
      .map(({ returned }, operation) => ({ operation, returned }))
      .sort((a, b) => a.returned - b.returned);
    let called = 0;
    let node = 1;
    for (const { operation, returned } of byReturn) {
      for (; called < intervals.length && (intervals[called]?.call ?? 0) <= returned; called++) {
        this.operationOf[node] = called;
        this.callOf[called] = node++;
      }
      this.operationOf[node] = operation;
      this.returnOf[operation] = node++;
    }
    this.next = Int32Array.from({ length: size }, (_, node) => (node + 1) % size);
    this.previous = Int32Array.from({ length: size }, (_, node) => (node + size - 1) % size);
  }

  get isEmpty(): boolean {
    return this.first === EventList.END;
  }

  /** The call of the least operation in the list; `END` when it is empty. */
  get first(): number {
    return this.after(EventList.END);
  }

  after(node: number): number {
    return this.next[node] as number;
  }

  operationAt(node: number): number {
    return this.operationOf[node] as number;
  }

  isReturn(node: number): boolean {
    return node !== EventList.END && this.returnOf[this.operationAt(node)] === node;
  }

  /** The operation that returns first of those in the list, which is not empty. */
  get firstToReturn(): number {
    let node = this.first;
    while (!this.isReturn(node)) node = this.after(node);
    return this.operationAt(node);
  }

  /** Operations that may come next: called before any other has returned. */
  get candidates(): readonly number[] {
    const operations: number[] = [];
    for (let node = this.first; node !== EventList.END; node = this.after(node)) {
      if (this.isReturn(node)) break;
      operations.push(this.operationAt(node));
    }
    return operations;
  }

  lift(operation: number): void {
    this.unlink(this.callOf[operation] as number);
    this.unlink(this.returnOf[operation] as number);
  }

  /** Undoes `lift`; what was lifted last must be put back first. */
  putBack(operation: number): void {
    this.link(this.returnOf[operation] as number);
    this.link(this.callOf[operation] as number);
  }

  private unlink(node: number): void {
    const before = this.previous[node] as number;
    const after = this.next[node] as number;
    this.next[before] = after;
    this.previous[after] = before;
  }

  private link(node: number): void {
    this.next[this.previous[node] as number] = node;
    this.previous[this.next[node] as number] = node;
  }
}
