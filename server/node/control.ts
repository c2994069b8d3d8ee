/**
 * What the supervisor and a node say to each other over the node's door. Commands and queries go down in batches, answers and reports
 * come back in batches; replica traffic never passes here.
 */
import type { DurationCounts } from '../base/durations.ts';
import type { ChangesQuery, Query, QueryResult } from '../kv/queries.ts';
import type { ApplyResult } from '../kv/types.ts';
import type { MessageType } from '../raft/messages.ts';
import type {
  ConfChange,
  DropReason,
  LogIndex,
  NodeId,
  RaftEvent,
  RaftStatus,
  Term,
} from '../raft/types.ts';
import type { PaceAnswer, PaceAsk, TransitReport } from './pace-control.ts';
import type { WriteStamps } from './write-stages.ts';
import type { StorageStatus, StoreIdentity, StoreRefusal } from '../ports/node-storage.ts';
import type { PeerLine } from '../ports/peer-line.ts';

/** The process of a node is called by this and its id. */
export const NODE_TITLE = 'chronoraft ';

/** What a link does to the messages that this end sends. */
export interface LinkRule {
  /** Nothing passes. */
  readonly cut: boolean;
  /** Extra latency, ms ≥ 0, and a uniform jitter on top of it. */
  readonly delayMs: number;
  readonly jitterMs: number;
  /** Probabilities in [0, 1]. */
  readonly loss: number;
  readonly duplicate: number;
  readonly reorder: number;
}

export const OPEN_LINK: LinkRule = {
  cut: false,
  delayMs: 0,
  jitterMs: 0,
  loss: 0,
  duplicate: 0,
  reorder: 0,
};

export function isSameRule(a: LinkRule, b: LinkRule): boolean {
  return (
    a.cut === b.cut &&
    a.delayMs === b.delayMs &&
    a.jitterMs === b.jitterMs &&
    a.loss === b.loss &&
    a.duplicate === b.duplicate &&
    a.reorder === b.reorder
  );
}

/** The link carries everything as it comes. */
export function isOpenLink(rule: LinkRule): boolean {
  return isSameRule(rule, OPEN_LINK);
}

/** What is wrong with a node's disk and clocks; it does not know. */
export interface NodeWorld {
  /** Every durable write completes so much later, ms ≥ 0. */
  readonly diskDelayMs: number;
  /** The database may not grow. */
  readonly diskFull: boolean;
  /** What its wall clock shows beside the truth, ms. */
  readonly clockOffsetMs: number;
  /** How much faster its clocks count, thousandths, more than -1000. */
  readonly clockDrift: number;
}

export const SOUND_WORLD: NodeWorld = {
  diskDelayMs: 0,
  diskFull: false,
  clockOffsetMs: 0,
  clockDrift: 0,
};

/** With what a node starts. */
export interface NodeOptions {
  readonly id: NodeId;
  /** Voters of a new cluster; for a node that is to be added to one, none. Counts only while its database is new. */
  readonly voters: readonly NodeId[];
  readonly clusterId: string;
  /** The store that the node must have; null for one that was never seen. */
  readonly storeId: string | null;
  /** Starts that its store has surely had. */
  readonly bootEpoch: number;
  /** Made if it is not there. */
  readonly databaseFile: string;
  readonly migrationsDir: string;
  readonly heartbeatIntervalMs: number;
  readonly electionTimeoutMs: number;
  /** 0: no leases. */
  readonly leaseMs: number;
  /** Seed of this boot's random draws. */
  readonly seed: number;
  readonly world: NodeWorld;
  /** At which it begins: cluster time in real time. */
  readonly pace: number;
}

export type Proposed =
  | {
      readonly outcome: 'applied';
      readonly index: LogIndex;
      readonly term: Term;
      readonly result: ApplyResult;
    }
  /** Definitely not in any log, now or later. */
  | {
      readonly outcome: 'dropped';
      readonly reason: DropReason;
      readonly detail?: string;
      readonly leaderHint: NodeId | null;
    }
  /** May or may not be committed, now or later. */
  | { readonly outcome: 'unknown'; readonly leaderHint: NodeId | null };

export type ReadResult =
  | {
      readonly outcome: 'answered';
      readonly result: QueryResult;
      readonly appliedRevision: LogIndex;
    }
  | {
      readonly outcome: 'failed';
      /** `replaced`: a follow whose place a later one took. */
      readonly reason: 'not-leader' | 'halted' | 'replaced';
      readonly leaderHint: NodeId | null;
    };

/** A log entry as the dashboard shows it. */
export interface EntrySummary {
  readonly index: LogIndex;
  readonly term: Term;
  readonly stamp: number;
  readonly kind: 'noop' | 'set' | 'delete' | 'txn' | 'tick' | 'compact' | 'confChange';
  /** Short text: "a.x = 1"; at most 80 characters. */
  readonly label: string;
  /** Session and number of a write: "s12-m5x0/4". */
  readonly name?: string;
}

/** Messages sent to one peer since the last report. */
export interface TrafficCount {
  readonly to: NodeId;
  readonly type: MessageType;
  readonly count: number;
  /** Of them: refusals (votes not granted, appends refused). */
  readonly refused: number;
  /** Log entries carried. */
  readonly entries: number;
}

/** Why something from another node was not let in. */
export interface DropCounts {
  /** Not a message. */
  readonly malformed: number;
  /** Of another version of the protocol. */
  readonly version: number;
  readonly cluster: number;
  /** From a store other than the one that its sender had. */
  readonly store: number;
  /** From a life of its sender before the newest one heard of. */
  readonly earlierLife: number;
  /** To another node, or in another's name. */
  readonly misdirected: number;
}

export type DropCause = keyof DropCounts;

/** Times, ms, of the things that happened since the last report. */
export interface LatencySample {
  /** Append to commit-and-apply on the leader, one per proposal, at most 256 kept. */
  readonly commitMs: readonly number[];
  /** From taking a linearizable read to its answer, at most 256 kept. */
  readonly readMs: readonly number[];
  /** Durable log writes, at most 256 kept. */
  readonly persistMs: readonly number[];
}

/** The same times, every one of them counted; null where there was none since the last report. */
export interface DurationReport {
  readonly commit: DurationCounts | null;
  readonly read: DurationCounts | null;
  readonly persist: DurationCounts | null;
}

/** The log up to an index, as a hash of its block of 64 (`log-hashes.ts`): 16 hex digits. */
export interface LogPoint {
  readonly index: LogIndex;
  readonly term: Term;
  readonly hash: string;
}

/** The state after an entry: its rolling hash over all that was ever applied, and the entry's stamp. */
export interface AppliedPoint {
  readonly index: LogIndex;
  readonly stamp: number;
  readonly hash: string;
}

/** Durable term and vote. */
export interface Vote {
  readonly term: Term;
  readonly votedFor: NodeId | null;
}

/** A term that the node led, and the log with which it was elected. */
export interface Office {
  readonly term: Term;
  /** Its last entry from before the term. */
  readonly lastIndex: LogIndex;
  readonly points: readonly LogPoint[];
}

/** What a node proves of itself, for checks across nodes; of log and vote only what is durable. */
export interface NodeEvidence {
  /** Since the last report, in their order; in the first one of a life, what was found on disk. */
  readonly votes: readonly Vote[];
  readonly offices: readonly Office[];
  /** Ends of blocks since the last report, at most 64, and the end of the log. */
  readonly log: readonly LogPoint[];
  /** Known here to be committed while in term `inTerm`, and so committed in that term or before. */
  readonly commits: readonly { readonly inTerm: Term; readonly point: LogPoint }[];
  /** Every 64th entry since the last report, at most 64 of them, and the last. */
  readonly applied: readonly AppliedPoint[];
}

export interface NodeReport {
  readonly id: NodeId;
  /** Monotonic time of the node when the report was made, to turn its deadlines into "in n ms". */
  readonly nowMono: number;
  /** Server wall clock, ms. */
  readonly atMs: number;
  readonly status: RaftStatus;
  readonly storage: StorageStatus;
  readonly identity: StoreIdentity;
  readonly stateHash: string;
  /** Revision that `stateHash` belongs to. */
  readonly stateHashAt: LogIndex;
  readonly clusterTimeMs: number;
  readonly events: readonly { readonly atMs: number; readonly event: RaftEvent }[];
  /** New entries since the last report: the newest 64 at most. */
  readonly newEntries: readonly EntrySummary[];
  readonly traffic: readonly TrafficCount[];
  readonly latency: LatencySample;
  readonly durations: DurationReport;
  /** Messages that the rule of their link took since the last report, by kind. */
  readonly lost: Readonly<Partial<Record<MessageType, number>>>;
  /** Commands and reads finished since the last report. */
  readonly appliedCommands: number;
  readonly servedReads: number;
  /** Proposals waiting for their outcome. */
  readonly pendingProposals: number;
  /** Linearizable reads taken and not answered. */
  readonly waitingReads: number;
  /** Versions in the store. */
  readonly versions: number;
  /** Keys in the store that have a version, deleted ones included. */
  readonly keys: number;
  /** The node's own wall clock less the machine's, ms: what is wrong with it. */
  readonly clockOffsetMs: number;
  /** Since the node started. */
  readonly drops: DropCounts;
  readonly evidence: NodeEvidence;
}

export type ToNode =
  | { readonly type: 'connect'; readonly peer: NodeId; readonly line: PeerLine }
  | { readonly type: 'link'; readonly peer: NodeId; readonly rule: LinkRule }
  | { readonly type: 'world'; readonly world: NodeWorld }
  /** Stop at the gate until it is opened. */
  | { readonly type: 'pause' }
  /** Columns of `control-wire.ts`. */
  | {
      readonly type: 'propose';
      readonly ids: Float64Array;
      readonly data: readonly string[];
      /** Of the ids, those whose stages are wanted; left out when there is none. */
      readonly traced?: readonly number[];
    }
  | {
      readonly type: 'read';
      readonly items: readonly {
        readonly id: number;
        readonly query: Query;
        readonly level: 'linearizable' | 'local';
      }[];
    }
  /** A local read that waits until this node has applied anything after `query.after`; one at a time. */
  | { readonly type: 'follow'; readonly id: number; readonly query: ChangesQuery }
  | { readonly type: 'log'; readonly id: number; readonly from: LogIndex; readonly limit: number }
  | { readonly type: 'campaign' }
  /** Answered as a proposal. */
  | { readonly type: 'confChange'; readonly id: number; readonly changes: readonly ConfChange[] }
  | { readonly type: 'transferLeadership'; readonly to: NodeId }
  | { readonly type: 'compact' }
  | { readonly type: 'pace'; readonly id: number; readonly ask: PaceAsk }
  /** Say when you have taken all that came before this. */
  | { readonly type: 'sync'; readonly id: number }
  /** Finish what is durable, close the database, exit. */
  | { readonly type: 'stop' };

export type FromNode =
  | { readonly type: 'serving'; readonly report: NodeReport; readonly recoveredMs: number }
  | {
      readonly type: 'proposed';
      /** Applied writes, as `control-wire.ts` packs them. */
      readonly applied: Float64Array;
      readonly others: readonly { readonly id: number; readonly proposed: Proposed }[];
      /** Of those that were traced; left out when there is none. */
      readonly stages?: readonly { readonly id: number; readonly stamps: WriteStamps }[];
    }
  | {
      readonly type: 'read';
      readonly items: readonly { readonly id: number; readonly read: ReadResult }[];
    }
  | {
      readonly type: 'log';
      readonly id: number;
      readonly entries: readonly EntrySummary[];
      readonly lastIndex: LogIndex;
    }
  | { readonly type: 'report'; readonly report: NodeReport }
  | { readonly type: 'pace'; readonly id: number; readonly answer: PaceAnswer }
  | { readonly type: 'synced'; readonly id: number }
  | { readonly type: 'transit'; readonly report: TransitReport }
  /** The node has stopped itself and says why; its end follows. `refusal`: it never began, as its store may not be used. */
  | { readonly type: 'failed'; readonly reason: string; readonly refusal: StoreRefusal | null };
