/** Seconds for tests of the Metrics page: whole and quiet, but for what a test is about. */
import type { MetricsDetail } from '../../contracts/metrics.ts';

export function secondAt(at: number, parts: Partial<MetricsDetail> = {}): MetricsDetail {
  return {
    atMs: at * 1000,
    writesPerSecond: 0,
    readsPerSecond: 0,
    failedPerSecond: 0,
    commitP50Ms: null,
    commitP99Ms: null,
    readP50Ms: null,
    readP99Ms: null,
    persistP50Ms: null,
    persistP99Ms: null,
    elections: 0,
    messages: {},
    lag: {},
    nodes: {},
    leader: 'n1',
    faultyLinks: 0,
    storeBytes: null,
    ...parts,
  };
}
