/**
 * A client with one request under way: writes, deletes and reads of few keys,
 * sent to the node it believes leads, now and then to any. Some clients mostly
 * read: those who write to a leader that is cut off wait, and it is those who
 * read there to whom it could tell old news. After an uncertain answer, or none,
 * it sends the same write under the same session again, perhaps much later, or
 * gives up and goes on under a new session, as a real one would after a restart.
 */
import { assert } from '../server/base/assert.ts';
import type { Random } from '../server/base/random.ts';
import { encodeCommand } from '../server/kv/command.ts';
import type { Query } from '../server/kv/queries.ts';
import type { ApplyResult, SessionRef } from '../server/kv/types.ts';
import type { Proposed, ReadResult } from '../server/node/control.ts';
import { START_MS } from './sim-clock.ts';
import { asReadAnswer } from './history.ts';
import type { Operation, ReadOp, ReadQuery, WriteCommand, WriteOp } from './history.ts';
import type { Scheduled, Scheduler } from './scheduler.ts';

const KEYS = ['a', 'b'] as const;
const FIELDS = ['x', 'y', 'z'] as const;
const MAX_ATTEMPTS = 6;
/** How much of what a client does is writing. */
const WRITE_SHARES = [0.1, 0.6, 0.9] as const;
/** How often a client asks some node or other, as if it did not know who leads. */
const ASTRAY = 0.15;
/** How often it sleeps for a second before it repeats a write that may have been done. */
const LATE = 0.1;
const OPEN_SESSION = encodeCommand({ op: 'session' });

/** The cluster as a client can reach it. */
export interface Reach {
  /** Those that there are; they change. */
  readonly nodes: readonly string[];
  propose(node: string, data: string, answer: (proposed: Proposed) => void): void;
  read(node: string, query: Query, answer: (read: ReadResult) => void): void;
  /** Called with every acknowledged write's log index. */
  acknowledged(index: number): void;
}

export class SimClient {
  private readonly name: string;
  private readonly scheduler: Scheduler;
  private readonly random: Random;
  private readonly reach: Reach;
  private readonly history: Operation[];
  private readonly writeShare: number;
  /** Null: to be opened before the next write. */
  private session: SessionRef | null = null;
  private leader: string;
  /** What ends the pause between two operations; null while one is under way. */
  private resting: Scheduled | null = null;
  private stopped = false;
  /** Operations finished well. */
  done = 0;

  constructor(
    name: string,
    scheduler: Scheduler,
    random: Random,
    reach: Reach,
    history: Operation[],
  ) {
    this.name = name;
    this.scheduler = scheduler;
    this.random = random;
    this.reach = reach;
    this.history = history;
    this.writeShare = random.pick(WRITE_SHARES);
    this.leader = random.pick(reach.nodes);
  }

  start(): void {
    this.resting = this.scheduler.after(this.random.nextFloat() * 50, () => this.next());
  }

  /** Begins nothing new; what is under way may still be answered. */
  stop(): void {
    this.stopped = true;
  }

  /** `leader` was elected this very moment: one that rests asks it at once, before it may know all that is committed. */
  hearOf(leader: string): void {
    this.leader = leader;
    if (this.resting === null) return;
    this.resting.cancel();
    this.resting = this.scheduler.after(0, () => this.next());
  }

  private next(): void {
    this.resting = null;
    if (this.stopped) return;
    if (this.random.chance(this.writeShare)) this.write();
    else this.read();
  }

  private whomToAsk(): string {
    return this.random.chance(ASTRAY) ? this.random.pick(this.reach.nodes) : this.leader;
  }

  private rest(): void {
    this.resting = this.scheduler.after(1 + this.random.nextFloat() * 30, () => this.next());
  }

  // --- writes --------------------------------------------------------------------

  private write(): void {
    if (this.session === null) {
      this.openSession();
      return;
    }
    const { client, sequence } = this.session;
    const session = { client, sequence: sequence + 1 };
    this.session = session;
    const command = this.drawCommand(session);
    const operation: WriteOp = {
      kind: 'write',
      client: session.client,
      command,
      call: this.scheduler.steps,
      returned: Number.POSITIVE_INFINITY,
      outcome: 'unknown',
      result: null,
    };
    this.history.push(operation);
    this.attemptWrite(operation, encodeCommand(command), 1, false);
  }

  /** One that is opened without an answer is nobody's: another is asked for. */
  private openSession(): void {
    let waiting = true;
    const patience = this.scheduler.after(100 + this.random.nextFloat() * 400, () => {
      waiting = false;
      this.leader = this.random.pick(this.reach.nodes);
      this.rest();
    });
    this.reach.propose(this.whomToAsk(), OPEN_SESSION, (proposed) => {
      if (!waiting) return;
      waiting = false;
      patience.cancel();
      if (proposed.outcome !== 'applied') {
        this.leader = proposed.leaderHint ?? this.random.pick(this.reach.nodes);
        this.rest();
        return;
      }
      const { result } = proposed;
      assert(result.ok && result.outcome.op === 'session', 'the answer names a session');
      this.session = { client: result.outcome.client, sequence: 0 };
      if (!this.stopped) this.write();
    });
  }

  private drawCommand(session: SessionRef): WriteCommand {
    const key = this.random.pick(KEYS);
    const field = this.random.pick(FIELDS);
    const timestamp = this.random.chance(0.2)
      ? { timestamp: dated(this.random.nextInt(0, 5000)) }
      : {};
    if (this.random.chance(0.2)) return { op: 'delete', key, field, ...timestamp, session };
    const ttl = this.random.chance(0.2) ? { ttl: this.random.nextInt(1, 800) } : {};
    const value = `${session.client}/${session.sequence}`;
    return { op: 'set', key, field, value, ...timestamp, ...ttl, session };
  }

  private attemptWrite(
    operation: WriteOp,
    data: string,
    attempt: number,
    mayHaveHappened: boolean,
  ): void {
    let waiting = true;
    const asked = this.whomToAsk();
    const patience = this.scheduler.after(100 + this.random.nextFloat() * 700, () => {
      waiting = false;
      this.leader = this.random.pick(this.reach.nodes);
      this.againOrGiveUp(operation, data, attempt, true);
    });
    this.reach.propose(asked, data, (proposed) => {
      if (!waiting) return;
      waiting = false;
      patience.cancel();
      if (proposed.outcome === 'applied' && isRefused(proposed.result)) {
        const { error } = proposed.result;
        operation.refusal = { error, asOf: proposed.index };
        // An earlier attempt may have been done before the session ended; what is late is refused for ever.
        const isExpired = error.code === 'SESSION_EXPIRED';
        if (isExpired) this.session = null;
        if (!isExpired || !mayHaveHappened) this.hasFailed(operation);
        this.rest();
        return;
      }
      if (proposed.outcome === 'applied') {
        operation.outcome = 'ok';
        operation.result = proposed.result;
        operation.returned = this.scheduler.steps;
        this.reach.acknowledged(proposed.index);
        this.done++;
        this.rest();
        return;
      }
      this.leader = proposed.leaderHint ?? this.random.pick(this.reach.nodes);
      this.againOrGiveUp(
        operation,
        data,
        attempt,
        mayHaveHappened || proposed.outcome === 'unknown',
      );
    });
  }

  private againOrGiveUp(
    operation: WriteOp,
    data: string,
    attempt: number,
    mayHaveHappened: boolean,
  ): void {
    const giveUp =
      this.stopped || attempt >= MAX_ATTEMPTS || (mayHaveHappened && this.random.chance(0.1));
    if (!giveUp) {
      const late = mayHaveHappened && this.random.chance(LATE) ? 1000 : 0;
      this.scheduler.after(20 + late + this.random.nextFloat() * 150, () =>
        this.attemptWrite(operation, data, attempt + 1, mayHaveHappened),
      );
      return;
    }
    // The fate of this session's last write is open: nothing may be numbered after it.
    if (mayHaveHappened) this.session = null;
    else this.hasFailed(operation);
    this.rest();
  }

  private hasFailed(operation: WriteOp): void {
    operation.outcome = 'failed';
    operation.returned = this.scheduler.steps;
  }

  // --- reads -----------------------------------------------------------------------

  private read(): void {
    const query = this.drawQuery();
    const operation: ReadOp = {
      kind: 'read',
      client: this.name,
      query,
      call: this.scheduler.steps,
      returned: Number.POSITIVE_INFINITY,
      outcome: 'failed',
      answer: null,
    };
    this.history.push(operation);
    let waiting = true;
    const patience = this.scheduler.after(500, () => {
      waiting = false;
      this.leader = this.random.pick(this.reach.nodes);
      this.rest();
    });
    this.reach.read(this.whomToAsk(), query, (read) => {
      if (!waiting) return;
      waiting = false;
      patience.cancel();
      if (read.outcome === 'answered' && read.result.ok) {
        operation.outcome = 'ok';
        operation.answer = asReadAnswer(query, read.result.answer);
        operation.returned = this.scheduler.steps;
        this.done++;
      } else if (read.outcome === 'answered' && !read.result.ok) {
        operation.refusal = { error: read.result.error, asOf: read.appliedRevision };
        operation.returned = this.scheduler.steps;
      } else if (read.outcome === 'failed') {
        this.leader = read.leaderHint ?? this.random.pick(this.reach.nodes);
      }
      this.rest();
    });
  }

  private drawQuery(): ReadQuery {
    const key = this.random.pick(KEYS);
    const at = this.random.chance(0.3) ? { at: dated(this.random.nextInt(0, 6000)) } : {};
    if (this.random.chance(0.3)) return { type: 'scan', key, ...at };
    return { type: 'get', key, field: this.random.pick(FIELDS), ...at };
  }
}

/** Half of the instants lie within the run, past or yet to come, the others long before it. */
function dated(ms: number): number {
  return ms % 2 === 0 ? ms : START_MS + ms;
}

/** Refused for what came with time, which any client may meet. */
function isRefused(result: ApplyResult): result is Extract<ApplyResult, { ok: false }> {
  return !result.ok && ['COMPACTED', 'SESSION_EXPIRED'].includes(result.error.code);
}
