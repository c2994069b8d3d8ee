/**
 * The vocabulary of the consensus core: what goes in, what comes out, and the
 * records that both share. Names are the Raft paper's (Ongaro & Ousterhout
 * 2014) and etcd's. Nothing here knows a clock, a disk or a network.
 */
import type { Message } from './messages.ts';

/** A member's name, stable for the life of its store: "n1". */
export type NodeId = string;
/** Election term, a safe integer from 0 (before any election). */
export type Term = number;
/** Log position, a safe integer; the first entry is 1, and 0 is "before the log". */
export type LogIndex = number;
/** Microseconds since the Unix epoch, given by the leader; rises strictly in log order. */
export type Stamp = number;
/** Monotonic milliseconds from an origin of the node's own; fractions allowed. */
export type MonoMs = number;
/** Wall-clock microseconds since the Unix epoch, a safe integer. */
export type WallMicros = number;

/** The two clocks, sampled by the driver as it hands over an input. */
export interface Instant {
  readonly mono: MonoMs;
  readonly wall: WallMicros;
  /** Monotonic as well, and never slowed: where it is left out, `mono` is not slowed either. Dates data, times nothing. */
  readonly steady?: MonoMs;
}

/**
 * One slot of the replicated log. `data` is opaque to the core: the state
 * machine's command as text, encoded once by the proposer and never re-encoded.
 */
export interface Entry {
  readonly index: LogIndex;
  readonly term: Term;
  readonly stamp: Stamp;
  /** `noop` opens a term (§8); `command` is for the state machine; `confChange` carries a {@link ConfState}. */
  readonly kind: 'noop' | 'command' | 'confChange';
  readonly data: string;
}

/** What must be durable before any reply (§5.1, Figure 2), written as one atomic record. */
export interface HardState {
  readonly term: Term;
  readonly votedFor: NodeId | null;
  /** Advisory: a commit index that was true when written; saves replay, never decides safety. */
  readonly commit: LogIndex;
}

/** Who counts. `votersOutgoing` is non-empty only in a joint configuration (§6). Arrays are sorted. */
export interface ConfState {
  readonly voters: readonly NodeId[];
  readonly votersOutgoing: readonly NodeId[];
  readonly learners: readonly NodeId[];
}

/** One step of a membership change. `addVoter` makes a voter of a learner that has caught up. */
export interface ConfChange {
  readonly type: 'addLearner' | 'addVoter' | 'removeNode';
  readonly id: NodeId;
}

/**
 * Where a log begins: its last entry that was compacted away, and the
 * configuration as of it. Index, term and stamp are 0 while nothing was.
 */
export interface LogBase {
  readonly index: LogIndex;
  readonly term: Term;
  readonly stamp: Stamp;
  readonly conf: ConfState;
}

/** What a snapshot is besides its rows: the entry it reaches, and the driver's own `state` there. */
export interface SnapshotEnd {
  readonly base: LogBase;
  /** Opaque to the core. */
  readonly state: string;
}

/** What a node starts from: empty for a first boot, or read back from its own store. */
export interface RestoredState {
  readonly hardState: HardState;
  readonly base: LogBase;
  /** Contiguous, ascending, beginning right after the base. */
  readonly entries: readonly Entry[];
  /** What the restored state machine already contains; at or after the base. */
  readonly lastApplied: LogIndex;
}

export interface RaftConfig {
  readonly id: NodeId;
  /** Ticks are not counted: deadlines are monotonic milliseconds. Heartbeat period of a leader, ms, > 0. */
  readonly heartbeatIntervalMs: number;
  /** Election time-out is drawn from [electionTimeoutMs, 2 × electionTimeoutMs); ≥ 3 × the heartbeat, 10 × advised. */
  readonly electionTimeoutMs: number;
  /**
   * How long an entry lets its leader answer reads without a round, ms; 0: never. The same on all
   * nodes: a leader waits by its own for what others hold by theirs.
   */
  readonly leaseMs: number;
  /** Entries in one AppendEntries, ≥ 1. */
  readonly maxEntriesPerAppend: number;
  /** Sum of `data` lengths in one AppendEntries (at least one entry always travels), UTF-16 units. */
  readonly maxAppendChars: number;
  /** AppendEntries with entries sent to a follower in `replicate` and not yet answered, ≥ 1. */
  readonly maxInflightAppends: number;
  /** Data of these appends, UTF-16 units; one append always travels. */
  readonly maxInflightChars: number;
  /** Proposed and not yet committed data a leader accepts before it answers `overloaded`, UTF-16 units. */
  readonly maxUncommittedChars: number;
  /** Off only in tests of mixed clusters (dissertation §9.6). */
  readonly preVote: boolean;
  /** Off only in tests (dissertation §6.2). */
  readonly checkQuorum: boolean;
}

export type Role = 'follower' | 'preCandidate' | 'candidate' | 'leader';

/** Every way in. The driver samples {@link Instant} when it dequeues the input, never earlier. */
export type Input =
  | { readonly type: 'tick' }
  | { readonly type: 'receive'; readonly message: Message }
  | { readonly type: 'propose'; readonly id: number; readonly data: string }
  /** All of `changes` at once; answered as a proposal is. */
  | {
      readonly type: 'proposeConfChange';
      readonly id: number;
      readonly changes: readonly ConfChange[];
    }
  /** An operator's wish: let voter `to` lead. */
  | { readonly type: 'transferLeadership'; readonly to: NodeId }
  /** The state machine's store holds everything up to `upTo` durably: the log may forget it. */
  | { readonly type: 'compact'; readonly upTo: LogIndex }
  /** Answers `readSnapshot`: rows that lie in (after, upTo], or the end of the snapshot when none are left. */
  | {
      readonly type: 'snapshotRead';
      readonly to: NodeId;
      readonly after: LogIndex;
      readonly upTo: LogIndex;
      readonly rows: string;
      readonly end: { readonly index: LogIndex; readonly state: string } | null;
    }
  /** Answers `stageSnapshot`: rows of `leader`'s snapshot are durable here up to `upTo`. */
  | { readonly type: 'snapshotStaged'; readonly leader: NodeId; readonly upTo: LogIndex }
  /** `byRound`: not under a lease. */
  | { readonly type: 'read'; readonly id: number; readonly byRound?: true }
  | { readonly type: 'persisted'; readonly seq: number }
  /** Whether clocks of the cluster run alike from now on: while they need not, no read is answered under a lease. */
  | { readonly type: 'leases'; readonly trusted: boolean }
  | { readonly type: 'campaign' }
  /** The node itself did not run for the last `ms`, more or less. */
  | { readonly type: 'stalled'; readonly ms: number }
  | { readonly type: 'storageFailed'; readonly reason: string };

/**
 * Why a proposal did not go into the log. All are definite: it was never
 * appended and never will be.
 */
export type DropReason =
  | 'not-leader'
  | 'overloaded'
  | 'halted'
  /** Leadership is being handed over. */
  | 'transferring'
  /** Another membership change is under way, or none may begin before the term's first commit. */
  | 'change-pending'
  /** The learner to be promoted lacks too much of the log. */
  | 'not-caught-up'
  /** The change does not fit the present configuration. */
  | 'bad-change';

/**
 * Everything that comes out, in order. The driver executes `persist` effects
 * in order and answers each with `persisted`; it may send, apply and report
 * while a persist is under way.
 */
export type Effect =
  | {
      readonly type: 'persist';
      /** Rises by one per persist effect. */
      readonly seq: number;
      readonly hardState: HardState | null;
      /** Delete every entry at or after this index first; null leaves the log as it is. */
      readonly truncateFrom: LogIndex | null;
      readonly append: readonly Entry[];
      /** The log begins here from now on: delete every entry up to it, with the rest of this write. */
      readonly base: LogBase | null;
      /** Replace log and state by this snapshot, whose rows are staged; done before the rest of this write. */
      readonly install: SnapshotEnd | null;
      /** Replies that promise what this record holds: sent only after it is durable. */
      readonly thenSend: readonly Message[];
    }
  | { readonly type: 'send'; readonly message: Message }
  | { readonly type: 'apply'; readonly entries: readonly Entry[] }
  /** The proposal sits at `index` in this leader's log; the driver answers it when that entry is applied. */
  | {
      readonly type: 'proposalAppended';
      readonly id: number;
      readonly index: LogIndex;
      readonly term: Term;
    }
  | {
      readonly type: 'proposalDropped';
      readonly id: number;
      readonly reason: DropReason;
      /** In words, where the reason alone does not say enough. */
      readonly detail?: string;
      readonly leaderHint: NodeId | null;
    }
  /** Read rows of the durable state after revision `after` for follower `to`; answer with `snapshotRead`. */
  | { readonly type: 'readSnapshot'; readonly to: NodeId; readonly after: LogIndex }
  /**
   * Store rows of (after, upTo] beyond the applied state, if they continue what is there and are
   * whole; in any case answer with `snapshotStaged`.
   */
  | {
      readonly type: 'stageSnapshot';
      readonly leader: NodeId;
      readonly after: LogIndex;
      readonly upTo: LogIndex;
      readonly rows: string;
    }
  /**
   * This node led `term` and no longer does. Whatever it appended and did not
   * yet apply has an unknown fate: another leader may commit it (never read as failure).
   */
  | { readonly type: 'leadershipLost'; readonly term: Term }
  /**
   * The read may be served from the state machine once it has applied `index` (§8; dissertation
   * §6.4), and, where a lease allows it, before `validUntilMono`: a driver looks at the clock after
   * it has looked at the state.
   */
  | {
      readonly type: 'readReady';
      readonly id: number;
      readonly index: LogIndex;
      readonly validUntilMono: MonoMs | null;
    }
  | {
      readonly type: 'readFailed';
      readonly id: number;
      readonly reason: 'not-leader' | 'halted';
      readonly leaderHint: NodeId | null;
    }
  | { readonly type: 'trace'; readonly event: RaftEvent };

/** The running commentary: what the dashboard tells and the checkers verify. */
export type RaftEvent =
  | {
      readonly type: 'role';
      readonly role: Role;
      readonly term: Term;
      readonly leader: NodeId | null;
      readonly reason: string;
    }
  | { readonly type: 'term'; readonly term: Term }
  | { readonly type: 'voteCast'; readonly term: Term; readonly candidate: NodeId }
  | {
      readonly type: 'voteRefused';
      readonly term: Term;
      readonly candidate: NodeId;
      readonly preVote: boolean;
      readonly reason: string;
    }
  | { readonly type: 'electionTimeout'; readonly term: Term; readonly silentMs: number }
  | {
      readonly type: 'appended';
      readonly from: LogIndex;
      readonly to: LogIndex;
      readonly term: Term;
    }
  | { readonly type: 'truncated'; readonly from: LogIndex; readonly to: LogIndex }
  | { readonly type: 'commit'; readonly index: LogIndex; readonly term: Term }
  /** The configuration in force: appended, restored by a truncation, or come with a snapshot. */
  | { readonly type: 'conf'; readonly index: LogIndex; readonly conf: ConfState }
  | {
      readonly type: 'transfer';
      readonly to: NodeId;
      readonly phase: 'began' | 'asked' | 'gaveUp';
    }
  | { readonly type: 'compacted'; readonly upTo: LogIndex }
  | { readonly type: 'snapshotSent'; readonly to: NodeId; readonly index: LogIndex }
  | { readonly type: 'snapshotInstalled'; readonly from: NodeId; readonly index: LogIndex }
  | { readonly type: 'quorumLost'; readonly term: Term; readonly heardFrom: number }
  | { readonly type: 'halted'; readonly reason: string };

/** A leader's view of one follower. */
export interface ProgressStatus {
  readonly peer: NodeId;
  readonly matchIndex: LogIndex;
  readonly nextIndex: LogIndex;
  readonly state: 'probe' | 'replicate' | 'snapshot';
  readonly inflight: number;
  /** In state `snapshot`: the follower has its rows up to here; null otherwise. */
  readonly snapshotTo: LogIndex | null;
  /** Monotonic time of the last answer; null before the first. */
  readonly lastAckMono: MonoMs | null;
}

/** A run of entries of one term: what a log looks like from afar. */
export interface TermRun {
  readonly term: Term;
  readonly from: LogIndex;
  readonly to: LogIndex;
}

export interface RaftStatus {
  readonly id: NodeId;
  readonly role: Role;
  readonly term: Term;
  readonly votedFor: NodeId | null;
  readonly leader: NodeId | null;
  readonly commitIndex: LogIndex;
  readonly lastApplied: LogIndex;
  readonly firstIndex: LogIndex;
  readonly lastIndex: LogIndex;
  readonly lastTerm: Term;
  readonly persistedIndex: LogIndex;
  readonly confState: ConfState;
  /** Is the configuration in force committed, as far as this node knows? */
  readonly confCommitted: boolean;
  /** To whom this leader is handing over; null when it is not. */
  readonly transferTo: NodeId | null;
  /** Monotonic deadline: of the election for followers and candidates, of the next heartbeat for a leader. */
  readonly deadlineMono: MonoMs;
  /** Length of the interval that ends at `deadlineMono`, ms. */
  readonly deadlineSpanMs: number;
  /** When this node last heard from a leader of its term; null if never. */
  readonly lastHeardMono: MonoMs | null;
  /** Votes of the campaign under way, own vote included; empty otherwise. */
  readonly votes: readonly { readonly voter: NodeId; readonly granted: boolean }[];
  readonly progress: readonly ProgressStatus[];
  readonly termRuns: readonly TermRun[];
  readonly halted: string | null;
}
