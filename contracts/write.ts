/** Writes to the store, as they cross HTTP (version 1). */
import * as z from 'zod';
import { Problem } from './errors.ts';
import { FoundInstead, LIMITS, Revision, TimestampMs, Value } from './kv.ts';

const ttl = z
  .number()
  .int()
  .min(1)
  .max(LIMITS.timestampMs)
  .optional()
  .describe('Milliseconds the value holds, from its timestamp.');
const safeInteger = z.number().int().min(Number.MIN_SAFE_INTEGER).max(Number.MAX_SAFE_INTEGER);

export const clientId = z
  .string()
  .min(1)
  .max(128)
  .describe('Of an open session. Goes with `sequence`.');
export const sequence = z
  .number()
  .int()
  .min(1)
  .max(Number.MAX_SAFE_INTEGER)
  .describe('Rises by one for each write of the session. Goes with `clientId`.');

/** What may come with any write: its time, and its name in an open session, under which a repeat is done once. */
const envelope = {
  timestamp: TimestampMs.optional().describe(
    'From when on it holds, ms. Left out: the time of the write.',
  ),
  clientId: clientId.optional(),
  sequence: sequence.optional(),
};

/** What must hold of a field, at the write's timestamp, before it. */
const conditions = [
  { is: z.literal('value'), value: Value },
  { is: z.literal('present') },
  { is: z.literal('absent') },
  /** The value that stands was written at this revision. */
  { is: z.literal('revision'), revision: Revision },
  /** No version of the field has a greater timestamp. */
  { is: z.literal('latest') },
] as const;
const [value, present, absent, revision, latest] = conditions;

export const CellCondition = z.discriminatedUnion('is', [
  z.strictObject(value),
  z.strictObject(present),
  z.strictObject(absent),
  z.strictObject(revision),
  z.strictObject(latest),
]);
export type CellCondition = z.infer<typeof CellCondition>;

/** Body of `PUT /api/v1/kv/{key}/{field}`. */
export const SetBody = z.strictObject({
  value: Value,
  /** Milliseconds the value holds, from its timestamp. */
  ttl,
  /** Without it, nothing is written: CONDITION_FAILED. */
  if: CellCondition.optional(),
  ...envelope,
});
export type SetBody = z.infer<typeof SetBody>;

/** Body of `POST /api/v1/kv/{key}/{field}/append`. */
export const AppendBody = z.strictObject({
  items: z.array(z.string()).min(1).max(LIMITS.listItems),
  ttl,
  ...envelope,
});
export type AppendBody = z.infer<typeof AppendBody>;

/** Body of `POST /api/v1/kv/{key}/{field}/remove`: all items that equal `item`, or the first `count`. */
export const RemoveBody = z.strictObject({
  item: z.string(),
  count: z.number().int().min(1).max(LIMITS.listItems).optional(),
  ...envelope,
});
export type RemoveBody = z.infer<typeof RemoveBody>;

/** Body of `POST /api/v1/kv/{key}/{field}/increment`. */
export const IncrementBody = z.strictObject({ by: safeInteger.default(1), ttl, ...envelope });
export type IncrementBody = z.input<typeof IncrementBody>;

const cell = { key: z.string(), field: z.string() };

export const Condition = z.discriminatedUnion('is', [
  z.strictObject({ ...value, ...cell }),
  z.strictObject({ ...present, ...cell }),
  z.strictObject({ ...absent, ...cell }),
  z.strictObject({ ...revision, ...cell }),
  z.strictObject({ ...latest, ...cell }),
]);
export type Condition = z.infer<typeof Condition>;

/** The fields of each operation, for a transaction as they are, for a batch with an envelope. */
const operations = {
  set: { op: z.literal('set'), ...cell, value: Value, ttl },
  delete: { op: z.literal('delete'), ...cell },
  deleteRecord: { op: z.literal('deleteRecord'), key: z.string() },
  append: { op: z.literal('append'), ...cell, items: AppendBody.shape.items, ttl },
  remove: {
    op: z.literal('remove'),
    ...cell,
    item: z.string(),
    count: RemoveBody.shape.count,
  },
  increment: { op: z.literal('increment'), ...cell, by: safeInteger.default(1), ttl },
} as const;

export const Operation = z.discriminatedUnion('op', [
  z.strictObject(operations.set),
  z.strictObject(operations.delete),
  z.strictObject(operations.deleteRecord),
  z.strictObject(operations.append),
  z.strictObject(operations.remove),
  z.strictObject(operations.increment),
]);
export type Operation = z.input<typeof Operation>;

/** Body of `POST /api/v1/txn`: all or nothing, at one revision and one timestamp. */
export const TransactionBody = z.strictObject({
  if: z.array(Condition).max(LIMITS.operations).default([]),
  success: z.array(Operation).max(LIMITS.operations),
  failure: z.array(Operation).max(LIMITS.operations).default([]),
  ...envelope,
});
export type TransactionBody = z.input<typeof TransactionBody>;

export const BatchWrite = z.discriminatedUnion('op', [
  z.strictObject({ ...operations.set, ...envelope }),
  z.strictObject({ ...operations.delete, ...envelope }),
  z.strictObject({ ...operations.deleteRecord, ...envelope }),
  z.strictObject({ ...operations.append, ...envelope }),
  z.strictObject({ ...operations.remove, ...envelope }),
  z.strictObject({ ...operations.increment, ...envelope }),
]);

/** Body of `POST /api/v1/batch`: writes of their own, each with its own outcome; those of one field in their order. */
export const BatchBody = z.strictObject({
  writes: z.array(BatchWrite).min(1).max(LIMITS.batch),
});
export type BatchBody = z.input<typeof BatchBody>;

/**
 * Body of `POST /api/v1/restore`: one field, a record, the keys with a prefix, or with none of these
 * all, as they were at a time, as of a revision, or both.
 */
export const RestoreBody = z.strictObject({
  key: z.string().optional(),
  field: z.string().optional(),
  prefix: z.string().optional(),
  at: TimestampMs.optional(),
  asOf: Revision.optional(),
  clientId: envelope.clientId,
  sequence: envelope.sequence,
});
export type RestoreBody = z.infer<typeof RestoreBody>;

// --- answers -----------------------------------------------------------------------

/** A write that is committed: durable on a quorum, and applied. */
const committed = {
  outcome: z.literal('committed'),
  revision: Revision.nullable().describe(
    'Null when there was nothing to do and nothing was written.',
  ),
  timestamp: TimestampMs,
  stamp: z.number().int().describe('Microseconds.'),
  term: z.number().int(),
  leader: z.string(),
};

/**
 * Answer to `POST /api/v1/sessions`: a name under which writes are done once each. The session ends
 * when nothing was written under it for `idleMs` of cluster time, or when there are too many.
 */
export const SessionAnswer = z.object({
  clientId: z.string(),
  idleMs: z.number().int(),
  ...committed,
  revision: Revision,
});
export type SessionAnswer = z.infer<typeof SessionAnswer>;

/** Answer to a set. */
export const SetAnswer = z.object({ ...committed, revision: Revision, existed: z.boolean() });
export type SetAnswer = z.infer<typeof SetAnswer>;

/** Answer to a delete of a field: was it there at the timestamp? */
export const DeleteAnswer = z.object({ ...committed, existed: z.boolean() });
export type DeleteAnswer = z.infer<typeof DeleteAnswer>;

/** What came of one operation. */
export const OperationOutcome = z.discriminatedUnion('op', [
  z.object({ op: z.literal('set'), existed: z.boolean() }),
  z.object({ op: z.literal('delete'), existed: z.boolean() }),
  z.object({ op: z.literal('deleteRecord'), fields: z.number().int() }),
  z.object({ op: z.literal('append'), length: z.number().int() }),
  z.object({ op: z.literal('remove'), removed: z.number().int(), length: z.number().int() }),
  z.object({ op: z.literal('increment'), value: z.number().int() }),
]);
export type OperationOutcome = z.infer<typeof OperationOutcome>;

export const DeleteRecordAnswer = z.object({ ...committed, fields: z.number().int() });
export type DeleteRecordAnswer = z.infer<typeof DeleteRecordAnswer>;
export const AppendAnswer = z.object({ ...committed, length: z.number().int() });
export type AppendAnswer = z.infer<typeof AppendAnswer>;
export const RemoveAnswer = z.object({
  ...committed,
  removed: z.number().int(),
  length: z.number().int(),
});
export type RemoveAnswer = z.infer<typeof RemoveAnswer>;
export const IncrementAnswer = z.object({ ...committed, value: z.number().int() });
export type IncrementAnswer = z.infer<typeof IncrementAnswer>;

export const TransactionAnswer = z.object({
  ...committed,
  succeeded: z
    .boolean()
    .describe('Every condition held, and `success` was done; else `failure` was.'),
  failed: z
    .object({ index: z.number().int(), found: FoundInstead })
    .nullable()
    .describe('The first condition that did not hold.'),
  outcomes: z.array(OperationOutcome).describe('Of the operations that were done, in their order.'),
});
export type TransactionAnswer = z.infer<typeof TransactionAnswer>;

/** Answer to a restore: how many fields were brought back, changed or taken away. */
export const RestoreAnswer = z.object({ ...committed, fields: z.number().int() });
export type RestoreAnswer = z.infer<typeof RestoreAnswer>;

/** Answer to a batch: one for each write, in their order. Some may have failed, or have an unknown outcome. */
export const BatchAnswer = z.object({
  results: z.array(
    z.discriminatedUnion('ok', [
      z.object({ ok: z.literal(true), ...committed, done: OperationOutcome }),
      z.object({ ok: z.literal(false), problem: Problem }),
    ]),
  ),
});
export type BatchAnswer = z.infer<typeof BatchAnswer>;
