/** Commands and queries on the store, as they cross HTTP (version 1). */
import * as z from 'zod';

export const LIMITS = {
  nameBytes: 1024,
  valueBytes: 1024 * 1024,
  timestampMs: 253_402_300_799_999,
  pageSize: 1000,
} as const;

export const TimestampMs = z.number().int().min(0).max(LIMITS.timestampMs);
export const Revision = z.number().int().min(0).max(Number.MAX_SAFE_INTEGER);
export const Consistency = z.enum(['linearizable', 'local']);
export type Consistency = z.infer<typeof Consistency>;

/** Body of `PUT /api/v1/kv/{key}/{field}`. */
export const SetBody = z.strictObject({
  value: z.string(),
  timestamp: TimestampMs.optional(),
  /** Milliseconds the value holds, from its timestamp. */
  ttl: z.number().int().min(1).max(LIMITS.timestampMs).optional(),
  clientId: z.string().min(1).max(128).optional(),
  sequence: z.number().int().min(1).max(Number.MAX_SAFE_INTEGER).optional(),
});
export type SetBody = z.infer<typeof SetBody>;

/** Answer to a set: it is committed, durable on a quorum, and applied. */
export const SetAnswer = z.object({
  outcome: z.literal('committed'),
  revision: Revision,
  timestamp: TimestampMs,
  /** Microseconds. */
  stamp: z.number().int(),
  term: z.number().int(),
  leader: z.string(),
  existed: z.boolean(),
});
export type SetAnswer = z.infer<typeof SetAnswer>;

/** Answer to a delete; `revision` is null when there was nothing to delete and nothing was written. */
export const DeleteAnswer = z.object({
  outcome: z.literal('committed'),
  existed: z.boolean(),
  revision: Revision.nullable(),
  timestamp: TimestampMs,
  stamp: z.number().int(),
  term: z.number().int(),
  leader: z.string(),
});
export type DeleteAnswer = z.infer<typeof DeleteAnswer>;

/** Coordinates and provenance that every read answer carries: ask again with `at` and `asOf` for the same bytes. */
const readEnvelope = {
  at: TimestampMs,
  asOf: Revision,
  node: z.string(),
  consistency: Consistency,
  appliedRevision: Revision,
};

export const VersionView = z.object({
  timestamp: TimestampMs,
  revision: Revision,
  expiresAt: TimestampMs.optional(),
  /** First instant after `at` with another answer, as known at `asOf`; left out when none. */
  validTo: TimestampMs.optional(),
});
export type VersionView = z.infer<typeof VersionView>;

export const GetAnswer = z.object({
  key: z.string(),
  field: z.string(),
  found: z.boolean(),
  value: z.string().nullable(),
  version: VersionView.nullable(),
  /** Why `found` is false. */
  absentBecause: z.enum(['never', 'not-yet', 'deleted', 'expired']).nullable(),
  ...readEnvelope,
});
export type GetAnswer = z.infer<typeof GetAnswer>;

export const RecordAnswer = z.object({
  key: z.string(),
  fields: z.array(z.object({ field: z.string(), value: z.string(), version: VersionView })),
  ...readEnvelope,
});
export type RecordAnswer = z.infer<typeof RecordAnswer>;

export const KeysAnswer = z.object({
  keys: z.array(z.object({ key: z.string(), fields: z.number().int() })),
  /** Pass as `start` (with `at` and `asOf` of this answer) for the next page; null at the end. */
  next: z.string().nullable(),
  ...readEnvelope,
});
export type KeysAnswer = z.infer<typeof KeysAnswer>;

export const HistoryVersion = z.object({
  timestamp: TimestampMs,
  revision: Revision,
  op: z.number().int(),
  kind: z.enum(['set', 'delete']),
  value: z.string().nullable(),
  expiresAt: TimestampMs.nullable(),
  stamp: z.number().int(),
});
export type HistoryVersion = z.infer<typeof HistoryVersion>;

export const HistoryAnswer = z.object({
  key: z.string(),
  field: z.string(),
  /** Cluster time of the answer, to judge what is expired or yet to come. */
  clusterTime: TimestampMs,
  versions: z.array(HistoryVersion),
  asOf: Revision,
  node: z.string(),
  consistency: Consistency,
  appliedRevision: Revision,
});
export type HistoryAnswer = z.infer<typeof HistoryAnswer>;
