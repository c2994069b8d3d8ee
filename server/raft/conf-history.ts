/**
 * Which configuration counts at each point of the log. A configuration takes
 * effect when its entry is appended, committed or not (§6), and gives way to the
 * one before when the entry is truncated; so a node must remember more than the
 * last.
 *
 * Invariant: indexes rise; the first is that of the log's base.
 */
import { assert } from '../base/assert.ts';
import type { ConfState, LogIndex } from './types.ts';

interface Step {
  readonly index: LogIndex;
  readonly conf: ConfState;
}

export class ConfHistory {
  private steps: Step[];

  /** `conf` counts from the log's base on. */
  constructor(baseIndex: LogIndex, conf: ConfState) {
    this.steps = [{ index: baseIndex, conf }];
  }

  /** The configuration in force: the last in the log. */
  get current(): ConfState {
    return this.last.conf;
  }

  /** Index of the entry that brought it; that of the base if none did. */
  get currentIndex(): LogIndex {
    return this.last.index;
  }

  /** The configuration as of `index`, at or after the base. */
  at(index: LogIndex): ConfState {
    for (let i = this.steps.length - 1; i >= 0; i--) {
      const step = this.steps[i] as Step;
      if (step.index <= index) return step.conf;
    }
    throw new RangeError(`the configuration at ${index} is forgotten`);
  }

  append(index: LogIndex, conf: ConfState): void {
    assert(index > this.currentIndex, 'configurations follow each other');
    this.steps.push({ index, conf });
  }

  /** Entries at and after `index` are gone. Returns whether the configuration in force changed. */
  truncateFrom(index: LogIndex): boolean {
    const before = this.steps.length;
    this.steps = this.steps.filter((step, i) => i === 0 || step.index < index);
    return this.steps.length < before;
  }

  /** The log begins after `index` from now on. */
  compactTo(index: LogIndex): void {
    const conf = this.at(index);
    this.steps = [{ index, conf }, ...this.steps.filter((step) => step.index > index)];
  }

  /** Only `conf` counts, from `index` on: a snapshot took the place of the log. */
  reset(index: LogIndex, conf: ConfState): void {
    this.steps = [{ index, conf }];
  }

  private get last(): Step {
    return this.steps[this.steps.length - 1] as Step;
  }
}
