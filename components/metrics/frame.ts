import type { Marks } from '../../client/metrics-marks.ts';
import type { MetricsDetail } from '../../contracts/metrics.ts';

/** Lengths of the axis, minutes. */
export const RANGES = [1, 5, 15] as const;
export type Range = (typeof RANGES)[number];

/** What all charts of the page show: the same seconds, on the same axis. */
export interface Frame {
  /** Newest last, none older than the axis. */
  readonly seconds: readonly MetricsDetail[];
  readonly marks: Marks;
  /** End of the axis: now. */
  readonly endMs: number;
  readonly rangeMs: number;
}
