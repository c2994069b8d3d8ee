/** Views for tests of the page's pure code: whole and plain, but for what a test is about. */
import { NO_FAULTS } from '../../contracts/faults.ts';
import type { ClusterView, NodeView } from '../../contracts/view.ts';

export function nodeView(id: string, parts: Partial<NodeView> = {}): NodeView {
  return {
    id,
    state: 'serving',
    reason: null,
    refusal: null,
    sinceMs: 0,
    boots: 1,
    role: 'follower',
    term: 1,
    votedFor: null,
    leader: null,
    commitIndex: 0,
    lastApplied: 0,
    firstIndex: 1,
    lastIndex: 0,
    persistedIndex: 0,
    termRuns: [],
    stateHash: '',
    stateHashAt: 0,
    clusterTimeMs: 0,
    lastHeardAtMs: null,
    deadlineAtMs: 0,
    deadlineSpanMs: 0,
    conf: { voters: ['n1', 'n2', 'n3'], votersOutgoing: [], learners: [] },
    confCommitted: true,
    transferTo: null,
    votes: [],
    progress: [],
    pendingProposals: 0,
    drops: {},
    database: {
      name: `${id}.db`,
      sizeBytes: 0,
      lastWriteMs: null,
      writes: 0,
      storeId: '',
      bootEpoch: 1,
    },
    reportedAtMs: 0,
    faults: NO_FAULTS,
    ...parts,
  };
}

export function viewOf(nodes: NodeView[], parts: Partial<ClusterView> = {}): ClusterView {
  return {
    epoch: 'e1',
    seq: 0,
    atMs: 0,
    clusterId: 'c',
    members: nodes.map((node) => node.id),
    voters: nodes.map((node) => node.id),
    votersOutgoing: [],
    learners: [],
    quorum: Math.floor(nodes.length / 2) + 1,
    heartbeatIntervalMs: 30,
    electionTimeoutMs: 300,
    nodes,
    links: [],
    entries: [],
    events: [],
    metrics: [],
    pace: { pace: 1, clusterMs: 0, atMs: 0 },
    transit: [],
    invariants: [],
    ...parts,
  };
}
