/** Reports of nodes, with everything that a test does not care for filled in. */
import type { NodeReport } from '../../server/node/control.ts';
import type { RaftEvent, RaftStatus } from '../../server/raft/types.ts';

type Part = Partial<Omit<NodeReport, 'status' | 'events'>> & {
  readonly status?: Partial<RaftStatus>;
  readonly events?: readonly RaftEvent[];
};

export function report(id: string, { status, events = [], ...part }: Part = {}): NodeReport {
  const atMs = part.atMs ?? 1000;
  return {
    id,
    nowMono: 0,
    status: {
      id,
      role: 'follower',
      term: 1,
      votedFor: null,
      leader: null,
      commitIndex: 0,
      lastApplied: 0,
      firstIndex: 1,
      lastIndex: 0,
      lastTerm: 0,
      persistedIndex: 0,
      confState: { voters: ['n1', 'n2', 'n3'], votersOutgoing: [], learners: [] },
      confCommitted: true,
      transferTo: null,
      deadlineMono: 0,
      deadlineSpanMs: 0,
      lastHeardMono: null,
      votes: [],
      progress: [],
      termRuns: [],
      halted: null,
      ...status,
    },
    storage: { name: `${id}.db`, sizeBytes: 4096, walBytes: 0, lastWriteMs: 0.2, writes: 3 },
    identity: { clusterId: 'c', nodeId: id, storeId: `store-${id}`, bootEpoch: 1 },
    stateHash: '0'.repeat(16),
    stateHashAt: 0,
    clusterTimeMs: 0,
    newEntries: [],
    traffic: [],
    latency: { commitMs: [], readMs: [], persistMs: [] },
    durations: { commit: null, read: null, persist: null },
    lost: {},
    appliedCommands: 0,
    servedReads: 0,
    pendingProposals: 0,
    waitingReads: 0,
    versions: 0,
    keys: 0,
    clockOffsetMs: 0,
    drops: { malformed: 0, version: 0, cluster: 0, store: 0, earlierLife: 0, misdirected: 0 },
    evidence: { votes: [], offices: [], log: [], commits: [], applied: [] },
    ...part,
    atMs,
    events: events.map((event) => ({ atMs, event })),
  };
}
