/**
 * The closed list of errors that cross the wire. A code is stable for ever; a
 * message is for people and may improve.
 */
import * as z from 'zod';
import { FoundInstead, Horizon } from './kv.ts';

export const errorCodes = [
  /** The request does not fit its schema; `path` names the place. */
  'BAD_REQUEST',
  /** Text that is not well-formed Unicode. */
  'BAD_ENCODING',
  /** A name, a value, a body or a number of items beyond its limit. */
  'TOO_LARGE',
  /** A state-changing request from a page of another origin, or for another host name. */
  'FORBIDDEN',
  /** No valid token or session came with it, and this server wants one. */
  'UNAUTHENTICATED',
  /** Who asks is known, and may not do this. */
  'NOT_ALLOWED',
  /** One caller asked too often; nothing was done. `retryAfterMs` says when it may ask again. */
  'RATE_LIMITED',
  /** The headers or the body did not arrive in time; nothing was done. */
  'REQUEST_TIMEOUT',
  /** `asOf` names a revision that this node has not reached. */
  'REVISION_NOT_YET',
  /** What was asked for, or what a write in the past would build on, is forgotten; `horizon` says what is still there. */
  'COMPACTED',
  /** The client's sequence is older than its last answered one; nothing was run. */
  'SESSION_STALE',
  /** The session is not open: it has ended, or never was. Nothing was run; whether an earlier attempt was cannot be told. */
  'SESSION_EXPIRED',
  /** The condition of the write did not hold; nothing was written. `found` says what was there. */
  'CONDITION_FAILED',
  /** A list operation on text, or an increment of a list; nothing was written. */
  'WRONG_KIND',
  /** An increment of what is no whole decimal number; nothing was written. */
  'NOT_AN_INTEGER',
  /** A number or a time beyond what can be held; nothing was written. */
  'OUT_OF_RANGE',
  /** The file is not a whole backup; nothing was written. */
  'BAD_BACKUP',
  /** One file is restored at a time. */
  'RESTORE_RUNNING',
  /** One chaos run at a time. */
  'CHAOS_RUNNING',
  /** The disk has no room for the file; nothing was written. */
  'NO_SPACE',
  /** A history is restored only where there is none, or a part of itself. */
  'NOT_EMPTY',
  /** No leader within the request's time; the write was not accepted by anyone. */
  'NO_LEADER',
  /** The write may or may not be committed, now or later. Never read it as failure. */
  'OUTCOME_UNKNOWN',
  /** A read that found no quorum in time. Reads have no outcome: simply ask again. */
  'READ_TIMEOUT',
  /** That node is not running. */
  'NODE_DOWN',
  /** There is no node of that name. */
  'NODE_UNKNOWN',
  /** The node is already in the state asked for. */
  'CONFLICT',
  /** That message arrived, or was lost, before. */
  'PACKET_GONE',
  /** There never was a message of that name. */
  'PACKET_UNKNOWN',
  /** The change of members or of the leader cannot be made now, or not at all; nothing was changed by it. */
  'CHANGE_REFUSED',
  /** Too much is waiting; refused before anything was logged. */
  'OVERLOADED',
  /** That stretch of the cluster's views is not kept any more, or not yet there. */
  'NOT_RECORDED',
  /** The reader of a watch took nothing for too long. It can go on after the last revision that it was told. */
  'SLOW_READER',
  /** No such route, or no such chaos run. */
  'NOT_FOUND',
  /** The server is stopping. */
  'SHUTTING_DOWN',
  /** A bug on our side; details are in the server's log under the correlation id. */
  'INTERNAL',
] as const;

export const ErrorCode = z.enum(errorCodes);
export type ErrorCode = z.infer<typeof ErrorCode>;

/** Body of every error answer, `application/problem+json` (RFC 9457). */
export const Problem = z.object({
  type: z.string(),
  title: z.string(),
  status: z.number().int(),
  code: ErrorCode,
  message: z.string(),
  retryable: z
    .boolean()
    .describe('True when sending the same request again is safe and may succeed.'),
  path: z
    .string()
    .optional()
    .describe('Where in the request, for BAD_REQUEST, TOO_LARGE and BAD_ENCODING: "body.ttl".'),
  leader: z.string().nullable().optional().describe('Who is believed to lead, where known.'),
  limit: z.number().optional(),
  found: FoundInstead.optional().describe(
    'For CONDITION_FAILED: what stood there; null when the field was absent.',
  ),
  horizon: Horizon.optional().describe('For COMPACTED: earlier times and revisions are gone.'),
  operation: z
    .number()
    .int()
    .optional()
    .describe('Place in its transaction of the operation that could not be done.'),
  written: z
    .number()
    .int()
    .optional()
    .describe('Of a restore that was not finished: fields changed, or versions added.'),
  retryAfterMs: z
    .number()
    .int()
    .optional()
    .describe(
      'For what may be sent again later: not before so many ms. Also as `Retry-After`, in seconds.',
    ),
  requestId: z.string().optional(),
});
export type Problem = z.infer<typeof Problem>;
