/** One watcher: what it asked for, how far it has been told, and the sink that takes it. */
import type { ChangeBatch } from '../kv/queries.ts';
import type { KvError, Revision, Scope } from '../kv/types.ts';

export type WatchEnd =
  /** It took nothing for too long. */
  | { readonly code: 'SLOW_READER' }
  | { readonly code: 'SHUTTING_DOWN' }
  /** The store does not tell what comes next. */
  | { readonly code: 'REFUSED'; readonly error: KvError };

export type WatchEvent =
  /** All that happened in the scope at one revision. */
  | { readonly type: 'changes'; readonly batch: ChangeBatch }
  /** Everything up to `through` has been told. */
  | { readonly type: 'progress'; readonly through: Revision }
  /** The reader is slower than the store: told up to `through`, while the cluster is at `head`. */
  | { readonly type: 'lagging'; readonly through: Revision; readonly head: Revision }
  /** Nothing follows; whoever goes on after `through` misses nothing. */
  | { readonly type: 'end'; readonly end: WatchEnd; readonly through: Revision };

/** Where events go. It tells `Watch.took` whenever its reader took something, but never from within `send`. */
export interface WatchSink {
  /** It may be given more; without room it is given an end alone. */
  readonly hasRoom: boolean;
  /** Everything that was sent has been taken. */
  readonly isIdle: boolean;
  send(event: WatchEvent): void;
}

/**
 * Where its next changes come from. `head`: it is told with everyone, as they
 * happen. `near`: from what is kept of late, unless it has been told too little
 * for that. `reading`: a node is being asked.
 */
export type Place = 'head' | 'near' | 'reading';

export class Watcher {
  readonly scope: Scope;
  readonly sink: WatchSink;
  place: Place = 'near';
  /** Everything in the scope up to here is told; at the head what counts is the head's. */
  through: Revision;
  /** The last node asked had nothing new: the leader is asked next. */
  asksLeader = false;
  hasEnded = false;
  /** When something was last sent. */
  sentMs: number;
  /** Since when the sink has held something without taking any of it. */
  waitingMs: number;
  /** Since when it has been kept from the head by its sink; null: it has not. */
  laggingMs: number | null = null;
  lagToldMs = Number.NEGATIVE_INFINITY;

  constructor(scope: Scope, sink: WatchSink, after: Revision, nowMs: number) {
    this.scope = scope;
    this.sink = sink;
    this.through = after;
    this.sentMs = nowMs;
    this.waitingMs = nowMs;
  }

  send(event: WatchEvent, nowMs: number): void {
    if (this.sink.isIdle) this.waitingMs = nowMs;
    this.sentMs = nowMs;
    this.sink.send(event);
  }
}
