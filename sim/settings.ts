/**
 * Settings of the nodes: each run draws its own, as it draws its own mix of
 * faults. Small limits make rare what is common, such as an append that carries
 * all that a follower lacks, and common what is rare.
 */
import type { Random } from '../server/base/random.ts';
import type { LogTail } from '../server/node/compaction.ts';
import { USUAL_LIMITS } from '../server/kv/sessions.ts';
import type { SessionLimits } from '../server/kv/sessions.ts';
import { CLOCK_DRIFT } from '../server/raft/lease.ts';
import type { NodeId, RaftConfig } from '../server/raft/types.ts';

export interface Settings {
  readonly timing: Pick<RaftConfig, 'heartbeatIntervalMs' | 'electionTimeoutMs' | 'leaseMs'>;
  /** A monotonic clock runs at 1 ± this: with leases no more than they allow for. */
  readonly maxRateError: number;
  readonly logTail: LogTail;
  /** Of clients' sessions. The usual ones are beyond what a run can reach. */
  readonly sessions: SessionLimits;
  /** What differs from the usual, by node. */
  readonly core: ReadonlyMap<NodeId, Partial<RaftConfig>>;
}

const USUAL_TIMING = { heartbeatIntervalMs: 15, electionTimeoutMs: 150 };
/** Barely above what a message and a write take: elections often meet each other. */
const SHORT_TIMING = { heartbeatIntervalMs: 15, electionTimeoutMs: 50 };

/** Up to far beyond an election time-out, where only the wait of the next leader guards what is read. */
const LEASES_MS = [20, 60, 150, 500];

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
  const leaseMs = random.chance(0.5) ? random.pick(LEASES_MS) : 0;
  const maxRateError = leaseMs > 0 ? CLOCK_DRIFT / (2 + CLOCK_DRIFT) : 0.2;
  // So that a client comes too late, with a repeat too, because it was idle or others are many.
  const sessions = random.chance(0.5)
    ? USUAL_LIMITS
    : { idleMicros: random.pick([200_000, 800_000]), most: random.pick([3, 100]) };
  return { timing: { ...timing, leaseMs }, maxRateError, logTail, sessions, core };
}
