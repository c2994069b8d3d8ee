/**
 * Who waits for what: proposals for the entry that carries them to be applied,
 * reads for the state machine to reach their index, a follow for it to move.
 * Every waiter is answered exactly once, and nothing is kept after its answer.
 */
import { assert } from '../base/assert.ts';
import type { LogIndex, MonoMs, Term } from '../raft/types.ts';
import type { ChangesQuery, Query } from '../kv/queries.ts';

export interface WaitingProposal {
  readonly id: number;
  readonly term: Term;
  readonly sinceMono: MonoMs;
}

export class ProposalWaiters {
  private readonly byIndex = new Map<LogIndex, WaitingProposal>();

  get count(): number {
    return this.byIndex.size;
  }

  add(index: LogIndex, waiter: WaitingProposal): void {
    assert(!this.byIndex.has(index), 'one proposal an entry');
    this.byIndex.set(index, waiter);
  }

  /** The proposal that put the entry (index, term) there, if it came from here. */
  take(index: LogIndex, term: Term): WaitingProposal | null {
    const waiter = this.byIndex.get(index);
    if (waiter === undefined) return null;
    assert(waiter.term === term, 'a leader applies its own entry');
    this.byIndex.delete(index);
    return waiter;
  }

  /** All that are left, which are then forgotten. */
  takeAll(): readonly WaitingProposal[] {
    const all = [...this.byIndex.values()];
    this.byIndex.clear();
    return all;
  }
}

/** The core lets it be answered at `index`, and before `validUntilMono` if that is given. */
export interface ReadyRead {
  readonly id: number;
  readonly query: Query;
  readonly index: LogIndex;
  readonly validUntilMono: MonoMs | null;
}

const NONE: readonly ReadyRead[] = [];

export class ReadWaiters {
  /** Waiting for the quorum to confirm: the core answers by id. */
  private readonly unconfirmed = new Map<number, Query>();
  /** Confirmed, waiting for the state machine, which may pass one only after all before it. */
  private readonly confirmed: ReadyRead[] = [];

  add(id: number, query: Query): void {
    this.unconfirmed.set(id, query);
  }

  confirm(id: number, index: LogIndex, validUntilMono: MonoMs | null): void {
    const query = this.unconfirmed.get(id);
    assert(query !== undefined, 'a read is confirmed once');
    this.unconfirmed.delete(id);
    this.confirmed.push({ id, query, index, validUntilMono });
  }

  drop(id: number): void {
    this.unconfirmed.delete(id);
  }

  /** Reads that a state machine at `applied` may answer, oldest first. */
  takeReady(applied: LogIndex): readonly ReadyRead[] {
    if ((this.confirmed[0]?.index ?? Number.POSITIVE_INFINITY) > applied) return NONE;
    let count = 0;
    while (count < this.confirmed.length && (this.confirmed[count]?.index ?? 0) <= applied) count++;
    return this.confirmed.splice(0, count);
  }

  /** All that are left, which are then forgotten. */
  takeAll(): readonly number[] {
    const all = [...this.unconfirmed.keys(), ...this.confirmed.map(({ id }) => id)];
    this.unconfirmed.clear();
    this.confirmed.length = 0;
    return all;
  }
}

/** A question for what comes after `query.after`, once there is anything. */
export interface Follow {
  readonly id: number;
  readonly query: ChangesQuery;
}

/** One waits at a time. */
export class FollowWaiter {
  private waiting: Follow | null = null;

  /** Gives the one whose place is taken. */
  put(follow: Follow): Follow | null {
    const replaced = this.waiting;
    this.waiting = follow;
    return replaced;
  }

  /** The one that a state machine at `applied` has news for. */
  takeReady(applied: LogIndex): Follow | null {
    return this.waiting !== null && this.waiting.query.after < applied ? this.take() : null;
  }

  take(): Follow | null {
    const taken = this.waiting;
    this.waiting = null;
    return taken;
  }
}
