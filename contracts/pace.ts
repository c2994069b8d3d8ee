/** The cluster's speed, and single messages on their way: only a slowed cluster shows any. */
import * as z from 'zod';

/** Cluster time in real time; 0 is a pause. */
export const PACES = [1, 0.25, 0.1, 0.025, 0] as const;
export const Pace = z.literal(PACES);
export type Pace = z.infer<typeof Pace>;

/** At server clock `atMs` cluster time was `clusterMs`, and since then it runs at `pace`. */
export const PaceView = z.object({
  pace: Pace,
  clusterMs: z.number(),
  atMs: z.number(),
});
export type PaceView = z.infer<typeof PaceView>;

/** `PUT /api/v1/pace`; answered, as a `GET` is, by the pace. */
export const PaceBody = z.strictObject({ pace: Pace });

export const messageTypes = [
  'PreVote',
  'PreVoteResponse',
  'RequestVote',
  'RequestVoteResponse',
  'AppendEntries',
  'AppendEntriesResponse',
  'Heartbeat',
  'HeartbeatResponse',
  'InstallSnapshot',
  'InstallSnapshotResponse',
  'TimeoutNow',
  'ReadIndex',
  'ReadIndexResponse',
] as const;

/** One message on its way. */
export const TransitView = z.object({
  id: z.string(),
  from: z.string(),
  to: z.string(),
  type: z.enum(messageTypes),
  term: z.number().int(),
  /** It says no. */
  refused: z.boolean(),
  /** Log entries carried. */
  entries: z.number().int(),
  /** What else it says, under the names that the paper has for it. */
  fields: z.array(z.object({ name: z.string(), value: z.string() })),
  /** Cluster time, ms. */
  sentAtMs: z.number(),
  arrivesAtMs: z.number(),
});
export type TransitView = z.infer<typeof TransitView>;

/**
 * Why a message is not on its way any more: it arrived, someone dropped it, its link lost it or its
 * line or sender is gone; or it is one of too many, and its end is not told.
 */
export const TransitEnd = z.enum(['arrived', 'dropped', 'lost', 'untold']);
export type TransitEnd = z.infer<typeof TransitEnd>;

export const TransitPatch = z.object({
  sent: z.array(TransitView),
  ended: z.array(z.object({ id: z.string(), how: TransitEnd })),
});
export type TransitPatch = z.infer<typeof TransitPatch>;

/** `POST /api/v1/pace/step`. */
export const StepAnswer = z.object({
  /** How far cluster time went on, ms. */
  advancedMs: z.number(),
  /** In words, the cause first; empty when nothing is due, ever. */
  happened: z.array(z.string()),
});
export type StepAnswer = z.infer<typeof StepAnswer>;

/** `DELETE /api/v1/packets/{id}`. */
export const DropAnswer = z.object({ dropped: z.string() });
export type DropAnswer = z.infer<typeof DropAnswer>;
