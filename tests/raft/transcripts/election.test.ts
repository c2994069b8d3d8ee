/** Rows B1 to B9: who leads (docs/scenarios/transcripts.md). */
import { expect, test } from 'vitest';
import type { Message } from '../../../server/raft/messages.ts';
import { TIMING } from '../network.ts';
import { ledByN1, TranscribedNetwork } from './transcript.ts';

const TIMEOUT = TIMING.electionTimeoutMs;

test('[B1] a node told to campaign polls, is voted for, and commits the no-op of its term everywhere', ({
  task,
}) => {
  const net = new TranscribedNetwork(3);
  net.campaign('n1');
  expect(net.node('n1').raft).toMatchObject({ role: 'leader', term: 1 });
  for (const { id, raft, applied } of net.nodes.values()) {
    expect(raft.status()).toMatchObject({ term: 1, votedFor: 'n1', leader: 'n1', commitIndex: 1 });
    expect(net.terms(id)).toEqual([1]);
    expect(applied.map(({ kind }) => kind)).toEqual(['noop']);
  }
  net.expectGolden(task.name, 'b01-campaign');
});

test('[B2] a node that does not know yet that it is a voter votes when one who knows asks', ({
  task,
}) => {
  const net = ledByN1(2);
  net.untold('n3 joins as a learner and catches up.', () => {
    net.join('n3');
    net.change('n1', { type: 'addLearner', id: 'n3' });
    net.deliver();
  });
  net.untold('n1 makes it a voter; n1 and n2 know and commit it, n3 hears nothing of it.', () => {
    net.cut('n1', 'n3');
    net.change('n1', { type: 'addVoter', id: 'n3' });
    net.deliver();
  });
  net.crash('n1');
  net.silence(TIMEOUT);
  expect(net.node('n2').raft).toMatchObject({ commitIndex: 3, conf: { learners: [] } });
  expect(net.node('n3').raft.conf).toMatchObject({ voters: ['n1', 'n2'], learners: ['n3'] });

  net.campaign('n2');
  expect(net.node('n2').raft).toMatchObject({ role: 'leader', term: 2 });
  expect(net.node('n3').raft.status()).toMatchObject({
    votedFor: 'n2',
    confState: { voters: ['n1', 'n2', 'n3'], learners: [] },
    commitIndex: 4,
  });
  net.state('n2', 'n3');
  net.expectGolden(task.name, 'b02-campaign-learner-must-vote');
});

test('[B3] nobody votes against a fresh leader; one that hears from no quorum for an election time-out steps down', ({
  task,
}) => {
  const net = ledByN1(3, { seed: 9, config: () => ({ preVote: false }) });
  net.leaveOut('AppendEntries', 'AppendEntriesResponse', 'Heartbeat', 'HeartbeatResponse');
  net.campaign('n2');
  expect(net.node('n2').raft).toMatchObject({ role: 'candidate', term: 2 });
  expect(net.node('n1').raft).toMatchObject({ role: 'leader', term: 1 });
  expect(net.node('n3').raft).toMatchObject({ role: 'follower', leader: 'n1', term: 1 });

  net.isolate('n1');
  net.silence(TIMEOUT);
  expect(net.node('n1').raft.role).toBe('leader');
  net.pass(TIMING.heartbeatIntervalMs);
  expect(net.node('n1').raft).toMatchObject({ role: 'follower', leader: null, term: 1 });
  net.heal();
  net.campaign('n2');
  expect(net.node('n2').raft).toMatchObject({ role: 'leader', term: 3, commitIndex: 2 });
  net.state();
  net.expectGolden(task.name, 'b03-checkquorum');
});

test('[B4] a poll raises no term: a node with a stale log asks in vain, one with a whole log is elected', ({
  task,
}) => {
  const net = ledByN1(3, { config: () => ({ checkQuorum: false }) });
  net.untold('n1 and n2 commit entry 2, n3 does not get it.', () => {
    net.cut('n1', 'n3');
    net.propose('n1', 'a');
    net.deliver();
    net.heal();
  });
  net.campaign('n3');
  expect(net.node('n3').raft.role).toBe('preCandidate');
  expect([...net.nodes.values()].map(({ raft }) => raft.term)).toEqual([1, 1, 1]);

  net.leaveOut('AppendEntries', 'AppendEntriesResponse', 'Heartbeat', 'HeartbeatResponse');
  net.campaign('n2');
  expect(net.node('n2').raft).toMatchObject({ role: 'leader', term: 2, commitIndex: 3 });
  for (const id of net.nodes.keys()) expect(net.terms(id)).toEqual([1, 1, 2]);
  net.state();
  net.expectGolden(task.name, 'b04-prevote');
});

test('[B5] who hears a leader refuses polls; a quorum of nodes that poll themselves may replace it', ({
  task,
}) => {
  const net = ledByN1(3);
  net.leaveOut('AppendEntries', 'AppendEntriesResponse', 'Heartbeat', 'HeartbeatResponse');
  net.campaign('n2');
  expect(net.node('n2').raft).toMatchObject({ role: 'preCandidate', term: 1 });
  expect(net.node('n1').raft.role).toBe('leader');

  net.note('n2 polls itself, so it goes by no leader and grants the next poll.');
  net.campaign('n3');
  expect(net.node('n3').raft).toMatchObject({ role: 'leader', term: 2 });
  expect(net.node('n3').raft.status().votes).toContainEqual({ voter: 'n2', granted: true });
  expect(net.node('n1').raft).toMatchObject({ role: 'follower', leader: 'n3', term: 2 });
  expect(net.node('n2').raft).toMatchObject({ role: 'follower', leader: 'n3', term: 2 });

  net.note('Against the new leader one alone asks in vain again.');
  net.campaign('n1');
  expect(net.node('n1').raft).toMatchObject({ role: 'preCandidate', term: 2 });
  expect(net.node('n3').raft).toMatchObject({ role: 'leader', term: 2 });
  net.state();
  net.expectGolden(task.name, 'b05-prevote-checkquorum');
});

/** n3's poll for term 2, with the log that all have. */
function poll(to: string): Message {
  return {
    type: 'PreVote',
    from: 'n3',
    to,
    term: 1,
    nextTerm: 2,
    lastLogIndex: 1,
    lastLogTerm: 1,
  };
}

test('[B6] a follower that has not heard its leader for an election time-out may vote, until the next heartbeat', ({
  task,
}) => {
  const net = ledByN1(3);
  const n2 = net.node('n2');
  const granted = (): unknown => {
    net.hand(poll('n2'));
    return net.sent.at(-1);
  };
  net.cut('n1', 'n2');
  net.untold('n1 goes on leading n3 for 99 ms.', () => net.advance(TIMEOUT - 1));
  const before = n2.raft.status();
  expect(granted()).toMatchObject({ type: 'PreVoteResponse', granted: false });
  net.pass(1);
  expect(granted()).toMatchObject({ type: 'PreVoteResponse', granted: true });
  expect(n2.raft.status()).toEqual(before);
  net.state('n2');

  net.heal();
  net.untold('n2 hears a heartbeat of n1.', () => net.advance(TIMING.heartbeatIntervalMs));
  expect(granted()).toMatchObject({ type: 'PreVoteResponse', granted: false });
  expect(n2.raft.status()).toMatchObject({ term: 1, leader: 'n1', votedFor: 'n1' });
  net.state('n2');
  net.expectGolden(task.name, 'b06-forget-leader');
});

test('[B7] a follower cut off from a live leader helps another to be elected, but never one with a stale log', ({
  task,
}) => {
  const net = ledByN1(3);
  net.leaveOut('AppendEntries', 'AppendEntriesResponse', 'Heartbeat', 'HeartbeatResponse');
  net.campaign('n3');
  expect(net.node('n3').raft).toMatchObject({ role: 'preCandidate', term: 1 });
  net.cut('n1', 'n2');
  net.untold('n1 goes on leading n3.', () => net.advance(TIMEOUT + 5));
  expect(net.node('n1').raft.role).toBe('leader');
  expect(net.node('n3').raft).toMatchObject({ role: 'follower', leader: 'n1' });
  net.campaign('n3');
  expect(net.node('n3').raft).toMatchObject({ role: 'leader', term: 2 });

  net.untold('n3 commits entry 3 with n2; n1 does not get it.', () => {
    net.heal();
    net.cut('n3', 'n1');
    net.propose('n3', 'a');
    net.deliver();
    net.heal();
  });
  net.silence(TIMEOUT);
  net.campaign('n1');
  expect(net.node('n1').raft).toMatchObject({ role: 'preCandidate', term: 2 });
  expect(net.node('n2').events.at(-1)).toMatchObject({
    type: 'voteRefused',
    candidate: 'n1',
    reason: 'its log is behind',
  });
  net.state();
  net.expectGolden(task.name, 'b07-forget-leader-prevote-checkquorum');
});

test('[B8] nothing that others say makes a follower forget a leader that it hears, and reads stay confirmed by it', ({
  task,
}) => {
  const net = ledByN1(3);
  const ends = { from: 'n3', to: 'n2' } as const;
  const tries: Message[] = [
    { ...poll('n2'), ...ends, term: 8, nextTerm: 9, lastLogIndex: 9, lastLogTerm: 8 } as Message,
    { type: 'RequestVote', ...ends, term: 9, lastLogIndex: 9, lastLogTerm: 8, transfer: false },
    { type: 'RequestVote', ...ends, term: 1, lastLogIndex: 9, lastLogTerm: 8, transfer: true },
    { type: 'PreVoteResponse', ...ends, term: 1, nextTerm: 2, granted: true },
    { type: 'RequestVoteResponse', ...ends, term: 1, granted: true },
    { type: 'Heartbeat', ...ends, term: 0, leaderCommit: 0, readSeq: 0 },
    { type: 'TimeoutNow', ...ends, term: 0 },
  ];
  const read = net.read('n1');
  const sentAt = net.sent.length;
  for (const message of tries) {
    net.hand(message);
    expect(net.node('n2').raft.status()).toMatchObject({
      role: 'follower',
      term: 1,
      leader: 'n1',
      votedFor: 'n1',
    });
  }
  expect(net.sent.slice(sentAt).filter((m) => 'granted' in m && m.granted)).toEqual([]);
  expect(net.node('n1').results).not.toContainEqual(expect.objectContaining({ id: read }));
  net.deliver((message) => message.from !== 'n3');
  expect(net.node('n1').results).toContainEqual({
    type: 'readReady',
    id: read,
    index: 1,
    validUntilMono: null,
  });
  net.state('n2');
  net.expectGolden(task.name, 'b08-forget-leader-read-only-lease-based');
});

test('[B9] a single voter elects itself and commits alone, each entry as soon as its own disk has it', ({
  task,
}) => {
  const net = new TranscribedNetwork(1);
  const n1 = net.node('n1');
  n1.autoFlush = false;
  net.campaign('n1');
  expect(n1.raft).toMatchObject({ role: 'leader', term: 1, commitIndex: 0 });
  net.flush('n1');
  expect(n1.raft.commitIndex).toBe(1);
  net.propose('n1', 'a');
  net.propose('n1', 'b');
  expect(n1.raft).toMatchObject({ lastIndex: 3, commitIndex: 1 });
  net.flush('n1', 1);
  expect(n1.raft.commitIndex).toBe(2);
  expect(net.commands('n1')).toEqual(['a']);
  net.flush('n1', 1);
  expect(net.commands('n1')).toEqual(['a', 'b']);
  expect(n1.stored.hardState).toMatchObject({ term: 1, votedFor: 'n1' });
  expect(net.sent).toEqual([]);
  net.expectGolden(task.name, 'b09-single-node');
});
