/**
 * What the clients of a run asked and were told, in the order of their calls.
 * Bounded: when it is full nothing more is begun, and the run ends.
 */
import { CHAOS_LIMITS } from '../../contracts/chaos.ts';
import type { ChaosOperation } from '../../contracts/chaos.ts';

/** Its clock counts in whole steps: no two events are at one instant. */
const STEPS_PER_MS = 1000;

type Unanswered<T> = T extends unknown ? Omit<T, 'callMs' | 'returnedMs'> : never;
/** An operation, with what is known of it as long as nobody has answered. */
export type Asked = Unanswered<ChaosOperation>;

export class History {
  readonly operations: ChaosOperation[] = [];
  private readonly startedMs = performance.now();
  private readonly onReturn: (operation: ChaosOperation, atMs: number) => void;
  private lastStep = 0;

  /** `onReturn` is told of each operation that is over, answered or given up, ms since the start. */
  constructor(onReturn: (operation: ChaosOperation, atMs: number) => void) {
    this.onReturn = onReturn;
  }

  get isFull(): boolean {
    return this.operations.length >= CHAOS_LIMITS.operations;
  }

  get nowMs(): number {
    return performance.now() - this.startedMs;
  }

  /** Notes a call; what is returned is to be given to one of the two below, once. */
  begin(asked: Asked): ChaosOperation {
    const operation: ChaosOperation = { ...asked, callMs: this.tick(), returnedMs: null };
    this.operations.push(operation);
    return operation;
  }

  /** It was answered. */
  end<T extends ChaosOperation>(operation: T, answer: Partial<T>): void {
    const returnedMs = this.tick();
    Object.assign(operation, answer, { returnedMs });
    this.onReturn(operation, returnedMs);
  }

  /** Its outcome will never be learned: it stays open. */
  giveUp(operation: ChaosOperation): void {
    this.onReturn(operation, this.tick());
  }

  private tick(): number {
    this.lastStep = Math.max(Math.round(this.nowMs * STEPS_PER_MS), this.lastStep + 1);
    return this.lastStep / STEPS_PER_MS;
  }
}
