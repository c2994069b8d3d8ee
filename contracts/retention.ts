/** What the store may forget, as it crosses HTTP (version 1). */
import * as z from 'zod';
import { Consistency, Horizon, LIMITS, Revision } from './kv.ts';

/** Null keeps for ever, as far as that reason goes. */
const policy = {
  maxAgeMs: z
    .number()
    .int()
    .min(1)
    .max(LIMITS.timestampMs)
    .nullable()
    .describe(
      'How far back the past can be asked for, ms of cluster time; nothing younger than ten seconds goes.',
    ),
  maxVersions: z
    .number()
    .int()
    .min(1)
    .max(LIMITS.keptVersions)
    .nullable()
    .describe(
      'Versions of a field that stay; those dated or written in the last minute come on top.',
    ),
};

/** Body of `PUT /api/v1/retention`: the whole policy. */
export const RetentionBody = z.strictObject(policy);
export type RetentionBody = z.infer<typeof RetentionBody>;

/** The policy, and how far it was carried out. */
export const RetentionAnswer = z.object({
  ...policy,
  horizon: Horizon.nullable().describe(
    'Earlier times and revisions are compacted for their age; null: none. A field of which versions went for their number has a horizon of its own.',
  ),
  watchableAfter: Revision.describe('A watch can go on after this revision at the earliest.'),
  node: z.string(),
  consistency: Consistency,
  appliedRevision: Revision,
});
export type RetentionAnswer = z.infer<typeof RetentionAnswer>;
