/**
 * Linearizable reads by ReadIndex (§8; dissertation §6.4): see read-rounds.ts
 * for why a round is safe. A leader answers none before an entry of its own
 * term is committed, since until then it may not know the newest commit. A
 * follower asks its leader for the index and answers from its own state, so a
 * read costs the leader no more than a number.
 *
 * Under a lease (lease.ts) a read needs no round: when it came, nobody else
 * could have committed anything, so the commit index covers whatever was
 * acknowledged before. This holds of a follower's question as well, and needs
 * no bound on when the answer arrives: it was asked after the read began, and
 * that later writes may be missing from what the follower reads is as with
 * every index confirmed by a round.
 */
import type { Core } from './core.ts';
import { isDiskStuck, sendHeartbeat } from './heartbeat.ts';
import type { ReadIndex, ReadIndexResponse } from './messages.ts';
import { quorumValue } from './quorum.ts';
import type { LogIndex, MonoMs, NodeId } from './types.ts';

/** `byRound`: the answer under a lease came too late. */
export function onRead(core: Core, id: number, byRound: boolean): void {
  if (core.leadership !== null) {
    const validUntilMono = byRound ? null : leasedUntilMono(core);
    if (validUntilMono === null) core.leadership.reads.add({ from: null, id });
    else core.result({ type: 'readReady', id, index: core.commitIndex, validUntilMono });
    return;
  }
  if (core.leader === null) {
    core.result({ type: 'readFailed', id, reason: 'not-leader', leaderHint: null });
    return;
  }
  ask(core, core.leader, core.forwardedReads.add(id, core.now.mono));
}

/** Null without a lease. A stuck disk need not end it: reads under it keep nobody in office, and without commits it ends by itself. */
function leasedUntilMono(core: Core): MonoMs | null {
  const nowMono = core.now.mono;
  if (nowMono < core.leasesFromMono) return null;
  return core.leadership?.lease?.validUntilMono(nowMono) ?? null;
}

function ask(core: Core, leader: NodeId, token: number): void {
  core.send({ type: 'ReadIndex', from: core.id, to: leader, term: core.term, token });
}

/**
 * A lease compares lengths of time on two clocks, so it counts only while both
 * run alike. Those that stand when trust returns may rest on an entry made
 * before: they are over when the length of one has passed.
 */
export function onLeases(core: Core, trusted: boolean): void {
  core.leasesFromMono = trusted ? core.now.mono + core.config.leaseMs : Number.POSITIVE_INFINITY;
}

/** Called for each sign of life of the leader: it can be asked again. */
export function askAgain(core: Core): void {
  if (core.leader === null) return;
  const before = core.now.mono - core.config.heartbeatIntervalMs;
  for (const token of core.forwardedReads.overdue(before, core.now.mono))
    ask(core, core.leader, token);
}

/** From a follower of this term, or one that thinks so. */
export function onReadIndex(core: Core, { from, token, term }: ReadIndex): void {
  if (core.leadership === null || term !== core.term) answerFollower(core, from, token, null);
  else if (leasedUntilMono(core) !== null) answerFollower(core, from, token, core.commitIndex);
  else core.leadership.reads.add({ from, token });
}

/** Nobody may be waiting for the answer any more. */
export function onReadIndexResponse(core: Core, { token, index, term }: ReadIndexResponse): void {
  if (term !== core.term) return;
  const id = core.forwardedReads.take(token);
  if (id === null) return;
  if (index === null)
    core.result({ type: 'readFailed', id, reason: 'not-leader', leaderHint: core.leader });
  else core.result({ type: 'readReady', id, index, validUntilMono: null });
}

function answerFollower(core: Core, to: NodeId, token: number, index: LogIndex | null): void {
  core.send({ type: 'ReadIndexResponse', from: core.id, to, term: core.term, token, index });
}

/**
 * Opens the next round if there is one to open. Called once per drain, so reads
 * share rounds. With a stuck disk the round waits for the next heartbeat: reads
 * must not keep a leader in office that can write nothing.
 */
export function startReadRound(core: Core): void {
  const leadership = core.leadership;
  if (leadership === null || !leadership.reads.canStart) return;
  if (core.commitIndex < leadership.noopIndex) return;
  leadership.reads.start(core.commitIndex);
  if (!isDiskStuck(core)) {
    for (const progress of leadership.progress.values()) sendHeartbeat(core, leadership, progress);
  }
  onReadConfirmation(core);
}

/** Closes the round under way once a quorum has confirmed it. */
export function onReadConfirmation(core: Core): void {
  const leadership = core.leadership;
  if (leadership === null || !leadership.reads.hasOpenRound) return;
  const confirmed = quorumValue(core.conf, (id) =>
    id === core.id ? leadership.reads.currentSeq : (leadership.progress.get(id)?.readSeq ?? 0),
  );
  const ready = leadership.reads.confirm(confirmed);
  if (ready === null) return;
  for (const read of ready.reads) {
    const { index } = ready;
    if (read.from !== null) answerFollower(core, read.from, read.token, index);
    else core.result({ type: 'readReady', id: read.id, index, validUntilMono: null });
  }
}
