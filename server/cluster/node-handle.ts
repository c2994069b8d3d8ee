/**
 * One node as the main thread sees it: a worker thread that may die at any
 * instant. Questions are batched per turn of the loop; whatever the thread has
 * not answered when it dies is answered here, truthfully: a proposal's fate is
 * unknown, a read simply failed.
 */
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import type { MessagePort } from 'node:worker_threads';
import { assert } from '../base/assert.ts';
import type { ChangesQuery, Query } from '../kv/queries.ts';
import type { StoreRefusal } from '../ports/node-storage.ts';
import type { ConfChange } from '../raft/types.ts';
import type {
  EntrySummary,
  FromNode,
  LinkRule,
  NodeReport,
  NodeWorld,
  Proposed,
  ReadResult,
  ToNode,
  WorkerOptions,
} from '../node/control.ts';
import type { PaceAnswer, PaceAsk, TransitReport } from '../node/pace-control.ts';
import { packProposals, unpackAnswers } from '../node/control-wire.ts';
import type { Proposal } from '../node/control-wire.ts';
import type { WriteStamps } from '../node/write-stages.ts';
import { PauseGate } from '../node/pause-gate.ts';

/** A node that has not closed its database after this long is terminated; that loses nothing, ms. */
const STOP_WITHIN_MS = 3000;

/** A busy node makes much that is soon forgotten: more room for it means fewer collections, each no longer. */
const YOUNG_GENERATION_MB = 64;
/** Room for some 20 million versions, whatever the machine has: left to itself, V8 takes a share of its memory. */
const OLD_GENERATION_MB = 4096;

export type NodeState = 'starting' | 'serving' | 'down' | 'failed';

export interface NodeHandleEvents {
  onReport(report: NodeReport): void;
  /** Of messages on their way; only while the cluster is slowed. */
  onTransit(report: TransitReport): void;
  /** `reason` says why it is down or has failed; `refusal` that it is for its store, which may not be used. */
  onState(id: string, state: NodeState, reason: string | null, refusal: StoreRefusal | null): void;
}

export interface LogPage {
  readonly entries: readonly EntrySummary[];
  readonly lastIndex: number;
}

/** Hears, before the answer, when the proposal came to each stage of its way; not if it never came to its end. */
export type OnStages = (node: string, stamps: WriteStamps) => void;

type ReadItem = Extract<ToNode, { type: 'read' }>['items'][number];

export class NodeHandle {
  readonly id: string;
  state: NodeState = 'down';
  private readonly workerFile: string;
  private readonly events: NodeHandleEvents;
  private worker: Worker | null = null;
  /** Of the thread that runs. */
  private gate = new PauseGate();
  /** Why we are ending its thread; null while we are not. */
  private goingDown: string | null = null;
  private nextId = 1;
  private readonly proposals = new Map<number, (proposed: Proposed) => void>();
  private readonly reads = new Map<number, (read: ReadResult) => void>();
  private readonly logs = new Map<number, (page: LogPage | null) => void>();
  private readonly paces = new Map<number, (answer: PaceAnswer | null) => void>();
  private readonly syncs = new Map<number, () => void>();
  /** Of the proposals, those whose stages somebody wants. */
  private readonly traced = new Map<number, OnStages>();
  private proposeBatch: Proposal[] = [];
  private tracedBatch: number[] = [];
  private readBatch: ReadItem[] = [];
  private flushScheduled = false;

  constructor(id: string, workerFile: string, events: NodeHandleEvents) {
    this.id = id;
    this.workerFile = workerFile;
    this.events = events;
  }

  // --- life --------------------------------------------------------------------

  /** Starts a thread; resolves once it serves (recovered from its own database) or is gone again. */
  start(options: Omit<WorkerOptions, 'gate'>): Promise<void> {
    assert(this.worker === null, 'a node runs once');
    this.gate = new PauseGate();
    const worker = new Worker(this.workerFile, {
      workerData: { ...options, gate: this.gate.buffer } satisfies WorkerOptions,
      name: this.id,
      resourceLimits: {
        maxYoungGenerationSizeMb: YOUNG_GENERATION_MB,
        maxOldGenerationSizeMb: OLD_GENERATION_MB,
      },
    });
    this.worker = worker;
    this.goingDown = null;
    this.setState('starting', null);
    return new Promise((resolve) => {
      let failure: string | null = null;
      worker.on('message', (message: FromNode) => {
        if (message.type === 'failed') {
          failure = message.reason;
          this.setState('failed', failure, message.refusal);
          // It has said its last word; its thread must not linger when it cannot end itself.
          void worker.terminate();
          return;
        }
        this.onMessage(message);
        if (message.type === 'serving') resolve();
      });
      worker.on('error', (error: unknown) => {
        failure ??= error instanceof Error ? `${error.name}: ${error.message}` : String(error);
      });
      worker.once('exit', (code) => {
        // What it had said before it died has been delivered by now.
        this.worker = null;
        if (this.goingDown !== null) this.setState('down', this.goingDown);
        else this.setState('failed', failure ?? `its thread ended by itself (code ${code})`);
        this.answerAll();
        resolve();
      });
    });
  }

  /** Ends the thread between two instructions, without a word to it; resolves when it is gone. */
  async kill(): Promise<void> {
    if (this.worker === null) return;
    this.goingDown ??= 'killed';
    await this.worker.terminate();
  }

  /** Lets the node close its database; resolves when its thread is gone, by force if it takes too long. */
  async stop(): Promise<void> {
    const { worker } = this;
    if (worker === null) return;
    this.flush();
    this.goingDown ??= 'stopped';
    const gone = once(worker, 'exit');
    this.post({ type: 'stop' });
    const force = setTimeout(() => void worker.terminate(), STOP_WITHIN_MS);
    await gone;
    clearTimeout(force);
  }

  /** Resolves when no thread of this node is left: at once unless one is on its way out. */
  async gone(): Promise<void> {
    if (this.worker !== null) await once(this.worker, 'exit');
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

  /** Null when its thread is gone before it has answered; one that starts answers when it serves. */
  pace(ask: PaceAsk): Promise<PaceAnswer | null> {
    if (this.worker === null) return Promise.resolve(null);
    const id = this.nextId++;
    this.post({ type: 'pace', id, ask });
    return new Promise((resolve) => this.paces.set(id, resolve));
  }

  connect(peer: string, port: MessagePort): void {
    this.worker?.postMessage({ type: 'connect', peer, port } satisfies ToNode, [port]);
  }

  setLink(peer: string, rule: LinkRule): void {
    this.post({ type: 'link', peer, rule });
  }

  setWorld(world: NodeWorld): void {
    this.post({ type: 'world', world });
  }

  /** Its thread stops at the next message that it takes, and runs nothing until {@link resume}. */
  pause(): void {
    this.gate.close();
    this.post({ type: 'pause' });
    this.answerSyncs();
  }

  resume(): void {
    this.gate.open();
  }

  /** Resolves when its thread has taken all that it was told so far; at once when it does not serve, or is paused. */
  synced(): Promise<void> {
    if (!this.isServing || this.gate.isClosed) return Promise.resolve();
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

  private post(message: ToNode): void {
    this.worker?.postMessage(message);
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
        take(this.paces, message.id)?.(message.answer);
        return;
      case 'synced':
        take(this.syncs, message.id)?.();
        return;
      case 'transit':
        this.events.onTransit(message.report);
        return;
    }
  }

  /** The thread is gone: nothing more will be answered by it. What was never handed to it surely did not happen. */
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
    for (const answer of paces) answer(null);
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
