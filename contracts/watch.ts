/**
 * What happened, revision by revision: pages of it over HTTP, and watches, as
 * server-sent events or over Socket.IO. A watch tells every change of its scope
 * after its revision, each once and in order; whoever is cut off goes on after
 * the last revision that it was told, and misses nothing.
 */
import * as z from 'zod';
import { Problem } from './errors.ts';
import { LIMITS, provenance, Revision, TimestampMs } from './kv.ts';

const WatchedValue = z.union([z.string(), z.array(z.string()).max(LIMITS.listItems).readonly()]);

const Standing = z.object({
  value: WatchedValue,
  timestamp: TimestampMs,
  revision: Revision,
  expiresAt: TimestampMs.nullable(),
});

const ChangeView = z.object({
  kind: z
    .enum(['set', 'delete', 'expire', 'start'])
    .describe(
      'Written by someone; or an expiry, or the start of what was dated in the future, that came with time.',
    ),
  key: z.string(),
  field: z.string(),
  at: TimestampMs.describe('From when on it holds.'),
  version: z
    .object({ timestamp: TimestampMs, revision: Revision, op: z.number().int() })
    .describe('The version that was written, has ended, or begins.'),
  /** From `at` on; null: absent. */
  value: WatchedValue.nullable(),
  expiresAt: TimestampMs.nullable(),
  /** What stood there at `at` before this; null: nothing did, or see below. */
  previous: Standing.nullable(),
  previousCompacted: z.boolean().describe('What stood there before is forgotten.'),
});

/** All that happened in the scope at one revision: first what came with time, then what was written. Data of the event `changes`, whose id is the revision. */
export const BatchView = z.object({
  revision: Revision,
  stamp: z.number().int().describe('Microseconds.'),
  changes: z.array(ChangeView).readonly(),
});
export type BatchView = z.infer<typeof BatchView>;

/** Answer of `GET /api/v1/changes`. Revisions at which nothing happened in the scope have no batch. */
export const ChangesAnswer = z.object({
  batches: z.array(BatchView).readonly(),
  through: Revision.describe('All revisions up to this one are told: ask again after it.'),
  ...provenance,
});
export type ChangesAnswer = z.infer<typeof ChangesAnswer>;

/** Everything in the scope up to `through` is told. Data of the event `progress`, whose id is `through`. */
export const WatchProgress = z.object({ through: Revision });
export type WatchProgress = z.infer<typeof WatchProgress>;

/** The reader is slower than the store. Data of the event `lagging`. */
export const WatchLagging = z.object({
  through: Revision,
  head: Revision.describe('Where the cluster was then.'),
});
export type WatchLagging = z.infer<typeof WatchLagging>;

/** Nothing follows. Data of the event `end`; a watch after `through` goes on where this one ended. */
export const WatchEnd = z.object({ through: Revision, problem: Problem });
export type WatchEnd = z.infer<typeof WatchEnd>;

/** A watch of a socket. `watch` is the client's own number for it, and comes with everything that it is told. */
const WatchId = z.number().int().min(0).max(Number.MAX_SAFE_INTEGER);
export const WatchRequest = z.strictObject({
  watch: WatchId,
  key: z.string().optional(),
  field: z.string().optional().describe('With `key` alone.'),
  prefix: z.string().optional(),
  after: Revision.optional().describe('Left out: from now on.'),
});
export type WatchRequest = z.infer<typeof WatchRequest>;

export const WatchAnswer = z.discriminatedUnion('ok', [
  /** Everything after this revision is told. */
  z.object({ ok: z.literal(true), after: Revision }),
  z.object({ ok: z.literal(false), problem: Problem }),
]);
export type WatchAnswer = z.infer<typeof WatchAnswer>;

const ofWatch = { watch: WatchId };
/** Some revisions in a row; everything up to the last of them is told. */
export const WatchedChanges = z.object({ ...ofWatch, batches: z.array(BatchView).readonly() });
export type WatchedChanges = z.infer<typeof WatchedChanges>;
export const WatchedProgress = WatchProgress.extend(ofWatch);
export type WatchedProgress = z.infer<typeof WatchedProgress>;
export const WatchedLagging = WatchLagging.extend(ofWatch);
export type WatchedLagging = z.infer<typeof WatchedLagging>;
export const WatchedEnd = WatchEnd.extend(ofWatch);
export type WatchedEnd = z.infer<typeof WatchedEnd>;
