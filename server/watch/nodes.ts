/** What the hub needs of the cluster: a port, so that tests play all nodes. */
import type { ReadOutcome } from '../cluster/kv-service.ts';
import type { ChangesQuery } from '../kv/queries.ts';
import type { ReadResult } from '../node/control.ts';

export interface WatchedNodes {
  /** Null while none is known. */
  readonly leader: string | null;
  /** Those that take questions. */
  readonly running: readonly string[];
  /** Answered once there is anything after `query.after`; one at a time and node, a later one ends the earlier. */
  follow(node: string, query: ChangesQuery, answer: (read: ReadResult) => void): void;
  /** Answered at once, with what the node has applied. */
  read(node: string, query: ChangesQuery, answer: (read: ReadResult) => void): void;
  /** A linearizable read: its applied revision is not below that of any write acknowledged before. */
  head(timeoutMs: number): Promise<ReadOutcome>;
}

/** Time, which tests drive. */
export interface WatchTime {
  nowMs(): number;
  /** Gives the way to end it. */
  every(ms: number, run: () => void): () => void;
}
