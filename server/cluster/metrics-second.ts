/** One second of work, gathered and then summed up. Samples are bounded by what nodes report. */
import type { MetricsDetail, NodeGauges } from '../../contracts/metrics.ts';
import type { LinkView } from '../../contracts/view.ts';
import { isOpenLink } from '../node/control.ts';
import type { NodeReport } from '../node/control.ts';
import type { KvCounts } from './kv-service.ts';

/** How the cluster stands at the end of a second. */
export interface SecondEnd {
  /** By node; null while it is down. */
  readonly lag: Record<string, number | null>;
  readonly leader: string | null;
  readonly links: Iterable<LinkView>;
  /** Of the largest database of a node that serves; null when none does. */
  readonly storeBytes: number | null;
}

export class MetricsSecond {
  private commitMs: number[] = [];
  private readMs: number[] = [];
  private persistMs: number[] = [];
  private elections = 0;
  private messages: Record<string, number> = {};
  /** By the last report of each node: of seconds before this one too. */
  private gauges = new Map<string, NodeGauges>();

  addReport(report: NodeReport): void {
    const { latency, events, traffic, storage } = report;
    for (const sample of latency.commitMs) this.commitMs.push(sample);
    for (const sample of latency.readMs) this.readMs.push(sample);
    for (const sample of latency.persistMs) this.persistMs.push(sample);
    for (const { event } of events)
      if (event.type === 'role' && event.role === 'leader') this.elections++;
    for (const { type, count } of traffic) this.messages[type] = (this.messages[type] ?? 0) + count;
    this.gauges.set(report.id, {
      pendingProposals: report.pendingProposals,
      waitingReads: report.waitingReads,
      databaseBytes: storage.sizeBytes,
      versions: report.versions,
    });
  }

  take(
    startedMs: number,
    counts: KvCounts,
    { lag, leader, links, storeBytes }: SecondEnd,
  ): MetricsDetail {
    const commit = this.commitMs.sort((a, b) => a - b);
    const read = this.readMs.sort((a, b) => a - b);
    const persist = this.persistMs.sort((a, b) => a - b);
    const { elections, messages, gauges } = this;
    this.commitMs = [];
    this.readMs = [];
    this.persistMs = [];
    this.elections = 0;
    this.messages = {};
    this.gauges = new Map([...gauges].filter(([id]) => typeof lag[id] === 'number'));
    return {
      atMs: startedMs,
      writesPerSecond: counts.writes,
      readsPerSecond: counts.reads,
      failedPerSecond: counts.failed,
      commitP50Ms: percentile(commit, 0.5),
      commitP99Ms: percentile(commit, 0.99),
      readP50Ms: percentile(read, 0.5),
      readP99Ms: percentile(read, 0.99),
      persistP50Ms: percentile(persist, 0.5),
      persistP99Ms: percentile(persist, 0.99),
      elections,
      messages,
      lag,
      nodes: Object.fromEntries(Object.keys(lag).map((id) => [id, this.gauges.get(id) ?? null])),
      leader,
      storeBytes,
      faultyLinks: [...links].filter((link) => !isOpenLink(link)).length,
    };
  }
}

/** Nearest rank in a sorted list, to the microsecond; null for an empty one. */
function percentile(sorted: readonly number[], share: number): number | null {
  const value = sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))];
  return value === undefined ? null : Math.round(value * 1000) / 1000;
}
