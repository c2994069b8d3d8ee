/**
 * Socket.IO events. Commands never travel here: they go by
 * HTTP, so that each has a status code. On join the server sends `view`; then
 * numbered patches. A client that sees a gap asks for a full view with
 * `resync` and ignores patches until it lands. A `beat` each second tells a
 * quiet cluster from a dead connection.
 *
 * A socket may also watch the store. What a watch is told is acknowledged message
 * by message, once it is dealt with; few are under way at a time.
 */
import * as z from 'zod';
import { messageTypes, PaceView, TransitPatch } from './pace.ts';
import { InvariantView } from './invariants.ts';
import type { AccessView } from './access.ts';
import type { Problem } from './errors.ts';
import type { ClusterView } from './view.ts';
import type {
  WatchAnswer,
  WatchedChanges,
  WatchedEnd,
  WatchedLagging,
  WatchedProgress,
  WatchRequest,
} from './watch.ts';
import { MetricsDetail } from './metrics.ts';
import { EntryView, EventView, LinkView, MembersView, NodeView } from './view.ts';

/** A live view without any message for this long is stale, whatever the socket claims, ms. */
export const STALE_AFTER_MS = 2500;
export const BEAT_EVERY_MS = 1000;

/** What changed from `seq - 1` to `seq`. A part left out is unchanged. */
export const Patch = z.object({
  epoch: z.string(),
  seq: z.number().int(),
  atMs: z.number(),
  /** Who belongs to the cluster, whole; what is no member any more is gone from nodes and links. */
  members: MembersView.optional(),
  /** Whole new values of the nodes that changed. */
  nodes: z.array(NodeView).optional(),
  links: z.array(LinkView).optional(),
  /** New entries; the reader merges by (index, term) and keeps the newest 500. */
  entries: z.array(EntryView).optional(),
  events: z.array(EventView).optional(),
  metrics: z.array(MetricsDetail).optional(),
  pace: PaceView.optional(),
  transit: TransitPatch.optional(),
  /** All of them, whole: once a second, or at once when one breaks. */
  invariants: z.array(InvariantView).optional(),
});
export type Patch = z.infer<typeof Patch>;

/** Messages of one kind that went over one link since the last sample; may be dropped on a slow line. */
export const Packet = z.object({
  from: z.string(),
  to: z.string(),
  type: z.enum(messageTypes),
  count: z.number().int(),
  refused: z.number().int(),
  entries: z.number().int(),
});
export type Packet = z.infer<typeof Packet>;

export interface ServerToClientEvents {
  /** First of all: who the server takes the page for. */
  access: (access: AccessView) => void;
  /** Last of all, before the server ends the line on purpose: why. */
  farewell: (why: Problem) => void;
  view: (view: ClusterView) => void;
  patch: (patch: Patch) => void;
  /** Volatile, at most 10 a second, only to sockets that watch packets. */
  packets: (packets: Packet[]) => void;
  beat: (beat: { epoch: string; seq: number; atMs: number }) => void;
  changes: (changes: WatchedChanges, taken: () => void) => void;
  progress: (progress: WatchedProgress, taken: () => void) => void;
  lagging: (lagging: WatchedLagging, taken: () => void) => void;
  /** Nothing more comes of that watch; its number is free again. */
  watchEnd: (end: WatchedEnd) => void;
}

export interface ClientToServerEvents {
  /** Answered by `view`. */
  resync: () => void;
  /** Start or stop receiving `packets`. */
  watchPackets: (on: boolean) => void;
  /** Refused without effect when it is odd, one too many, or its number is in use. */
  watch: (request: WatchRequest, answer: (answer: WatchAnswer) => void) => void;
  unwatch: (watch: number) => void;
}
