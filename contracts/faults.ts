/**
 * What can be done to the world that the nodes live in: their links, threads,
 * disks and clocks. A closed union, so that a person's click, a request and a
 * program that breaks things at random all say the same thing. Faults live in
 * the server's memory: a fault stands until it is taken away, also while its
 * node is down; a restart of the server forgets all of them.
 */
import * as z from 'zod';

export const FAULT_LIMITS = {
  linkMs: 10_000,
  pauseMs: 600_000,
  diskMs: 10_000,
  /** Ten minutes, ahead or behind. */
  offsetMs: 600_000,
  /** Thousandths: the slowest clock counts half as fast, the fastest twice. */
  driftLeast: -500,
  driftMost: 1000,
} as const;

const ms = (most: number) => z.number().min(0).max(most);
const share = z.number().min(0).max(1);

/** One direction of a link. */
const linkParts = {
  cut: z.boolean().describe('Nothing passes.'),
  /** Added to each message, and at random up to `jitterMs` more. */
  delayMs: ms(FAULT_LIMITS.linkMs),
  jitterMs: ms(FAULT_LIMITS.linkMs),
  /** How likely a message is lost, sent twice, or held back until the one after it has gone. */
  loss: share,
  duplicate: share,
  reorder: share,
};

/** Parts left out stay as they are. */
const LinkChange = z.strictObject(linkParts).partial();
export type LinkChange = z.infer<typeof LinkChange>;

/** Also the direction back. */
const both = z.boolean().default(false);

/** `PUT /api/v1/links/{from}/{to}`: left-out parts are reset to none. */
export const LinkBody = z.strictObject({
  cut: linkParts.cut.default(false),
  delayMs: linkParts.delayMs.default(0),
  jitterMs: linkParts.jitterMs.default(0),
  loss: linkParts.loss.default(0),
  duplicate: linkParts.duplicate.default(0),
  reorder: linkParts.reorder.default(0),
  both,
});
export type LinkBody = z.infer<typeof LinkBody>;

/** `PATCH /api/v1/links/{from}/{to}`: left-out parts stay. */
export const LinkPatchBody = z.strictObject({ ...LinkChange.shape, both });
export type LinkPatchBody = z.infer<typeof LinkPatchBody>;

/** `POST /api/v1/partition`: cuts every link between two groups; nodes that are not named keep theirs. */
export const PartitionBody = z.strictObject({
  groups: z.array(z.array(z.string()).min(1)).min(2),
});
export type PartitionBody = z.infer<typeof PartitionBody>;

/** `POST /api/v1/nodes/{id}/pause`. */
export const PauseBody = z.strictObject({ forMs: z.number().min(1).max(FAULT_LIMITS.pauseMs) });
export type PauseBody = z.infer<typeof PauseBody>;

/** `PUT /api/v1/nodes/{id}/disk`: left-out parts are reset to none. */
export const DiskBody = z.strictObject({
  /** Every durable write completes so much later. */
  delayMs: ms(FAULT_LIMITS.diskMs).default(0),
  full: z.boolean().default(false).describe('The database may not grow.'),
});
export type DiskBody = z.infer<typeof DiskBody>;

/** `PUT /api/v1/nodes/{id}/clock`: left-out parts are reset to none. */
export const ClockBody = z.strictObject({
  offsetMs: z
    .number()
    .min(-FAULT_LIMITS.offsetMs)
    .max(FAULT_LIMITS.offsetMs)
    .default(0)
    .describe("What the node's wall clock shows beside the truth."),
  drift: z
    .number()
    .min(FAULT_LIMITS.driftLeast)
    .max(FAULT_LIMITS.driftMost)
    .default(0)
    .describe('How much faster both its clocks count, thousandths: 100 makes 1.1 s of a second.'),
});
export type ClockBody = z.infer<typeof ClockBody>;

/** What goes away when it is taken away. */
export type LastingFault =
  | {
      readonly type: 'link';
      readonly from: string;
      readonly to: string;
      readonly change: LinkChange;
      readonly both: boolean;
    }
  | ({ readonly type: 'partition' } & PartitionBody)
  /** It ends at once; to take it away is to start it again. */
  | { readonly type: 'kill'; readonly node: string }
  /** It runs nothing for so long; a pause ends with its thread or process. */
  | ({ readonly type: 'pause'; readonly node: string } & PauseBody)
  | ({ readonly type: 'disk'; readonly node: string } & DiskBody)
  | ({ readonly type: 'clock'; readonly node: string } & ClockBody);

export type Fault =
  | LastingFault
  /** Of a node that is down. Its database is gone: only another node can take its place. */
  | { readonly type: 'wipe'; readonly node: string };

/** The faults that a node is under, beside those of its links. */
export const NodeFaults = z.object({
  pausedUntilMs: z.number().nullable().describe('Server ms; null when it is not paused.'),
  diskDelayMs: z.number(),
  diskFull: z.boolean(),
  clockOffsetMs: z.number(),
  clockDrift: z.number(),
  wiped: z.boolean().describe('Its database was removed; it cannot come back under this name.'),
});
export type NodeFaults = z.infer<typeof NodeFaults>;

export const NO_FAULTS: NodeFaults = {
  pausedUntilMs: null,
  diskDelayMs: 0,
  diskFull: false,
  clockOffsetMs: 0,
  clockDrift: 0,
  wiped: false,
};

/** It runs, its disk and its clocks are well. */
export function isFaultless(faults: NodeFaults): boolean {
  return Object.entries(NO_FAULTS).every(
    ([part, sound]) => faults[part as keyof NodeFaults] === sound,
  );
}

/** What the routes of a node's faults answer. */
export const NodeFaultsAnswer = z.object({
  node: z.string(),
  faults: NodeFaults,
  note: z.string().describe('What follows from it, for a person.'),
});
export type NodeFaultsAnswer = z.infer<typeof NodeFaultsAnswer>;

/** `POST /api/v1/heal` and `DELETE /api/v1/links`. */
export const HealAnswer = z.object({ healed: z.literal(true) });
export type HealAnswer = z.infer<typeof HealAnswer>;

/** `POST /api/v1/partition`. */
export const PartitionAnswer = z.object({ groups: PartitionBody.shape.groups });
export type PartitionAnswer = z.infer<typeof PartitionAnswer>;
