/**
 * The cluster as a person sees it: what `GET /api/v1/cluster` answers and what
 * Socket.IO pushes. Each node's part is that node's own belief; agreement is
 * derived by the reader, never assumed here.
 */
import * as z from 'zod';
import { NodeFaults } from './faults.ts';
import { PaceView, TransitView } from './pace.ts';
import { InvariantView } from './invariants.ts';

export const Role = z.enum(['follower', 'preCandidate', 'candidate', 'leader']);
export type Role = z.infer<typeof Role>;

export const TermRunView = z.object({
  term: z.number().int(),
  from: z.number().int(),
  to: z.number().int(),
});
export type TermRunView = z.infer<typeof TermRunView>;

/** A leader's view of one follower. */
export const ProgressView = z.object({
  peer: z.string(),
  matchIndex: z.number().int(),
  nextIndex: z.number().int(),
  state: z.enum(['probe', 'replicate', 'snapshot']),
  inflight: z.number().int(),
  /** In state `snapshot`: the follower has its rows up to here; null otherwise. */
  snapshotTo: z.number().int().nullable(),
  /** How long ago the follower last answered, ms at `reportedAtMs`; null before the first answer. */
  lastAckAgoMs: z.number().nullable(),
});
export type ProgressView = z.infer<typeof ProgressView>;

/** Who counts; `votersOutgoing` is non-empty only in a joint configuration. */
export const ConfView = z.object({
  voters: z.array(z.string()),
  votersOutgoing: z.array(z.string()),
  learners: z.array(z.string()),
});
export type ConfView = z.infer<typeof ConfView>;

/** What is wrong with a database that a node may not use. */
export const Refusal = z.enum(['corrupt', 'rolled-back', 'lost', 'foreign']);
export type Refusal = z.infer<typeof Refusal>;

export const NodeView = z.object({
  id: z.string(),
  /** The supervisor's knowledge of its thread or process, not the cluster's belief. */
  state: z.enum(['starting', 'serving', 'down', 'failed']),
  /** Why it is down or failed, in words. */
  reason: z.string().nullable(),
  /** It has failed for its database, which is damaged, older than it was, gone, or another's: a new node in its place makes the cluster whole. */
  refusal: Refusal.nullable(),
  /** When it came up or went down, server ms. */
  sinceMs: z.number(),
  /** How often it was started since the server started. */
  boots: z.number().int(),
  /** Of the process that it runs in, or ran in last: the server's own where nodes are threads; left out before the first start. */
  pid: z.number().int().optional(),

  /** What the node itself believed at its last report; kept when it goes down. */
  role: Role,
  term: z.number().int(),
  votedFor: z.string().nullable(),
  leader: z.string().nullable(),
  commitIndex: z.number().int(),
  lastApplied: z.number().int(),
  firstIndex: z.number().int(),
  lastIndex: z.number().int(),
  persistedIndex: z.number().int(),
  /** Newest runs last, at most 32. */
  termRuns: z.array(TermRunView),
  /** 16 hex digits at revision `stateHashAt`; equal revisions must have equal hashes. */
  stateHash: z.string(),
  stateHashAt: z.number().int(),
  clusterTimeMs: z.number(),
  /** Server ms of the last message heard from a leader; null if never. */
  lastHeardAtMs: z.number().nullable(),
  /** Next election time-out (followers, candidates) or next heartbeat (leader): `reportedAtMs` and the cluster ms that were left then. */
  deadlineAtMs: z.number(),
  deadlineSpanMs: z.number(),
  /** The configuration that the node goes by, and whether it knows it to be committed. */
  conf: ConfView,
  confCommitted: z.boolean(),
  /** To whom this leader is handing over; null when it is not. */
  transferTo: z.string().nullable(),
  votes: z.array(z.object({ voter: z.string(), granted: z.boolean() })),
  progress: z.array(ProgressView),
  pendingProposals: z.number().int(),
  /** What it did not let in from other nodes since it started: how often, by reason. */
  drops: z.record(z.string(), z.number().int()),
  database: z.object({
    name: z.string(),
    sizeBytes: z.number(),
    lastWriteMs: z.number().nullable(),
    writes: z.number().int(),
    storeId: z.string(),
    bootEpoch: z.number().int(),
  }),
  reportedAtMs: z.number(),
  /** What the world does to it, as the server knows; the node itself does not. */
  faults: NodeFaults,
});
export type NodeView = z.infer<typeof NodeView>;

/** One direction of one link. */
export const LinkView = z.object({
  from: z.string(),
  to: z.string(),
  cut: z.boolean(),
  delayMs: z.number(),
  jitterMs: z.number(),
  loss: z.number(),
  duplicate: z.number(),
  reorder: z.number(),
});
export type LinkView = z.infer<typeof LinkView>;

/** A log entry in one line. Identity is (index, term). */
export const EntryView = z.object({
  index: z.number().int(),
  term: z.number().int(),
  /** Microseconds. */
  stamp: z.number(),
  kind: z.enum(['noop', 'set', 'delete', 'txn', 'tick', 'compact', 'confChange']),
  label: z.string(),
  /** Session and number of the write, as "s12-m5x0/4", by which a writer knows its own; left out where it has none. */
  name: z.string().optional(),
});
export type EntryView = z.infer<typeof EntryView>;

export const eventKinds = [
  'server-started',
  'node-starting',
  'node-serving',
  'node-killed',
  'node-failed',
  'election-timeout',
  'candidate',
  'leader-elected',
  'stepped-down',
  'quorum-lost',
  'vote-cast',
  'vote-refused',
  'log-truncated',
  'log-compacted',
  'members-changed',
  'transfer',
  'snapshot-sent',
  'snapshot-installed',
  'link-cut',
  'link-healed',
  'link-changed',
  'fault-set',
  'fault-ended',
  'pace-changed',
  'packet-dropped',
  'invariant-broken',
] as const;
export const EventKind = z.enum(eventKinds);
export type EventKind = z.infer<typeof EventKind>;

/** One line of the feed, in plain language, with the term and index that prove it. */
export const EventView = z.object({
  /** Rises by one per event of this server. */
  seq: z.number().int(),
  atMs: z.number(),
  kind: EventKind,
  node: z.string().nullable(),
  term: z.number().int().nullable(),
  index: z.number().int().nullable(),
  text: z.string(),
});
export type EventView = z.infer<typeof EventView>;

/** One second of the cluster's work. Percentiles are null in a second without samples. */
export const MetricsPoint = z.object({
  /** Start of the second, server ms. */
  atMs: z.number(),
  writesPerSecond: z.number(),
  readsPerSecond: z.number(),
  failedPerSecond: z.number(),
  commitP50Ms: z.number().nullable(),
  commitP99Ms: z.number().nullable(),
  persistP50Ms: z.number().nullable(),
  persistP99Ms: z.number().nullable(),
  /** Entries behind the longest commit index, by node; null while the node is down. */
  lag: z.record(z.string(), z.number().nullable()),
  leader: z.string().nullable(),
  /** Size of the largest database of a node that is up; null when none is. */
  storeBytes: z.number().nullable(),
});
export type MetricsPoint = z.infer<typeof MetricsPoint>;

/** Who belongs to the cluster, by the configuration of the newest leader heard of. */
export const MembersView = z.object({
  /** Every node that this server runs, in display order: those that are down or only on their way in included. */
  members: z.array(z.string()),
  voters: z.array(z.string()),
  /** The voters before, while a joint configuration is in force: both majorities must agree. */
  votersOutgoing: z.array(z.string()),
  learners: z.array(z.string()),
  /** floor(voters / 2) + 1. */
  quorum: z.number().int(),
});
export type MembersView = z.infer<typeof MembersView>;

export const ClusterView = MembersView.extend({
  /** New for each start of the server. */
  epoch: z.string(),
  /** Number of the last patch that this view contains. */
  seq: z.number().int(),
  /** Server clock when this was made, ms. */
  atMs: z.number(),
  clusterId: z.string(),
  heartbeatIntervalMs: z.number(),
  electionTimeoutMs: z.number(),
  nodes: z.array(NodeView),
  links: z.array(LinkView),
  /** Newest entries known of any node, by index then term, at most 500. */
  entries: z.array(EntryView),
  /** Newest last, at most 500. */
  events: z.array(EventView),
  /** One point a second, newest last, at most 300. */
  metrics: z.array(MetricsPoint),
  pace: PaceView,
  /** Messages on their way, oldest first, at most 200: none at full speed. */
  transit: z.array(TransitView),
  /** Each once, in the order in which they are shown. */
  invariants: z.array(InvariantView),
});
export type ClusterView = z.infer<typeof ClusterView>;
