/** Rows B19 to B28: who is a member (docs/scenarios/transcripts.md). */
import { expect, test } from 'vitest';
import { isJoint } from '../../../server/raft/conf-state.ts';
import type { Message } from '../../../server/raft/messages.ts';
import type { ConfState, NodeId } from '../../../server/raft/types.ts';
import { TIMING } from '../network.ts';
import { ledByN1, TranscribedNetwork } from './transcript.ts';

const QUIET = ['Heartbeat', 'HeartbeatResponse'] as const;

function conf(voters: NodeId[], votersOutgoing: NodeId[] = [], learners: NodeId[] = []): ConfState {
  return { voters, votersOutgoing, learners };
}

/** Every configuration that `id` has gone by in this life, the first one left out. */
function confsOf(net: TranscribedNetwork, id: NodeId): ConfState[] {
  return net.node(id).events.flatMap((event) => (event.type === 'conf' ? [event.conf] : []));
}

function reasonOf(net: TranscribedNetwork, id: NodeId, proposal: number): string | null {
  const answer = net.node(id).results.find((result) => 'id' in result && result.id === proposal);
  return answer?.type === 'proposalDropped' ? answer.reason : null;
}

/** n1 has led from the beginning, and `learners` have joined and caught up. */
function withLearners(size: number, learners: NodeId[]): TranscribedNetwork {
  const net = ledByN1(size);
  net.untold(`${learners.join(' and ')} joined as learner and caught up.`, () => {
    for (const id of learners) net.join(id);
    net.change('n1', ...learners.map((id) => ({ type: 'addLearner', id }) as const));
    net.deliver();
  });
  expect(net.node('n1').raft.status()).toMatchObject({
    confState: { learners },
    confCommitted: true,
  });
  return net;
}

test('[B19] a cluster of one grows by one: the new node learns the log first, and from then on both must agree', ({
  task,
}) => {
  const net = ledByN1(1);
  net.join('n2');
  net.leaveOut(...QUIET);
  net.change('n1', { type: 'addLearner', id: 'n2' });
  net.deliver();
  expect(net.node('n1').raft.commitIndex).toBe(2);
  expect(net.terms('n2')).toEqual([1, 1]);

  net.change('n1', { type: 'addVoter', id: 'n2' });
  net.note('With its own copy alone n1 commits no more.');
  expect(net.node('n1').raft.status()).toMatchObject({ commitIndex: 2, confCommitted: false });
  net.deliver();
  expect(net.node('n1').raft.commitIndex).toBe(3);
  for (const id of ['n1', 'n2']) expect(net.node(id).raft.conf).toEqual(conf(['n1', 'n2']));
  net.state();
  net.expectGolden(task.name, 'b19-confchange-v1-add-single');
});

test('[B20] a leader that is being removed counts no copy of its own, and does not linger once the others have it', ({
  task,
}) => {
  const net = ledByN1(3);
  net.leaveOut(...QUIET);
  net.change('n1', { type: 'removeNode', id: 'n1' });
  net.propose('n1', 'a');
  net.deliver((m) => m.to !== 'n3');
  net.note('n1 and n2 have both entries, but n1 is no voter any more.');
  expect(net.node('n1').raft).toMatchObject({ role: 'leader', lastIndex: 3, commitIndex: 1 });

  const held = net.sent.filter((m) => m.type === 'AppendEntries' && m.to === 'n3').slice(-2);
  for (const message of held) net.hand(message);
  net.deliver((m) => m.type !== 'TimeoutNow');
  expect(net.node('n1').raft).toMatchObject({ role: 'follower', leader: null, commitIndex: 2 });

  const sentAt = net.sent.length;
  net.untold('The word to n2 was lost. A second passes.', () => net.advance(1000));
  expect(net.sent.slice(sentAt).filter((m) => m.from === 'n1')).toEqual([]);
  expect(net.node('n1').raft).toMatchObject({ role: 'follower', leader: null, term: 1 });
  expect(net.leaders()).toHaveLength(1);
  for (const id of ['n2', 'n3']) expect(net.commands(id)).toEqual(['a']);
  net.state();
  net.expectGolden(task.name, 'b20-confchange-v1-remove-leader');
});

test('[B21] a removed leader names an heir, which leads at once and keeps what was in the log; the old one can neither write nor campaign', ({
  task,
}) => {
  const net = ledByN1(3);
  net.leaveOut(...QUIET);
  net.untold(
    'n1 is asked to remove itself, and given "a"; n2 has stored both, n3 the first.',
    () => {
      net.change('n1', { type: 'removeNode', id: 'n1' });
      net.deliver((m) => m.to !== 'n1');
      net.propose('n1', 'a');
      net.deliver((m) => m.to === 'n2');
    },
  );
  net.note('n3 answers.');
  const answers = net.sent.filter((m) => m.type === 'AppendEntriesResponse').slice(-3);
  for (const message of answers) net.hand(message);
  expect(net.node('n1').raft).toMatchObject({ role: 'follower', leader: null, commitIndex: 2 });
  net.deliver();
  expect(net.node('n2').raft).toMatchObject({ role: 'leader', term: 2, commitIndex: 4 });
  for (const id of ['n2', 'n3']) expect(net.commands(id)).toEqual(['a']);

  const sentAt = net.sent.length;
  expect(reasonOf(net, 'n1', net.propose('n1', 'b'))).toBe('not-leader');
  net.campaign('n1');
  expect(net.node('n1').raft).toMatchObject({ role: 'follower', leader: null, term: 1 });
  expect(net.sent).toHaveLength(sentAt);
  net.state();
  net.confs('n1', 'n2');
  net.expectGolden(task.name, 'b21-confchange-v1-remove-leader-stepdown');
});

test('[B22] one voter more and a learner more go in one step, without a joint configuration', ({
  task,
}) => {
  const net = withLearners(1, ['n2']);
  net.leaveOut(...QUIET);
  net.join('n3');
  net.change('n1', { type: 'addVoter', id: 'n2' }, { type: 'addLearner', id: 'n3' });
  net.deliver();
  const after = conf(['n1', 'n2'], [], ['n3']);
  for (const id of net.nodes.keys()) {
    expect(net.node(id).raft.conf).toEqual(after);
    expect(confsOf(net, id).filter(isJoint)).toEqual([]);
  }
  expect(net.node('n1').raft.status()).toMatchObject({ lastIndex: 3, commitIndex: 3 });
  net.expectGolden(task.name, 'b22-confchange-v2-add-single-auto');
});

test('[B23] a joint configuration is left only once it is committed, takes no other change until then, and is left once', ({
  task,
}) => {
  const net = withLearners(1, ['n2', 'n3']);
  net.leaveOut(...QUIET);
  const joint = conf(['n1', 'n2', 'n3'], ['n1']);
  net.change('n1', { type: 'addVoter', id: 'n2' }, { type: 'addVoter', id: 'n3' });
  expect(net.node('n1').raft.conf).toEqual(joint);
  const meanwhile = net.change('n1', { type: 'removeNode', id: 'n3' });
  expect(reasonOf(net, 'n1', meanwhile)).toBe('change-pending');
  net.pass(TIMING.heartbeatIntervalMs);
  expect(net.node('n1').raft.status()).toMatchObject({ confState: joint, commitIndex: 2 });

  net.deliver();
  net.note('What remains to be done is nothing.');
  net.pass(TIMING.heartbeatIntervalMs);
  net.deliver();
  expect(confsOf(net, 'n1').slice(-2)).toEqual([joint, conf(['n1', 'n2', 'n3'])]);
  for (const { raft } of net.nodes.values()) {
    expect(raft.conf).toEqual(conf(['n1', 'n2', 'n3']));
    expect(raft).toMatchObject({ lastIndex: 4, commitIndex: 4 });
  }
  net.expectGolden(task.name, 'b23-confchange-v2-add-single-explicit');
});

test('[B24] two voters at once force a joint configuration, in which neither half commits without the other', ({
  task,
}) => {
  const net = withLearners(1, ['n2', 'n3']);
  net.leaveOut(...QUIET);
  const n1 = net.node('n1');
  n1.autoFlush = false;
  net.change('n1', { type: 'addVoter', id: 'n2' }, { type: 'addVoter', id: 'n3' });
  expect(n1.raft.conf).toEqual(conf(['n1', 'n2', 'n3'], ['n1']));
  net.deliver();
  net.note('n2 and n3 have it, the majority of the new half; the old half is n1 alone.');
  expect(n1.raft.commitIndex).toBe(2);
  net.flush('n1', 1);
  net.note('Both agree. The next entry leaves the joint configuration, by the new half alone.');
  expect(n1.raft.commitIndex).toBe(3);
  net.deliver();
  expect(n1.raft.status()).toMatchObject({
    commitIndex: 4,
    persistedIndex: 3,
    confState: conf(['n1', 'n2', 'n3']),
  });
  net.expectGolden(task.name, 'b24-confchange-v2-add-double-auto');
});

test('[B25] a joint configuration whose leader died is left by its successor, without being asked', ({
  task,
}) => {
  const net = withLearners(3, ['n4', 'n5']);
  net.untold('n1 begins to replace n2 and n3 by n4 and n5; all have it, nobody knows that.', () => {
    net.change(
      'n1',
      { type: 'addVoter', id: 'n4' },
      { type: 'addVoter', id: 'n5' },
      { type: 'removeNode', id: 'n2' },
      { type: 'removeNode', id: 'n3' },
    );
    net.deliver((m) => m.to !== 'n1');
  });
  net.crash('n1');
  net.silence(TIMING.electionTimeoutMs);
  const joint = conf(['n1', 'n4', 'n5'], ['n1', 'n2', 'n3']);
  for (const id of ['n2', 'n3', 'n4', 'n5']) expect(net.node(id).raft.conf).toEqual(joint);

  net.untold('n4 polls and hears n5 alone: the new majority, but not the old. In vain.', () => {
    for (const id of ['n2', 'n3']) net.isolate(id);
    net.campaign('n4');
    net.heal();
  });
  expect(net.node('n4').raft).toMatchObject({ role: 'preCandidate', term: 1 });
  net.leaveOut('PreVote', 'PreVoteResponse', 'RequestVote', 'RequestVoteResponse', 'n3');
  net.campaign('n4');
  expect(net.node('n4').raft.status()).toMatchObject({
    role: 'leader',
    term: 2,
    confState: conf(['n1', 'n4', 'n5']),
    confCommitted: true,
  });
  expect(confsOf(net, 'n5').slice(-2)).toEqual([joint, conf(['n1', 'n4', 'n5'])]);
  net.state();
  net.confs('n2', 'n4', 'n5');
  net.expectGolden(task.name, 'b25-confchange-v2-add-double-implicit');
});

test('[B26] a leader hands over to a new voter inside the joint configuration that removes it, and cannot come back', ({
  task,
}) => {
  const net = withLearners(3, ['n4']);
  net.leaveOut(...QUIET, 'PreVoteResponse', 'n3');
  net.change('n1', { type: 'addVoter', id: 'n4' }, { type: 'removeNode', id: 'n1' });
  net.deliver((m) => m.to !== 'n2' && m.to !== 'n3');
  const joint = conf(['n2', 'n3', 'n4'], ['n1', 'n2', 'n3']);
  expect(net.node('n1').raft.status()).toMatchObject({ confState: joint, confCommitted: false });
  net.leaveOut('AppendEntries', 'AppendEntriesResponse');
  net.transfer('n1', 'n4');
  net.deliver();
  net.state();
  net.confs('n1', 'n4');
  expect(net.node('n4').raft.status()).toMatchObject({
    role: 'leader',
    term: 2,
    confState: conf(['n2', 'n3', 'n4']),
    confCommitted: true,
  });

  net.note('Nobody told n1 that it is out, so it may ask. First while the leader lives:');
  net.campaign('n1');
  net.crash('n4');
  net.silence(TIMING.electionTimeoutMs);
  net.note('then while nobody leads:');
  net.campaign('n1');
  expect(net.node('n1').raft).toMatchObject({ role: 'preCandidate', term: 2 });
  for (const id of ['n2', 'n3'])
    expect(net.node(id).events.at(-1)).toMatchObject({
      type: 'voteRefused',
      candidate: 'n1',
      reason: 'its log is behind',
    });
  net.expectGolden(task.name, 'b26-confchange-v2-replace-leader');
});

/** The append that carries the way out of the joint configuration of B27. */
function leaves(message: Message): boolean {
  return message.type === 'AppendEntries' && message.entries.some(({ index }) => index === 4);
}

test('[B27] a leader that a joint change removes leads to its end, then the voter with most of the log takes over', ({
  task,
}) => {
  const net = withLearners(3, ['n4']);
  net.leaveOut(...QUIET);
  net.untold(
    'n1 is asked to put n4 in its own place; all agree to the joint configuration.',
    () => {
      net.change('n1', { type: 'addVoter', id: 'n4' }, { type: 'removeNode', id: 'n1' });
      net.deliver((m) => !leaves(m));
    },
  );
  expect(net.node('n1').raft).toMatchObject({ role: 'leader', lastIndex: 4, commitIndex: 3 });
  expect(net.node('n1').raft.conf).toEqual(conf(['n2', 'n3', 'n4']));
  net.note('The entry that leaves it reaches n3 and n4.');
  for (const message of net.sent.filter((m) => leaves(m) && m.to !== 'n2')) net.hand(message);
  for (const answer of net.queue.splice(0)) net.hand(answer);
  net.leaveOut('n4');
  net.deliver();
  expect(net.node('n3').raft.status()).toMatchObject({
    role: 'leader',
    term: 2,
    confState: conf(['n2', 'n3', 'n4']),
    confCommitted: true,
  });
  expect(net.sent.filter(({ type }) => type === 'TimeoutNow').map(({ to }) => to)).toEqual(['n3']);
  const sentAt = net.sent.length;
  net.campaign('n1');
  expect(net.node('n1').raft).toMatchObject({ role: 'follower', leader: null, term: 1 });
  expect(net.sent).toHaveLength(sentAt);
  net.state();
  net.confs('n1', 'n3');
  net.expectGolden(task.name, 'b27-confchange-v2-replace-leader-stepdown');
});

test('[B28] a change that clashes with the configuration, or with one under way, never reaches the log', ({
  task,
}) => {
  const net = new TranscribedNetwork(3);
  const n1 = net.node('n1');
  net.untold('n1 is elected, and nothing of its term is committed yet.', () => {
    n1.raft.step(net.now, { type: 'campaign' });
    net.drain(n1);
    net.deliver((m) => m.type !== 'AppendEntries');
  });
  net.leaveOut(...QUIET);
  expect(reasonOf(net, 'n1', net.change('n1', { type: 'addLearner', id: 'n4' }))).toBe(
    'change-pending',
  );
  net.untold('Its no-op is committed.', () => net.advance(TIMING.heartbeatIntervalMs));
  expect(n1.raft.isEstablishedLeader).toBe(true);
  const clashing = [
    [],
    [{ type: 'addVoter', id: 'n4' }],
    [{ type: 'addVoter', id: 'n2' }],
    [{ type: 'removeNode', id: 'n4' }],
    ['n1', 'n2', 'n3'].map((id) => ({ type: 'removeNode', id }) as const),
  ] as const;
  for (const changes of clashing)
    expect(reasonOf(net, 'n1', net.change('n1', ...changes))).toBe('bad-change');
  expect(n1.raft.lastIndex).toBe(1);

  net.join('n4');
  net.change('n1', { type: 'addLearner', id: 'n4' });
  net.propose('n1', 'a');
  for (const id of ['n4', 'n5'])
    expect(reasonOf(net, 'n1', net.change('n1', { type: 'addLearner', id }))).toBe(
      'change-pending',
    );
  expect(n1.raft.lastIndex).toBe(3);
  net.untold('All is committed.', () => net.deliver());
  expect(reasonOf(net, 'n1', net.change('n1', { type: 'addLearner', id: 'n4' }))).toBe(
    'bad-change',
  );
  expect(reasonOf(net, 'n2', net.change('n2', { type: 'removeNode', id: 'n4' }))).toBe(
    'not-leader',
  );
  for (const { raft } of net.nodes.values())
    expect(raft).toMatchObject({ lastIndex: 3, conf: conf(['n1', 'n2', 'n3'], [], ['n4']) });
  net.state();
  net.expectGolden(task.name, 'b28-confchange-disable-validation');
});
