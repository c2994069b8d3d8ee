/** The figures of the cluster, second by second: `GET /api/v1/metrics?seconds=N`, and what each patch adds. */
import * as z from 'zod';
import { MetricsPoint } from './view.ts';

/** Seconds that the server keeps: 15 minutes. */
export const METRICS_SECONDS = 900;

/** What one node held at the end of a second, by its last report. */
export const NodeGauges = z.object({
  /** Proposals in its log or on their way there that wait for their outcome: those of a leader. */
  pendingProposals: z.number().int(),
  /** Linearizable reads that it took and has not answered. */
  waitingReads: z.number().int(),
  /** Size of its database, bytes. */
  databaseBytes: z.number(),
  /** Versions in its store. */
  versions: z.number().int(),
});
export type NodeGauges = z.infer<typeof NodeGauges>;

/** A second of the view, and what only the Metrics page asks for. */
export const MetricsDetail = MetricsPoint.extend({
  /** From a leader's taking of a linearizable read to its answer, ms. */
  readP50Ms: z.number().nullable(),
  readP99Ms: z.number().nullable(),
  /** Elections won, by anyone. */
  elections: z.number().int(),
  /** Messages sent by all nodes, by kind; a kind of which none was sent is left out. */
  messages: z.record(z.string(), z.number().int()),
  /** By node; null while it is down. */
  nodes: z.record(z.string(), NodeGauges.nullable()),
  /** Directions of links that were cut, slow or lossy at the end of the second. */
  faultyLinks: z.number().int(),
});
export type MetricsDetail = z.infer<typeof MetricsDetail>;

/** Answer to `GET /api/v1/metrics`. */
export const MetricsAnswer = z.object({
  /** Of the server's start: seconds of another one are not to be joined to these. */
  epoch: z.string(),
  atMs: z.number(),
  /** Newest last; fewer than were asked for while the server is young. */
  seconds: z.array(MetricsDetail),
});
export type MetricsAnswer = z.infer<typeof MetricsAnswer>;
