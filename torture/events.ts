/**
 * What clients in other processes tell of what they asked and were told. Times are of the
 * machine's monotonic clock, ms, which all processes share.
 */
import type { ChaosOperation } from '../contracts/chaos.ts';

/** An operation as judges know it, with the revision of its answer where it had one. */
export type Told = ChaosOperation & {
  /** Of a write: its own. Of a read: that of the view it was answered from. Null without an answer. */
  readonly revision: number | null;
};

/** A change that a watch told of. */
export interface Seen {
  readonly revision: number;
  readonly key: string;
  readonly value: string | null;
}

/** A read of the past: what had stood at a revision. */
export interface Looked {
  readonly client: string;
  readonly key: string;
  readonly revision: number;
  readonly found: string | null;
}

/** A revision that it was told of before is said not to be there yet. */
export interface Lost {
  readonly client: string;
  readonly key: string;
  readonly revision: number;
}

export type FromClient =
  | { readonly type: 'told'; readonly told: Told }
  | { readonly type: 'looked'; readonly looked: Looked }
  | { readonly type: 'lost'; readonly lost: Lost }
  /** What it did not foresee, and ends by: a watch that is behind what it was told, a session that is gone. */
  | { readonly type: 'broken'; readonly error: string }
  /** Of this epoch and all before it nothing is open, and nothing more will be asked. */
  | { readonly type: 'closed'; readonly epoch: number }
  | { readonly type: 'seen'; readonly seen: readonly Seen[] }
  /** Nothing of it is open. */
  | { readonly type: 'resting' }
  | { readonly type: 'done' };

export type ToClient =
  | { readonly type: 'begin'; readonly plan: ClientPlan }
  /** Ask nothing new; what is open is settled. */
  | { readonly type: 'rest' };

export interface ClientPlan {
  readonly name: string;
  readonly url: string;
  readonly seed: number;
  /** Clients side by side in the one process. */
  readonly workers: number;
  /** Revision after which its watch is to tell everything. */
  readonly watchAfter: number;
  /** Keys in use change when so much time has passed, ms. */
  readonly epochMs: number;
}

export const FIELD = 'v';
export const PREFIX = 't/';
/** Nothing is written after it: a watch that was told of it has been told everything. */
export const END_KEY = `${PREFIX}end`;
const REGISTERS = 6;
const COUNTERS = 2;

/** Keys of one epoch; every one of its own. */
export function keysOf(epoch: number): readonly string[] {
  const names = (kind: string, count: number): readonly string[] =>
    Array.from({ length: count }, (_, i) => `${PREFIX}${epoch}/${kind}-${i}`);
  return [...names('register', REGISTERS), ...names('counter', COUNTERS)];
}

export function epochOf(key: string): number {
  return Number(key.slice(PREFIX.length, key.indexOf('/', PREFIX.length)));
}

export function nowMs(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}
