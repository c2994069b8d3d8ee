/**
 * Bringing up a follower that lacks entries which the leader's log no longer
 * has (§7). The state machine's store is the snapshot: its rows are cut by
 * revision, never change, and what a follower has applied is a prefix of every
 * leader's. So the leader asks how far the follower has come, sends the rows
 * after that piece by piece, and last the state that is not made of rows, with
 * which the follower takes all of it at once. Rows that came stay, whoever
 * leads: the next leader's question finds them.
 *
 * Neither side waits for a disk here: reading and storing rows are effects that
 * the driver answers with inputs.
 */
import { assert, must } from '../base/assert.ts';
import type { Core } from './core.ts';
import { isDiskStuck } from './heartbeat.ts';
import type { InstallSnapshot, InstallSnapshotResponse } from './messages.ts';
import type { Progress } from './progress.ts';
import type { Input, LogIndex, NodeId, SnapshotEnd } from './types.ts';

// --- leader ----------------------------------------------------------------

/** The follower needs what `progress.nextIndex` names, and the log does not have it. */
export function beginSnapshot(core: Core, progress: Progress): void {
  progress.becomeSnapshot();
  askPosition(core, progress);
}

/** Sent again when nothing has come for an election time-out: a question or a piece may be lost. */
export function retrySnapshot(core: Core, progress: Progress): void {
  if (core.now.mono - progress.snapshotSentMono >= core.config.electionTimeoutMs)
    askPosition(core, progress);
}

function askPosition(core: Core, progress: Progress): void {
  sendPiece(core, progress, { after: 0, upTo: 0, rows: '', end: null });
}

function sendPiece(
  core: Core,
  progress: Progress,
  piece: Pick<InstallSnapshot, 'after' | 'upTo' | 'rows' | 'end'>,
): void {
  // What is not sent is asked for again, like what is lost.
  if (isDiskStuck(core)) return;
  progress.snapshotSentMono = core.now.mono;
  core.send({
    type: 'InstallSnapshot',
    from: core.id,
    to: progress.peer,
    term: core.term,
    ...piece,
  });
}

export function onInstallSnapshotResponse(core: Core, message: InstallSnapshotResponse): void {
  const progress = core.leadership?.progress.get(message.from);
  if (progress === undefined || message.term !== core.term) return;
  core.acknowledged(progress);
  if (progress.state !== 'snapshot') return;
  if (message.matchIndex > 0) {
    endSnapshot(core, progress, message.matchIndex);
    return;
  }
  progress.snapshotTo = message.upTo;
  core.result({ type: 'readSnapshot', to: progress.peer, after: message.upTo });
}

/** The follower's log reaches `matchIndex`: if this log goes on from there, so does replication. */
export function endSnapshot(core: Core, progress: Progress, matchIndex: LogIndex): void {
  progress.matched(Math.min(matchIndex, core.log.lastIndex));
  if (progress.matchIndex < core.log.baseIndex) {
    // The log was compacted meanwhile: a smaller snapshot makes good what was.
    askPosition(core, progress);
    return;
  }
  progress.becomeReplicate();
  core.trace({ type: 'snapshotSent', to: progress.peer, index: matchIndex });
}

/** The driver has read what it was asked to read. */
export function onSnapshotRead(core: Core, read: Extract<Input, { type: 'snapshotRead' }>): void {
  const progress = core.leadership?.progress.get(read.to);
  if (progress?.state !== 'snapshot' || progress.snapshotTo !== read.after) return;
  const { after, upTo, rows } = read;
  sendPiece(core, progress, {
    after,
    upTo,
    rows,
    end: read.end === null ? null : endOf(core, read.end),
  });
}

function endOf(core: Core, { index, state }: { index: LogIndex; state: string }): SnapshotEnd {
  assert(index >= core.log.baseIndex, 'the durable state reaches what the log forgot');
  assert(index <= core.lastApplied, 'the durable state is applied');
  const term = must(core.log.termAt(index), 'term of the durable state');
  const stamp = index === core.log.baseIndex ? core.log.baseStamp : core.log.entryAt(index).stamp;
  return { base: { index, term, stamp, conf: core.confs.at(index) }, state };
}

// --- follower --------------------------------------------------------------

/** From the leader of the present term. */
export function onInstallSnapshot(core: Core, message: InstallSnapshot): void {
  const { end, from } = message;
  // One snapshot at a time: what comes while another is being installed is asked for again.
  if (core.isInstalling) return;
  if (end === null || core.stagedTo < end.base.index) {
    const known = end === null ? null : heldAlready(core, end);
    if (known !== null) {
      answer(core, from, known);
      return;
    }
    const { after, upTo, rows } = message;
    core.result({ type: 'stageSnapshot', leader: from, after, upTo, rows });
    return;
  }
  const known = heldAlready(core, end);
  if (known === null) {
    core.installSnapshot(end);
    core.trace({ type: 'snapshotInstalled', from, index: end.base.index });
  }
  answer(core, from, known ?? end.base.index);
}

/**
 * How far this log surely matches the leader's, if that is no less than what the
 * snapshot reaches: then installing it would only take back what is here.
 */
function heldAlready(core: Core, { base }: SnapshotEnd): LogIndex | null {
  if (base.index <= core.commitIndex) return core.commitIndex;
  if (core.log.termAt(base.index) !== base.term) return null;
  core.commitTo(base.index);
  return base.index;
}

function answer(core: Core, leader: NodeId, matchIndex: LogIndex): void {
  core.sendDurable({
    type: 'InstallSnapshotResponse',
    from: core.id,
    to: leader,
    term: core.term,
    upTo: core.stagedTo,
    matchIndex,
  });
}

/** The driver has stored the rows of a piece, or says where it stands. */
export function onSnapshotStaged(core: Core, leader: NodeId, upTo: LogIndex): void {
  core.stagedTo = upTo;
  if (core.leader !== leader) return;
  answer(core, leader, 0);
}
