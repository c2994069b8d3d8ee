/** The last seconds of the cluster's work: bounded, so the oldest goes when a new one comes. */
import { METRICS_SECONDS } from '../../contracts/metrics.ts';
import type { MetricsDetail } from '../../contracts/metrics.ts';
import type { MetricsPoint } from '../../contracts/view.ts';

export class MetricsRing {
  private readonly seconds: MetricsDetail[] = [];

  push(second: MetricsDetail): void {
    this.seconds.push(second);
    if (this.seconds.length > METRICS_SECONDS) this.seconds.shift();
  }

  /** The newest, newest last. */
  last(count: number): MetricsDetail[] {
    return this.seconds.slice(-count);
  }

  /** The same without what only the Metrics page asks for: a whole view is sent often. */
  points(count: number): MetricsPoint[] {
    return this.last(count).map(pointOf);
  }
}

function pointOf(second: MetricsDetail): MetricsPoint {
  return {
    atMs: second.atMs,
    writesPerSecond: second.writesPerSecond,
    readsPerSecond: second.readsPerSecond,
    failedPerSecond: second.failedPerSecond,
    commitP50Ms: second.commitP50Ms,
    commitP99Ms: second.commitP99Ms,
    persistP50Ms: second.persistP50Ms,
    persistP99Ms: second.persistP99Ms,
    lag: second.lag,
    leader: second.leader,
    storeBytes: second.storeBytes,
  };
}
