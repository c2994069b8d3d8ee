/**
 * Writes and reads for everyone outside: finds the leader, waits for one,
 * proposes again where that is safe, and never says more than it knows.
 *
 * A write always travels under a session, so a second proposal of it is applied
 * at most once. Its outcome is one of: committed; refused by the state machine;
 * no leader (no node ever took it, so it will never happen); unknown (some node
 * may have taken it, and time ran out).
 */
import type { ApplyResult, Query, QueryResult, SessionRef, WriteCommand } from '../kv/types.ts';
import { encodeCommand } from '../kv/command.ts';
import type { Proposed, ReadResult } from '../node/control.ts';
import type { LeaderTracker } from './leader-tracker.ts';
import type { SessionPool } from './sessions.ts';
import type { Supervisor } from './supervisor.ts';

/** Writes and reads under way at most; more are refused before anything is logged. */
export const MAX_IN_FLIGHT = 8192;
/** How often overdue requests are looked for, ms. */
const SWEEP_MS = 20;

/** Why a request was not even begun. */
type Refusal = 'OVERLOADED' | 'SHUTTING_DOWN';

export type WriteOutcome =
  | {
      readonly ok: true;
      readonly result: ApplyResult;
      readonly index: number;
      readonly term: number;
      readonly leader: string;
    }
  | {
      readonly ok: false;
      readonly code: 'NO_LEADER' | 'OUTCOME_UNKNOWN' | Refusal;
      readonly leader: string | null;
    };

export type ReadOutcome =
  | {
      readonly ok: true;
      readonly result: QueryResult;
      readonly appliedRevision: number;
      readonly node: string;
    }
  | {
      readonly ok: false;
      readonly code: 'READ_TIMEOUT' | 'NODE_DOWN' | Refusal;
      readonly leader: string | null;
    };

interface OpenWrite {
  readonly kind: 'write';
  readonly data: string;
  readonly session: SessionRef;
  readonly ownSession: boolean;
  readonly deadlineMs: number;
  /** Node that has it now, unanswered. */
  at: string | null;
  /** Some node may have appended it. */
  mayHaveHappened: boolean;
  readonly resolve: (outcome: WriteOutcome) => void;
}

interface OpenRead {
  readonly kind: 'read';
  readonly query: Query;
  readonly deadlineMs: number;
  at: string | null;
  readonly resolve: (outcome: ReadOutcome) => void;
}

type Open = OpenWrite | OpenRead;

/** Counts for the metrics, since the last look. */
export interface KvCounts {
  writes: number;
  reads: number;
  failed: number;
}

export class KvService {
  private readonly supervisor: Supervisor;
  private readonly leaders: LeaderTracker;
  private readonly sessions: SessionPool;
  private readonly open = new Set<Open>();
  /** Waiting for a leader. */
  private parked: Open[] = [];
  private readonly sweeper: NodeJS.Timeout;
  private stopping = false;
  private onAllAnswered: () => void = () => {};
  private counts: KvCounts = { writes: 0, reads: 0, failed: 0 };

  constructor(supervisor: Supervisor, leaders: LeaderTracker, sessions: SessionPool) {
    this.supervisor = supervisor;
    this.leaders = leaders;
    this.sessions = sessions;
    this.sweeper = setInterval(() => this.sweep(), SWEEP_MS);
    this.sweeper.unref();
  }

  /** Answers within about `timeoutMs`, whatever happens. */
  write(request: WriteCommand, timeoutMs: number): Promise<WriteOutcome> {
    const refusal = this.refusal();
    if (refusal !== null) return Promise.resolve(refusal);
    const ownSession = request.session === undefined;
    const session = request.session ?? this.sessions.take();
    return new Promise((resolve) => {
      const write: OpenWrite = {
        kind: 'write',
        data: encodeCommand(request, session),
        session,
        ownSession,
        deadlineMs: performance.now() + timeoutMs,
        at: null,
        mayHaveHappened: false,
        resolve,
      };
      this.open.add(write);
      this.attempt(write);
    });
  }

  /** A read that sees every write acknowledged before it began (§8). */
  read(query: Query, timeoutMs: number): Promise<ReadOutcome> {
    const refusal = this.refusal();
    if (refusal !== null) return Promise.resolve(refusal);
    return new Promise((resolve) => {
      const read = openRead(query, timeoutMs, resolve);
      this.open.add(read);
      this.attempt(read);
    });
  }

  /** What one node has applied, without asking anyone else: it may lag, it never errs. */
  readLocal(node: string, query: Query, timeoutMs: number): Promise<ReadOutcome> {
    const refusal = this.refusal();
    if (refusal !== null) return Promise.resolve(refusal);
    return new Promise((resolve) => {
      const read = openRead(query, timeoutMs, resolve);
      this.open.add(read);
      this.supervisor.node(node).read(query, 'local', (answer) => {
        if (answer.outcome === 'answered') this.onRead(read, node, answer);
        else if (this.open.has(read)) {
          this.end(read);
          this.counts.failed++;
          resolve({ ok: false, code: 'NODE_DOWN', leader: this.leaders.leader });
        }
      });
    });
  }

  /** To be called when the leader may have changed: gives parked requests another chance. */
  retryParked(): void {
    const parked = this.parked;
    this.parked = [];
    for (const request of parked) if (this.open.has(request)) this.attempt(request);
  }

  takeCounts(): KvCounts {
    const counts = this.counts;
    this.counts = { writes: 0, reads: 0, failed: 0 };
    return counts;
  }

  /** Takes nothing new; resolves when all is answered, truthfully, at the latest after `withinMs`. */
  async close(withinMs: number): Promise<void> {
    this.stopping = true;
    if (this.open.size > 0) {
      await new Promise<void>((resolve) => {
        this.onAllAnswered = resolve;
        setTimeout(resolve, withinMs).unref();
      });
    }
    clearInterval(this.sweeper);
    for (const request of this.open) this.giveUp(request);
  }

  private attempt(request: Open): void {
    const leader = this.leaders.leader;
    if (leader === null) {
      this.parked.push(request);
      return;
    }
    request.at = leader;
    const handle = this.supervisor.node(leader);
    if (request.kind === 'write') {
      handle.propose(request.data, (proposed) => this.onProposed(request, leader, proposed));
    } else {
      handle.read(request.query, 'linearizable', (read) => this.onRead(request, leader, read));
    }
  }

  private onProposed(write: OpenWrite, node: string, proposed: Proposed): void {
    if (!this.open.has(write)) return;
    write.at = null;
    switch (proposed.outcome) {
      case 'applied':
        this.end(write);
        this.counts.writes++;
        if (write.ownSession) this.sessions.giveBack(write.session);
        write.resolve({
          ok: true,
          result: proposed.result,
          index: proposed.index,
          term: proposed.term,
          leader: node,
        });
        return;
      case 'dropped':
        if (proposed.reason === 'overloaded' && !write.mayHaveHappened) {
          this.end(write);
          if (write.ownSession) this.sessions.giveBack(write.session);
          write.resolve(this.refuse('OVERLOADED'));
          return;
        }
        this.park(write, node);
        return;
      case 'unknown':
        write.mayHaveHappened = true;
        this.park(write, node);
    }
  }

  private onRead(read: OpenRead, node: string, answer: ReadResult): void {
    if (!this.open.has(read)) return;
    read.at = null;
    if (answer.outcome === 'failed') {
      this.park(read, node);
      return;
    }
    this.end(read);
    this.counts.reads++;
    read.resolve({
      ok: true,
      result: answer.result,
      appliedRevision: answer.appliedRevision,
      node,
    });
  }

  /** Waits for news of the leader; if the node asked is no longer it, tries the new one at once. */
  private park(request: Open, asked: string): void {
    const leader = this.leaders.leader;
    if (leader !== null && leader !== asked) this.attempt(request);
    else this.parked.push(request);
  }

  private sweep(): void {
    const now = performance.now();
    for (const request of this.open) if (request.deadlineMs <= now) this.giveUp(request);
    // Those that were given up must not pile up here while there is no leader.
    this.parked = this.parked.filter((request) => this.open.has(request));
    // A node that refused may by now be ready: parked requests do not wait for a change alone.
    if (this.parked.length > 0 && this.leaders.leader !== null) this.retryParked();
  }

  private giveUp(request: Open): void {
    this.end(request);
    this.counts.failed++;
    const leader = this.leaders.leader;
    if (request.kind === 'read') {
      request.resolve({ ok: false, code: 'READ_TIMEOUT', leader });
      return;
    }
    const unknown = request.mayHaveHappened || request.at !== null;
    if (!unknown && request.ownSession) this.sessions.giveBack(request.session);
    request.resolve({ ok: false, code: unknown ? 'OUTCOME_UNKNOWN' : 'NO_LEADER', leader });
  }

  /** Comes before the answer, once. */
  private end(request: Open): void {
    this.open.delete(request);
    if (this.open.size === 0) this.onAllAnswered();
  }

  private refusal(): { ok: false; code: Refusal; leader: string | null } | null {
    if (this.stopping) return this.refuse('SHUTTING_DOWN');
    return this.open.size >= MAX_IN_FLIGHT ? this.refuse('OVERLOADED') : null;
  }

  private refuse(code: Refusal): { ok: false; code: Refusal; leader: string | null } {
    this.counts.failed++;
    return { ok: false, code, leader: this.leaders.leader };
  }
}

function openRead(query: Query, timeoutMs: number, resolve: OpenRead['resolve']): OpenRead {
  return { kind: 'read', query, deadlineMs: performance.now() + timeoutMs, at: null, resolve };
}
