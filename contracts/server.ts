/** The server itself: how it is, and what it is. */
import * as z from 'zod';

/** Answer of `GET /livez`. */
export const LiveAnswer = z.object({ status: z.literal('ok') });
export type LiveAnswer = z.infer<typeof LiveAnswer>;

/** Answer of `GET /readyz`, with status 200 or 503. */
export const ReadyAnswer = z.object({
  status: z.enum(['ok', 'not ready']),
  /** Why it is not ready; null when it is. */
  reason: z.string().nullable(),
  leader: z.string().nullable(),
  /** Voters whose threads run. */
  serving: z.number().int(),
  quorum: z.number().int(),
});
export type ReadyAnswer = z.infer<typeof ReadyAnswer>;

/** Answer of `GET /api/v1/version`. */
export const VersionAnswer = z.object({
  /** Of Chronoraft. */
  version: z.string(),
  api: z.literal(1),
  /** What it was built from; null when that is not known. */
  commit: z.string().nullable(),
  /** Of Node. */
  node: z.string(),
  clusterId: z.string(),
  limits: z.object({
    /** A key, or a field. */
    nameBytes: z.number().int(),
    /** A value, or all items of a list together. */
    valueBytes: z.number().int(),
    listItems: z.number().int(),
    timestampMs: z.number().int(),
    pageSize: z.number().int(),
    operations: z.number().int(),
    batch: z.number().int(),
    keptVersions: z.number().int(),
    bodyBytes: z.number().int(),
    /** Target and headers of a request. */
    headerBytes: z.number().int(),
    timeoutMs: z.number().int(),
  }),
});
export type VersionAnswer = z.infer<typeof VersionAnswer>;
