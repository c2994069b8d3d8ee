/** Bugs of membership changes that others had: each test builds the schedule in which the bug would show. */
import { describe, expect, test } from 'vitest';
import { encodeConf } from '../../../server/raft/conf-state.ts';
import type { AppendEntries } from '../../../server/raft/messages.ts';
import type { ConfState, Entry } from '../../../server/raft/types.ts';
import { log, Network, TIMING } from '../network.ts';
import type { TestNode } from '../network.ts';

/** Anyone may campaign at any time: for schedules that a test writes itself. */
const UNPROTECTED = () => ({ preVote: false, checkQuorum: false });

function conf(voters: string[], votersOutgoing: string[] = [], learners: string[] = []): ConfState {
  return { voters, votersOutgoing, learners };
}

function confOf(net: Network, id: string): ConfState {
  return net.node(id).raft.status().confState;
}

function confEntry(index: number, term: number, changed: ConfState): Entry {
  return { index, term, stamp: index, kind: 'confChange', data: encodeConf(changed) };
}

function part(net: Network, side: readonly string[]): void {
  for (const a of net.nodes.keys())
    for (const b of net.nodes.keys()) if (side.includes(a) !== side.includes(b)) net.cut(a, b);
}

/** A leader of three and a learner that has all of its log. */
function withLearner(...learners: string[]): { net: Network; leader: TestNode } {
  const net = new Network(3);
  const leader = net.elect();
  for (const id of learners) {
    net.join(id);
    net.change(leader.id, { type: 'addLearner', id });
    net.advance(30);
  }
  return { net, leader };
}

describe('changes of members', () => {
  test('[C2] a new leader changes no members before it has committed in its term (the bug of 2015; copycat#23, openraft#2051)', () => {
    const net = new Network(4, { config: UNPROTECTED });
    net.campaign('n1');
    net.join('n5');
    net.change('n1', { type: 'addLearner', id: 'n5' });
    net.advance(30);
    // n1 makes a voter of n5, which only n1 knows of.
    part(net, ['n1']);
    net.change('n1', { type: 'addVoter', id: 'n5' });
    net.deliver();
    expect(confOf(net, 'n1').voters).toHaveLength(5);
    // n2 is elected by the four, and wants to be rid of n1 at once.
    net.node('n2').raft.step(net.now, { type: 'campaign' });
    net.drain(net.node('n2'));
    net.deliver(({ type }) => type !== 'AppendEntries');
    expect(net.node('n2').raft.role).toBe('leader');
    const id = net.change('n2', { type: 'removeNode', id: 'n1' });
    expect(net.node('n2').results).toContainEqual(
      expect.objectContaining({ id, type: 'proposalDropped', reason: 'change-pending' }),
    );
    // Two of the four, which would be a majority of the three that are left.
    net.heal();
    part(net, ['n2', 'n3']);
    net.propose('n2', 'of n2');
    net.advance(3 * TIMING.heartbeatIntervalMs);
    expect(net.commands('n2')).toEqual([]);
    // Three of the five that n1 knows.
    net.campaign('n1');
    net.campaign('n1');
    expect(net.node('n1').raft.role).toBe('leader');
    net.propose('n1', 'of n1');
    net.advance(3 * TIMING.heartbeatIntervalMs);
    net.heal();
    net.advance(200);
    for (const node of net.nodes.keys()) expect(net.commands(node)).toEqual(['of n1']);
  });

  test.each([true, false])(
    '[C16] a removed server that never hears of it campaigns for ever and disturbs nobody (it has pre-vote: %s)',
    (preVote) => {
      const net = new Network(5, { config: (id) => ({ preVote: preVote || id !== 'n5' }) });
      net.isolate('n5');
      const first = net.elect();
      net.change(first.id, { type: 'removeNode', id: 'n5' });
      net.advance(50);
      net.advance(2000);
      net.heal();
      const { term } = first.raft;
      for (let i = 0; i < 10; i++) {
        net.propose(first.id, `e${i}`);
        net.advance(300);
      }
      expect(first.raft).toMatchObject({ role: 'leader', term });
      expect(net.commands(first.id)).toHaveLength(10);
      expect(net.commands('n5')).toEqual([]);
      // When the leader dies the others elect, though the removed one asks as well, and all is quiet again.
      net.crash(first.id);
      const next = net.elect(3000);
      expect(next.id).not.toBe('n5');
      const quiet = next.raft.term;
      net.advance(3000);
      expect(next.raft).toMatchObject({ role: 'leader', term: quiet });
      expect(net.node('n5').raft.role).not.toBe('leader');
    },
  );

  test('[C16] two servers that were removed one after the other elect neither of them', () => {
    const net = new Network(5, { config: (id) => ({ preVote: id !== 'n4' && id !== 'n5' }) });
    part(net, ['n4', 'n5']);
    const leader = net.elect();
    for (const id of ['n5', 'n4']) {
      net.change(leader.id, { type: 'removeNode', id });
      net.advance(50);
    }
    net.advance(1000);
    net.heal();
    const { term } = leader.raft;
    net.advance(3000);
    expect(leader.raft).toMatchObject({ role: 'leader', term });
    expect(net.leaders()).toEqual([leader]);
  });

  test('[C17] a leader that removes itself does not count itself, and leads until that is committed and no longer', () => {
    const net = new Network(3);
    const leader = net.elect();
    net.advance(20);
    const [a = '', b = ''] = net.followers().map(({ id }) => id);
    net.cut(b, leader.id);
    net.change(leader.id, { type: 'removeNode', id: leader.id });
    net.propose(leader.id, 'kept');
    net.advance(2 * TIMING.heartbeatIntervalMs);
    // Its own copy and that of one of the two: a majority of three, and not of the two that count.
    expect(leader.raft.status()).toMatchObject({ role: 'leader', confCommitted: false });
    expect(net.commands(a)).toEqual([]);
    net.heal();
    net.advance(2 * TIMING.heartbeatIntervalMs);
    expect(leader.raft.role).toBe('follower');
    net.advance(500);
    const [next] = net.leaders();
    expect([a, b]).toContain(next?.id);
    expect(net.commands(next?.id ?? '')).toEqual(['kept']);
    // Alone it elects nobody, itself least of all.
    part(net, [leader.id]);
    net.advance(1000);
    expect(net.leaders()).toEqual([next]);
  });

  test('[C17] a leader that is replaced within a joint configuration goes when the joint one is left', () => {
    const { net, leader } = withLearner('n4');
    const kept = ['n1', 'n2', 'n3', 'n4'].filter((id) => id !== leader.id);
    net.change(leader.id, { type: 'addVoter', id: 'n4' }, { type: 'removeNode', id: leader.id });
    net.advance(500);
    const [next] = net.leaders();
    expect(kept).toContain(next?.id);
    expect(leader.raft.role).toBe('follower');
    for (const id of kept) expect(confOf(net, id)).toEqual(conf(kept));
    net.crash(leader.id);
    net.propose(next?.id ?? '', 'without it');
    net.advance(30);
    for (const id of kept) expect(net.commands(id)).toEqual(['without it']);
  });
});

test('[C39] a server that its own configuration leaves out campaigns until it knows that this is committed', () => {
  const net = new Network(4);
  const leader = net.elect();
  net.advance(20);
  const others = net.followers().map(({ id }) => id);
  net.crash(others[0] ?? '');
  part(net, [leader.id]);
  // The entry that removes it is in its log alone, and nobody wins without its vote.
  net.change(leader.id, { type: 'removeNode', id: leader.id });
  net.advance(1000);
  expect(leader.raft.status()).toMatchObject({ role: 'preCandidate', confCommitted: false });
  net.heal();
  net.advance(2000);
  expect(net.leaders()).toHaveLength(1);
  const [next] = net.leaders();
  expect(others.slice(1)).toContain(next?.id);
  expect(confOf(net, next?.id ?? '')).toEqual(conf(others));
  // Now it knows, and asks nobody any more.
  part(net, [leader.id]);
  net.advance(2000);
  expect(leader.raft.role).toBe('follower');
});

describe('configurations that are taken back', () => {
  const three = conf(['n1', 'n2', 'n3']);

  function append(from: string, term: number, prev: Entry, entries: Entry[]): AppendEntries {
    const { index: prevLogIndex, term: prevLogTerm } = prev;
    const message = { type: 'AppendEntries', from, to: 'n3', term } as const;
    return { ...message, prevLogIndex, prevLogTerm, entries, leaderCommit: 0 };
  }

  test.each([false, true])(
    '[C18] two uncommitted configurations that one append truncates give way to the one before them (restarted between: %s; scylla#30936)',
    (restarts) => {
      const stored = { n1: log(1), n2: log(1), n3: log(1) };
      const net = new Network(3, { stored });
      const [first] = log(1);
      if (first === undefined) throw new Error('an entry');
      const bothGone = [
        confEntry(2, 2, conf(['n1', 'n2'], ['n1', 'n2', 'n3'])),
        confEntry(3, 2, conf(['n1', 'n2'])),
      ];
      net.hand(append('n1', 2, first, bothGone));
      expect(confOf(net, 'n3')).toEqual(conf(['n1', 'n2']));
      if (restarts) {
        net.crash('n3');
        net.restart('n3');
        expect(confOf(net, 'n3')).toEqual(conf(['n1', 'n2']));
      }
      const other: Entry = { index: 2, term: 3, stamp: 2, kind: 'noop', data: '' };
      net.hand(append('n2', 3, first, [other]));
      expect(net.terms('n3')).toEqual([1, 3]);
      expect(confOf(net, 'n3')).toEqual(three);
      // A voter again: with the others gone quiet it asks for votes.
      net.queue.length = 0;
      net.pass(2 * TIMING.electionTimeoutMs);
      expect(net.node('n3').raft.role).toBe('preCandidate');
    },
  );

  test('[C18] a leader that is cut off with a change of its own goes back to the others’ configuration, and so does its count', () => {
    const { net, leader } = withLearner('n4', 'n5');
    const before = confOf(net, leader.id);
    part(net, [leader.id, 'n4', 'n5']);
    net.change(leader.id, { type: 'addVoter', id: 'n4' }, { type: 'addVoter', id: 'n5' });
    net.deliver();
    expect(confOf(net, 'n4').votersOutgoing).toHaveLength(3);
    net.advance(1000);
    net.heal();
    net.advance(300);
    for (const id of net.nodes.keys()) expect(confOf(net, id)).toEqual(before);
    const now = net.elect();
    for (const id of ['n4', 'n5']) net.crash(id);
    net.propose(now.id, 'two of three');
    net.advance(30);
    expect(net.commands(now.id)).toEqual(['two of three']);
  });
});

describe('joint configurations', () => {
  test.each([
    ['committed', ['n1', 'n2', 'n3', 'n4', 'n5']],
    ['only the old half has', ['n1', 'n2', 'n3']],
  ])(
    '[C20] a restart of all inside a joint configuration that is %s needs both halves, and leaves it',
    (_, reached) => {
      const { net, leader } = withLearner('n4', 'n5');
      const others = ['n1', 'n2', 'n3'].filter((id) => id !== leader.id);
      const after = [leader.id, 'n4', 'n5'];
      net.change(
        leader.id,
        { type: 'addVoter', id: 'n4' },
        { type: 'addVoter', id: 'n5' },
        ...others.map((id) => ({ type: 'removeNode', id }) as const),
      );
      const isAnswer = ({ type }: { type: string }): boolean => type === 'AppendEntriesResponse';
      net.deliver((message) => reached.includes(message.to) && !isAnswer(message));
      for (const id of reached) expect(confOf(net, id).votersOutgoing).toEqual(['n1', 'n2', 'n3']);
      for (const id of net.nodes.keys()) net.crash(id);
      net.queue.length = 0;
      for (const id of ['n1', 'n2', 'n3']) net.restart(id);
      net.advance(2000);
      expect(net.leaders()).toEqual([]);
      net.restart('n4');
      net.elect();
      net.advance(500);
      net.restart('n5');
      net.advance(500);
      for (const id of after) expect(confOf(net, id)).toEqual(conf(after.sort()));
      const [now] = net.leaders();
      net.propose(now?.id ?? '', 'after');
      net.advance(30);
      for (const id of after) expect(net.commands(id)).toEqual(['after']);
    },
  );
});
