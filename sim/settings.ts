/**
 * Settings of the nodes: each run draws its own, as it draws its own mix of
 * faults. Small limits make rare what is common, such as an append that carries
 * all that a follower lacks, and common what is rare.
 */
import type { Random } from '../server/base/random.ts';
import type { LogTail } from '../server/node/compaction.ts';
import type { NodeId, RaftConfig } from '../server/raft/types.ts';

export interface Settings {
  readonly timing: { readonly heartbeatIntervalMs: number; readonly electionTimeoutMs: number };
  readonly logTail: LogTail;
  /** What differs from the usual, by node. */
  readonly core: ReadonlyMap<NodeId, Partial<RaftConfig>>;
}

const USUAL_TIMING = { heartbeatIntervalMs: 15, electionTimeoutMs: 150 };
/** Barely above what a message and a write take: elections often meet each other. */
const SHORT_TIMING = { heartbeatIntervalMs: 15, electionTimeoutMs: 50 };

export function drawSettings(random: Random, ids: readonly NodeId[]): Settings {
  const timing = random.chance(0.25) ? SHORT_TIMING : USUAL_TIMING;
  // Short, so that followers fall behind it.
  const logTail = { entries: random.pick([0, 5, 30]), chars: 100_000 };
  const polls = random.pick([1, 1, 0.5, 0]);
  const limits: Partial<RaftConfig> = random.chance(0.5)
    ? {}
    : {
        maxEntriesPerAppend: random.pick([1, 3]),
        maxInflightAppends: random.pick([1, 3, 64]),
        maxUncommittedChars: random.pick([400, 100_000]),
      };
  const core = new Map(ids.map((id) => [id, { ...limits, preVote: random.chance(polls) }]));
  return { timing, logTail, core };
}
