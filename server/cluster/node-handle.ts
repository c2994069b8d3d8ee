/**
 * One node as the main thread sees it: something that runs and may die at any
 * instant. Questions are batched per turn of the loop; whatever the node has
 * not answered when it dies is answered here, truthfully: a proposal's fate is
 * unknown, a read simply failed.
 */
import { assert } from '../base/assert.ts';
import type { ChangesQuery, Query } from '../kv/queries.ts';
import type { StoreRefusal } from '../ports/node-storage.ts';
import type { ConfChange } from '../raft/types.ts';
import type {
  EntrySummary,
  FromNode,
  LinkRule,
  NodeOptions,
  NodeReport,
  NodeWorld,
  Proposed,
  ReadResult,
  ToNode,
} from '../node/control.ts';
import type { PaceAnswer, PaceAsk, TransitReport } from '../node/pace-control.ts';
import { packProposals, unpackAnswers } from '../node/control-wire.ts';
import type { Proposal } from '../node/control-wire.ts';
import type { WriteStamps } from '../node/write-stages.ts';
import type { LineEnd, NodeRun, NodeRuntime } from './node-runtime.ts';

/** A node that has not closed its database after this long is terminated; that loses nothing, ms. */
const STOP_WITHIN_MS = 3000;

export type NodeState = 'starting' | 'serving' | 'down' | 'failed';

export interface NodeHandleEvents {
  /** Before its first report of this life. */
  onStarted(id: string, pid: number): void;
  onReport(report: NodeReport): void;
  /** Of messages on their way; only while the cluster is slowed. */
  onTransit(report: TransitReport): void;
  /** `reason` says why it is down or has failed; `refusal` that it is for its store, which may not be used. */
  onState(id: string, state: NodeState, reason: string | null, refusal: StoreRefusal | null): void;
}

interface Life {
  readonly run: NodeRun;
  readonly gone: Promise<void>;
}

export interface LogPage {
  readonly entries: readonly EntrySummary[];
  readonly lastIndex: number;
}

/** Hears, before the answer, when the proposal came to each stage of its way; not if it never came to its end. */
export type OnStages = (node: string, stamps: WriteStamps) => void;

interface OpenPace {
  readonly ask: PaceAsk;
  readonly answer: (answer: PaceAnswer | null) => void;
}

type ReadItem = Extract<ToNode, { type: 'read' }>['items'][number];

export class NodeHandle {
  readonly id: string;
  state: NodeState = 'down';
  private readonly runtime: NodeRuntime;
  private readonly events: NodeHandleEvents;
  /** Null while it does not run. */
  private life: Life | null = null;
  /** Why we are ending its life; null while we are not. */
  private goingDown: string | null = null;
  private nextId = 1;
  private readonly proposals = new Map<number, (proposed: Proposed) => void>();
  private readonly reads = new Map<number, (read: ReadResult) => void>();
  private readonly logs = new Map<number, (page: LogPage | null) => void>();
  private readonly paces = new Map<number, OpenPace>();
  private readonly syncs = new Map<number, () => void>();
  /** Of the proposals, those whose stages somebody wants. */
  private readonly traced = new Map<number, OnStages>();
  private proposeBatch: Proposal[] = [];
  private tracedBatch: number[] = [];
  private readBatch: ReadItem[] = [];
  private flushScheduled = false;

  constructor(id: string, runtime: NodeRuntime, events: NodeHandleEvents) {
    this.id = id;
    this.runtime = runtime;
    this.events = events;
  }

  // --- life --------------------------------------------------------------------

  /** Begins a life; resolves once it serves (recovered from its own database) or is gone again. */
  start(options: NodeOptions): Promise<void> {
    assert(this.life === null, 'a node runs once');
    this.goingDown = null;
    this.setState('starting', null);
    return new Promise((serving) => {
      let failure: string | null = null;
      let resolveGone = (): void => {};
      const gone = new Promise<void>((resolve) => {
        resolveGone = resolve;
      });
      const run = this.runtime.run(options, {
        onMessage: (message) => {
          if (message.type === 'failed') {
            failure = message.reason;
            this.setState('failed', failure, message.refusal);
            // It has said its last word; it must not linger when it cannot end itself.
            run.terminate();
            return;
          }
          this.onMessage(message);
          if (message.type === 'serving') serving();
        },
        onGone: (how) => {
          this.life = null;
          if (this.goingDown !== null) this.setState('down', this.goingDown);
          else this.setState('failed', failure ?? how);
          this.answerAll();
          resolveGone();
          serving();
        },
      });
      this.life = { run, gone };
      this.events.onStarted(this.id, run.pid);
    });
  }

  /** Ends the node without a word to it; resolves when it is gone. */
  async kill(): Promise<void> {
    if (this.life === null) return;
    this.goingDown ??= 'killed';
    this.life.run.terminate();
    await this.life.gone;
  }

  /** Lets the node close its database; resolves when it is gone, by force if it takes too long. */
  async stop(): Promise<void> {
    const { life } = this;
    if (life === null) return;
    this.flush();
    this.goingDown ??= 'stopped';
    this.post({ type: 'stop' });
    const force = setTimeout(() => life.run.terminate(), STOP_WITHIN_MS);
    await life.gone;
    clearTimeout(force);
  }

  /** Resolves when nothing of this node runs: at once unless it is on its way out. */
  async gone(): Promise<void> {
    await this.life?.gone;
  }

  // --- questions -----------------------------------------------------------------

  /** It takes questions: it serves, and nobody is ending it. */
  get isServing(): boolean {
    return this.state === 'serving' && this.goingDown === null;
  }

  /** `answer` is called exactly once, also when the node dies first. */
  propose(
    data: string,
    answer: (proposed: Proposed) => void,
    onStages: OnStages | null = null,
  ): void {
    if (!this.isServing) {
      answer({ outcome: 'dropped', reason: 'halted', leaderHint: null });
      return;
    }
    const id = this.nextId++;
    this.proposals.set(id, answer);
    this.proposeBatch.push({ id, data });
    if (onStages !== null) {
      this.traced.set(id, onStages);
      this.tracedBatch.push(id);
    }
    this.scheduleFlush();
  }

  read(query: Query, level: 'linearizable' | 'local', answer: (read: ReadResult) => void): void {
    if (!this.isServing) {
      answer({ outcome: 'failed', reason: 'halted', leaderHint: null });
      return;
    }
    const id = this.nextId++;
    this.reads.set(id, answer);
    this.readBatch.push({ id, query, level });
    this.scheduleFlush();
  }

  /** What comes after `query.after`, by this node alone, once there is anything; a later call ends this one as failed. */
  follow(query: ChangesQuery, answer: (read: ReadResult) => void): void {
    if (!this.isServing) {
      answer({ outcome: 'failed', reason: 'halted', leaderHint: null });
      return;
    }
    const id = this.nextId++;
    this.reads.set(id, answer);
    this.post({ type: 'follow', id, query });
  }

  /** A page of this node's own log; null when it is not running. */
  log(from: number, limit: number): Promise<LogPage | null> {
    if (!this.isServing) return Promise.resolve(null);
    const id = this.nextId++;
    this.post({ type: 'log', id, from, limit });
    return new Promise((resolve) => this.logs.set(id, resolve));
  }

  /** A membership change, if this node leads; answered as a proposal is. */
  changeMembers(changes: readonly ConfChange[], answer: (proposed: Proposed) => void): void {
    if (!this.isServing) {
      answer({ outcome: 'dropped', reason: 'halted', leaderHint: null });
      return;
    }
    const id = this.nextId++;
    this.proposals.set(id, answer);
    this.post({ type: 'confChange', id, changes });
  }

  transferLeadership(to: string): void {
    this.post({ type: 'transferLeadership', to });
  }

  /** Saves what is applied and forgets the log up to there. */
  compact(): void {
    this.post({ type: 'compact' });
  }

  campaign(): void {
    this.post({ type: 'campaign' });
  }

  /**
   * Null when it is gone before it has answered, or paused: then it does it when it runs again.
   * One that starts answers when it serves; one that is to drop a message, or is paused already,
   * when it runs.
   */
  pace(ask: PaceAsk): Promise<PaceAnswer | null> {
    if (this.life === null) return Promise.resolve(null);
    const id = this.nextId++;
    this.post({ type: 'pace', id, ask });
    return new Promise((answer) => this.paces.set(id, { ask, answer }));
  }

  /** Its end of a fresh line; of a node that does not run, the line ends here. */
  connect(peer: string, end: LineEnd): void {
    if (this.life !== null) this.life.run.connect(peer, end);
    else if ('destroy' in end) end.destroy();
    else end.close();
  }

  setLink(peer: string, rule: LinkRule): void {
    this.post({ type: 'link', peer, rule });
  }

  setWorld(world: NodeWorld): void {
    this.post({ type: 'world', world });
  }

  /** It runs nothing from the next message on that it would take, until {@link resume}. */
  pause(): void {
    this.life?.run.pause();
    this.answerSyncs();
    // What became of a message only the node can tell.
    for (const [id, { ask }] of this.paces)
      if (ask.do !== 'drop') take(this.paces, id)?.answer(null);
  }

  resume(): void {
    this.life?.run.resume();
  }

  /** Resolves when it has taken all that it was told so far; at once when it does not serve, or is paused. */
  synced(): Promise<void> {
    if (!this.isServing || this.life?.run.isPaused === true) return Promise.resolve();
    const id = this.nextId++;
    this.post({ type: 'sync', id });
    return new Promise((resolve) => this.syncs.set(id, resolve));
  }

  private scheduleFlush(): void {
    if (this.flushScheduled) return;
    this.flushScheduled = true;
    setImmediate(() => this.flush());
  }

  private flush(): void {
    this.flushScheduled = false;
    if (this.proposeBatch.length > 0) this.post(packProposals(this.proposeBatch, this.tracedBatch));
    if (this.readBatch.length > 0) this.post({ type: 'read', items: this.readBatch });
    this.proposeBatch = [];
    this.readBatch = [];
    if (this.tracedBatch.length > 0) this.tracedBatch = [];
  }

  private post(message: Exclude<ToNode, { type: 'connect' }>): void {
    this.life?.run.post(message);
  }

  // --- answers ---------------------------------------------------------------------

  private onMessage(message: Exclude<FromNode, { type: 'failed' }>): void {
    switch (message.type) {
      case 'serving':
        this.events.onReport(message.report);
        this.setState('serving', null);
        return;
      case 'proposed':
        for (const { id, stamps } of message.stages ?? []) take(this.traced, id)?.(this.id, stamps);
        unpackAnswers(message, (id, proposed) => {
          if (this.traced.size > 0) this.traced.delete(id);
          take(this.proposals, id)?.(proposed);
        });
        return;
      case 'read':
        for (const { id, read } of message.items) take(this.reads, id)?.(read);
        return;
      case 'log':
        take(this.logs, message.id)?.(message);
        return;
      case 'report':
        this.events.onReport(message.report);
        return;
      case 'pace':
        take(this.paces, message.id)?.answer(message.answer);
        return;
      case 'synced':
        take(this.syncs, message.id)?.();
        return;
      case 'transit':
        this.events.onTransit(message.report);
        return;
    }
  }

  /** It is gone: nothing more will be answered by it. What was never handed to it surely did not happen. */
  private answerAll(): void {
    for (const { id } of this.proposeBatch) {
      take(this.proposals, id)?.({ outcome: 'dropped', reason: 'halted', leaderHint: null });
    }
    const proposals = [...this.proposals.values()];
    const reads = [...this.reads.values()];
    const logs = [...this.logs.values()];
    const paces = [...this.paces.values()];
    this.proposals.clear();
    this.reads.clear();
    this.logs.clear();
    this.paces.clear();
    this.traced.clear();
    this.tracedBatch = [];
    this.proposeBatch = [];
    this.readBatch = [];
    for (const answer of proposals) answer({ outcome: 'unknown', leaderHint: null });
    for (const answer of reads) answer({ outcome: 'failed', reason: 'halted', leaderHint: null });
    for (const answer of logs) answer(null);
    for (const { answer } of paces) answer(null);
    this.answerSyncs();
  }

  private answerSyncs(): void {
    const syncs = [...this.syncs.values()];
    this.syncs.clear();
    for (const resolve of syncs) resolve();
  }

  private setState(
    state: NodeState,
    reason: string | null,
    refusal: StoreRefusal | null = null,
  ): void {
    if (this.state === state) return;
    this.state = state;
    this.events.onState(this.id, state, reason, refusal);
  }
}

function take<T>(waiting: Map<number, T>, id: number): T | undefined {
  const found = waiting.get(id);
  waiting.delete(id);
  return found;
}
