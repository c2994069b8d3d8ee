/**
 * The consensus core: one door in (`step`), one door out (`drain`). It holds no
 * clock, timer, disk, network or chance of its own, so the same inputs always
 * give the same effects, byte for byte.
 *
 * The driver's contract: hand over inputs one by one with the instant at which
 * each is dequeued; after any number of them call `drain` and carry out the
 * effects. Persist effects are stored strictly in order, and each is answered
 * by a `persisted` input once it is durable; only then do its `thenSend`
 * messages leave. Call `step({type: 'tick'})` when `nextDeadlineMono` has passed.
 */
import { assert, unreachable } from '../base/assert.ts';
import type { Random } from '../base/random.ts';
import { Core } from './core.ts';
import {
  checkQuorum,
  ignoresCandidate,
  onCampaign,
  onElectionTimeout,
  onPreVote,
  onPreVoteResponse,
  onRequestVote,
  onRequestVoteResponse,
  onTimeoutNow,
} from './election.ts';
import { broadcastHeartbeat } from './heartbeat.ts';
import { checkInvariants, watermark } from './invariants.ts';
import type { Watermark } from './invariants.ts';
import { onProposeConfChange, settleConf } from './membership.ts';
import type { AppendEntries, Heartbeat, InstallSnapshot, Message, TimeoutNow } from './messages.ts';
import {
  askAgain,
  onLeases,
  onRead,
  onReadIndex,
  onReadIndexResponse,
  startReadRound,
} from './reads.ts';
import {
  endHold,
  maybeCommit,
  onAppendEntries,
  onAppendEntriesResponse,
  onHeartbeat,
  onHeartbeatResponse,
  onPropose,
  replicate,
} from './replication.ts';
import {
  onInstallSnapshot,
  onInstallSnapshotResponse,
  onSnapshotRead,
  onSnapshotStaged,
} from './snapshot.ts';
import { excuse } from './stall.ts';
import { checkTransfer, onTransferLeadership } from './transfer.ts';
import type {
  ConfState,
  Effect,
  Entry,
  Input,
  Instant,
  LogIndex,
  MonoMs,
  NodeId,
  RaftConfig,
  RaftStatus,
  RestoredState,
  Role,
  Stamp,
  Term,
  WallMicros,
} from './types.ts';

export class Raft {
  private readonly core: Core;
  private before: Watermark;

  constructor(config: RaftConfig, restored: RestoredState, random: Random, now: Instant) {
    validate(config);
    this.core = new Core(config, restored, random, now);
    this.before = watermark(this.core);
  }

  /** Takes one input. Effects gather until the next `drain`. */
  step(at: Instant, input: Input): void {
    const core = this.core;
    assert(at.mono >= core.now.mono, 'monotonic time does not go back');
    core.now = at;
    if (core.halted !== null) {
      refuseWhenHalted(core, input);
      return;
    }
    switch (input.type) {
      case 'tick':
        onTick(core);
        return;
      case 'receive':
        onMessage(core, input.message);
        return;
      case 'propose':
        onPropose(core, input.id, input.data);
        return;
      case 'proposeConfChange':
        onProposeConfChange(core, input.id, input.changes);
        return;
      case 'transferLeadership':
        onTransferLeadership(core, input.to);
        return;
      case 'compact':
        if (input.upTo > core.log.baseIndex) core.compactTo(input.upTo);
        return;
      case 'snapshotRead':
        onSnapshotRead(core, input);
        return;
      case 'snapshotStaged':
        onSnapshotStaged(core, input.leader, input.upTo);
        return;
      case 'read':
        onRead(core, input.id, input.byRound === true);
        return;
      case 'persisted':
        core.persistence.finished(input.seq);
        maybeCommit(core);
        return;
      case 'leases':
        onLeases(core, input.trusted);
        return;
      case 'campaign':
        onCampaign(core);
        return;
      case 'stalled':
        assert(input.ms >= 0, 'a stall has a length');
        excuse(core, input.ms);
        return;
      case 'storageFailed':
        core.halt(input.reason);
        return;
      default:
        unreachable(input);
    }
  }

  /** Everything to be done since the last drain. */
  drain(): Effect[] {
    if (this.core.halted === null) {
      settleConf(this.core);
      startReadRound(this.core);
      replicate(this.core);
    }
    const effects = this.core.takeEffects();
    checkInvariants(this.core, this.before);
    this.before = watermark(this.core);
    return effects;
  }

  /** When the next `tick` is due, monotonic ms; infinity for a halted node. */
  get nextDeadlineMono(): MonoMs {
    const { halted, leadership, electionAtMono } = this.core;
    if (halted !== null) return Number.POSITIVE_INFINITY;
    if (leadership === null) return electionAtMono;
    const { heartbeatAtMono, heldUntilMono } = leadership;
    return Math.min(heartbeatAtMono, heldUntilMono ?? heartbeatAtMono);
  }

  get role(): Role {
    return this.core.role;
  }

  get term(): Term {
    return this.core.term;
  }

  get leader(): NodeId | null {
    return this.core.leader;
  }

  get id(): NodeId {
    return this.core.id;
  }

  /** The configuration that this node goes by. */
  get conf(): ConfState {
    return this.core.conf;
  }

  get commitIndex(): LogIndex {
    return this.core.commitIndex;
  }

  /** Whether a read that comes at `nowMono` would be answered under a lease. */
  holdsLease(nowMono: MonoMs): boolean {
    const { leadership, leasesFromMono } = this.core;
    return (
      nowMono >= leasesFromMono && (leadership?.lease?.validUntilMono(nowMono) ?? null) !== null
    );
  }

  get lastIndex(): LogIndex {
    return this.core.log.lastIndex;
  }

  get firstIndex(): LogIndex {
    return this.core.log.firstIndex;
  }

  /** Data of all entries in the log, UTF-16 units. */
  get logChars(): number {
    return this.core.log.chars;
  }

  get lastStamp(): Stamp {
    return this.core.log.lastStamp;
  }

  /** Null when the log holds none. */
  get lastEntry(): Entry | null {
    return this.core.log.lastEntry;
  }

  /** The entry at `index`, which lies within [firstIndex, lastIndex]. */
  entryAt(index: LogIndex): Entry {
    return this.core.log.entryAt(index);
  }

  /** The time this leader would stamp with now, microseconds; null when it does not lead. */
  leaderTimeMicros(at: Instant): WallMicros | null {
    return this.core.leadership?.clock.read(at) ?? null;
  }

  /** Has this leader committed an entry of its own term, and so knows all that is committed? */
  get isEstablishedLeader(): boolean {
    const { leadership, commitIndex } = this.core;
    return leadership !== null && commitIndex >= leadership.noopIndex;
  }

  status(): RaftStatus {
    const core = this.core;
    return {
      id: core.id,
      role: core.role,
      term: core.term,
      votedFor: core.votedFor,
      leader: core.leader,
      commitIndex: core.commitIndex,
      lastApplied: core.lastApplied,
      firstIndex: core.log.firstIndex,
      lastIndex: core.log.lastIndex,
      lastTerm: core.log.lastTerm,
      persistedIndex: core.persistence.persistedIndex,
      confState: core.conf,
      confCommitted: core.isConfCommitted,
      transferTo: core.leadership?.transfer?.to ?? null,
      deadlineMono: core.leadership?.heartbeatAtMono ?? core.electionAtMono,
      deadlineSpanMs:
        core.leadership === null ? core.electionSpanMs : core.config.heartbeatIntervalMs,
      lastHeardMono: core.lastHeardMono,
      votes: [...core.votes].map(([voter, granted]) => ({ voter, granted })),
      progress: [...(core.leadership?.progress.values() ?? [])].map((progress) =>
        progress.status(),
      ),
      termRuns: core.log.termRuns.map((run) => ({ ...run })),
      halted: core.halted,
    };
  }
}

/** Refuses settings that cannot work. Throws AssertionError. */
function validate(config: RaftConfig): void {
  assert(config.heartbeatIntervalMs > 0, 'heartbeatIntervalMs > 0');
  assert(
    config.electionTimeoutMs >= 3 * config.heartbeatIntervalMs,
    'electionTimeoutMs ≥ 3 × heartbeat',
  );
  assert(config.leaseMs >= 0, 'leaseMs ≥ 0');
  assert(config.maxEntriesPerAppend >= 1, 'maxEntriesPerAppend ≥ 1');
  assert(config.maxAppendChars >= 1, 'maxAppendChars ≥ 1');
  assert(config.maxInflightAppends >= 1, 'maxInflightAppends ≥ 1');
  assert(config.maxInflightChars >= 1, 'maxInflightChars ≥ 1');
  assert(config.maxUncommittedChars >= 1, 'maxUncommittedChars ≥ 1');
}

function onTick(core: Core): void {
  if (core.leadership === null) {
    if (core.now.mono >= core.electionAtMono) onElectionTimeout(core);
    return;
  }
  endHold(core, core.leadership);
  if (core.now.mono < core.leadership.heartbeatAtMono) return;
  checkQuorum(core);
  checkTransfer(core);
  if (core.leadership !== null) broadcastHeartbeat(core);
}

/** Terms first (§5.1), then the message itself. */
function onMessage(core: Core, message: Message): void {
  assert(message.to === core.id, 'a message reaches its addressee');
  switch (message.type) {
    case 'PreVote':
      onPreVote(core, message);
      return;
    case 'PreVoteResponse':
      onPreVoteResponse(core, message);
      return;
    case 'RequestVote':
      if (ignoresCandidate(core, message)) {
        core.trace({
          type: 'voteRefused',
          term: core.term,
          candidate: message.from,
          preVote: false,
          reason: `hears leader ${core.leader ?? core.id}`,
        });
        return;
      }
      adoptTerm(core, message);
      onRequestVote(core, message);
      return;
    case 'RequestVoteResponse':
      adoptTerm(core, message);
      onRequestVoteResponse(core, message);
      return;
    case 'AppendEntries':
      if (followsSender(core, message)) onAppendEntries(core, message);
      return;
    case 'Heartbeat':
      if (!followsSender(core, message)) return;
      onHeartbeat(core, message);
      askAgain(core);
      return;
    case 'InstallSnapshot':
      if (followsSender(core, message)) onInstallSnapshot(core, message);
      return;
    case 'TimeoutNow':
      if (followsSender(core, message)) onTimeoutNow(core);
      return;
    case 'ReadIndex':
      adoptTerm(core, message);
      onReadIndex(core, message);
      return;
    case 'ReadIndexResponse':
      adoptTerm(core, message);
      onReadIndexResponse(core, message);
      return;
    case 'InstallSnapshotResponse':
      adoptTerm(core, message);
      onInstallSnapshotResponse(core, message);
      return;
    case 'AppendEntriesResponse':
      adoptTerm(core, message);
      onAppendEntriesResponse(core, message);
      return;
    case 'HeartbeatResponse':
      adoptTerm(core, message);
      onHeartbeatResponse(core, message);
      return;
    default:
      unreachable(message);
  }
}

/** A higher term makes a follower of anyone, and implies no vote (§5.1). */
function adoptTerm(core: Core, message: Message): void {
  if (message.term <= core.term) return;
  core.becomeFollower(message.term, null, `${message.from} is in term ${message.term}`);
}

/**
 * Settles who leads before a leader's message is read. A message of an older
 * term is answered with the present one, which frees a leader that was passed
 * over, or a cluster whose member ran ahead alone.
 */
function followsSender(
  core: Core,
  message: AppendEntries | Heartbeat | InstallSnapshot | TimeoutNow,
): boolean {
  if (message.term < core.term) {
    core.sendDurable({
      type: 'HeartbeatResponse',
      from: core.id,
      to: message.from,
      term: core.term,
      readSeq: 0,
    });
    return false;
  }
  assert(core.role !== 'leader' || message.term > core.term, 'one leader a term');
  if (message.term > core.term || core.role !== 'follower' || core.leader !== message.from) {
    core.becomeFollower(message.term, message.from, `follows ${message.from}`);
  }
  core.heardFromLeader();
  return true;
}

function refuseWhenHalted(core: Core, input: Input): void {
  if (input.type === 'propose' || input.type === 'proposeConfChange') {
    core.result({ type: 'proposalDropped', id: input.id, reason: 'halted', leaderHint: null });
  } else if (input.type === 'read') {
    core.result({ type: 'readFailed', id: input.id, reason: 'halted', leaderHint: null });
  }
}
