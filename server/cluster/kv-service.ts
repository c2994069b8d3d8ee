/**
 * Writes and reads for everyone outside: finds the leader, waits for one,
 * proposes again where that is safe, and never says more than it knows.
 *
 * A write always travels under a session, so a second proposal of it is applied
 * at most once. Its outcome is one of: committed; refused by the state machine;
 * no leader (no node ever took it, so it will never happen); unknown (some node
 * may have taken it, and time ran out, or its session ended meanwhile). Time runs
 * out in cluster time: a request to a cluster that is slowed waits as much
 * longer, and to one that stands still until it goes on.
 */
import type { Query, QueryResult } from '../kv/queries.ts';
import type { ApplyResult, WriteCommand } from '../kv/types.ts';
import { encodeCommand } from '../kv/command.ts';
import type { Proposed, ReadResult } from '../node/control.ts';
import type { Clock } from '../ports/clock.ts';
import type { LeaderTracker } from './leader-tracker.ts';
import type { OnStages } from './node-handle.ts';
import type { PooledSession, SessionPool } from './sessions.ts';
import type { Supervisor } from './supervisor.ts';

/** Writes and reads under way at most; more are refused before anything is logged. */
export const MAX_IN_FLIGHT = 8192;
/** How often overdue requests are looked for, ms. */
const SWEEP_MS = 20;

type Applied = Extract<Proposed, { outcome: 'applied' }>;

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

/** What a write travels under. `opening`: it waits for a session of its own. */
type Under =
  | { readonly is: 'client' }
  | { readonly is: 'pooled'; readonly session: PooledSession }
  | { readonly is: 'opening' }
  /** It is the opening of a session for a client. */
  | { readonly is: 'nothing' };

/** Writes that are to be proposed in their order. */
interface Together {
  readonly writes: OpenWrite[];
  /** So many of them have no session yet. */
  opening: number;
}

interface OpenWrite {
  readonly kind: 'write';
  /** Null: no write, but the opening of a session. */
  readonly request: WriteCommand | null;
  under: Under;
  /** Those with which it waits for sessions; null: it waits for none but its own. */
  together: Together | null;
  readonly deadlineMs: number;
  /** Null: nobody traces it. */
  readonly onStages: OnStages | null;
  /** Node that has it now, unanswered. */
  at: string | null;
  /** Made so far; answers to any but the newest do not count. */
  attempts: number;
  /** Some node may have appended it. */
  mayHaveHappened: boolean;
  readonly resolve: (outcome: WriteOutcome) => void;
}

interface OpenRead {
  readonly kind: 'read';
  readonly query: Query;
  /** The node that is to answer; null: whoever leads. */
  readonly through: string | null;
  readonly deadlineMs: number;
  at: string | null;
  attempts: number;
  readonly resolve: (outcome: ReadOutcome) => void;
}

type Open = OpenWrite | OpenRead;

/** Counts for the metrics, since the last look. */
export interface KvCounts {
  writes: number;
  reads: number;
  failed: number;
}

/**
 * How requests ended since the server started. Of writes: `committed` and
 * `refused` (in the log, and the store said no) are certain; so is that
 * `no_leader`, `overloaded` and `shutting_down` will never happen; of `unknown`
 * nobody can say.
 */
export interface KvTotals {
  readonly writes: Readonly<
    Record<
      'committed' | 'refused' | 'unknown' | 'no_leader' | 'overloaded' | 'shutting_down',
      number
    >
  >;
  readonly reads: Readonly<
    Record<'answered' | 'timeout' | 'node_down' | 'overloaded' | 'shutting_down', number>
  >;
}

export class KvService {
  private readonly supervisor: Supervisor;
  private readonly leaders: LeaderTracker;
  private readonly sessions: SessionPool;
  private readonly clock: Clock;
  private readonly open = new Set<Open>();
  /** Waiting for a leader. */
  private parked: Open[] = [];
  /** Of whom requests were asked last. */
  private asked: string | null = null;
  private readonly sweeper: NodeJS.Timeout;
  private stopping = false;
  private onAllAnswered: () => void = () => {};
  private counts: KvCounts = { writes: 0, reads: 0, failed: 0 };
  private readonly ends = {
    writes: { committed: 0, refused: 0, unknown: 0, no_leader: 0, overloaded: 0, shutting_down: 0 },
    reads: { answered: 0, timeout: 0, node_down: 0, overloaded: 0, shutting_down: 0 },
  };

  constructor(supervisor: Supervisor, leaders: LeaderTracker, sessions: SessionPool, clock: Clock) {
    this.supervisor = supervisor;
    this.leaders = leaders;
    this.sessions = sessions;
    this.clock = clock;
    this.sweeper = setInterval(() => this.sweep(), SWEEP_MS);
    this.sweeper.unref();
  }

  /** Answers within about `timeoutMs`, whatever happens. `onStages` is for who traces it. */
  write(
    request: WriteCommand,
    timeoutMs: number,
    onStages: OnStages | null = null,
  ): Promise<WriteOutcome> {
    return this.begin(request, timeoutMs, null, onStages);
  }

  /** Writes of their own, which are proposed in their order: none before all of them have sessions. */
  writeAll(
    requests: readonly WriteCommand[],
    timeoutMs: number,
    onStages: OnStages | null = null,
  ): readonly Promise<WriteOutcome>[] {
    const together: Together = { writes: [], opening: 0 };
    const outcomes = requests.map((request) => this.begin(request, timeoutMs, together, onStages));
    if (together.opening === 0) this.attemptAll(together);
    return outcomes;
  }

  /** Opens a session for a client. When the outcome is unknown nobody has its name, and it ends by itself. */
  openSession(timeoutMs: number): Promise<WriteOutcome> {
    return this.begin(null, timeoutMs, null, null);
  }

  private begin(
    request: WriteCommand | null,
    timeoutMs: number,
    together: Together | null,
    onStages: OnStages | null,
  ): Promise<WriteOutcome> {
    const refusal = this.refusal('writes');
    if (refusal !== null) return Promise.resolve(refusal);
    return new Promise((resolve) => {
      const write: OpenWrite = {
        kind: 'write',
        request,
        under: this.sessionFor(request),
        together,
        deadlineMs: this.clock.now().mono + timeoutMs,
        onStages,
        at: null,
        attempts: 0,
        mayHaveHappened: false,
        resolve,
      };
      this.open.add(write);
      together?.writes.push(write);
      const isOpening = write.under.is === 'opening';
      if (together !== null && isOpening) together.opening++;
      if (together === null || isOpening) this.attempt(write);
    });
  }

  private sessionFor(request: WriteCommand | null): Under {
    if (request === null) return NOTHING;
    if (request.session !== undefined) return CLIENT;
    const session = this.sessions.take();
    return session === null ? OPENING : { is: 'pooled', session };
  }

  /** A read that sees every write acknowledged before it began (§8). */
  read(query: Query, timeoutMs: number): Promise<ReadOutcome> {
    return this.beginRead(query, null, timeoutMs);
  }

  /** The same, asked of one node, whether it leads or not, and whatever it believes; of no other. */
  readThrough(node: string, query: Query, timeoutMs: number): Promise<ReadOutcome> {
    return this.beginRead(query, node, timeoutMs);
  }

  private beginRead(query: Query, through: string | null, timeoutMs: number): Promise<ReadOutcome> {
    const refusal = this.refusal('reads');
    if (refusal !== null) return Promise.resolve(refusal);
    return new Promise((resolve) => {
      const read = openRead(query, through, this.clock.now().mono + timeoutMs, resolve);
      this.open.add(read);
      this.attempt(read);
    });
  }

  /** What one node has applied, without asking anyone else: it may lag, it never errs. */
  readLocal(node: string, query: Query, timeoutMs: number): Promise<ReadOutcome> {
    const refusal = this.refusal('reads');
    if (refusal !== null) return Promise.resolve(refusal);
    return new Promise((resolve) => {
      const read = openRead(query, node, this.clock.now().mono + timeoutMs, resolve);
      this.open.add(read);
      this.supervisor.node(node).read(query, 'local', (answer) => {
        if (answer.outcome === 'answered') this.onRead(read, node, answer);
        else if (this.open.has(read)) {
          this.end(read);
          this.counts.failed++;
          this.ends.reads.node_down++;
          resolve({ ok: false, code: 'NODE_DOWN', leader: this.leaders.leader });
        }
      });
    });
  }

  /** To be called when the leader may have changed: gives parked requests another chance, and asks anew what an earlier leader leaves without an answer. */
  retryParked(): void {
    const { leader } = this.leaders;
    if (leader !== null && leader !== this.asked) {
      this.asked = leader;
      this.askAnew(leader);
    }
    const parked = this.parked;
    this.parked = [];
    for (const request of parked) if (this.open.has(request)) this.attempt(request);
  }

  takeCounts(): KvCounts {
    const counts = this.counts;
    this.counts = { writes: 0, reads: 0, failed: 0 };
    return counts;
  }

  get totals(): KvTotals {
    return this.ends;
  }

  /** Requests under way, and of them those that wait for a leader. */
  get queues(): {
    readonly writes: number;
    readonly reads: number;
    readonly parkedWrites: number;
    readonly parkedReads: number;
  } {
    const writes = countWrites(this.open);
    // Those that were given up stay among the parked until the next sweep.
    const parked = this.parked.filter((request) => this.open.has(request));
    const parkedWrites = countWrites(parked);
    return {
      writes,
      reads: this.open.size - writes,
      parkedWrites,
      parkedReads: parked.length - parkedWrites,
    };
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

  /** Whoever led before may stand still for long. What it answers after this does not count. */
  private askAnew(leader: string): void {
    const waiting = [...this.open].filter(
      (request) => request.at !== null && request.at !== leader && throughOf(request) === null,
    );
    for (const request of waiting) {
      if (request.kind === 'write' && request.under.is !== 'opening')
        request.mayHaveHappened = true;
      this.attempt(request);
    }
  }

  private attempt(request: Open): void {
    const asked = throughOf(request) ?? this.leaders.leader;
    if (asked === null || !this.supervisor.has(asked)) {
      this.parked.push(request);
      return;
    }
    request.at = asked;
    const attempt = ++request.attempts;
    const handle = this.supervisor.node(asked);
    if (request.kind === 'write') {
      handle.propose(
        dataOf(request),
        (proposed) => {
          if (attempt === request.attempts) this.onProposed(request, asked, proposed);
        },
        request.under.is === 'opening' ? null : request.onStages,
      );
    } else {
      handle.read(request.query, 'linearizable', (read) => {
        if (attempt === request.attempts) this.onRead(request, asked, read);
      });
    }
  }

  private onProposed(write: OpenWrite, node: string, proposed: Proposed): void {
    if (!this.open.has(write)) return;
    write.at = null;
    switch (proposed.outcome) {
      case 'applied':
        this.onApplied(write, node, proposed);
        return;
      case 'dropped':
        if (proposed.reason === 'overloaded' && !write.mayHaveHappened) {
          this.end(write);
          this.giveBack(write);
          write.resolve(this.refuse('writes', 'OVERLOADED'));
          return;
        }
        this.park(write, node);
        return;
      case 'unknown':
        // A session that nobody knows of does no harm: another is opened.
        if (write.under.is !== 'opening') write.mayHaveHappened = true;
        this.park(write, node);
    }
  }

  private onApplied(write: OpenWrite, node: string, applied: Applied): void {
    const { result, index, term } = applied;
    const { under } = write;
    if (under.is === 'opening' && result.ok && result.outcome.op === 'session') {
      const session = this.sessions.opened(result.outcome.client);
      write.under = { is: 'pooled', session };
      if (write.together === null) this.attempt(write);
      else this.hasOpened(write.together);
      return;
    }
    if (!result.ok && result.error.code === 'SESSION_EXPIRED') {
      if (under.is === 'pooled') this.sessions.ended(under.session);
      if (write.mayHaveHappened) {
        // An earlier attempt may have been done before the session ended.
        this.end(write);
        this.counts.failed++;
        this.ends.writes.unknown++;
        write.resolve({ ok: false, code: 'OUTCOME_UNKNOWN', leader: node });
        return;
      }
      if (under.is === 'pooled') {
        write.under = OPENING;
        write.together = null;
        this.attempt(write);
        return;
      }
    }
    this.end(write);
    this.counts.writes++;
    if (result.ok) this.ends.writes.committed++;
    else this.ends.writes.refused++;
    this.giveBack(write);
    write.resolve({ ok: true, result, index, term, leader: node });
  }

  private hasOpened(together: Together): void {
    if (--together.opening === 0) this.attemptAll(together);
  }

  private attemptAll({ writes }: Together): void {
    for (const write of writes) if (this.open.has(write)) this.attempt(write);
  }

  private giveBack({ under }: OpenWrite): void {
    if (under.is === 'pooled') this.sessions.giveBack(under.session);
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
    this.ends.reads.answered++;
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
    const mayGoOn = throughOf(request) === null && leader !== null && leader !== asked;
    if (mayGoOn) this.attempt(request);
    else this.parked.push(request);
  }

  private sweep(): void {
    const now = this.clock.now().mono;
    for (const request of this.open) if (request.deadlineMs <= now) this.giveUp(request);
    // Those that were given up must not pile up here while there is no leader.
    this.parked = this.parked.filter((request) => this.open.has(request));
    // A node that refused may by now be ready: parked requests do not wait for a change alone.
    if (this.parked.length > 0 && this.leaders.leader !== null) this.retryParked();
  }

  private giveUp(request: Open): void {
    // Those that wait with it have run out of time too.
    if (request.kind === 'write') request.together = null;
    this.end(request);
    this.counts.failed++;
    const leader = this.leaders.leader;
    if (request.kind === 'read') {
      this.ends.reads.timeout++;
      request.resolve({ ok: false, code: 'READ_TIMEOUT', leader });
      return;
    }
    const isOut = request.at !== null && request.under.is !== 'opening';
    const unknown = request.mayHaveHappened || isOut;
    if (unknown) this.ends.writes.unknown++;
    else {
      this.ends.writes.no_leader++;
      this.giveBack(request);
    }
    request.resolve({ ok: false, code: unknown ? 'OUTCOME_UNKNOWN' : 'NO_LEADER', leader });
  }

  /** Comes before the answer, once. */
  private end(request: Open): void {
    this.open.delete(request);
    if (request.kind === 'write' && request.under.is === 'opening' && request.together !== null)
      this.hasOpened(request.together);
    if (this.open.size === 0) this.onAllAnswered();
  }

  private refusal(
    of: 'writes' | 'reads',
  ): { ok: false; code: Refusal; leader: string | null } | null {
    if (this.stopping) return this.refuse(of, 'SHUTTING_DOWN');
    return this.open.size >= MAX_IN_FLIGHT ? this.refuse(of, 'OVERLOADED') : null;
  }

  private refuse(
    of: 'writes' | 'reads',
    code: Refusal,
  ): { ok: false; code: Refusal; leader: string | null } {
    this.counts.failed++;
    this.ends[of][code === 'OVERLOADED' ? 'overloaded' : 'shutting_down']++;
    return { ok: false, code, leader: this.leaders.leader };
  }
}

const CLIENT: Under = { is: 'client' };
const OPENING: Under = { is: 'opening' };
const NOTHING: Under = { is: 'nothing' };
const OPEN_SESSION = encodeCommand({ op: 'session' });

/** What is proposed next for the write. */
function dataOf({ request, under }: OpenWrite): string {
  if (request === null || under.is === 'opening') return OPEN_SESSION;
  return encodeCommand(request, under.is === 'pooled' ? under.session : request.session);
}

function openRead(
  query: Query,
  through: string | null,
  deadlineMs: number,
  resolve: OpenRead['resolve'],
): OpenRead {
  return { kind: 'read', query, through, deadlineMs, at: null, attempts: 0, resolve };
}

function countWrites(requests: Iterable<Open>): number {
  let count = 0;
  for (const { kind } of requests) if (kind === 'write') count++;
  return count;
}

function throughOf(request: Open): string | null {
  return request.kind === 'read' ? request.through : null;
}
