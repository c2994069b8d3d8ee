/** The trail of what operators did, and of who was turned away. */
import * as z from 'zod';
import { Role } from './access.ts';

export const AuditRecord = z.object({
  /** Sorts by time, newest first; unique. */
  id: z.string(),
  /** Server clock, ms. */
  atMs: z.number(),
  /** Name of the token; null: nobody who is known. */
  who: z.string().nullable(),
  role: Role.nullable(),
  /** The request, without what may be secret: "POST /api/v1/nodes/n1/kill". */
  what: z.string(),
  /** Its body, shortened; null where it has none, or has data of users. */
  detail: z.string().nullable(),
  /** The address that it came from. */
  from: z.string(),
  /** HTTP status of the answer. */
  status: z.number().int(),
  /** `done`; `begun` of a file, which is recorded before it leaves; or the code of the error: see OUTCOME_UNKNOWN and its like. */
  outcome: z.string(),
  /** Of the store, where the answer named one. */
  revision: z.number().int().nullable(),
  /** So many stand here once: alike and one after the other, or refusals of one caller beyond sixty in a minute, of which this is the last. */
  times: z.number().int(),
});
export type AuditRecord = z.infer<typeof AuditRecord>;

/** `GET /api/v1/audit`: a page, newest first. */
export const AuditAnswer = z.object({
  /** What is recorded: nothing, all but writes of data, or all. */
  recorded: z.enum(['off', 'actions', 'all']),
  records: z.array(AuditRecord),
  /** `cursor` of the next page; null at the end. */
  next: z.string().nullable(),
  /** Records that wait to be written, for want of a quorum. They are kept in the data folder meanwhile. */
  waiting: z.number().int(),
  /** Records that were given up, since this server started, because too many waited. */
  lost: z.number().int(),
  /** False: there is no quorum, and newer records may be missing. */
  current: z.boolean(),
});
export type AuditAnswer = z.infer<typeof AuditAnswer>;
