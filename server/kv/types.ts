/**
 * The temporal store's vocabulary (docs/SPEC.md, rules T1 to T20). Two times,
 * kept apart: the **timestamp** is when a value holds in the world (valid
 * time, ms), the **revision** is when the cluster learned it (transaction
 * time, the log index of the entry). The store knows nothing of consensus: it
 * is fed entries in order and answers queries.
 */

/** Milliseconds since the Unix epoch, an integer in [0, MAX_TIMESTAMP_MS]; small logical numbers are as good. */
export type TimestampMs = number;
/** Log index of the entry that wrote; strictly rising, gaps are normal. */
export type Revision = number;
/** Microseconds, strictly rising in revision order. */
export type Stamp = number;

/** A client's own numbering of its writes: a repeat of the same pair answers the first answer. */
export interface SessionRef {
  readonly client: string;
  /** Safe integer ≥ 1, rising per client; one write at a time per client. */
  readonly sequence: number;
}

/** What an entry asks of the store. Encoded as JSON text in the log, readable by a person (`command.ts`). */
export type Command =
  | {
      readonly op: 'set';
      readonly key: string;
      readonly field: string;
      readonly value: string;
      readonly timestamp?: TimestampMs | undefined;
      /** Whole milliseconds ≥ 1. */
      readonly ttl?: number | undefined;
      readonly session?: SessionRef | undefined;
    }
  | {
      readonly op: 'delete';
      readonly key: string;
      readonly field: string;
      readonly timestamp?: TimestampMs | undefined;
      readonly session?: SessionRef | undefined;
    }
  /** Moves cluster time on, so that something due becomes visible (T3). */
  | { readonly op: 'tick' };

/** One written version. Never changed once made. */
export interface Version {
  readonly key: string;
  readonly field: string;
  readonly timestamp: TimestampMs;
  readonly revision: Revision;
  /** Order within one entry, from 0. */
  readonly op: number;
  readonly kind: 'set' | 'delete';
  readonly value: string | null;
  readonly expiresAt: TimestampMs | null;
  /** Stamp of the entry that wrote it. */
  readonly stamp: Stamp;
}

/** How an applied command ended. A replica answers the same on every node. */
export type ApplyResult =
  | {
      readonly ok: true;
      /** Null when nothing was written (delete of what is absent). */
      readonly revision: Revision | null;
      readonly timestamp: TimestampMs;
      readonly stamp: Stamp;
      /** For delete: was the field present at the timestamp? For set: likewise, before the write. */
      readonly existed: boolean;
    }
  | { readonly ok: false; readonly error: KvError };

export interface KvError {
  readonly code: 'SESSION_STALE' | 'BAD_COMMAND' | 'OUT_OF_RANGE' | 'REVISION_NOT_YET';
  readonly message: string;
}

/** One client's last answered write. */
export interface SessionRow {
  readonly client: string;
  readonly sequence: number;
  /** Hash of what was asked, a safe integer: another write under the same sequence is no repeat. */
  readonly asked: number;
  readonly stamp: Stamp;
  readonly result: ApplyResult;
}

/** An entry that wrote no version but moved cluster time (no-op, tick, refused command). */
export interface Mark {
  readonly revision: Revision;
  readonly stamp: Stamp;
}

/** Where a read looks: `at` valid time, `asOf` what was known. Left out: now, latest (T3, T4). */
export interface Coordinates {
  readonly at?: TimestampMs;
  readonly asOf?: Revision;
}

export type Query =
  | ({ readonly type: 'get'; readonly key: string; readonly field: string } & Coordinates)
  | ({ readonly type: 'scan'; readonly key: string; readonly prefix?: string } & Coordinates)
  | ({
      readonly type: 'keys';
      readonly prefix?: string;
      /** First key to list, inclusive, in byte order. */
      readonly start?: string;
      /** 1 to 1,000. */
      readonly limit: number;
    } & Coordinates)
  | {
      readonly type: 'history';
      readonly key: string;
      readonly field: string;
      readonly from?: TimestampMs;
      readonly to?: TimestampMs;
      readonly asOf?: Revision;
    };

/** A value as seen from given coordinates; the winner of rule T1. */
export interface FoundVersion {
  readonly value: string;
  readonly timestamp: TimestampMs;
  readonly revision: Revision;
  readonly expiresAt: TimestampMs | null;
  /** First instant after `at` from which another answer holds, seen as of the same revision; null: none known. */
  readonly validTo: TimestampMs | null;
}

export type QueryAnswer =
  | {
      readonly type: 'get';
      readonly at: TimestampMs;
      readonly asOf: Revision;
      readonly found: FoundVersion | null;
      readonly absentBecause: 'never' | 'not-yet' | 'deleted' | 'expired' | null;
    }
  | {
      readonly type: 'scan';
      readonly at: TimestampMs;
      readonly asOf: Revision;
      readonly fields: readonly ({ readonly field: string } & FoundVersion)[];
    }
  | {
      readonly type: 'keys';
      readonly at: TimestampMs;
      readonly asOf: Revision;
      readonly keys: readonly { readonly key: string; readonly fields: number }[];
      readonly next: string | null;
    }
  | {
      readonly type: 'history';
      readonly asOf: Revision;
      readonly clusterTime: TimestampMs;
      readonly versions: readonly Version[];
    };

export type QueryResult =
  | { readonly ok: true; readonly answer: QueryAnswer }
  | { readonly ok: false; readonly error: KvError };

/** What must be written to make the store's present state durable: everything since the last take. */
export interface KvChanges {
  readonly lastApplied: Revision;
  readonly lastStamp: Stamp;
  /** Rolling hash at `lastApplied`, 16 hex digits. */
  readonly stateHash: string;
  readonly versions: readonly Version[];
  readonly marks: readonly Mark[];
  /** Latest state of each session touched. */
  readonly sessions: readonly SessionRow[];
  readonly droppedSessions: readonly string[];
}

/** The scalars of a saved store; rows come beside it, in chunks. */
export interface KvHeader {
  readonly lastApplied: Revision;
  readonly lastStamp: Stamp;
  readonly stateHash: string;
}

export const MAX_TIMESTAMP_MS = 253_402_300_799_999;
