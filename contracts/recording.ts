/**
 * A recording of the cluster's views, as it crosses HTTP and stands in a file
 * (version 1). Lines, each with its own checksum (`recording-lines.ts`): a header,
 * then segments, each a head with the whole view and then the patches that follow
 * it, then an end. A segment can be shown without any other.
 */
import * as z from 'zod';
import { Patch } from './live.ts';
import { ClusterView, EventKind, NodeView } from './view.ts';

export const RECORDING_FORMAT = 'chronoraft-recording';
export const RECORDING_VERSION = 1;
export const RECORDING_TYPE = 'application/x-ndjson';

/** Who led, with a quorum of followers in the same term; `node` is null while there was none. */
export const LeaderSpan = z.object({
  fromMs: z.number(),
  toMs: z.number(),
  node: z.string().nullable(),
  term: z.number().int().nullable(),
});
export type LeaderSpan = z.infer<typeof LeaderSpan>;

export const FaultSpan = z.object({
  fromMs: z.number(),
  toMs: z.number(),
  kind: z.enum(['node-down', 'node-changed', 'link-cut', 'link-changed']),
  /** A node, or one direction of a link: "n1>n2". */
  what: z.string(),
});
export type FaultSpan = z.infer<typeof FaultSpan>;

/** What the time bar draws: facts of a segment, each span cut at its ends. */
export const Lanes = z.object({
  leaders: z.array(LeaderSpan),
  faults: z.array(FaultSpan),
  /** Seconds in which calls failed. */
  failed: z.array(z.object({ atMs: z.number(), count: z.number() })),
  /** Stretches in which the log grew or was read; recordings made before this was noted have none. */
  busy: z.array(z.object({ fromMs: z.number(), toMs: z.number() })).default([]),
  /** `atMs` is when the view first showed the event, a little after it happened. */
  events: z.array(
    z.object({ seq: z.number().int(), atMs: z.number(), kind: EventKind, text: z.string() }),
  ),
});
export type Lanes = z.infer<typeof Lanes>;

export const RecordingHeader = z.object({
  format: z.literal(RECORDING_FORMAT),
  version: z.literal(RECORDING_VERSION),
  cluster: z.string(),
  /** Of the server that recorded. */
  epoch: z.string(),
  madeAtMs: z.number(),
});
export type RecordingHeader = z.infer<typeof RecordingHeader>;

/** A segment in short. Numbers rise by one; times are the server's, ms. */
export const SegmentInfo = z.object({
  segment: z.number().int(),
  fromMs: z.number(),
  toMs: z.number(),
  /** Number of the patch that the view at its beginning contains. */
  seq: z.number().int(),
  patches: z.number().int(),
  lanes: Lanes,
});
export type SegmentInfo = z.infer<typeof SegmentInfo>;

/** First line of a segment: what it holds, and the view that its patches start from. */
export const SegmentHead = SegmentInfo.extend({ view: ClusterView });
export type SegmentHead = z.infer<typeof SegmentHead>;

/** A patch whose nodes carry only those parts of them that changed. */
export const RecordedPatch = Patch.extend({
  nodes: z.array(NodeView.partial().extend({ id: z.string() })).optional(),
});
export type RecordedPatch = z.infer<typeof RecordedPatch>;

/** Last line of a file: what must have come before it. */
export const RecordingEnd = z.object({
  end: z.literal(true),
  segments: z.number().int(),
  patches: z.number().int(),
});
export type RecordingEnd = z.infer<typeof RecordingEnd>;

/** Answer of `GET /api/v1/recording`. */
export const RecordingAnswer = z.object({
  cluster: z.string(),
  epoch: z.string(),
  /** What is kept; null before the first patch of the server. */
  kept: z
    .object({
      fromMs: z.number(),
      toMs: z.number(),
      bytes: z.number(),
      firstSeq: z.number().int(),
      lastSeq: z.number().int(),
    })
    .nullable(),
  limits: z.object({ ageMs: z.number(), bytes: z.number() }),
  /** Oldest first; those that end before `from` of the question are left out. */
  segments: z.array(SegmentInfo),
});
export type RecordingAnswer = z.infer<typeof RecordingAnswer>;
