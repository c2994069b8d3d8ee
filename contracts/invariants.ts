/**
 * What must hold of the whole cluster, and what has been seen of it: part of the
 * view, and the answer of `GET /api/v1/invariants`. A check is one comparison
 * of what a node reports with what is known; without one nothing passes.
 */
import * as z from 'zod';

export const InvariantId = z.enum([
  'election-safety',
  'log-matching',
  'leader-completeness',
  'state-machine-safety',
  'never-back',
  'timestamps',
]);
export type InvariantId = z.infer<typeof InvariantId>;

/** Two facts that cannot both be, as nodes reported them. */
export const Violation = z.object({
  /** What is broken, in one sentence. */
  text: z.string(),
  facts: z.tuple([z.string(), z.string()]),
  atMs: z.number(),
  /** Who reported the second fact. */
  node: z.string(),
  term: z.number().int().nullable(),
  index: z.number().int().nullable(),
  /** The event of the feed that tells of it. */
  eventSeq: z.number().int(),
});
export type Violation = z.infer<typeof Violation>;

export const InvariantView = z.object({
  id: InvariantId,
  title: z.string(),
  /** `unknown` until something was compared; `fail` from the first violation until the server restarts. */
  status: z.enum(['pass', 'fail', 'unknown']),
  /** Comparisons since the server started. What could not be compared is not in it. */
  checks: z.number().int(),
  /** Server ms; null before the first. */
  lastCheckedAtMs: z.number().nullable(),
  /** The last comparison, in words; null before the first. */
  evidence: z.string().nullable(),
  /** The first one. */
  violation: Violation.nullable(),
});
export type InvariantView = z.infer<typeof InvariantView>;

export const InvariantsAnswer = z.object({ invariants: z.array(InvariantView) });
export type InvariantsAnswer = z.infer<typeof InvariantsAnswer>;
