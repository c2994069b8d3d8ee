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

/** A write of a session: a repeat of the same pair answers the first answer. */
export interface SessionRef {
  /** As the store named the client when it opened the session. */
  readonly client: string;
  /** Safe integer ≥ 1, rising per client; one write at a time per client. */
  readonly sequence: number;
}

/** What a field holds: text, or a list of texts. */
export type Value = string | readonly string[];

export interface Cell {
  readonly key: string;
  readonly field: string;
}

/** `ttl`: whole milliseconds ≥ 1; where left out, a value that builds on another keeps its expiry (T9). */
interface Expiring {
  readonly ttl?: number | undefined;
}

/** One step of a write. */
export type Operation =
  | ({ readonly op: 'set'; readonly value: Value } & Cell & Expiring)
  | ({ readonly op: 'delete' } & Cell)
  | { readonly op: 'deleteRecord'; readonly key: string }
  /** Adds to the end of a list; at least one item. */
  | ({ readonly op: 'append'; readonly items: readonly string[] } & Cell & Expiring)
  /** Takes the first `count` (≥ 1) items that equal `item` from a list; all when left out. */
  | ({ readonly op: 'remove'; readonly item: string; readonly count?: number | undefined } & Cell)
  /** Adds the safe integer `by` to a decimal integer; absent counts as 0. */
  | ({ readonly op: 'increment'; readonly by: number } & Cell & Expiring);

/** What must hold of a field, at the write's timestamp, before it (T10). */
export type Condition = Cell &
  (
    | { readonly is: 'value'; readonly value: Value }
    | { readonly is: 'present' | 'absent' }
    /** The value that stands was written at this revision. */
    | { readonly is: 'revision'; readonly revision: Revision }
    /** No version of the field has a greater timestamp. */
    | { readonly is: 'latest' }
  );

/** All or nothing: `success` when every condition holds, else `failure` (T11). */
export interface Transaction {
  readonly op: 'txn';
  readonly conditions: readonly Condition[];
  readonly success: readonly Operation[];
  readonly failure: readonly Operation[];
}

/** The fields meant: one, a record's, those of keys with a prefix, or all. */
export interface Scope {
  readonly key?: string | undefined;
  /** With `key` alone. */
  readonly field?: string | undefined;
  readonly prefix?: string | undefined;
}

/** New versions at now, so that the present of the scope equals the view at (at, asOf), one of which is given (T16). */
export interface Restore extends Scope {
  readonly op: 'restore';
  readonly at?: TimestampMs | undefined;
  readonly asOf?: Revision | undefined;
}

/** What may be forgotten (T17); null: nothing, for that reason. */
export interface RetentionPolicy {
  /** Views so long ago or longer need not be answered, ms ≥ 1 of cluster time. */
  readonly maxAgeMs: number | null;
  /** Versions of a field that stay, at least, 1 to {@link MAX_KEPT_VERSIONS}; older ones go. */
  readonly maxVersions: number | null;
}

/** Sets the policy. It has no timestamp of its own. */
export type SetRetention = { readonly op: 'retention' } & RetentionPolicy;

/** A field as it was where it comes from. */
export interface ImportedField extends Cell {
  readonly value: Value;
  /** Milliseconds it had left to live, at least 1; left out: it never expires. */
  readonly ttl?: number | undefined;
}

/** Of the keys with the prefix, the fields after `from` up to `to` are these at the timestamp, and no others (T22). */
export interface Import {
  readonly op: 'import';
  readonly prefix?: string | undefined;
  /** Null: from the first on. */
  readonly from: Cell | null;
  /** Null: up to the last. */
  readonly to: Cell | null;
  /** In order, each once, and within the range. */
  readonly fields: readonly ImportedField[];
}

/** A version as it was where it comes from, but for its revision. */
export type ImportedVersion = Pick<Version, 'key' | 'field' | 'timestamp' | 'value' | 'expiresAt'>;

/** Adds versions with times of their own, if the keys with the prefix have none after `from` (T22). */
export interface ImportHistory {
  readonly op: 'importHistory';
  readonly prefix?: string | undefined;
  /** The last version that is there; null: none is. */
  readonly from: VersionAddress | null;
  /** At least one; by key, field and timestamp, and after `from`. */
  readonly versions: readonly ImportedVersion[];
}

/** What comes with any write. A restore, a history and a policy have no timestamp of their own. */
interface Envelope {
  readonly timestamp?: TimestampMs | undefined;
  readonly session?: SessionRef | undefined;
}

export type WriteCommand = (
  | Operation
  | Transaction
  | Restore
  | Import
  | ImportHistory
  | SetRetention
) &
  Envelope;

/** What an entry asks of the store. Encoded as JSON text in the log, readable by a person (`command.ts`). */
export type Command =
  | WriteCommand
  /** Opens a session; the answer names it. */
  | { readonly op: 'session' }
  /** Moves cluster time on, so that something due becomes visible (T3). */
  | { readonly op: 'tick' }
  | Compaction;

/** Does what the policy allows, for all that happened up to a revision (T17). A leader logs it, in steps of bounded work. */
export interface Compaction {
  readonly op: 'compact';
  readonly by: 'age' | 'versions';
  readonly asOf: Revision;
}

/** How far the policy was carried out. */
export interface Retention {
  readonly policy: RetentionPolicy;
  /** Views before it are compacted, for their age: those at earlier times, and as of earlier revisions. */
  readonly horizon: Mark;
  /** The versions of all fields that anything happened to up to here have been counted, with the present limit. */
  readonly counted: Revision;
  /** With some limit. */
  readonly trimmed: Revision;
  /** A watch can go on after this revision, not after an earlier one. */
  readonly watchable: Mark;
}

/** What comes before is compacted. */
export interface Horizon {
  readonly timestamp: TimestampMs;
  readonly revision: Revision;
}

/** A field of which the versions before `oldest` went for their number. */
export interface FieldFloor extends Cell {
  readonly oldest: VersionPlace;
}

/** One written version. Never changed once made. */
export interface Version {
  readonly key: string;
  readonly field: string;
  readonly timestamp: TimestampMs;
  readonly revision: Revision;
  /** Order within one entry, from 0. */
  readonly op: number;
  /** Null in a tombstone. */
  readonly value: Value | null;
  readonly expiresAt: TimestampMs | null;
  /** Stamp of the entry that wrote it. */
  readonly stamp: Stamp;
}

/** What came of one operation. */
export type OperationOutcome =
  /** Whether the field was there at the timestamp, before. */
  | { readonly op: 'set'; readonly existed: boolean }
  | { readonly op: 'delete'; readonly existed: boolean }
  /** How many fields were there. */
  | { readonly op: 'deleteRecord'; readonly fields: number }
  | { readonly op: 'append'; readonly length: number }
  | { readonly op: 'remove'; readonly removed: number; readonly length: number }
  | { readonly op: 'increment'; readonly value: number };

/** The first condition that did not hold, and what was found instead. */
export interface FailedCondition {
  readonly index: number;
  /** The value is null where it is longer than {@link MAX_FOUND_CHARS}: a session keeps this answer. */
  readonly found: { readonly value: Value | null; readonly revision: Revision } | null;
}

export type Outcome =
  | OperationOutcome
  | {
      readonly op: 'txn';
      readonly succeeded: boolean;
      readonly failed: FailedCondition | null;
      /** Of the branch that was run. */
      readonly outcomes: readonly OperationOutcome[];
    }
  /** How many fields were brought back or taken away. */
  | { readonly op: 'restore'; readonly fields: number }
  | { readonly op: 'retention' }
  /** A session is open; it ends when it was idle for so long. */
  | { readonly op: 'session'; readonly client: string; readonly idleMs: number }
  /** How many fields were changed; the last that is as it is to be, null when all are. */
  | { readonly op: 'import'; readonly fields: number; readonly settled: Cell | null }
  | { readonly op: 'importHistory'; readonly versions: number }
  /** An entry that writes nothing. */
  | { readonly op: 'tick' };

/** How an applied command ended. A replica answers the same on every node. */
export type ApplyResult =
  | {
      readonly ok: true;
      /** Null when nothing was written (delete of what is absent). */
      readonly revision: Revision | null;
      readonly timestamp: TimestampMs;
      readonly stamp: Stamp;
      readonly outcome: Outcome;
    }
  | { readonly ok: false; readonly error: KvError };

export interface KvError {
  readonly code:
    | 'SESSION_STALE'
    /** Its session is not open: it has ended, or never was. */
    | 'SESSION_EXPIRED'
    | 'BAD_COMMAND'
    /** A time or a number beyond what can be held. */
    | 'OUT_OF_RANGE'
    | 'REVISION_NOT_YET'
    /** What was asked for, or for a write what came before it, is forgotten; `horizon` says up to where. */
    | 'COMPACTED'
    /** A list operation on text, or an increment of a list. */
    | 'WRONG_KIND'
    | 'NOT_AN_INTEGER'
    /** There are versions where a history was to begin. */
    | 'NOT_EMPTY'
    /** A list beyond its limit, or too much for one entry. */
    | 'TOO_LARGE';
  readonly message: string;
  /** Place of the operation in its transaction. */
  readonly operation?: number;
  readonly horizon?: Horizon;
  /** How much there may be at most, for TOO_LARGE. */
  readonly limit?: number;
}

/** An open session: its last answered write, or its opening, whose sequence is 0. */
export interface SessionRow {
  readonly client: string;
  readonly sequence: number;
  /** Hash of what was asked, a safe integer: another write under the same sequence is no repeat. */
  readonly asked: number;
  readonly stamp: Stamp;
  /** The sessions' clock then (`sessions.ts`). */
  readonly clock: number;
  readonly result: ApplyResult;
}

/** An entry that wrote no version but moved cluster time (no-op, tick, refused command). */
export interface Mark {
  readonly revision: Revision;
  readonly stamp: Stamp;
}

/** Where a version stands among those of its field. */
export type VersionPlace = Pick<Version, 'timestamp' | 'revision' | 'op'>;

/** Where a version stands in the store. */
export type VersionAddress = Cell & VersionPlace;

/** What must be written to make the store's present state durable: everything since the last take. */
export interface KvChanges extends KvHeader {
  readonly versions: readonly Version[];
  /** Versions to be forgotten; of the marks, all up to the horizon. */
  readonly dropped: readonly Pick<Version, 'revision' | 'op'>[];
  readonly marks: readonly Mark[];
  /** Latest state of each floor that moved. */
  readonly floors: readonly FieldFloor[];
  /** Of fields that have no version left. */
  readonly droppedFloors: readonly Cell[];
  /** Latest state of each session touched. */
  readonly sessions: readonly SessionRow[];
  readonly droppedSessions: readonly string[];
}

/** The scalars of a saved store; rows come beside it, in chunks. */
export interface KvHeader {
  readonly lastApplied: Revision;
  readonly lastStamp: Stamp;
  /** Rolling hash at `lastApplied`, 16 hex digits. */
  readonly stateHash: string;
  /** The sessions' clock (`sessions.ts`). */
  readonly sessionClock: number;
  readonly retention: Retention;
}

/**
 * Versions of a saved state that are kept of those written up to `upTo`, by
 * position (`position.ts`), ascending; all later ones are. A node that was away
 * may have some that were forgotten meanwhile, and not what had hidden them.
 */
export interface KeptVersions {
  readonly upTo: Revision;
  readonly positions: readonly number[];
}

export const KEEP_ALL: Retention = {
  policy: { maxAgeMs: null, maxVersions: null },
  horizon: { revision: 0, stamp: 0 },
  counted: 0,
  trimmed: 0,
  watchable: { revision: 0, stamp: 0 },
};

export const MAX_TIMESTAMP_MS = 253_402_300_799_999;
/** Operations in each branch of a transaction, and conditions before them. */
export const MAX_OPERATIONS = 128;
export const MAX_LIST_ITEMS = 10_000;
/** UTF-8, all items together. */
export const MAX_LIST_BYTES = 1024 * 1024;
/** Versions that one entry may write, and the length of their values, UTF-16 units: a deleted record or a restore may want more. */
export const MAX_ENTRY_VERSIONS = 20_000;
export const MAX_ENTRY_CHARS = 16 * 1024 * 1024;
/** Fields that one entry may look at to find those: a node that applies does nothing else. */
export const MAX_ENTRY_LOOKS = 200_000;
/** The most that a policy may count to: each count goes through so many. */
export const MAX_KEPT_VERSIONS = 1000;
/** Text of a value that a failed condition shows, UTF-16 units. */
export const MAX_FOUND_CHARS = 1024;
