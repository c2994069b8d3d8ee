/**
 * A leader's heartbeats: they keep followers from campaigning, tell them what
 * is committed, and carry the number of the read round (§5.2; dissertation §6.4).
 */
import { must } from '../base/assert.ts';
import type { Core, Leadership } from './core.ts';
import type { Progress } from './progress.ts';

/** Keeps every follower quiet, tells the commit index, carries the read round. */
export function broadcastHeartbeat(core: Core): void {
  const leadership = must(core.leadership, 'only a leader beats');
  leadership.heartbeatAtMono = core.now.mono + core.config.heartbeatIntervalMs;
  leadership.clock.slew(core.now);
  if (isDiskStuck(core)) return;
  for (const progress of leadership.progress.values()) sendHeartbeat(core, leadership, progress);
}

export function sendHeartbeat(core: Core, leadership: Leadership, progress: Progress): void {
  const leaderCommit = Math.min(core.commitIndex, progress.matchIndex);
  core.send({
    type: 'Heartbeat',
    from: core.id,
    to: progress.peer,
    term: core.term,
    leaderCommit,
    readSeq: leadership.reads.currentSeq,
  });
  progress.sentCommit = Math.max(progress.sentCommit, leaderCommit);
}

/**
 * A disk that has not finished a write for an election time-out: the leader
 * falls silent, so that one with a working disk takes over.
 */
export function isDiskStuck(core: Core): boolean {
  const oldest = core.persistence.oldestIssuedMono;
  return oldest !== null && core.now.mono - oldest > core.config.electionTimeoutMs;
}
