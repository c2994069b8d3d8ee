/** One second of work, gathered and then summed up. Samples are bounded by what nodes report. */
import type { MetricsPoint } from '../../contracts/view.ts';
import type { NodeReport } from '../node/control.ts';
import type { KvCounts } from './kv-service.ts';

export class MetricsSecond {
  private commitMs: number[] = [];
  private persistMs: number[] = [];

  addReport(report: NodeReport): void {
    for (const sample of report.latency.commitMs) this.commitMs.push(sample);
    for (const sample of report.latency.persistMs) this.persistMs.push(sample);
  }

  take(
    startedMs: number,
    counts: KvCounts,
    lag: Record<string, number | null>,
    leader: string | null,
  ): MetricsPoint {
    const commit = this.commitMs.sort((a, b) => a - b);
    const persist = this.persistMs.sort((a, b) => a - b);
    this.commitMs = [];
    this.persistMs = [];
    return {
      atMs: startedMs,
      writesPerSecond: counts.writes,
      readsPerSecond: counts.reads,
      failedPerSecond: counts.failed,
      commitP50Ms: percentile(commit, 0.5),
      commitP99Ms: percentile(commit, 0.99),
      persistP50Ms: percentile(persist, 0.5),
      persistP99Ms: percentile(persist, 0.99),
      lag,
      leader,
    };
  }
}

/** Nearest rank in a sorted list, to the microsecond; null for an empty one. */
function percentile(sorted: readonly number[], share: number): number | null {
  const value = sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))];
  return value === undefined ? null : Math.round(value * 1000) / 1000;
}
