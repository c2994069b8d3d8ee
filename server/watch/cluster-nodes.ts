/** The real nodes and the real time, as the hub has them. */
import type { KvService, ReadOutcome } from '../cluster/kv-service.ts';
import type { LeaderTracker } from '../cluster/leader-tracker.ts';
import type { Supervisor } from '../cluster/supervisor.ts';
import type { ChangesQuery } from '../kv/queries.ts';
import type { ReadResult } from '../node/control.ts';
import type { WatchedNodes, WatchTime } from './nodes.ts';

/** Any question does: what counts is how far the node had come that answered it. */
const ANY = { type: 'get', key: 'watch', field: 'head' } as const;

export class ClusterNodes implements WatchedNodes {
  private readonly supervisor: Supervisor;
  private readonly leaders: LeaderTracker;
  private readonly kv: KvService;

  constructor(supervisor: Supervisor, leaders: LeaderTracker, kv: KvService) {
    this.supervisor = supervisor;
    this.leaders = leaders;
    this.kv = kv;
  }

  get leader(): string | null {
    const { leader } = this.leaders;
    return leader !== null && this.supervisor.has(leader) ? leader : null;
  }

  get running(): readonly string[] {
    return this.supervisor.nodes.filter((id) => this.supervisor.node(id).isServing);
  }

  follow(node: string, query: ChangesQuery, answer: (read: ReadResult) => void): void {
    this.supervisor.node(node).follow(query, answer);
  }

  read(node: string, query: ChangesQuery, answer: (read: ReadResult) => void): void {
    this.supervisor.node(node).read(query, 'local', answer);
  }

  head(timeoutMs: number): Promise<ReadOutcome> {
    return this.kv.read(ANY, timeoutMs);
  }
}

export class MachineTime implements WatchTime {
  nowMs(): number {
    return performance.now();
  }

  every(ms: number, run: () => void): () => void {
    const timer = setInterval(run, ms);
    return () => clearInterval(timer);
  }
}
