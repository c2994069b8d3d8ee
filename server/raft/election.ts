/**
 * Who leads: elections (§5.2), the restriction on who may win (§5.4.1),
 * pre-vote (dissertation §9.6), and check-quorum with its protection against
 * disruptive servers (§6; dissertation §4.2.3 and §6.2).
 */
import { assert } from '../base/assert.ts';
import type { Core } from './core.ts';
import type { PreVote, PreVoteResponse, RequestVote, RequestVoteResponse } from './messages.ts';
import { allVoters, isVoter, quorumValue, voteOutcome } from './quorum.ts';
import { appendNoop } from './replication.ts';

/** The election timer ran out. Learners and removed servers wait for ever: see {@link Core.mayCampaign}. */
export function onElectionTimeout(core: Core): void {
  assert(core.role !== 'leader', 'a leader has no election timer');
  const silentMs =
    core.lastHeardMono === null ? core.electionSpanMs : core.now.mono - core.lastHeardMono;
  if (!core.mayCampaign) {
    core.resetElectionTimer();
    return;
  }
  core.trace({ type: 'electionTimeout', term: core.term, silentMs });
  if (core.config.preVote) startPreVote(core);
  else startElection(core);
}

/** An operator's wish: campaign now, pre-vote included, so it disturbs no healthy leader. */
export function onCampaign(core: Core): void {
  if (core.role === 'leader' || !core.mayCampaign) return;
  if (core.config.preVote) startPreVote(core);
  else startElection(core);
}

function startPreVote(core: Core): void {
  core.becomePreCandidate();
  for (const peer of allVoters(core.conf)) {
    if (peer === core.id) continue;
    core.send({
      type: 'PreVote',
      from: core.id,
      to: peer,
      term: core.term,
      nextTerm: core.term + 1,
      lastLogIndex: core.log.lastIndex,
      lastLogTerm: core.log.lastTerm,
    });
  }
  if (voteOutcome(core.conf, core.votes) === 'won') startElection(core);
}

/** `transfer`: the leader asked for it. */
function startElection(core: Core, transfer = false): void {
  core.becomeCandidate();
  for (const peer of allVoters(core.conf)) {
    if (peer === core.id) continue;
    core.sendDurable({
      type: 'RequestVote',
      from: core.id,
      to: peer,
      term: core.term,
      lastLogIndex: core.log.lastIndex,
      lastLogTerm: core.log.lastTerm,
      transfer,
    });
  }
  if (voteOutcome(core.conf, core.votes) === 'won') takeOffice(core);
}

function takeOffice(core: Core): void {
  core.becomeLeader();
  appendNoop(core);
}

/** From the leader of the present term: it wants this node to take over, at once and without a poll. */
export function onTimeoutNow(core: Core): void {
  if (isVoter(core.conf, core.id)) startElection(core, true);
}

/** A poll changes nothing here, granted or not: no term, no vote, no timer. */
export function onPreVote(core: Core, message: PreVote): void {
  const refusal = preVoteRefusal(core, message);
  if (refusal !== null) {
    core.trace({
      type: 'voteRefused',
      term: core.term,
      candidate: message.from,
      preVote: true,
      reason: refusal,
    });
  }
  core.send({
    type: 'PreVoteResponse',
    from: core.id,
    to: message.from,
    term: core.term,
    nextTerm: message.nextTerm,
    granted: refusal === null,
  });
}

function preVoteRefusal(core: Core, message: PreVote): string | null {
  if (message.nextTerm <= core.term) return `term ${message.nextTerm} is not new here`;
  if (core.config.checkQuorum && core.hasFreshLeader())
    return `hears leader ${core.leader ?? core.id}`;
  if (!core.log.isUpToDate(message.lastLogIndex, message.lastLogTerm)) return 'its log is behind';
  return null;
}

export function onPreVoteResponse(core: Core, message: PreVoteResponse): void {
  if (!message.granted && message.term > core.term) {
    core.becomeFollower(message.term, null, `${message.from} is in term ${message.term}`);
    return;
  }
  if (core.role !== 'preCandidate' || message.nextTerm !== core.term + 1) return;
  core.votes.set(message.from, message.granted);
  if (voteOutcome(core.conf, core.votes) === 'won') startElection(core);
}

/**
 * Called for messages of the receiver's own term or an older one, and for
 * newer ones once the term was adopted: see {@link ignoresCandidate}.
 */
export function onRequestVote(core: Core, message: RequestVote): void {
  const refusal = voteRefusal(core, message);
  if (refusal === null) {
    if (core.votedFor === null) core.vote(message.from);
    core.resetElectionTimer();
  } else {
    core.trace({
      type: 'voteRefused',
      term: core.term,
      candidate: message.from,
      preVote: false,
      reason: refusal,
    });
  }
  core.sendDurable({
    type: 'RequestVoteResponse',
    from: core.id,
    to: message.from,
    term: core.term,
    granted: refusal === null,
  });
}

function voteRefusal(core: Core, message: RequestVote): string | null {
  if (message.term < core.term) return `its term ${message.term} is old`;
  if (core.votedFor !== null && core.votedFor !== message.from) return `voted for ${core.votedFor}`;
  if (core.votedFor === null && core.leader !== null) return `follows ${core.leader}`;
  if (!core.log.isUpToDate(message.lastLogIndex, message.lastLogTerm)) return 'its log is behind';
  return null;
}

/** While a leader is known to be alive, a newer term is not even adopted, unless the leader itself wants the election. */
export function ignoresCandidate(core: Core, message: RequestVote): boolean {
  if (message.transfer || !core.config.checkQuorum) return false;
  return message.term > core.term && core.hasFreshLeader();
}

export function onRequestVoteResponse(core: Core, message: RequestVoteResponse): void {
  if (core.role !== 'candidate' || message.term !== core.term) return;
  core.votes.set(message.from, message.granted);
  const outcome = voteOutcome(core.conf, core.votes);
  if (outcome === 'won') takeOffice(core);
  else if (outcome === 'lost') core.becomeFollower(core.term, null, 'a majority refused');
}

/** A leader that has not heard from a quorum for an election time-out no longer leads (dissertation §6.2). */
export function checkQuorum(core: Core): void {
  const leadership = core.leadership;
  if (leadership === null || !core.config.checkQuorum) return;
  const since = core.now.mono - core.config.electionTimeoutMs;
  const aliveAt = quorumValue(core.conf, (id) =>
    id === core.id
      ? core.now.mono
      : (leadership.progress.get(id)?.lastAckMono ?? Number.NEGATIVE_INFINITY),
  );
  if (aliveAt >= since) return;
  let heardFrom = 1;
  for (const progress of leadership.progress.values())
    if (progress.lastAckMono >= since) heardFrom++;
  core.trace({ type: 'quorumLost', term: core.term, heardFrom });
  core.becomeFollower(core.term, null, 'no longer hears from a quorum');
}
