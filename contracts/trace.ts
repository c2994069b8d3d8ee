/**
 * Messages and steps of the nodes while the cluster was slowed: `GET /api/v1/trace`.
 * The events of one node come in the order in which they happened there; those of
 * different nodes in that in which the server heard of them, so that an arrival
 * may stand before its sending. What happened before what is for the reader to
 * derive, from the messages.
 */
import * as z from 'zod';
import { messageTypes, TransitEnd } from './pace.ts';

/** Events kept: of more, the newest. A cluster of three at rest makes some 250 in a second of its own time. */
export const TRACE_EVENTS = 4000;

/** One life of a node: its name, and how often it had started by then. */
const life = { node: z.string(), boot: z.number().int() };

const common = {
  /** Rises by one for each event of this server. */
  seq: z.number().int(),
  /** Cluster time when the server heard of it, ms: that of the event, but for the way to the server. */
  clusterMs: z.number(),
};

export const TraceSent = z.object({
  ...common,
  ...life,
  type: z.literal('sent'),
  id: z.string(),
  /** Rises for each message of one life. */
  number: z.number().int(),
  to: z.string(),
  message: z.enum(messageTypes),
  term: z.number().int(),
  refused: z.boolean(),
  entries: z.number().int(),
  fields: z.array(z.object({ name: z.string(), value: z.string() })),
});
export type TraceSent = z.infer<typeof TraceSent>;

export const TraceReceived = z.object({
  ...common,
  ...life,
  type: z.literal('received'),
  /** Of the message; its sender, and which of its lives. */
  id: z.string(),
  from: z.string(),
  fromBoot: z.number().int(),
  number: z.number().int(),
});
export type TraceReceived = z.infer<typeof TraceReceived>;

export const TraceMark = z.object({
  ...common,
  ...life,
  type: z.literal('mark'),
  mark: z.enum(['timeout', 'candidate', 'leader', 'follower', 'commit', 'down']),
  /** Null of a node that went down. */
  term: z.number().int().nullable(),
  /** Of the newest entry that is committed; null for the others. */
  index: z.number().int().nullable(),
});
export type TraceMark = z.infer<typeof TraceMark>;

/** A message went no further; nothing that a node does. */
export const TraceEnded = z.object({
  ...common,
  type: z.literal('ended'),
  id: z.string(),
  how: TransitEnd.exclude(['arrived', 'untold']),
});
export type TraceEnded = z.infer<typeof TraceEnded>;

export const TraceEvent = z.discriminatedUnion('type', [
  TraceSent,
  TraceReceived,
  TraceMark,
  TraceEnded,
]);
export type TraceEvent = z.infer<typeof TraceEvent>;

/** Answer of `GET /api/v1/trace?stretch=N&after=SEQ`: without the events up to `after`, if it is of that stretch. */
export const TraceAnswer = z.object({
  cluster: z.string(),
  /** Of the server's start. */
  epoch: z.string(),
  /** How often the cluster was slowed since the server started; 0: never, and there are no events. */
  stretch: z.number().int(),
  /** The cluster is slowed still. */
  isOpen: z.boolean(),
  /** Server clock, ms, when it was slowed. */
  beganAtMs: z.number().nullable(),
  /** Events of this stretch that are not kept any more: the oldest. */
  forgotten: z.number().int(),
  events: z.array(TraceEvent),
});
export type TraceAnswer = z.infer<typeof TraceAnswer>;
