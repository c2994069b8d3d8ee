/** The server itself: how it is, and what it is. */
import * as z from 'zod';

/** Answer of `GET /livez`. */
export const LiveAnswer = z.object({ status: z.literal('ok') });
export type LiveAnswer = z.infer<typeof LiveAnswer>;

/** Answer of `GET /readyz`, with status 200 or 503. */
export const ReadyAnswer = z.object({
  status: z.enum(['ok', 'not ready']),
  reason: z.string().nullable().describe('Why it is not ready; null when it is.'),
  leader: z.string().nullable(),
  serving: z.number().int().describe('Voters whose threads run.'),
  quorum: z.number().int(),
});
export type ReadyAnswer = z.infer<typeof ReadyAnswer>;

/** Answer of `GET /api/v1/version`. */
export const VersionAnswer = z.object({
  version: z.string().describe('Of Chronoraft.'),
  api: z.literal(1),
  commit: z.string().nullable().describe('What it was built from; null when that is not known.'),
  node: z.string().describe('Of Node.'),
  clusterId: z.string(),
  limits: z.object({
    nameBytes: z.number().int().describe('A key, or a field.'),
    valueBytes: z.number().int().describe('A value, or all items of a list together.'),
    listItems: z.number().int(),
    timestampMs: z.number().int(),
    pageSize: z.number().int(),
    operations: z.number().int(),
    batch: z.number().int(),
    keptVersions: z.number().int(),
    bodyBytes: z.number().int(),
    headerBytes: z.number().int().describe('Target and headers of a request.'),
    timeoutMs: z.number().int(),
  }),
});
export type VersionAnswer = z.infer<typeof VersionAnswer>;
