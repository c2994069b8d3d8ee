import { describe, expect, test } from 'vitest';
import { chartRows } from '../../client/chart-rows.ts';
import { chartPlans } from '../../client/metrics-charts.ts';
import type { MetricsDetail } from '../../contracts/metrics.ts';
import { secondAt } from './seconds.ts';

const NODES = ['n1', 'n2', 'n3'];
const MIB = 1024 * 1024;

/** A second in which every figure is another number, so that none can stand in for another; n3 is down. */
const BUSY: MetricsDetail = secondAt(1, {
  writesPerSecond: 101,
  readsPerSecond: 102,
  failedPerSecond: 103,
  commitP50Ms: 104,
  commitP99Ms: 105,
  readP50Ms: 106,
  readP99Ms: 107,
  persistP50Ms: 108,
  persistP99Ms: 109,
  elections: 110,
  messages: {
    AppendEntries: 1000,
    AppendEntriesResponse: 2,
    Heartbeat: 2000,
    HeartbeatResponse: 3,
    PreVote: 4000,
    PreVoteResponse: 4,
    RequestVote: 40,
    RequestVoteResponse: 400,
    TimeoutNow: 40_000,
    InstallSnapshot: 5000,
    InstallSnapshotResponse: 5,
    ReadIndex: 6000,
    ReadIndexResponse: 6,
  },
  lag: { n1: 0, n2: 111, n3: null },
  nodes: {
    n1: { pendingProposals: 7, waitingReads: 70, databaseBytes: 3 * MIB, versions: 112 },
    n2: { pendingProposals: 700, waitingReads: 7000, databaseBytes: 4 * MIB, versions: 113 },
    n3: null,
  },
});

/** Each chart by its title, with what its lines are called and must show of that second. */
const EXPECTED: Readonly<Record<string, Readonly<Record<string, number | null>>>> = {
  'Writes and reads a second': { writes: 101, reads: 102 },
  'Failed requests a second': { failed: 103 },
  'Commit latency, ms': { p50: 104, p99: 105 },
  'Read latency, ms': { p50: 106, p99: 107 },
  'Log write to disk, ms': { p50: 108, p99: 109 },
  'Replication lag, entries': { n1: 0, n2: 111, n3: null },
  'Elections won a second': { elections: 110 },
  'Messages a second, by kind': {
    appends: 1002,
    heartbeats: 2003,
    votes: 44_444,
    snapshots: 5005,
    reads: 6006,
  },
  'Waiting proposals and reads': { proposals: 707, reads: 7070 },
  'Database size, MiB': { n1: 3, n2: 4, n3: null },
  'Versions in the store': { n1: 112, n2: 113, n3: null },
};

describe('the charts of the Metrics page', () => {
  const plans = chartPlans(NODES);

  test.each(plans.map((plan) => [plan.title, plan] as const))(
    '[U81] the chart "%s" plots what its title says',
    (title, { series }) => {
      const [row] = chartRows([BUSY], series);
      const shown = Object.fromEntries(series.map(({ name }, at) => [name, row?.values[at]]));
      expect(shown).toEqual(EXPECTED[title]);
    },
  );

  test('[U81] each chart has a name of its own, a caption in words, and lines that differ by form', () => {
    expect(plans.map(({ title }) => title)).toEqual(Object.keys(EXPECTED));
    expect(new Set(plans.map(({ id }) => id)).size).toBe(plans.length);
    for (const { caption, series } of plans) {
      expect(caption).toMatch(/^[A-Z].+\.$/s);
      expect(new Set(series.map(({ style }) => style)).size).toBe(series.length);
    }
  });

  test('[U81] with every node down nothing waits, rather than no one', () => {
    const dark = secondAt(2, { lag: { n1: null }, nodes: { n1: null } });
    const queues = plans.find(({ id }) => id === 'chart-queues');
    expect(chartRows([dark], queues?.series ?? [])[0]?.values).toEqual([null, null]);
  });
});
