/** Values, coordinates and answers to reads of the store, as they cross HTTP (version 1). */
import * as z from 'zod';

export const LIMITS = {
  nameBytes: 1024,
  valueBytes: 1024 * 1024,
  listItems: 10_000,
  timestampMs: 253_402_300_799_999,
  /** Rows on a page. */
  pageSize: 1000,
  /** Conditions, and operations in each branch, of a transaction. */
  operations: 128,
  /** Writes in one batch. */
  batch: 1000,
  /** The most versions of a field that a policy may count to. */
  keptVersions: 1000,
} as const;

export const TimestampMs = z.number().int().min(0).max(LIMITS.timestampMs);
export const Revision = z.number().int().min(0).max(Number.MAX_SAFE_INTEGER);
export const Consistency = z.enum(['linearizable', 'local']);
export type Consistency = z.infer<typeof Consistency>;

/** What a field holds: text, or a list of texts. */
export const Value = z.union([z.string(), z.array(z.string()).max(LIMITS.listItems)]);
export type Value = z.infer<typeof Value>;

/** What stood where a condition wanted something else; null: nothing did. A long value is left out, and can be read as of its revision. */
export const FoundInstead = z.object({ value: Value.nullable(), revision: Revision }).nullable();
export type FoundInstead = z.infer<typeof FoundInstead>;

/** What was at earlier times, and known as of earlier revisions, is compacted. */
export const Horizon = z.object({ timestamp: TimestampMs, revision: Revision });
export type Horizon = z.infer<typeof Horizon>;

/** The view that an answer describes: ask again with both for the same bytes. */
const view = { at: TimestampMs, asOf: Revision };

/** Who answered, and how fresh the answer is. */
export const provenance = {
  node: z.string(),
  consistency: Consistency,
  appliedRevision: Revision,
};

const next = z
  .string()
  .nullable()
  .describe(
    'Pass as `cursor`, with the other parameters as they were, for the next page of the same view; null at the end. A page may be short, even empty, and not be the last one.',
  );

export const VersionView = z.object({
  timestamp: TimestampMs,
  revision: Revision,
  expiresAt: TimestampMs.optional(),
  validTo: TimestampMs.optional().describe(
    'First instant after `at` with another answer, as known at `asOf`; left out when none.',
  ),
});
export type VersionView = z.infer<typeof VersionView>;

export const GetAnswer = z.object({
  key: z.string(),
  field: z.string(),
  found: z.boolean(),
  value: Value.nullable(),
  version: VersionView.nullable(),
  absentBecause: z
    .enum(['never', 'not-yet', 'deleted', 'expired'])
    .nullable()
    .describe('Why `found` is false.'),
  ...view,
  ...provenance,
});
export type GetAnswer = z.infer<typeof GetAnswer>;

export const FieldView = z.object({ field: z.string(), value: Value, version: VersionView });
export type FieldView = z.infer<typeof FieldView>;

/** Answer of `GET /api/v1/kv/{key}`: fields in byte order. */
export const RecordAnswer = z.object({
  key: z.string(),
  fields: z.array(FieldView),
  next,
  ...view,
  ...provenance,
});
export type RecordAnswer = z.infer<typeof RecordAnswer>;

/** Answer of `GET /api/v1/kv`: keys in byte order, each with the number of its fields. */
export const KeysAnswer = z.object({
  keys: z.array(z.object({ key: z.string(), fields: z.number().int() })),
  next,
  ...view,
  ...provenance,
});
export type KeysAnswer = z.infer<typeof KeysAnswer>;

/** Answer of `GET /api/v1/records`: keys in byte order, each with the first fields that it has. */
export const RecordsAnswer = z.object({
  records: z.array(
    z.object({
      key: z.string(),
      fields: z.array(FieldView),
      more: z.boolean().describe('The record has more fields than are here.'),
    }),
  ),
  next,
  ...view,
  ...provenance,
});
export type RecordsAnswer = z.infer<typeof RecordsAnswer>;

export const HistoryVersion = z.object({
  timestamp: TimestampMs,
  revision: Revision,
  op: z.number().int(),
  kind: z.enum(['set', 'list', 'delete']),
  value: Value.nullable(),
  expiresAt: TimestampMs.nullable(),
  stamp: z.number().int(),
});
export type HistoryVersion = z.infer<typeof HistoryVersion>;

export const HistoryAnswer = z.object({
  key: z.string(),
  field: z.string(),
  clusterTime: TimestampMs.describe(
    'Cluster time of the answer, to judge what is expired or yet to come.',
  ),
  versions: z.array(HistoryVersion),
  horizon: Horizon.nullable().describe(
    'The history before it is compacted; null: it is all there.',
  ),
  next,
  asOf: Revision,
  ...provenance,
});
export type HistoryAnswer = z.infer<typeof HistoryAnswer>;

/** Answer of `GET /api/v1/diff`: by key, then field; null where the field is absent. */
export const DiffAnswer = z.object({
  before: z.object(view),
  after: z.object(view),
  changes: z.array(
    z.object({
      key: z.string(),
      field: z.string(),
      before: z.object({ value: Value, version: VersionView }).nullable(),
      after: z.object({ value: Value, version: VersionView }).nullable(),
    }),
  ),
  next,
  ...provenance,
});
export type DiffAnswer = z.infer<typeof DiffAnswer>;
