/** What one second of the metrics counts, and how many seconds are kept. */
import { beforeEach, describe, expect, it } from 'vitest';
import { Patch } from '../../contracts/live.ts';
import { METRICS_SECONDS, MetricsDetail } from '../../contracts/metrics.ts';
import { ClusterView } from '../../contracts/view.ts';
import { ClusterViewFold } from '../../server/cluster/cluster-view.ts';
import { OPEN_LINK } from '../../server/node/control.ts';
import { report } from './reports.ts';

const QUIET = { writes: 0, reads: 0, failed: 0 };

describe('metrics', () => {
  let fold: ClusterViewFold;

  beforeEach(() => {
    fold = new ClusterViewFold({
      epoch: 'e',
      clusterId: 'c',
      nodes: ['n1', 'n2', 'n3'],
      heartbeatIntervalMs: 30,
      electionTimeoutMs: 300,
      nowMs: 1000,
    });
    for (const id of ['n1', 'n2']) fold.nodeState(id, 'serving', null, 0);
  });

  function second(atMs: number): MetricsDetail | undefined {
    fold.endSecond(atMs, QUIET);
    return fold.seconds(1).map((each) => MetricsDetail.parse(each))[0];
  }

  it('[V23] a second counts elections won, messages by kind, times of reads, and links with a fault', () => {
    fold.report(
      report('n1', {
        events: [
          { type: 'role', role: 'candidate', term: 2, leader: null, reason: '' },
          { type: 'role', role: 'leader', term: 2, leader: 'n1', reason: '' },
        ],
        traffic: [
          { to: 'n2', type: 'Heartbeat', count: 3, refused: 0, entries: 0 },
          { to: 'n3', type: 'Heartbeat', count: 4, refused: 0, entries: 0 },
        ],
        latency: { commitMs: [], readMs: [9, 1, 5], persistMs: [] },
      }),
    );
    const traffic = [
      { to: 'n1', type: 'HeartbeatResponse', count: 2, refused: 0, entries: 0 },
    ] as const;
    fold.report(report('n2', { traffic }));
    fold.link('n1', 'n2', { ...OPEN_LINK, cut: true }, 0);
    fold.link('n2', 'n1', { ...OPEN_LINK, delayMs: 5 }, 0);
    expect(second(9000)).toMatchObject({
      elections: 1,
      messages: { Heartbeat: 7, HeartbeatResponse: 2 },
      readP50Ms: 5,
      readP99Ms: 9,
      faultyLinks: 2,
    });
    fold.link('n1', 'n2', OPEN_LINK, 0);
    expect(second(10_000)).toMatchObject({
      elections: 0,
      messages: {},
      readP50Ms: null,
      faultyLinks: 1,
    });
  });

  it('[V23] a second has what each node held at its end, and nothing of a node that is down', () => {
    const storage = {
      name: 'n1.db',
      sizeBytes: 8192,
      walBytes: 4096,
      lastWriteMs: null,
      writes: 0,
    };
    const gauges = { pendingProposals: 3, waitingReads: 4, versions: 5 };
    fold.report(report('n1', { ...gauges, storage }));
    fold.report(report('n2'));
    const held = { pendingProposals: 3, waitingReads: 4, databaseBytes: 8192, versions: 5 };
    expect(second(9000)?.nodes).toMatchObject({ n1: held, n2: { versions: 0 }, n3: null });
    // Without a new report the last one counts.
    expect(second(10_000)?.nodes).toMatchObject({ n1: held });
    fold.nodeState('n1', 'down', 'killed', 0);
    expect(second(11_000)?.nodes).toMatchObject({ n1: null, n2: { versions: 0 } });
    fold.nodeState('n1', 'serving', null, 0);
    expect(second(12_000)?.nodes).toMatchObject({ n1: null });
  });

  it('[V24] fifteen minutes are kept; patches bring seconds whole, a view the last 300 without what only the Metrics page asks for', () => {
    for (let i = 0; i < METRICS_SECONDS + 50; i++) fold.endSecond(i, QUIET);
    const kept = fold.seconds(METRICS_SECONDS + 1).map(({ atMs }) => atMs);
    expect(kept).toEqual(Array.from({ length: METRICS_SECONDS }, (_, i) => i + 50));
    const { metrics } = ClusterView.strict().parse(fold.view(0));
    expect(metrics).toHaveLength(300);
    expect(fold.view(0).metrics.every((point) => !('nodes' in point))).toBe(true);
    const patch = Patch.parse(fold.takePatch(0));
    expect(patch.metrics?.at(-1)).toEqual(fold.seconds(1)[0]);
  });
});
