/**
 * A node's durable store, as the node host needs it. Two writers share one
 * database: the log (must be durable before it is acknowledged) and the
 * applied state (may lag, since the log can replay it).
 *
 * Completion is a callback, not a promise, so that the simulator can complete
 * a write at a chosen virtual instant and every run is exactly repeatable.
 * Any error is final: the fate of the write is unknown, so the node must stop
 * and recover from disk; it must never retry or answer "failed".
 */
import type { Entry, HardState, LogBase, LogIndex, NodeId, SnapshotEnd } from '../raft/types.ts';
import type {
  FieldFloor,
  KeptVersions,
  KvChanges,
  KvHeader,
  Mark,
  SessionRow,
  Version,
} from '../kv/types.ts';
import type { VersionPack } from '../kv/version-pack.ts';
import type { VersionTally } from './version-tally.ts';

export type Done = (error: Error | null) => void;

/** One atomic, durable change of the log and the hard state, in the order of its fields. */
export interface LogWrite {
  /** Log and applied state give way to a snapshot whose rows are staged. */
  readonly install: SnapshotEnd | null;
  readonly hardState: HardState | null;
  /** First delete every entry at or after this index. */
  readonly truncateFrom: LogIndex | null;
  /** Contiguous; follows what remains after the truncation. */
  readonly append: readonly Entry[];
  /** Then delete every entry up to this one, which the saved state covers. */
  readonly base: LogBase | null;
}

/** Rows of the revisions after some revision, up to and including `upTo`; ascending. */
export interface Rows {
  readonly upTo: LogIndex;
  /** Revisions up to this one may have no rows: what they wrote is forgotten. */
  readonly horizon: LogIndex;
  readonly versions: readonly Version[];
  readonly marks: readonly Mark[];
}

/** What the saved state is besides versions and marks. */
export interface SnapshotRest {
  readonly sessions: readonly SessionRow[];
  readonly floors: readonly FieldFloor[];
  /** Of the versions, those that are still there. */
  readonly kept: KeptVersions;
  /** All versions of the state: what was written and is not forgotten. */
  readonly tally: VersionTally;
}

/** A piece of the saved state. `end` is there when no rows are left: what the state is besides rows. */
export interface SnapshotPiece extends Rows {
  readonly end: ({ readonly kv: KvHeader } & SnapshotRest) | null;
}

/** Who this store belongs to, written at its first boot and never changed after, but for the epoch. */
export interface StoreIdentity {
  readonly clusterId: string;
  readonly nodeId: NodeId;
  /** Random, made with the store: tells a wiped disk from the one that left. */
  readonly storeId: string;
  /** Rises by one at each open; a write of an older epoch is refused (late writes of a killed worker). */
  readonly bootEpoch: number;
}

/** Why a store that was found may not be used. Another node in its place makes the cluster whole. */
export type StoreRefusal = 'corrupt' | 'rolled-back' | 'lost' | 'foreign';

/** What a node reads back at start. Rows arrive in ascending order. */
export interface RestoredNode {
  readonly identity: StoreIdentity;
  readonly hardState: HardState;
  readonly base: LogBase;
  readonly entries: readonly Entry[];
  readonly kv: KvHeader;
  readonly versions: readonly VersionPack[];
  readonly marks: readonly Mark[];
  readonly floors: readonly FieldFloor[];
  readonly sessions: readonly SessionRow[];
}

/** Facts for the node's card. */
export interface StorageStatus {
  /** File name (no folder), or "memory". */
  readonly name: string;
  readonly sizeBytes: number;
  /** Of them, what the write-ahead log takes. */
  readonly walBytes: number;
  /** Duration of recent log writes, commit included, ms; null before the first. */
  readonly lastWriteMs: number | null;
  readonly writes: number;
}

export interface NodeStorage {
  /**
   * Makes the change durable, then calls `done(null)`. Calls are executed and
   * completed strictly in order.
   */
  writeLog(write: LogWrite, done: Done): void;
  /** Saves applied state in one transaction; `done` as above. At most one outstanding. */
  saveKv(changes: KvChanges, done: Done): void;
  /** Reads saved rows after revision `after`, some at a time. A failure is final, as of a write. */
  readSnapshot(
    after: LogIndex,
    done: (error: Error | null, piece: SnapshotPiece | null) => void,
  ): void;
  /**
   * Keeps rows of a snapshot beyond the saved state, if they follow on what is
   * there, until `install` makes them part of it. Answers how far rows reach now.
   */
  stageRows(after: LogIndex, rows: Rows, done: (error: Error | null, upTo: LogIndex) => void): void;
  status(): StorageStatus;
}
