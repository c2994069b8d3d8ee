/**
 * What is in the log: appending and committing (§5.3, §5.4), pipelined and
 * flow-controlled per follower, with conflict hints from both sides.
 */
import { assert, must } from '../base/assert.ts';
import type { Core, Leadership } from './core.ts';
import type {
  AppendEntries,
  AppendEntriesResponse,
  Heartbeat,
  HeartbeatResponse,
} from './messages.ts';
import { isDiskStuck, sendHeartbeat } from './heartbeat.ts';
import type { Progress } from './progress.ts';
import { quorumValue } from './quorum.ts';
import { onReadConfirmation } from './reads.ts';
import { beginSnapshot, endSnapshot, retrySnapshot } from './snapshot.ts';
import { pushTransfer } from './transfer.ts';
import type { Entry, LogIndex } from './types.ts';

// --- leader ----------------------------------------------------------------

/** Opens the term: committing it commits everything before it (§5.4.2, §8). */
export function appendNoop(core: Core): void {
  appendAsLeader(core, 'noop', '');
}

/** Takes a command into the log, or says why not. */
export function onPropose(core: Core, id: number, data: string): void {
  const leadership = core.leadership;
  if (leadership === null) {
    core.result({ type: 'proposalDropped', id, reason: 'not-leader', leaderHint: core.leader });
    return;
  }
  if (leadership.transfer !== null) {
    core.result({ type: 'proposalDropped', id, reason: 'transferring', leaderHint: core.id });
    return;
  }
  const waiting = leadership.uncommittedChars;
  if (waiting > 0 && waiting + data.length > core.config.maxUncommittedChars) {
    core.result({ type: 'proposalDropped', id, reason: 'overloaded', leaderHint: core.id });
    return;
  }
  leadership.uncommittedChars += data.length;
  const entry = appendAsLeader(core, 'command', data);
  core.result({ type: 'proposalAppended', id, index: entry.index, term: entry.term });
}

/** Appends an entry of this term, stamped with the leader's time. */
export function appendAsLeader(core: Core, kind: Entry['kind'], data: string): Entry {
  const leadership = must(core.leadership, 'only a leader appends');
  const entry: Entry = {
    index: core.log.lastIndex + 1,
    term: core.term,
    stamp: leadership.clock.stamp(core.now, core.log.lastStamp),
    kind,
    data,
  };
  core.append(entry);
  leadership.lease?.made(entry.index, core.now.mono);
  return entry;
}

/** Sends every follower what it may get now. Called once per drain, so proposals share messages. */
export function replicate(core: Core): void {
  const leadership = core.leadership;
  if (leadership === null || isDiskStuck(core)) return;
  for (const progress of leadership.progress.values()) {
    while (progress.nextIndex <= core.log.lastIndex && progress.hasRoom(core.config)) {
      sendAppend(core, progress);
    }
    tellCommit(core, leadership, progress);
  }
}

function sendAppend(core: Core, progress: Progress): void {
  const prevLogIndex = progress.nextIndex - 1;
  if (prevLogIndex < core.log.baseIndex) {
    beginSnapshot(core, progress);
    return;
  }
  const entries =
    progress.nextIndex > core.log.lastIndex
      ? []
      : core.log.slice(
          progress.nextIndex,
          core.log.lastIndex,
          core.config.maxEntriesPerAppend,
          core.config.maxAppendChars,
        );
  core.send({
    type: 'AppendEntries',
    from: core.id,
    to: progress.peer,
    term: core.term,
    prevLogIndex,
    prevLogTerm: must(core.log.termAt(prevLogIndex), 'term before the entries sent'),
    entries,
    leaderCommit: core.commitIndex,
  });
  if (entries.length > 0 || progress.state === 'probe')
    progress.sent(prevLogIndex + entries.length, charsOf(entries));
  progress.sentCommit = Math.max(
    progress.sentCommit,
    Math.min(core.commitIndex, prevLogIndex + entries.length),
  );
}

/** A follower that has everything and has not yet been told what is committed. */
function tellCommit(core: Core, leadership: Leadership, progress: Progress): void {
  if (progress.state !== 'replicate') return;
  const known = Math.min(core.commitIndex, progress.matchIndex);
  if (known > progress.sentCommit) sendHeartbeat(core, leadership, progress);
}

export function onAppendEntriesResponse(core: Core, message: AppendEntriesResponse): void {
  const progress = acknowledged(core, message);
  if (progress === null) return;
  if (!message.success) {
    const meetAt = core.log.lastIndexWithTermAtMost(message.conflictIndex, message.conflictTerm);
    progress.refused(message.index, meetAt + 1);
    return;
  }
  assert(
    message.index <= core.log.lastIndex,
    'a follower of this term holds no more than its leader',
  );
  if (progress.state === 'snapshot') {
    if (message.index < core.log.baseIndex) return;
    endSnapshot(core, progress, message.index);
    maybeCommit(core);
    return;
  }
  if (progress.matched(message.index)) maybeCommit(core);
  pushTransfer(core, message.from);
}

export function onHeartbeatResponse(core: Core, message: HeartbeatResponse): void {
  const progress = acknowledged(core, message);
  if (progress === null) return;
  progress.probeSent = false;
  if (progress.state === 'snapshot') retrySnapshot(core, progress);
  pushTransfer(core, message.from);
  // Something sent may be lost: an append after the last one sent is refused if so, and accepted if not.
  if (progress.state === 'replicate' && progress.matchIndex < core.log.lastIndex) {
    if (progress.nextIndex > core.log.lastIndex || !progress.hasRoom(core.config)) {
      sendEmptyAppend(core, progress);
    }
  }
  progress.readSeq = Math.max(progress.readSeq, message.readSeq);
  onReadConfirmation(core);
}

function charsOf(entries: readonly Entry[]): number {
  let chars = 0;
  for (const { data } of entries) chars += data.length;
  return chars;
}

function sendEmptyAppend(core: Core, progress: Progress): void {
  const prevLogIndex = progress.nextIndex - 1;
  if (prevLogIndex < core.log.baseIndex) {
    beginSnapshot(core, progress);
    return;
  }
  core.send({
    type: 'AppendEntries',
    from: core.id,
    to: progress.peer,
    term: core.term,
    prevLogIndex,
    prevLogTerm: must(core.log.termAt(prevLogIndex), 'term before the entries sent'),
    entries: [],
    leaderCommit: core.commitIndex,
  });
}

function acknowledged(
  core: Core,
  message: AppendEntriesResponse | HeartbeatResponse,
): Progress | null {
  if (core.leadership === null || message.term !== core.term) return null;
  const progress = core.leadership.progress.get(message.from);
  if (progress === undefined) return null;
  core.acknowledged(progress);
  return progress;
}

/**
 * Commits what a quorum holds durably, counting only entries of the present
 * term; older ones are committed with them (§5.4.2, Figure 8). The leader's own
 * copy counts once its own disk has it. While an earlier leader may hold a
 * lease, nothing is committed.
 */
export function maybeCommit(core: Core): void {
  const leadership = core.leadership;
  if (leadership === null || leadership.heldUntilMono !== null) return;
  const reached = quorumValue(core.conf, (id) =>
    id === core.id
      ? core.persistence.persistedIndex
      : (leadership.progress.get(id)?.matchIndex ?? 0),
  );
  if (reached <= core.commitIndex || core.log.termAt(reached) !== core.term) return;
  for (let index = core.commitIndex + 1; index <= reached; index++) {
    const entry = core.log.entryAt(index);
    if (entry.term === core.term && entry.kind === 'command') {
      leadership.uncommittedChars -= entry.data.length;
    }
  }
  assert(leadership.uncommittedChars >= 0, 'uncommitted data is counted once in and once out');
  core.commitTo(reached);
}

/** Called by each tick: commits what was held back once no earlier leader can hold a lease. */
export function endHold(core: Core, leadership: Leadership): void {
  if (leadership.heldUntilMono === null || core.now.mono < leadership.heldUntilMono) return;
  leadership.heldUntilMono = null;
  maybeCommit(core);
}

// --- follower ----------------------------------------------------------------

/** From the leader of the present term. */
export function onAppendEntries(core: Core, message: AppendEntries): void {
  let { prevLogIndex, prevLogTerm, entries } = message;
  if (prevLogIndex < core.commitIndex) {
    // What is committed here stands in every later leader's log: begin after it.
    entries = entries.slice(core.commitIndex - prevLogIndex);
    prevLogIndex = core.commitIndex;
    prevLogTerm = must(core.log.termAt(core.commitIndex), 'term of the commit index');
  }
  if (core.log.termAt(prevLogIndex) !== prevLogTerm) {
    refuse(core, message, prevLogIndex, prevLogTerm);
    return;
  }
  const lastNew = prevLogIndex + entries.length;
  appendMissing(core, entries);
  // Never the leader's raw commit index: only what this message proves to match (§5.3, rule 5 of AppendEntries).
  core.commitTo(Math.min(message.leaderCommit, lastNew));
  core.sendDurable({
    type: 'AppendEntriesResponse',
    from: core.id,
    to: message.from,
    term: core.term,
    success: true,
    index: lastNew,
    conflictIndex: 0,
    conflictTerm: 0,
  });
}

/** Truncates only at a real conflict: a delayed, shorter message takes nothing back. */
function appendMissing(core: Core, entries: readonly Entry[]): void {
  for (const [position, entry] of entries.entries()) {
    const held = core.log.termAt(entry.index);
    if (held === entry.term) continue;
    if (held !== null) core.truncateFrom(entry.index);
    for (let i = position; i < entries.length; i++) core.append(entries[i] as Entry);
    core.trace({
      type: 'appended',
      from: entry.index,
      to: core.log.lastIndex,
      term: core.log.lastTerm,
    });
    return;
  }
}

function refuse(
  core: Core,
  message: AppendEntries,
  prevLogIndex: LogIndex,
  prevLogTerm: number,
): void {
  const conflictIndex = core.log.lastIndexWithTermAtMost(prevLogIndex, prevLogTerm);
  core.sendDurable({
    type: 'AppendEntriesResponse',
    from: core.id,
    to: message.from,
    term: core.term,
    success: false,
    index: message.prevLogIndex,
    conflictIndex,
    conflictTerm: core.log.termAt(conflictIndex) ?? 0,
  });
}

/** From the leader of the present term; its commit index is already clipped to what this node has acknowledged. */
export function onHeartbeat(core: Core, message: Heartbeat): void {
  core.commitTo(Math.min(message.leaderCommit, core.log.lastIndex));
  core.send({
    type: 'HeartbeatResponse',
    from: core.id,
    to: message.from,
    term: core.term,
    readSeq: message.readSeq,
  });
}
