/**
 * Membership (§6; dissertation §4): a leader takes one change at a time, leads
 * the cluster through the joint configuration by itself, and hands over and
 * steps down once a configuration without it is committed.
 */
import { must } from '../base/assert.ts';
import { encodeConf, enter, isJoint, leave } from './conf-state.ts';
import type { Core } from './core.ts';
import type { Progress } from './progress.ts';
import { appendAsLeader } from './replication.ts';
import { isVoter } from './quorum.ts';
import type { ConfChange, DropReason, NodeId } from './types.ts';

/**
 * Takes the change into the log or says why not. None is taken before an entry
 * of the leader's own term is committed (the bug of single-server changes found
 * in 2015), nor before the one before is committed and left.
 */
export function onProposeConfChange(core: Core, id: number, changes: readonly ConfChange[]): void {
  const drop = (reason: DropReason, detail?: string): void =>
    core.result({
      type: 'proposalDropped',
      id,
      reason,
      ...(detail !== undefined && { detail }),
      leaderHint: core.leader,
    });
  const { leadership } = core;
  if (leadership === null) return drop('not-leader');
  if (leadership.transfer !== null) return drop('transferring');
  if (core.commitIndex < leadership.noopIndex || !core.isConfCommitted || isJoint(core.conf))
    return drop('change-pending');
  const next = enter(core.conf, changes);
  if (!next.ok) return drop('bad-change', next.error);
  for (const { type, id: peer } of changes) {
    if (type === 'addVoter' && !hasCaughtUp(core, leadership.progress.get(peer)))
      return drop('not-caught-up', `${peer} lacks too much of the log`);
  }
  const entry = appendAsLeader(core, 'confChange', encodeConf(next.value));
  core.result({ type: 'proposalAppended', id, index: entry.index, term: entry.term });
}

/** Close enough that one append brings it up to date: as a voter it will not hold up commits. */
function hasCaughtUp(core: Core, progress: Progress | undefined): boolean {
  if (progress === undefined || progress.state !== 'replicate') return false;
  return core.log.lastIndex - progress.matchIndex <= core.config.maxEntriesPerAppend;
}

/** What a committed configuration asks of its leader: leave the joint one, or leave the cluster. Called once per drain. */
export function settleConf(core: Core): void {
  const { leadership } = core;
  if (leadership === null || !core.isConfCommitted) return;
  if (isJoint(core.conf)) {
    if (core.commitIndex >= leadership.noopIndex)
      appendAsLeader(core, 'confChange', encodeConf(leave(core.conf)));
    return;
  }
  if (isVoter(core.conf, core.id)) return;
  const heir = bestVoter(core);
  core.send({ type: 'TimeoutNow', from: core.id, to: heir, term: core.term });
  core.becomeFollower(core.term, null, 'was removed from the cluster');
}

/** The voter that has most of the log. */
function bestVoter(core: Core): NodeId {
  const progress = must(core.leadership, 'only a leader hands over').progress;
  const matchOf = (id: NodeId): number => progress.get(id)?.matchIndex ?? 0;
  return must(
    [...core.conf.voters].sort((a, b) => matchOf(b) - matchOf(a))[0],
    'a configuration has voters',
  );
}
