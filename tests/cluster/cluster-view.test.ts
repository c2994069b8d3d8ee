/** The view that people see, folded from reports. */
import { beforeEach, describe, expect, it } from 'vitest';
import { Patch } from '../../contracts/live.ts';
import { ClusterView } from '../../contracts/view.ts';
import { ClusterViewFold } from '../../server/cluster/cluster-view.ts';
import { OPEN_LINK } from '../../server/node/control.ts';
import type { EntrySummary } from '../../server/node/control.ts';
import { report } from './reports.ts';

const QUIET = { writes: 0, reads: 0, failed: 0 };

describe('the view', () => {
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
  });

  it('[V1] fits the contract from the first moment, and shows every voter', () => {
    const view = ClusterView.parse(fold.view(1000));
    expect(view.nodes.map(({ id, state }) => `${id} ${state}`)).toEqual([
      'n1 down',
      'n2 down',
      'n3 down',
    ]);
    expect(view.quorum).toBe(2);
    expect(view.links).toHaveLength(6);
  });

  it('[N8] tells what a node did not let in, by reason', () => {
    const drops = { ...report('n1').drops, malformed: 2, cluster: 1 };
    fold.report(report('n1', { drops }));
    expect(ClusterView.parse(fold.view(2000)).nodes[0]?.drops).toEqual(drops);
  });

  it('[V1] follows the configuration of the leader of the highest term, and who comes and goes', () => {
    fold.takePatch(1000);
    const confState = { voters: ['n1', 'n2', 'n3'], votersOutgoing: [], learners: ['n4'] };
    fold.addNode('n4', 1000);
    fold.report(report('n1', { status: { role: 'leader', term: 5, confState } }));
    const stale = { voters: ['n9'], votersOutgoing: [], learners: [] };
    fold.report(report('n2', { status: { role: 'leader', term: 4, confState: stale } }));
    fold.report(report('n3', { status: { role: 'follower', term: 9, confState: stale } }));
    const patch = Patch.parse(fold.takePatch(2000));
    expect(patch.members).toEqual({
      members: ['n1', 'n2', 'n3', 'n4'],
      voters: ['n1', 'n2', 'n3'],
      votersOutgoing: [],
      learners: ['n4'],
      quorum: 2,
    });
    expect(patch.links?.map(({ from, to }) => `${from}>${to}`)).toContain('n2>n4');

    fold.removeNode('n4', 3000);
    fold.report(report('n4'));
    const gone = Patch.parse(fold.takePatch(3000));
    expect(gone.members?.members).toEqual(['n1', 'n2', 'n3']);
    expect(ClusterView.parse(fold.view(3000)).links).toHaveLength(6);
  });

  it('[V1] a change of members is told once, whoever tells it and how often', () => {
    const conf = { voters: ['n1', 'n2', 'n3'], votersOutgoing: [], learners: ['n4'] };
    const event = { type: 'conf', index: 7, conf } as const;
    for (const id of ['n1', 'n2', 'n3', 'n1']) fold.report(report(id, { events: [event] }));
    const told = fold.view(1000).events.filter(({ kind }) => kind === 'members-changed');
    expect(told.map(({ text }) => text)).toEqual([
      'The members change to the voters n1, n2, n3; learning: n4',
    ]);
  });

  it("[V1] turns a node's monotonic instants into the server's time", () => {
    fold.report(
      report('n1', {
        atMs: 50_000,
        nowMono: 700,
        status: {
          role: 'leader',
          deadlineMono: 725,
          deadlineSpanMs: 30,
          lastHeardMono: 640,
          progress: [
            {
              peer: 'n2',
              matchIndex: 4,
              nextIndex: 5,
              state: 'replicate',
              inflight: 1,
              snapshotTo: null,
              lastAckMono: 688,
            },
            {
              peer: 'n3',
              matchIndex: 0,
              nextIndex: 5,
              state: 'probe',
              inflight: 0,
              snapshotTo: null,
              lastAckMono: null,
            },
          ],
        },
      }),
    );
    const node = fold.nodeView('n1');
    expect(node).toMatchObject({ deadlineAtMs: 50_025, deadlineSpanMs: 30, lastHeardAtMs: 49_940 });
    expect(node.progress.map(({ lastAckAgoMs }) => lastAckAgoMs)).toEqual([12, null]);
  });

  it('[V2] numbers patches, and a patch holds whole new values of what changed and nothing else', () => {
    const first = Patch.parse(fold.takePatch(1000));
    expect(first).toMatchObject({ seq: 1, events: [{ kind: 'server-started' }] });
    expect(fold.takePatch(1000)).toBeNull();
    fold.report(report('n2', { status: { term: 4 } }));
    const second = Patch.parse(fold.takePatch(1001));
    expect(second).toEqual({
      epoch: 'e',
      seq: 2,
      atMs: 1001,
      nodes: [fold.nodeView('n2')],
      invariants: fold.invariantViews(),
    });
    expect(fold.view(1001).seq).toBe(2);
  });

  it('[V2] is urgent when a role, a node or a link changes, and not otherwise', () => {
    fold.takePatch(0);
    fold.report(report('n1', { status: { term: 0 } }));
    fold.takePatch(0);
    expect(fold.isUrgent).toBe(false);
    fold.report(report('n1', { status: { term: 0, commitIndex: 5 } }));
    expect(fold.isUrgent).toBe(false);
    fold.report(report('n1', { status: { term: 0, role: 'preCandidate' } }));
    expect(fold.isUrgent).toBe(true);
    fold.takePatch(0);
    fold.nodeState('n2', 'starting', null, 1);
    expect(fold.isUrgent).toBe(true);
    fold.takePatch(0);
    fold.link('n1', 'n2', { ...OPEN_LINK, cut: true }, 1);
    expect(fold.isUrgent).toBe(true);
  });

  it('[V3] keeps entries by index, then term, the newest 500 of them, whoever tells of them and when', () => {
    fold.report(report('n1', { newEntries: [entry(2, 1), entry(3, 1)] }));
    fold.report(report('n2', { newEntries: [entry(1, 1), entry(2, 1), entry(3, 2)] }));
    expect(fold.view(0).entries.map(({ index, term }) => `${index}/${term}`)).toEqual([
      '1/1',
      '2/1',
      '3/1',
      '3/2',
    ]);
    expect(fold.takePatch(0)?.entries).toHaveLength(4);
    for (let index = 4; index <= 1000; index++)
      fold.report(report('n1', { newEntries: [entry(index, 2)] }));
    // A node that was away tells of what is long past.
    fold.report(report('n3', { newEntries: [entry(7, 2)] }));
    const { entries } = fold.view(0);
    expect(entries).toHaveLength(500);
    expect(entries.map(({ index }) => index)).toEqual(
      Array.from({ length: 500 }, (_, i) => 501 + i),
    );
    expect(fold.takePatch(0)?.entries?.map(({ index }) => index)).toEqual(
      Array.from({ length: 32 }, (_, i) => 969 + i),
    );
  });

  it('[V4] tells what happened in sentences', () => {
    fold.nodeState('n1', 'starting', null, 1000);
    fold.nodeState('n1', 'serving', null, 1100);
    fold.report(
      report('n3', {
        events: [
          { type: 'electionTimeout', term: 7, silentMs: 312.4 },
          { type: 'role', role: 'preCandidate', term: 7, leader: null, reason: '' },
          { type: 'term', term: 8 },
          { type: 'role', role: 'candidate', term: 8, leader: null, reason: '' },
          { type: 'role', role: 'leader', term: 8, leader: 'n3', reason: 'votes of n1, n3' },
          { type: 'commit', index: 3, term: 8 },
          { type: 'quorumLost', term: 8, heardFrom: 1 },
          { type: 'role', role: 'follower', term: 8, leader: null, reason: 'no quorum answered' },
          { type: 'truncated', from: 4, to: 6 },
        ],
      }),
    );
    fold.nodeState('n3', 'down', 'killed', 1200);
    fold.link('n1', 'n2', { ...OPEN_LINK, cut: true }, 1300);
    fold.link('n1', 'n2', OPEN_LINK, 1400);
    fold.link('n1', 'n2', { ...OPEN_LINK, delayMs: 20, jitterMs: 5, loss: 0.1 }, 1500);
    const { events } = ClusterView.parse(fold.view(0));
    expect(events.map(({ seq }) => seq)).toEqual(events.map((_, at) => at + 1));
    expect(events.map(({ kind, text }) => `${kind}: ${text}`)).toMatchInlineSnapshot(`
      [
        "server-started: The server started with 3 nodes",
        "node-starting: n1 starts and reads its own database",
        "node-serving: n1 is up",
        "election-timeout: n3 heard no leader for 312 ms and asks whether it could win term 8",
        "candidate: n3 asks for votes in term 8",
        "leader-elected: n3 is leader of term 8 with votes of n1, n3",
        "quorum-lost: n3 hears from 0 others, which is no quorum, and stops leading term 8",
        "stepped-down: n3 no longer leads and follows in term 8: no quorum answered",
        "log-truncated: n3 drops its uncommitted entries 4 to 6: the leader has others there",
        "node-killed: n3 was killed in the middle of term 1",
        "link-cut: The link from n1 to n2 is cut",
        "link-healed: The link from n1 to n2 is whole again",
        "link-changed: The link from n1 to n2: delay 20 to 25 ms, loss 10 %, doubled 0 %, swapped 0 %",
      ]
    `);
  });

  it('[V4] says once what a node without a quorum does again and again', () => {
    const asks = [
      { type: 'electionTimeout', term: 7, silentMs: 300 },
      { type: 'role', role: 'preCandidate', term: 7, leader: null, reason: '' },
    ] as const;
    for (let i = 0; i < 50; i++) fold.report(report('n3', { events: asks }));
    expect(fold.view(0).events).toHaveLength(2);
    // In a new life it is news again.
    fold.nodeState('n3', 'starting', null, 0);
    fold.report(report('n3', { events: asks }));
    expect(fold.view(0).events.at(-1)?.kind).toBe('election-timeout');
  });

  it('[V5] makes one point a second, with percentiles of that second and the lag of each node', () => {
    fold.nodeState('n1', 'serving', null, 0);
    fold.nodeState('n2', 'serving', null, 0);
    const commitMs = Array.from({ length: 100 }, (_, i) => i + 1);
    fold.report(
      report('n1', {
        stateHashAt: 50,
        status: { role: 'leader', commitIndex: 50 },
        latency: { commitMs, readMs: [], persistMs: [0.5] },
      }),
    );
    fold.report(report('n2', { stateHashAt: 45, status: { commitIndex: 50 } }));
    fold.endSecond(9000, { writes: 100, reads: 5, failed: 2 });
    fold.endSecond(10_000, QUIET);
    const { metrics } = ClusterView.parse(fold.view(0));
    expect(metrics).toMatchObject([
      {
        atMs: 9000,
        writesPerSecond: 100,
        readsPerSecond: 5,
        failedPerSecond: 2,
        commitP50Ms: 51,
        commitP99Ms: 100,
        persistP50Ms: 0.5,
        lag: { n1: 0, n2: 5, n3: null },
        leader: 'n1',
      },
      { atMs: 10_000, writesPerSecond: 0, commitP50Ms: null, persistP99Ms: null },
    ]);
    for (let i = 0; i < 400; i++) fold.endSecond(i, QUIET);
    expect(fold.view(0).metrics).toHaveLength(300);
  });

  it('[V6] tells when two nodes differ at the same revision, once, and only then', () => {
    const at = (index: number, hash: string) => ({
      evidence: {
        ...report('n1').evidence,
        applied: [{ index, stamp: index, hash: hash.repeat(16) }],
      },
    });
    fold.report(report('n1', at(9, 'a')));
    fold.report(report('n2', at(8, 'b')));
    fold.report(report('n3', at(9, 'a')));
    expect(fold.view(0).events).toHaveLength(1);
    fold.report(report('n2', at(9, 'c')));
    fold.report(report('n2', at(9, 'c')));
    const { events, invariants } = ClusterView.parse(fold.view(0));
    expect(events.slice(1)).toMatchObject([{ kind: 'invariant-broken', node: 'n2', index: 9 }]);
    const { status, violation } = invariants.find(({ id }) => id === 'state-machine-safety') ?? {};
    expect(status).toBe('fail');
    expect(violation?.eventSeq).toBe(events.at(-1)?.seq);
  });

  it('[V18] counts of checks are told once a second, a violation at once', () => {
    const vote = (votedFor: string) => ({
      evidence: { ...report('n1').evidence, votes: [{ term: 3, votedFor }] },
    });
    fold.report(report('n1', vote('n1')));
    expect(fold.takePatch(5000)?.invariants).toHaveLength(6);
    fold.report(report('n1'));
    expect(fold.takePatch(5999)).not.toHaveProperty('invariants');
    expect(fold.takePatch(6000)).toHaveProperty('invariants');
    expect(fold.isUrgent).toBe(false);
    fold.report(report('n1', vote('n2')));
    expect(fold.isUrgent).toBe(true);
    const patch = Patch.parse(fold.takePatch(6001));
    expect(patch.invariants?.filter(({ status }) => status === 'fail')).toHaveLength(2);
    expect(patch.events?.map(({ kind }) => kind)).toEqual(['invariant-broken', 'invariant-broken']);
  });

  it('[V7] adds up the messages of each link and kind until they are taken', () => {
    const traffic = [
      { to: 'n2', type: 'AppendEntries', count: 2, refused: 0, entries: 5 },
    ] as const;
    fold.report(report('n1', { traffic }));
    fold.report(report('n1', { traffic }));
    expect(fold.takePackets()).toEqual([
      { from: 'n1', to: 'n2', type: 'AppendEntries', count: 4, refused: 0, entries: 10 },
    ]);
    expect(fold.takePackets()).toEqual([]);
  });
});

function entry(index: number, term: number): EntrySummary {
  return { index, term, stamp: index, kind: 'set', label: `a.x = ${index}` };
}
