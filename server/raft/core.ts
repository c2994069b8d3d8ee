/**
 * The state of one consensus participant and the transitions between roles.
 * The protocol's duties live beside it and work on this one object:
 * election.ts (who leads), replication.ts (what is in the log), reads.ts (what
 * may be read). raft.ts is the only door from outside.
 *
 * Durable state (§5.1, Figure 2) is `term`, `votedFor` and the log. A change of
 * it is only ever visible to others after it is stored: messages that promise
 * something go through {@link Core.sendDurable}.
 */
import { assert } from '../base/assert.ts';
import type { Random } from '../base/random.ts';
import { decodeConf, members } from './conf-state.ts';
import { ConfHistory } from './conf-history.ts';
import { ForwardedReads } from './forwarded-reads.ts';
import { LeaderClock } from './leader-clock.ts';
import { Lease, commitsHeldUntil } from './lease.ts';
import { RaftLog } from './log.ts';
import type { Message } from './messages.ts';
import { Persistence } from './persistence.ts';
import { Progress } from './progress.ts';
import { isVoter } from './quorum.ts';
import { ReadRounds } from './read-rounds.ts';
import type {
  ConfState,
  Effect,
  Entry,
  HardState,
  Instant,
  LogBase,
  LogIndex,
  MonoMs,
  NodeId,
  RaftConfig,
  RaftEvent,
  RestoredState,
  Role,
  SnapshotEnd,
  Term,
} from './types.ts';

/** What only a leader has; made anew at each election. */
export interface Leadership {
  /** Of every other member; kept in step with the configuration. */
  readonly progress: Map<NodeId, Progress>;
  readonly clock: LeaderClock;
  readonly reads: ReadRounds;
  /** First entry of this term: the no-op (§8). */
  readonly noopIndex: LogIndex;
  /** Null when leases are off. */
  readonly lease: Lease | null;
  /** Nothing is committed before the tick at this instant: an earlier leader may hold a lease. */
  heldUntilMono: MonoMs | null;
  heartbeatAtMono: MonoMs;
  /** Data proposed and not yet committed, UTF-16 units. */
  uncommittedChars: number;
  /** A hand-over under way (dissertation §3.10). */
  transfer: { readonly to: NodeId; readonly untilMono: MonoMs } | null;
}

export class Core {
  readonly config: RaftConfig;
  readonly id: NodeId;
  readonly random: Random;
  readonly log: RaftLog;
  readonly persistence: Persistence;
  readonly confs: ConfHistory;

  term: Term;
  votedFor: NodeId | null;
  commitIndex: LogIndex;
  /** Handed to the driver for applying; never beyond what is committed and durable here. */
  lastApplied: LogIndex;

  role: Role = 'follower';
  leader: NodeId | null = null;
  leadership: Leadership | null = null;
  /** Votes of the campaign under way, own one included. */
  votes = new Map<NodeId, boolean>();

  now: Instant;
  electionAtMono: MonoMs;
  electionSpanMs: number;
  /** Last sign of life of a leader of the present term. */
  lastHeardMono: MonoMs | null = null;
  halted: string | null = null;
  /** No lease vouches for a read before this. */
  leasesFromMono: MonoMs = Number.NEGATIVE_INFINITY;
  /** When something last came into the log, by whatever way. Of what was there at boot, nothing earlier is known. */
  private receivedMono: MonoMs;

  /** Reads that this follower has asked its leader about. */
  readonly forwardedReads: ForwardedReads;
  /** A snapshot's rows beyond the applied state are durable up to here, as the driver last said. */
  stagedTo: LogIndex = 0;
  private newBase: LogBase | null = null;
  private install: SnapshotEnd | null = null;
  private writtenHardState: HardState;
  private sends: Effect[] = [];
  private durableSends: Message[] = [];
  private results: Effect[] = [];

  constructor(config: RaftConfig, restored: RestoredState, random: Random, now: Instant) {
    this.config = config;
    this.id = config.id;
    this.random = random;
    this.forwardedReads = new ForwardedReads(random);
    this.now = now;
    this.receivedMono = now.mono;
    this.log = new RaftLog(restored);
    this.confs = new ConfHistory(restored.base.index, restored.base.conf);
    for (const entry of restored.entries) this.noteConf(entry);
    this.persistence = new Persistence(this.log.lastIndex);
    this.term = restored.hardState.term;
    this.votedFor = restored.hardState.votedFor;
    this.lastApplied = restored.lastApplied;
    assert(restored.lastApplied <= this.log.lastIndex, 'applied state is covered by the log');
    assert(restored.lastApplied >= this.log.baseIndex, 'what the log forgot is applied');
    this.commitIndex = Math.max(
      restored.lastApplied,
      Math.min(restored.hardState.commit, this.log.lastIndex),
    );
    this.writtenHardState = restored.hardState;
    this.electionSpanMs = this.drawElectionTimeout();
    this.electionAtMono = now.mono + this.electionSpanMs;
  }

  // --- roles -------------------------------------------------------------

  /**
   * Steps to `term` as a follower of `leader`. In the same term the vote is
   * kept: forgetting it could elect two leaders.
   */
  becomeFollower(term: Term, leader: NodeId | null, reason: string): void {
    assert(term >= this.term, 'terms never go back');
    if (leader !== this.leader || term !== this.term) this.failForwardedReads();
    const led = this.leadership !== null ? this.term : null;
    const changed = this.role !== 'follower' || this.leader !== leader || this.term !== term;
    if (term > this.term) {
      this.setTerm(term, null);
      this.lastHeardMono = null;
    }
    this.role = 'follower';
    this.leader = leader;
    this.votes = new Map();
    if (led !== null) this.endLeadership(led);
    this.resetElectionTimer();
    if (changed) this.trace({ type: 'role', role: 'follower', term, leader, reason });
  }

  becomePreCandidate(): void {
    assert(this.role !== 'leader', 'a leader does not campaign');
    this.failForwardedReads();
    this.role = 'preCandidate';
    this.leader = null;
    this.votes = new Map([[this.id, true]]);
    this.resetElectionTimer();
    this.trace({
      type: 'role',
      role: 'preCandidate',
      term: this.term,
      leader: null,
      reason: 'asks whether it could win',
    });
  }

  becomeCandidate(): void {
    assert(this.role !== 'leader', 'a leader does not campaign');
    this.failForwardedReads();
    this.setTerm(this.term + 1, this.id);
    this.role = 'candidate';
    this.leader = null;
    this.lastHeardMono = null;
    this.votes = new Map([[this.id, true]]);
    this.resetElectionTimer();
    this.trace({
      type: 'role',
      role: 'candidate',
      term: this.term,
      leader: null,
      reason: 'asks for votes',
    });
  }

  becomeLeader(): void {
    assert(this.role === 'candidate', 'only a candidate is elected');
    const voters = [...this.votes].filter(([, granted]) => granted).map(([voter]) => voter);
    this.role = 'leader';
    this.leader = this.id;
    const progress = new Map<NodeId, Progress>();
    this.leadership = {
      progress,
      clock: new LeaderClock(this.now),
      reads: new ReadRounds(),
      noopIndex: this.log.lastIndex + 1,
      lease: this.config.leaseMs > 0 ? new Lease(this.config.leaseMs) : null,
      heldUntilMono: this.earlierLeasesEndMono(),
      heartbeatAtMono: this.now.mono + this.config.heartbeatIntervalMs,
      uncommittedChars: 0,
      transfer: null,
    };
    this.followConf(this.log.lastIndex + 1);
    this.trace({
      type: 'role',
      role: 'leader',
      term: this.term,
      leader: this.id,
      reason: `votes of ${voters.sort().join(', ')}`,
    });
  }

  /** Null when they have ended. A lease rests on a committed entry, which is in this log if there ever was one. */
  private earlierLeasesEndMono(): MonoMs | null {
    if (this.config.leaseMs === 0 || this.log.lastIndex === 0) return null;
    const end = commitsHeldUntil(this.receivedMono, this.config.leaseMs);
    return this.now.mono < end ? end : null;
  }

  /** The leader that was asked is not this node's any more: its answer, if one comes, is for nobody. */
  private failForwardedReads(): void {
    for (const id of this.forwardedReads.drop())
      this.result({ type: 'readFailed', id, reason: 'not-leader', leaderHint: null });
  }

  private endLeadership(term: Term): void {
    const leadership = this.leadership;
    assert(leadership !== null, 'there is a leadership to end');
    this.leadership = null;
    // A follower's read is not answered: it fails there with the change of term or leader.
    for (const read of leadership.reads.drop()) {
      if (read.from !== null) continue;
      const { id } = read;
      this.result({ type: 'readFailed', id, reason: 'not-leader', leaderHint: this.leader });
    }
    this.result({ type: 'leadershipLost', term });
  }

  private setTerm(term: Term, votedFor: NodeId | null): void {
    assert(term > this.term, 'terms only rise');
    this.term = term;
    this.votedFor = votedFor;
    this.trace({ type: 'term', term });
  }

  /** Records the one vote of this term; it becomes durable before the answer leaves (§5.2). */
  vote(candidate: NodeId): void {
    assert(this.votedFor === null || this.votedFor === candidate, 'one vote a term');
    this.votedFor = candidate;
    this.trace({ type: 'voteCast', term: this.term, candidate });
  }

  /** Stops for good: storage failed, so nothing this node remembers can be trusted (fail-stop). */
  halt(reason: string): void {
    if (this.halted !== null) return;
    this.failForwardedReads();
    const led = this.leadership !== null ? this.term : null;
    this.role = 'follower';
    this.leader = null;
    if (led !== null) this.endLeadership(led);
    this.halted = reason;
    this.trace({ type: 'halted', reason });
  }

  // --- time --------------------------------------------------------------

  /** Draws a new election time-out from [t, 2t) (§5.2) and starts it now. */
  resetElectionTimer(): void {
    this.electionSpanMs = this.drawElectionTimeout();
    this.electionAtMono = this.now.mono + this.electionSpanMs;
  }

  /** A follower has answered in the present term. */
  acknowledged(progress: Progress): void {
    progress.lastAckMono = this.now.mono;
    progress.hasAnswered = true;
  }

  heardFromLeader(): void {
    this.lastHeardMono = this.now.mono;
    this.resetElectionTimer();
  }

  /** Within the minimum election time-out of a leader's last sign of life (§6, dissertation §4.2.3). */
  hasFreshLeader(): boolean {
    if (this.role === 'leader') return true;
    if (this.leader === null || this.lastHeardMono === null) return false;
    return this.now.mono - this.lastHeardMono < this.config.electionTimeoutMs;
  }

  private drawElectionTimeout(): number {
    return this.config.electionTimeoutMs * (1 + this.random.nextFloat());
  }

  // --- members -----------------------------------------------------------

  /** The configuration in force: the last in the log, committed or not (§6). */
  get conf(): ConfState {
    return this.confs.current;
  }

  get isConfCommitted(): boolean {
    return this.commitIndex >= this.confs.currentIndex;
  }

  /**
   * Voters may, and those whom a configuration leaves out until they know that it
   * is committed: nobody else may have its entry (dissertation §4.2.2).
   */
  get mayCampaign(): boolean {
    return isVoter(this.conf, this.id) || isVoter(this.confs.at(this.commitIndex), this.id);
  }

  /** A leader replicates to all other members, and to nobody else; to new ones from `nextIndex` on. */
  private followConf(nextIndex: LogIndex): void {
    const leadership = this.leadership;
    if (leadership === null) return;
    const peers = members(this.conf).filter((id) => id !== this.id);
    for (const peer of leadership.progress.keys())
      if (!peers.includes(peer)) leadership.progress.delete(peer);
    for (const peer of peers) {
      if (leadership.progress.has(peer)) continue;
      leadership.progress.set(peer, new Progress(peer, nextIndex, this.now.mono));
    }
  }

  private noteConf(entry: Entry): boolean {
    if (entry.kind !== 'confChange') return false;
    this.confs.append(entry.index, decodeConf(entry.data));
    return true;
  }

  private confChanged(): void {
    this.followConf(this.confs.currentIndex);
    this.trace({ type: 'conf', index: this.confs.currentIndex, conf: this.conf });
  }

  // --- log ---------------------------------------------------------------

  append(entry: Entry): void {
    this.log.append(entry);
    this.receivedMono = this.now.mono;
    if (this.noteConf(entry)) this.confChanged();
  }

  truncateFrom(index: LogIndex): void {
    assert(index > this.commitIndex, 'what is committed is never truncated');
    const to = this.log.lastIndex;
    this.log.truncateFrom(index);
    this.persistence.truncated(index);
    this.trace({ type: 'truncated', from: index, to });
    if (this.confs.truncateFrom(index)) this.confChanged();
  }

  /** Forgets the log up to `index`, which the state machine holds durably. */
  compactTo(index: LogIndex): void {
    assert(index <= this.lastApplied, 'only what is applied is compacted');
    assert(index <= this.persistence.persistedIndex, 'only what is durable is compacted');
    this.log.compactTo(index);
    this.confs.compactTo(index);
    this.newBase = this.base;
    this.trace({ type: 'compacted', upTo: index });
  }

  /** Puts a snapshot in the place of log and state. The next persist effect makes it durable. */
  installSnapshot(end: SnapshotEnd): void {
    assert(end.base.index > this.commitIndex, 'a snapshot takes nothing back');
    this.persistence.truncated(1);
    this.log.reset(end.base);
    this.receivedMono = this.now.mono;
    this.confs.reset(end.base.index, end.base.conf);
    this.newBase = null;
    this.install = end;
    this.commitIndex = end.base.index;
    this.lastApplied = end.base.index;
    this.confChanged();
  }

  /** A snapshot has taken the place of the log, and is not durable yet. */
  get isInstalling(): boolean {
    return this.persistence.persistedIndex < this.log.baseIndex;
  }

  get base(): LogBase {
    const { baseIndex, baseTerm, baseStamp } = this.log;
    return { index: baseIndex, term: baseTerm, stamp: baseStamp, conf: this.confs.at(baseIndex) };
  }

  // --- effects -----------------------------------------------------------

  /** May leave before this node's own writes are durable: it promises nothing. */
  send(message: Message): void {
    this.sends.push({ type: 'send', message });
  }

  /** Leaves only after everything decided so far is durable on this node. */
  sendDurable(message: Message): void {
    this.durableSends.push(message);
  }

  result(effect: Effect): void {
    this.results.push(effect);
  }

  trace(event: RaftEvent): void {
    this.results.push({ type: 'trace', event });
  }

  /** Moves the commit index forward; never back. */
  commitTo(index: LogIndex): void {
    if (index <= this.commitIndex) return;
    assert(index <= this.log.lastIndex, 'only what is in the log is committed');
    this.commitIndex = index;
    this.leadership?.lease?.committed(index);
    this.trace({ type: 'commit', index, term: this.log.termAt(index) ?? 0 });
  }

  /** Everything decided since the last call, as effects in the order of their causes. */
  takeEffects(): Effect[] {
    const effects = this.sends;
    this.sends = [];

    const mustStore =
      this.log.hasUnwritten ||
      this.newBase !== null ||
      this.install !== null ||
      this.term !== this.writtenHardState.term ||
      this.votedFor !== this.writtenHardState.votedFor;
    if (mustStore || (this.durableSends.length > 0 && !this.persistence.isIdle)) {
      effects.push(this.persistEffect(mustStore));
      this.durableSends = [];
    } else if (this.durableSends.length > 0) {
      for (const message of this.durableSends) effects.push({ type: 'send', message });
      this.durableSends = [];
    }

    const applicable = Math.min(this.commitIndex, this.persistence.persistedIndex);
    if (this.halted === null && applicable > this.lastApplied) {
      const entries: readonly Entry[] = this.log.slice(
        this.lastApplied + 1,
        applicable,
        Number.POSITIVE_INFINITY,
        Number.POSITIVE_INFINITY,
      );
      this.lastApplied = applicable;
      effects.push({ type: 'apply', entries });
    }
    if (this.results.length > 0) {
      for (const effect of this.results) effects.push(effect);
      this.results = [];
    }
    return effects;
  }

  /** The commit index rides along when something is stored anyway; alone it is not worth a write. */
  private persistEffect(mustStore: boolean): Effect {
    const { truncateFrom, append } = this.log.takeUnwritten();
    const hardState: HardState = {
      term: this.term,
      votedFor: this.votedFor,
      commit: this.commitIndex,
    };
    const seq = this.persistence.issue(this.log.lastIndex, this.now.mono);
    if (mustStore) this.writtenHardState = hardState;
    const { newBase: base, install } = this;
    this.newBase = null;
    this.install = null;
    return {
      type: 'persist',
      seq,
      hardState: mustStore ? hardState : null,
      truncateFrom,
      append,
      base,
      install,
      thenSend: this.durableSends,
    };
  }
}
