/**
 * One node: the consensus core, the temporal store, and the ports that join
 * them to the world. It takes ports only, so the simulator runs this same file
 * on virtual time, disk and network. Everything here is synchronous; whatever
 * takes time comes back as a callback of a port.
 *
 * A turn: inputs step the core as they arrive; at the end of the turn of the
 * loop one `drain` turns all of them into one batch of effects. Messages leave
 * before the disk is touched, so followers write while the leader writes.
 */
import { assert, unreachable } from '../base/assert.ts';
import { failpoint } from '../base/failpoint.ts';
import { Random } from '../base/random.ts';
import type { SessionLimits } from '../kv/sessions.ts';
import { KvStore } from '../kv/store.ts';
import type { ChangesQuery, Query } from '../kv/queries.ts';
import type { Clock, Timer } from '../ports/clock.ts';
import type { LogWrite, NodeStorage, RestoredNode } from '../ports/node-storage.ts';
import type { Transport } from '../ports/transport.ts';
import type { Message } from '../raft/messages.ts';
import { Raft } from '../raft/raft.ts';
import type {
  ConfChange,
  Effect,
  Entry,
  Input,
  LogIndex,
  MonoMs,
  NodeId,
  RaftConfig,
  RaftEvent,
  RaftStatus,
} from '../raft/types.ts';
import { compactionPoint, USUAL_TAIL } from './compaction.ts';
import type { LogTail } from './compaction.ts';
import { Admission } from './admission.ts';
import { byReceiver } from './by-receiver.ts';
import { ClusterTimeDriver } from './cluster-time.ts';
import type { DropCounts, Proposed, ReadResult } from './control.ts';
import type { LeaderHost } from './leader-host.ts';
import { RetentionDriver } from './retention.ts';
import { SnapshotTransfer } from './snapshot-transfer.ts';
import { FollowWaiter, ProposalWaiters, ReadWaiters } from './waiters.ts';

/** Applied entries are saved in batches of at most this many versions. */
const SAVE_BATCH_VERSIONS = 1000;
/** A quiet node saves what it applied after this long, ms. */
const SAVE_DELAY_MS = 100;

export interface NodeHostOptions {
  readonly id: NodeId;
  readonly timing: Pick<RaftConfig, 'heartbeatIntervalMs' | 'electionTimeoutMs' | 'leaseMs'>;
  /** Seed of this boot's random draws (election time-outs). */
  readonly seed: number;
  readonly clock: Clock;
  /** Times what is dated by people's time; the same unless the node can be slowed. */
  readonly unslowed?: Clock;
  readonly transport: Transport;
  readonly storage: NodeStorage;
  readonly restored: RestoredNode;
  /** Settings of the core other than the usual ones: tests only. */
  readonly raftOverrides?: Partial<RaftConfig>;
  readonly logTail?: LogTail;
  /** Other than the usual ones, the same on all nodes: tests only. */
  readonly sessionLimits?: SessionLimits;
  /** Microseconds for which nothing is forgotten, the usual ones unless a test has it otherwise. */
  readonly ageAfterMicros?: number;
  onProposed(id: number, proposed: Proposed, waitedMs: number): void;
  onRead(id: number, read: ReadResult): void;
  onTrace(event: RaftEvent): void;
  /** A proposal has become an entry. */
  onAppended?(id: number, index: LogIndex): void;
  /** A log write became durable, `tookMs` after it was handed to storage. */
  onPersisted?(tookMs: number, write: LogWrite): void;
  /** Known here to be committed; what is not applied yet is next. */
  onCommitted?(upTo: LogIndex): void;
  /** The store has applied one more entry. */
  onApplied?(kv: KvStore): void;
  /** The node has stopped itself: its storage failed or it met a bug. Called once; nothing follows. */
  onFailed(reason: string): void;
}

export function raftConfig(
  options: Pick<NodeHostOptions, 'id' | 'timing' | 'raftOverrides'>,
): RaftConfig {
  return {
    id: options.id,
    heartbeatIntervalMs: options.timing.heartbeatIntervalMs,
    electionTimeoutMs: options.timing.electionTimeoutMs,
    leaseMs: options.timing.leaseMs,
    maxEntriesPerAppend: 1024,
    maxAppendChars: 1024 * 1024,
    maxInflightAppends: 64,
    maxInflightChars: 8 * 1024 * 1024,
    maxUncommittedChars: 64 * 1024 * 1024,
    preVote: true,
    checkQuorum: true,
    ...options.raftOverrides,
  };
}

export class NodeHost {
  readonly raft: Raft;
  readonly kv: KvStore;
  /** Without what was restored: that would stay in memory a second time. */
  private readonly options: Omit<NodeHostOptions, 'restored'>;
  private readonly clock: Clock;
  private readonly storage: NodeStorage;
  private readonly admission: Admission;
  private readonly proposals = new ProposalWaiters();
  private readonly reads = new ReadWaiters();
  private readonly follows = new FollowWaiter();
  private running = false;
  private turnScheduled = false;
  /** Log writes that storage has not answered. */
  private logWrites = 0;
  private leasesTrusted = true;
  private tickTimer: Timer | null = null;
  private tickDueMono: MonoMs = Number.POSITIVE_INFINITY;
  private watchTimer: Timer | null = null;
  private saveTimer: Timer | null = null;
  private saving = false;
  /** The state in the store reaches this revision. */
  private savedTo: LogIndex;
  /** An operator wants the log to be as short as it can be. */
  private compactAll = false;
  private readonly snapshots: SnapshotTransfer;
  private readonly clusterTime: ClusterTimeDriver;
  private readonly retention: RetentionDriver;

  constructor({ restored, ...options }: NodeHostOptions) {
    this.options = options;
    this.clock = options.clock;
    this.storage = options.storage;
    this.savedTo = restored.kv.lastApplied;
    this.admission = new Admission(restored.identity);
    this.kv = KvStore.restore(restored.kv, restored, options.sessionLimits);
    this.raft = new Raft(
      raftConfig(options),
      {
        hardState: restored.hardState,
        base: restored.base,
        entries: restored.entries,
        lastApplied: this.kv.lastApplied,
      },
      Random.fromSeed(options.seed),
      options.clock.now(),
    );
    this.snapshots = new SnapshotTransfer(this.storage, this.kv, {
      input: (input) => this.input(input),
      onLoaded: () => {
        this.savedTo = this.kv.lastApplied;
      },
      guarded: (run) => {
        if (this.running) this.guarded(run);
      },
    });
    this.clusterTime = new ClusterTimeDriver(this.leaderHost(TICK_ID));
    this.retention = new RetentionDriver({
      ...this.leaderHost(COMPACTION_ID),
      ageAfterMicros: options.ageAfterMicros,
    });
    options.transport.onReceive((from, packet) => this.receive(from, packet));
  }

  /** Begins to take part. */
  start(): void {
    assert(!this.running, 'a host starts once');
    this.running = true;
    this.scheduleTurn();
    this.watchForStalls();
  }

  /** No further effect, timer or answer. What was durable stays durable. */
  stop(): void {
    this.running = false;
    this.tickTimer?.cancel();
    this.watchTimer?.cancel();
    this.saveTimer?.cancel();
    this.clusterTime.stop();
    this.retention.stop();
  }

  // --- inputs --------------------------------------------------------------

  /** Each id is answered once through `onProposed`. */
  propose(items: readonly { readonly id: number; readonly data: string }[]): void {
    for (const { id, data } of items) this.input({ type: 'propose', id, data });
  }

  /** Each id is answered once through `onRead`. */
  read(
    items: readonly {
      readonly id: number;
      readonly query: Query;
      readonly level: 'linearizable' | 'local';
    }[],
  ): void {
    if (!this.running) return;
    for (const { id, query, level } of items) {
      if (level === 'local') {
        this.options.onRead(id, this.lookUp(query));
        continue;
      }
      this.reads.add(id, query);
      this.input({ type: 'read', id });
    }
  }

  /** Answered once through `onRead`, from this node alone, as soon as it has applied anything after `query.after`; a later one takes its place. */
  follow(id: number, query: ChangesQuery): void {
    if (!this.running) return;
    const replaced = this.follows.put({ id, query });
    if (replaced !== null) this.failRead(replaced.id, 'replaced');
    this.releaseFollow();
  }

  /** A membership change; answered once through `onProposed`. */
  proposeConfChange(id: number, changes: readonly ConfChange[]): void {
    this.input({ type: 'proposeConfChange', id, changes });
  }

  /** A leader hands over to voter `to`, or goes on if that does not come about. */
  transferLeadership(to: NodeId): void {
    this.input({ type: 'transferLeadership', to });
  }

  /** Saves what is applied and forgets the log up to there, without a tail. */
  compactNow(): void {
    if (!this.running) return;
    this.compactAll = true;
    this.guarded(() => this.saveOrCompact());
  }

  /** Whether the clocks of the cluster run alike: while they need not, no read is answered under a lease. */
  trustLeases(trusted: boolean): void {
    this.leasesTrusted = trusted;
    this.input({ type: 'leases', trusted });
  }

  /** Ask to be elected (an operator's wish). */
  campaign(): void {
    this.input({ type: 'campaign' });
  }

  status(): RaftStatus {
    return this.raft.status();
  }

  /** All that came in has been dealt with and what was to be written to the log is durable. */
  get isSettled(): boolean {
    return !this.turnScheduled && this.logWrites === 0;
  }

  get pendingProposals(): number {
    return this.proposals.count;
  }

  /** No turn is ahead or under way: what the core has decided has been traced and handed out. */
  get isBetweenTurns(): boolean {
    return this.running && !this.turnScheduled;
  }

  /** What was not let in from other nodes, by reason. */
  get drops(): DropCounts {
    return this.admission.drops;
  }

  private leaderHost(id: number): LeaderHost {
    return {
      clock: this.options.unslowed ?? this.clock,
      kv: this.kv,
      leaderMicros: () =>
        this.running && this.raft.isEstablishedLeader
          ? this.raft.leaderTimeMicros(this.clock.now())
          : null,
      propose: (data) => this.input({ type: 'propose', id, data }),
      guarded: (run) => {
        if (this.running) this.guarded(run);
      },
    };
  }

  private receive(from: NodeId, packet: unknown): void {
    for (const message of this.admission.admit(from, packet))
      this.input({ type: 'receive', message });
  }

  private input(input: Input): void {
    if (!this.running) return;
    this.guarded(() => this.raft.step(this.clock.now(), input));
    this.scheduleTurn();
  }

  // --- the turn --------------------------------------------------------------

  private scheduleTurn(): void {
    if (this.turnScheduled || !this.running) return;
    this.turnScheduled = true;
    this.clock.defer(() => {
      this.turnScheduled = false;
      if (this.running) this.guarded(() => this.turn());
    });
  }

  private turn(): void {
    const effects = this.raft.drain();
    this.sendAll(effects);
    for (const effect of effects) {
      this.execute(effect);
      if (!this.running) return;
    }
    this.releaseReads();
    this.releaseFollow();
    this.armTick();
    this.armSave();
    this.clusterTime.arm();
    this.retention.arm();
  }

  /** One hand-over per peer and turn. */
  private sendAll(effects: readonly Effect[]): void {
    const messages: Message[] = [];
    for (const effect of effects) if (effect.type === 'send') messages.push(effect.message);
    if (messages.length > 0) this.send(messages);
  }

  private send(messages: readonly Message[]): void {
    const [first] = messages;
    if (first === undefined) return;
    const { head } = this.admission;
    if (messages.length === 1) {
      this.options.transport.send(first.to, { head, messages });
      return;
    }
    for (const [peer, batch] of byReceiver(messages))
      this.options.transport.send(peer, { head, messages: batch });
  }

  private execute(effect: Effect): void {
    switch (effect.type) {
      case 'send':
        return;
      case 'persist':
        this.persist(effect);
        return;
      case 'apply':
        this.options.onCommitted?.(this.raft.commitIndex);
        for (const entry of effect.entries) this.apply(entry);
        return;
      case 'proposalAppended':
        if (effect.id === TICK_ID) this.clusterTime.appended(effect.index);
        else if (effect.id === COMPACTION_ID) this.retention.appended(effect.index);
        else {
          this.proposals.add(effect.index, {
            id: effect.id,
            term: effect.term,
            sinceMono: this.clock.now().mono,
          });
          this.options.onAppended?.(effect.id, effect.index);
        }
        return;
      case 'proposalDropped': {
        const { type: _, id, ...why } = effect;
        if (id === TICK_ID) this.clusterTime.dropped();
        else if (id === COMPACTION_ID) this.retention.dropped();
        else this.options.onProposed(id, { outcome: 'dropped', ...why }, 0);
        return;
      }
      case 'readSnapshot':
        this.snapshots.read(effect.to, effect.after);
        return;
      case 'stageSnapshot':
        this.snapshots.stage(effect);
        return;
      case 'leadershipLost':
        this.clusterTime.dropped();
        this.retention.dropped();
        this.abandonProposals();
        return;
      case 'readReady':
        this.reads.confirm(effect.id, effect.index, effect.validUntilMono);
        return;
      case 'readFailed':
        this.reads.drop(effect.id);
        this.options.onRead(effect.id, {
          outcome: 'failed',
          reason: effect.reason,
          leaderHint: effect.leaderHint,
        });
        return;
      case 'trace':
        this.options.onTrace(effect.event);
        return;
      default:
        unreachable(effect);
    }
  }

  private persist(effect: Extract<Effect, { type: 'persist' }>): void {
    const startedMono = this.clock.now().mono;
    const { seq, thenSend, install } = effect;
    if (install !== null) this.snapshots.expect();
    this.logWrites++;
    this.storage.writeLog(effect, (error) => {
      this.logWrites--;
      if (!this.running) return;
      if (error !== null) {
        this.fail(`log write failed: ${error.message}`);
        return;
      }
      this.options.onPersisted?.(this.clock.now().mono - startedMono, effect);
      failpoint('persisted');
      const persisted = (): void => {
        this.input({ type: 'persisted', seq });
        this.send(thenSend);
      };
      if (install !== null) this.snapshots.load(persisted);
      else this.snapshots.afterLoading(persisted);
    });
  }

  private apply(entry: Entry): void {
    failpoint('apply');
    const result = this.kv.apply(entry);
    failpoint('applied');
    this.options.onApplied?.(this.kv);
    this.clusterTime.applied(entry.index);
    this.retention.applied(entry.index);
    const waiter = this.proposals.take(entry.index, entry.term);
    if (waiter === null) return;
    this.options.onProposed(
      waiter.id,
      { outcome: 'applied', index: entry.index, term: entry.term, result },
      this.clock.now().mono - waiter.sinceMono,
    );
  }

  /** Leadership is over: what was appended and not applied may yet commit under another leader. */
  private abandonProposals(): void {
    for (const waiter of this.proposals.takeAll()) {
      this.options.onProposed(
        waiter.id,
        { outcome: 'unknown', leaderHint: this.raft.leader },
        this.clock.now().mono - waiter.sinceMono,
      );
    }
  }

  /** The clock is read after the state: a lease that has ended meanwhile, in a pause of this node, vouches for nothing. */
  private releaseReads(): void {
    const ready = this.reads.takeReady(this.kv.lastApplied);
    if (ready.length === 0) return;
    const results = ready.map(({ query }) => this.lookUp(query));
    const nowMono = this.clock.now().mono;
    for (const [i, { id, query, validUntilMono }] of ready.entries()) {
      if (validUntilMono === null || (this.leasesTrusted && nowMono < validUntilMono))
        this.options.onRead(id, results[i] as ReadResult);
      else this.readByRound(id, query);
    }
  }

  private releaseFollow(): void {
    const follow = this.follows.takeReady(this.kv.lastApplied);
    if (follow !== null) this.options.onRead(follow.id, this.lookUp(follow.query));
  }

  private readByRound(id: number, query: Query): void {
    this.reads.add(id, query);
    this.input({ type: 'read', id, byRound: true });
  }

  private failRead(id: number, reason: 'halted' | 'replaced'): void {
    this.options.onRead(id, { outcome: 'failed', reason, leaderHint: null });
  }

  private lookUp(query: Query): ReadResult {
    return {
      outcome: 'answered',
      result: this.kv.query(query),
      appliedRevision: this.kv.lastApplied,
    };
  }

  // --- timers ------------------------------------------------------------------

  /** One timer for the core's next deadline. It is only ever moved earlier; a deadline that moved away re-arms when it fires. */
  private armTick(): void {
    const deadline = this.raft.nextDeadlineMono;
    if (!Number.isFinite(deadline)) return;
    if (this.tickTimer !== null && this.tickDueMono <= deadline) return;
    this.tickTimer?.cancel();
    this.tickDueMono = deadline;
    this.tickTimer = this.clock.setTimer(Math.max(0, deadline - this.clock.now().mono), () => {
      this.tickTimer = null;
      // What already waits at the door is older than this timer: let it in first.
      this.clock.defer(() => this.onTickTimer());
    });
  }

  private onTickTimer(): void {
    if (!this.running) return;
    if (this.clock.now().mono >= this.raft.nextDeadlineMono) this.input({ type: 'tick' });
    else this.armTick();
  }

  /**
   * A timer that comes much too late tells that this node did not run. The core
   * hears of it before it looks at deadlines: a tick that was due meanwhile is
   * deferred to the end of the turn.
   */
  private watchForStalls(): void {
    const everyMs = this.options.timing.heartbeatIntervalMs;
    const dueMono = this.clock.now().mono + everyMs;
    this.watchTimer = this.clock.setTimer(everyMs, () => {
      if (!this.running) return;
      const lateMs = this.clock.now().mono - dueMono;
      if (lateMs >= everyMs) this.input({ type: 'stalled', ms: lateMs });
      this.watchForStalls();
    });
  }

  /** Saves applied state: at once when a batch is full, else soon. One save at a time. */
  private armSave(): void {
    if (this.saving || this.snapshots.isInstalling || this.kv.pendingChanges === 0) return;
    if (this.kv.pendingChanges >= SAVE_BATCH_VERSIONS) {
      this.save();
      return;
    }
    this.saveTimer ??= this.clock.setTimer(SAVE_DELAY_MS, () => {
      this.saveTimer = null;
      if (this.running && !this.saving && !this.snapshots.isInstalling)
        this.guarded(() => this.save());
    });
  }

  private save(): void {
    const changes = this.kv.takeChanges(SAVE_BATCH_VERSIONS);
    if (changes === null) return;
    this.saveTimer?.cancel();
    this.saveTimer = null;
    this.saving = true;
    this.storage.saveKv(changes, (error) => {
      this.saving = false;
      if (!this.running) return;
      if (error !== null) {
        this.fail(`saving applied state failed: ${error.message}`);
        return;
      }
      this.savedTo = Math.max(this.savedTo, changes.lastApplied);
      this.guarded(() => this.saveOrCompact());
    });
  }

  /** What is saved need not stay in the log. */
  private saveOrCompact(): void {
    if (this.snapshots.isInstalling) return;
    if (this.compactAll && this.kv.pendingChanges > 0) {
      if (!this.saving) this.save();
      return;
    }
    const upTo = this.compactAll
      ? this.savedTo
      : compactionPoint(this.raft, this.savedTo, this.options.logTail ?? USUAL_TAIL);
    this.compactAll = false;
    if (upTo !== null) this.input({ type: 'compact', upTo });
    this.armSave();
  }

  // --- failure -------------------------------------------------------------------

  /** Runs a step; a bug or a broken rule ends the node rather than leave it guessing. */
  private guarded(run: () => void): void {
    try {
      run();
    } catch (error) {
      this.fail(error instanceof Error ? `${error.name}: ${error.message}` : String(error));
    }
  }

  /** Fail-stop: says why, answers everyone who waits, and does nothing ever after. */
  private fail(reason: string): void {
    if (!this.running) return;
    this.stop();
    this.abandonProposals();
    for (const id of this.reads.takeAll()) this.failRead(id, 'halted');
    const follow = this.follows.take();
    if (follow !== null) this.failRead(follow.id, 'halted');
    this.options.onFailed(reason);
  }
}

/** Proposal ids of the host's own entries; callers use ids > 0. */
const TICK_ID = 0;
const COMPACTION_ID = -1;
