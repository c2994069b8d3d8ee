/**
 * Nodes, time and readers that a test plays: real stores fed from one log, each
 * as far as the test lets it, and answers that are on their way until the test
 * delivers them.
 */
import type { ReadOutcome } from '../../server/cluster/kv-service.ts';
import { KvStore } from '../../server/kv/store.ts';
import type { ChangeBatch, ChangesQuery } from '../../server/kv/queries.ts';
import type { Command, KvError, Scope } from '../../server/kv/types.ts';
import type { ReadResult } from '../../server/node/control.ts';
import type { WatchedNodes, WatchTime } from '../../server/watch/nodes.ts';
import type { Watch } from '../../server/watch/hub.ts';
import type { WatchEnd, WatchEvent, WatchSink } from '../../server/watch/watcher.ts';
import { Writer } from '../kv/writer.ts';

type Answer = (read: ReadResult) => void;

interface Asked {
  readonly node: string;
  readonly kind: 'follow' | 'read';
  readonly query: ChangesQuery;
}

export class PlayedNodes implements WatchedNodes {
  leader: string | null = 'n1';
  /** What is committed, and what a store says that has all of it. */
  readonly log = new Writer();
  readonly asked: Asked[] = [];
  /** Every node answers this instead of changes at or below the revision. */
  horizon: { readonly revision: number; readonly error: KvError } | null = null;
  headFails: Extract<ReadOutcome, { ok: false }> | null = null;
  private readonly stores = new Map<string, KvStore>();
  private readonly downs = new Set<string>();
  private readonly parked = new Map<string, { query: ChangesQuery; answer: Answer }>();
  private onTheWay: {
    readonly node: string;
    readonly run: () => void;
    readonly drop: () => void;
  }[] = [];

  constructor(ids: readonly string[] = ['n1', 'n2', 'n3']) {
    for (const id of ids) this.stores.set(id, KvStore.empty());
  }

  get ids(): readonly string[] {
    return [...this.stores.keys()];
  }

  get running(): readonly string[] {
    return this.ids.filter((id) => !this.downs.has(id));
  }

  /** Reads on their way, and follows that wait. */
  get underWay(): number {
    return this.onTheWay.length;
  }

  follow(node: string, query: ChangesQuery, answer: Answer): void {
    this.asked.push({ node, kind: 'follow', query });
    if (this.downs.has(node)) {
      answer({ outcome: 'failed', reason: 'halted', leaderHint: null });
      return;
    }
    this.fail(this.parked.get(node)?.answer, node);
    this.parked.set(node, { query, answer });
    this.release(node);
  }

  read(node: string, query: ChangesQuery, answer: Answer): void {
    this.asked.push({ node, kind: 'read', query });
    if (this.downs.has(node)) answer({ outcome: 'failed', reason: 'halted', leaderHint: null });
    else this.send(node, query, answer);
  }

  async head(): Promise<ReadOutcome> {
    if (this.headFails !== null) return this.headFails;
    const appliedRevision = this.log.store.lastApplied;
    const result = this.log.store.query({ type: 'changes', after: appliedRevision, limit: 1 });
    return { ok: true, node: 'n1', appliedRevision, result };
  }

  /** Commits a command; nodes apply it when they are let. */
  commit(command: Command | 'noop', stampMs?: number): number {
    this.log.apply(command, stampMs);
    return this.log.store.lastApplied;
  }

  /** Lets a node apply up to a revision. */
  apply(node: string, upTo = Number.POSITIVE_INFINITY): void {
    const store = this.stores.get(node) ?? KvStore.empty();
    if (this.downs.has(node)) return;
    for (const entry of this.log.entries)
      if (entry.index > store.lastApplied && entry.index <= upTo) store.apply(entry);
    this.release(node);
  }

  applyAll(): void {
    for (const id of this.ids) this.apply(id);
  }

  /** Commits, and every node that runs applies. */
  write(command: Command | 'noop', stampMs?: number): number {
    const revision = this.commit(command, stampMs);
    this.applyAll();
    return revision;
  }

  /** What it had not answered fails; what was on its way has arrived or is lost with it. */
  kill(node: string): void {
    this.downs.add(node);
    if (this.leader === node) this.leader = null;
    this.fail(this.parked.get(node)?.answer, node);
    this.parked.delete(node);
    const lost = this.onTheWay.filter((mail) => mail.node === node);
    this.onTheWay = this.onTheWay.filter((mail) => mail.node !== node);
    for (const mail of lost) mail.drop();
  }

  revive(node: string): void {
    this.downs.delete(node);
  }

  /** Lets what is on its way arrive, one by one, and what that leads to. */
  deliver(most = Number.POSITIVE_INFINITY): void {
    for (let count = 0; count < most; count++) {
      const mail = this.onTheWay.shift();
      if (mail === undefined) return;
      mail.run();
    }
  }

  /** All that happened in the scope after a revision. */
  changes(scope: Scope, after: number): ChangeBatch[] {
    const batches: ChangeBatch[] = [];
    for (let from = after; ; ) {
      const answer = this.log.answer({ type: 'changes', after: from, limit: 1000, ...scope });
      batches.push(...answer.batches);
      if (answer.through >= this.log.store.lastApplied) return batches;
      from = answer.through;
    }
  }

  private release(node: string): void {
    const waiting = this.parked.get(node);
    if (waiting === undefined) return;
    if (waiting.query.after >= (this.stores.get(node)?.lastApplied ?? 0)) return;
    this.parked.delete(node);
    this.send(node, waiting.query, waiting.answer);
  }

  private send(node: string, query: ChangesQuery, answer: Answer): void {
    const store = this.stores.get(node) ?? KvStore.empty();
    const isGone = this.horizon !== null && query.after < this.horizon.revision;
    const result =
      isGone && this.horizon !== null
        ? { ok: false as const, error: this.horizon.error }
        : store.query(query);
    const read: ReadResult = {
      outcome: 'answered',
      result,
      appliedRevision: store.lastApplied,
    };
    this.onTheWay.push({
      node,
      run: () => answer(read),
      drop: () => this.fail(answer, node),
    });
  }

  private fail(answer: Answer | undefined, node: string): void {
    if (answer === undefined) return;
    const run = (): void => answer({ outcome: 'failed', reason: 'halted', leaderHint: null });
    this.onTheWay.push({ node, run, drop: run });
  }
}

export class PlayedTime implements WatchTime {
  private now = 0;
  private readonly timers = new Set<{ readonly ms: number; nextMs: number; run: () => void }>();

  nowMs(): number {
    return this.now;
  }

  every(ms: number, run: () => void): () => void {
    const timer = { ms, nextMs: this.now + ms, run };
    this.timers.add(timer);
    return () => void this.timers.delete(timer);
  }

  get timerCount(): number {
    return this.timers.size;
  }

  pass(ms: number): void {
    const untilMs = this.now + ms;
    for (;;) {
      const [next] = [...this.timers].sort((a, b) => a.nextMs - b.nextMs);
      if (next === undefined || next.nextMs > untilMs) break;
      this.now = next.nextMs;
      next.nextMs += next.ms;
      next.run();
    }
    this.now = untilMs;
  }
}

/** A sink with room for some events, whose reader takes them when the test says so. */
export class PlayedReader implements WatchSink {
  readonly room: number;
  readonly taken: WatchEvent[] = [];
  private held: WatchEvent[] = [];
  private watch: Watch | null = null;

  constructor(room = Number.POSITIVE_INFINITY) {
    this.room = room;
  }

  /** To be given to the hub. */
  readonly attach = (watch: Watch): WatchSink => {
    this.watch = watch;
    return this;
  };

  get hasRoom(): boolean {
    return this.held.length < this.room;
  }

  get isIdle(): boolean {
    return this.held.length === 0;
  }

  get heldCount(): number {
    return this.held.length;
  }

  send(event: WatchEvent): void {
    this.held.push(event);
  }

  take(most = Number.POSITIVE_INFINITY): void {
    const taken = this.held.splice(0, most);
    if (taken.length === 0) return;
    this.taken.push(...taken);
    this.watch?.took();
  }

  /** Takes all that comes of taking. */
  takeAll(): void {
    while (this.held.length > 0) this.take();
  }

  close(): void {
    this.watch?.close();
  }

  get batches(): ChangeBatch[] {
    return this.taken.flatMap((event) => (event.type === 'changes' ? [event.batch] : []));
  }

  of<T extends WatchEvent['type']>(type: T): Extract<WatchEvent, { type: T }>[] {
    return this.taken.filter((event) => event.type === type) as Extract<WatchEvent, { type: T }>[];
  }

  get end(): WatchEnd | null {
    return this.of('end')[0]?.end ?? null;
  }

  /** From where it would go on. */
  get through(): number {
    const last = this.taken.at(-1);
    if (last === undefined) return this.watch?.after ?? 0;
    return last.type === 'changes' ? last.batch.revision : last.through;
  }
}
