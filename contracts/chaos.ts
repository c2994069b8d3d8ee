/**
 * Chaos runs: faults strike the living cluster on a schedule that a seed gives,
 * while clients write and read; then a judge goes through all that they were told.
 */
import * as z from 'zod';
import { InvariantId, Violation } from './invariants.ts';

export const chaosFaults = [
  'crash',
  'pause',
  'isolate',
  'split',
  'oneWay',
  'slow',
  'loss',
  'duplicate',
  'reorder',
  'slowDisk',
  'clock',
  'transfer',
  'compact',
] as const;
export const ChaosFault = z.enum(chaosFaults);
export type ChaosFault = z.infer<typeof ChaosFault>;

export const CHAOS_LIMITS = {
  durationMinMs: 5000,
  durationMaxMs: 600_000,
  clients: 64,
  keys: 64,
  seed: 2 ** 32 - 1,
  /** Operations of a run; it ends when there are so many. */
  operations: 200_000,
  /** Runs that are kept, with their histories; the oldest go. */
  runs: 20,
} as const;

export const Intensity = z.enum(['low', 'medium', 'high']);
export type Intensity = z.infer<typeof Intensity>;

const Seed = z.number().int().min(0).max(CHAOS_LIMITS.seed);

/** What a run is made of. The same settings on the same voters give the same schedule. */
export const ChaosSettings = z.strictObject({
  seed: Seed,
  /** None: the load alone. */
  faults: z.array(ChaosFault).max(chaosFaults.length),
  /** How often something strikes, and how much stands at once: one, two or three faults. */
  intensity: Intensity,
  durationMs: z.number().int().min(CHAOS_LIMITS.durationMinMs).max(CHAOS_LIMITS.durationMaxMs),
  clients: z.number().int().min(1).max(CHAOS_LIMITS.clients),
  /** Every fourth is a counter, the others are registers. */
  keys: z.number().int().min(1).max(CHAOS_LIMITS.keys),
  /** No fault may cost the quorum. Without it the cluster will stand still at times. */
  keepQuorum: z.boolean(),
  /** Delete what the run wrote when it is judged. */
  deleteKeys: z.boolean(),
});
export type ChaosSettings = z.infer<typeof ChaosSettings>;

/** `POST /api/v1/chaos` and `POST /api/v1/chaos/schedule`. Without a seed the server draws one. */
export const ChaosBody = z.strictObject({
  seed: Seed.optional(),
  faults: ChaosSettings.shape.faults.default([...chaosFaults]),
  intensity: Intensity.default('medium'),
  durationMs: ChaosSettings.shape.durationMs.default(60_000),
  clients: ChaosSettings.shape.clients.default(8),
  keys: ChaosSettings.shape.keys.default(12),
  keepQuorum: z.boolean().default(true),
  deleteKeys: z.boolean().default(false),
});
export type ChaosBody = z.input<typeof ChaosBody>;

/** One fault of the schedule. Times are ms since the run began. */
export const PlannedStrike = z.object({
  number: z.number().int(),
  fault: ChaosFault,
  /** What is to happen, as a clause: "the leader crashes". */
  words: z.string(),
  atMs: z.number(),
  /** 0: it is done in an instant. */
  forMs: z.number(),
});
export type PlannedStrike = z.infer<typeof PlannedStrike>;

/** The same, with what became of it. */
export const ChaosStrike = PlannedStrike.extend({
  state: z.enum(['planned', 'striking', 'over', 'skipped']),
  beganMs: z.number().nullable(),
  endedMs: z.number().nullable(),
  /** What it came to, or why it was skipped; null before. */
  note: z.string().nullable(),
});
export type ChaosStrike = z.infer<typeof ChaosStrike>;

/** `POST /api/v1/chaos/schedule`. */
export const ChaosSchedule = z.object({
  settings: ChaosSettings,
  nodes: z.array(z.string()),
  schedule: z.array(PlannedStrike),
});
export type ChaosSchedule = z.infer<typeof ChaosSchedule>;

export const ChaosVerdict = z.enum(['linearizable', 'violation', 'unknown']);
export type ChaosVerdict = z.infer<typeof ChaosVerdict>;

/** What clients were told in one second of the run. */
export const ChaosSecond = z.object({
  acknowledged: z.number().int(),
  reads: z.number().int(),
  failed: z.number().int(),
  unknown: z.number().int(),
});
export type ChaosSecond = z.infer<typeof ChaosSecond>;

export const ChaosCounts = ChaosSecond.extend({
  operations: z.number().int(),
});
export type ChaosCounts = z.infer<typeof ChaosCounts>;

/** An operation of a counter-example. */
export const ClashOperation = z.object({
  client: z.string(),
  /** What it did and was told: 'read "c1-7"'. */
  words: z.string(),
  callMs: z.number(),
  /** Null: its outcome was never learned. */
  returnedMs: z.number().nullable(),
  /** Place in the longest order that explains the answers; null: it fits nowhere. */
  place: z.number().int().nullable(),
});
export type ClashOperation = z.infer<typeof ClashOperation>;

export const CounterExample = z.object({
  /** Why no order explains the answers, a sentence. */
  why: z.string(),
  operations: z.array(ClashOperation),
  /** Operations before those shown. */
  omitted: z.number().int(),
});
export type CounterExample = z.infer<typeof CounterExample>;

export const KeyVerdict = z.object({
  key: z.string(),
  kind: z.enum(['register', 'counter']),
  /** Those that were judged. */
  operations: z.number().int(),
  verdict: ChaosVerdict,
  counterExample: CounterExample.nullable(),
});
export type KeyVerdict = z.infer<typeof KeyVerdict>;

export const chaosChecks = [
  /** Each key's answers have an order that keeps time. */
  'order',
  /** What was acknowledged is in the store, once; what failed is not. */
  'writes',
  /** Every acknowledged increment was counted, once. */
  'increments',
  /** All nodes that run hold the same state. */
  'states',
  /** What must hold of the nodes together held at every look; unknown where one was never looked at. */
  'invariants',
] as const;

export const ChaosCheck = z.object({
  check: z.enum(chaosChecks),
  status: z.enum(['pass', 'fail', 'unknown']),
  /** How much was looked at. */
  checked: z.number().int(),
  /** What was found, a sentence; for a pass, what it means. */
  words: z.string(),
});
export type ChaosCheck = z.infer<typeof ChaosCheck>;

/** A live invariant, from the first call of a client to the verdict. */
export const ChaosInvariant = z.object({
  id: InvariantId,
  title: z.string(),
  /** `unchecked`: there was nothing to compare, so nothing is said. */
  status: z.enum(['held', 'violated', 'unchecked']),
  /** Comparisons during the run. */
  checks: z.number().int(),
  /** The first since the server started, where it was violated during the run; null otherwise. */
  violation: Violation.nullable(),
});
export type ChaosInvariant = z.infer<typeof ChaosInvariant>;

/** A run in short, as lists have it. */
export const ChaosSummary = z.object({
  id: z.string(),
  /** `interrupted`: the server stopped meanwhile. `broken`: the run itself could not go on. */
  state: z.enum(['running', 'healing', 'judging', 'done', 'interrupted', 'broken']),
  /** Why it is `broken`, or ended before its time; null otherwise. */
  reason: z.string().nullable(),
  settings: ChaosSettings,
  /** The voters when it began. */
  nodes: z.array(z.string()),
  startedAtMs: z.number(),
  /** How long clients have been at work, ms. */
  ranMs: z.number(),
  counts: ChaosCounts,
  /** Faults that struck. */
  strikes: z.number().int(),
  leaderChanges: z.number().int(),
  /** Longest time without an acknowledged write, ms. */
  longestPauseMs: z.number(),
  /** Null before there is one. */
  verdict: ChaosVerdict.nullable(),
});
export type ChaosSummary = z.infer<typeof ChaosSummary>;

/** `GET /api/v1/chaos/{id}`, and what a start and a stop answer. */
export const ChaosRun = ChaosSummary.extend({
  schedule: z.array(ChaosStrike),
  /** By second of the run. */
  seconds: z.array(ChaosSecond),
  /** As they are judged. */
  keys: z.array(KeyVerdict),
  checks: z.array(ChaosCheck),
  /** So far, while the run goes on. */
  invariants: z.array(ChaosInvariant),
});
export type ChaosRun = z.infer<typeof ChaosRun>;

/** `GET /api/v1/chaos`: newest first. */
export const ChaosRuns = z.object({ runs: z.array(ChaosSummary) });
export type ChaosRuns = z.infer<typeof ChaosRuns>;

const told = {
  client: z.string(),
  key: z.string(),
  /** Ms since the run began; no two events of a history are at one instant. */
  callMs: z.number(),
  /** Null: its outcome was never learned, or not yet. */
  returnedMs: z.number().nullable(),
};
/** `failed` is a promise that it never happened; `unknown` promises nothing. */
const writeOutcome = z.enum(['ok', 'failed', 'unknown']);

/** One line of a history: `GET /api/v1/chaos/{id}/history`. */
export const ChaosOperation = z.discriminatedUnion('op', [
  z.object({
    op: z.literal('read'),
    ...told,
    outcome: z.enum(['ok', 'failed']),
    /** Null: nothing stood there. */
    found: z.string().nullable(),
  }),
  z.object({
    op: z.literal('set'),
    ...told,
    value: z.string(),
    outcome: writeOutcome,
    /** Whether something stood there before; null when nobody was told. */
    existed: z.boolean().nullable(),
  }),
  z.object({
    op: z.literal('compareAndSet'),
    ...told,
    expected: z.string(),
    value: z.string(),
    outcome: writeOutcome,
    /** Whether it was written; null when nobody was told. */
    swapped: z.boolean().nullable(),
    /** What stood there instead, where it was not. */
    found: z.string().nullable(),
  }),
  z.object({
    op: z.literal('increment'),
    ...told,
    outcome: writeOutcome,
    /** The counter after it; null when nobody was told. */
    result: z.number().nullable(),
  }),
]);
export type ChaosOperation = z.infer<typeof ChaosOperation>;
