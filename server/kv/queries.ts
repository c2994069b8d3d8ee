/**
 * What may be asked of the store, and what it answers (docs/SPEC.md, T1 to T4,
 * T12 to T18, T22): plain data, the same for a node, the page and a client.
 */
import type {
  Cell,
  Horizon,
  KvError,
  RetentionPolicy,
  Revision,
  Scope,
  Stamp,
  TimestampMs,
  Value,
  Version,
  VersionAddress,
  VersionPlace,
} from './types.ts';

/** Where a read looks: `at` valid time, `asOf` what was known. Left out: now, latest (T3, T4). */
export interface Coordinates {
  readonly at?: TimestampMs;
  readonly asOf?: Revision;
}

export type Query = ViewQuery | ChangesQuery | { readonly type: 'retention' };

/** What a view shows. */
export type ViewQuery =
  | ({ readonly type: 'get' } & Cell & Coordinates)
  /** Fields of a record, in byte order. */
  | ({
      readonly type: 'scan';
      readonly key: string;
      readonly prefix?: string;
      /** First field to list, inclusive. */
      readonly start?: string;
      /** 1 to {@link MAX_PAGE}, which is also what is meant without one. */
      readonly limit?: number;
    } & Coordinates)
  /** Keys that have fields there, in byte order. */
  | ({ readonly type: 'keys' } & KeyRange & Coordinates)
  /** The same keys, each with the first {@link MAX_PAGE} of its fields. */
  | ({ readonly type: 'range' } & KeyRange & Coordinates)
  | ({
      readonly type: 'history';
      readonly from?: TimestampMs;
      readonly to?: TimestampMs;
      readonly asOf?: Revision;
      /** Latest first. */
      readonly descending?: boolean;
      /** The page begins after this one. */
      readonly after?: VersionPlace;
      readonly limit?: number;
    } & Cell)
  /** What is different between two views, by key, then field (T15). */
  | ({
      readonly type: 'diff';
      readonly before: Coordinates;
      readonly after: Coordinates;
      readonly start?: Cell;
      readonly limit: number;
    } & Scope)
  /** Every version of every field of keys with a prefix, by key, field, then as in a history (T22). */
  | ({
      readonly type: 'versions';
      readonly prefix?: string;
      /** The first that the page may begin with. */
      readonly start?: VersionAddress;
      readonly limit: number;
    } & Coordinates);

/** What happened after a revision (T18). */
export interface ChangesQuery extends Scope {
  readonly type: 'changes';
  readonly after: Revision;
  /** Changes on the page; more only where a single revision has more, as none is split. */
  readonly limit: number;
}

interface KeyRange {
  readonly prefix?: string;
  /** First key to list, inclusive, in byte order. */
  readonly start?: string;
  /** The keys end before this one. */
  readonly end?: string;
  /** 1 to {@link MAX_PAGE}. */
  readonly limit: number;
}

/** A value as seen from given coordinates; the winner of rule T1. */
export interface FoundVersion {
  readonly value: Value;
  readonly timestamp: TimestampMs;
  readonly revision: Revision;
  readonly expiresAt: TimestampMs | null;
  /** First instant after `at` from which another answer holds, seen as of the same revision; null: none known. */
  readonly validTo: TimestampMs | null;
}

export type FoundField = { readonly field: string } & FoundVersion;

export interface FieldChange extends Cell {
  readonly before: FoundVersion | null;
  readonly after: FoundVersion | null;
}

/** Something that a watcher is told (T18). */
export interface Change extends Cell {
  /** Written by someone; or an expiry, or the start of what was dated in the future, that came with time. */
  readonly kind: 'set' | 'delete' | 'expire' | 'start';
  /** From when on it holds. */
  readonly at: TimestampMs;
  /** The version that was written, has ended, or begins. */
  readonly version: VersionPlace;
  /** From `at` on; null: absent. */
  readonly value: Value | null;
  readonly expiresAt: TimestampMs | null;
  /** What stood there at `at` before this; null: nothing did, or see below. */
  readonly previous: Omit<FoundVersion, 'validTo'> | null;
  /** What stood there before is forgotten. */
  readonly previousCompacted: boolean;
}

/** All that happened in the scope at one revision: first what came with time, then what was written, in its order. */
export interface ChangeBatch {
  readonly revision: Revision;
  readonly stamp: Stamp;
  readonly changes: readonly Change[];
}

/** The view that was asked for, with nothing left out. */
export interface View {
  readonly at: TimestampMs;
  readonly asOf: Revision;
}

export type QueryAnswer = ViewAnswer | ChangesAnswer | RetentionAnswer;

export interface RetentionAnswer {
  readonly type: 'retention';
  readonly policy: RetentionPolicy;
  /** Of age; null: nothing is compacted. */
  readonly horizon: Horizon | null;
  readonly watchableAfter: Revision;
}

/** A page may be short, even empty, and not the last one: `next` alone tells. */
export type ViewAnswer =
  | ({
      readonly type: 'get';
      readonly found: FoundVersion | null;
      readonly absentBecause: 'never' | 'not-yet' | 'deleted' | 'expired' | null;
    } & View)
  | ({
      readonly type: 'scan';
      readonly fields: readonly FoundField[];
      /** Where the next page starts; null at the end. */
      readonly next: string | null;
    } & View)
  | ({
      readonly type: 'keys';
      readonly keys: readonly { readonly key: string; readonly fields: number }[];
      readonly next: string | null;
    } & View)
  | ({
      readonly type: 'range';
      readonly records: readonly {
        readonly key: string;
        readonly fields: readonly FoundField[];
        /** The record has more fields than are here. */
        readonly more: boolean;
      }[];
      readonly next: string | null;
    } & View)
  | {
      readonly type: 'history';
      readonly asOf: Revision;
      readonly clusterTime: TimestampMs;
      readonly versions: readonly Version[];
      /** What was before it is compacted; null: nothing is. */
      readonly horizon: Horizon | null;
      readonly next: VersionPlace | null;
    }
  | {
      readonly type: 'diff';
      readonly before: View;
      readonly after: View;
      readonly changes: readonly FieldChange[];
      readonly next: Cell | null;
    }
  /** All that was known at `asOf`, whatever its timestamp. */
  | ({
      readonly type: 'versions';
      readonly versions: readonly Version[];
      readonly next: VersionAddress | null;
    } & View);

/** Revisions at which nothing happened in the scope have no batch. */
export interface ChangesAnswer {
  readonly type: 'changes';
  readonly batches: readonly ChangeBatch[];
  /** All revisions up to this one are told: ask again after it. */
  readonly through: Revision;
}

/** The answers to queries of type `Asked`. */
export type AnswerTo<Asked extends Query> = Extract<QueryAnswer, { readonly type: Asked['type'] }>;

export type QueryResult<Asked extends Query = Query> =
  | { readonly ok: true; readonly answer: AnswerTo<Asked> }
  | { readonly ok: false; readonly error: KvError };

/** Rows on a page of an answer. */
export const MAX_PAGE = 1000;
