/** Bugs of elections that others had: each test builds the schedule in which the bug would show. */
import { describe, expect, test } from 'vitest';
import { log, Network, TIMING } from '../network.ts';
import type { TestNode } from '../network.ts';

/** Anyone may campaign at any time: for schedules that a test writes itself. */
const UNPROTECTED = () => ({ preVote: false, checkQuorum: false });

function others(net: Network, id: string): string[] {
  return [...net.nodes.keys()].filter((other) => other !== id);
}

/** How often `node` took office in this life. */
function timesElected(node: TestNode): number {
  return node.events.filter((event) => event.type === 'role' && event.role === 'leader').length;
}

function elections(net: Network): number {
  return [...net.nodes.values()].reduce((sum, node) => sum + timesElected(node), 0);
}

describe('votes', () => {
  test('[C5] a crash between casting a vote and storing it does not make two leaders of a term (hashicorp/raft#661)', () => {
    const net = new Network(3, { config: UNPROTECTED });
    net.cut('n1', 'n3');
    net.cut('n3', 'n1');
    net.node('n2').autoFlush = false;
    net.campaign('n1');
    net.crash('n2');
    net.restart('n2');
    net.campaign('n3');
    expect([net.node('n1').raft.term, net.node('n3').raft.term]).toEqual([1, 1]);
    expect(net.leaders().map(({ id }) => id)).toEqual(['n3']);
  });

  test('[C5] a vote that was stored is given to nobody else, though its answer was lost and the voter restarted', () => {
    const net = new Network(3, { config: UNPROTECTED });
    net.cut('n1', 'n3');
    net.cut('n3', 'n1');
    net.cut('n2', 'n1');
    net.campaign('n1');
    net.crash('n2');
    net.restart('n2');
    expect(net.node('n2').raft.status()).toMatchObject({ term: 1, votedFor: 'n1' });
    net.campaign('n3');
    expect(net.leaders()).toEqual([]);
  });

  test('[C6] a node that learns of a term from a candidate it refuses still has its vote (databend#16175)', () => {
    const net = new Network(3, {
      config: UNPROTECTED,
      stored: { n2: log(1, 1), n3: log(1, 1) },
      terms: { n1: 1 },
    });
    net.node('n1').raft.step(net.now, { type: 'campaign' });
    net.drain(net.node('n1'));
    // n1 lacks entries: both learn its term and give it nothing.
    net.deliver();
    expect(net.node('n1').raft.role).not.toBe('leader');
    for (const id of ['n2', 'n3'])
      expect(net.node(id).raft.status()).toMatchObject({ term: 2, votedFor: null });
    const request = { from: 'n3', to: 'n2', term: 2, lastLogIndex: 2, lastLogTerm: 1 } as const;
    net.hand({ type: 'RequestVote', transfer: false, ...request });
    expect(net.sent.at(-1)).toMatchObject({ type: 'RequestVoteResponse', granted: true });
  });

  test('[C7] voters that follow a leader of their term, or lose an election, keep their vote through a restart (MicroRaft; redpanda#19)', () => {
    const net = new Network(5, { config: UNPROTECTED });
    for (const a of ['n1', 'n2', 'n3'])
      for (const b of ['n4', 'n5']) {
        net.cut(a, b);
        net.cut(b, a);
      }
    // They hear that n1 leads and get no entry of it, so that n4's log is as good as theirs.
    net.node('n1').raft.step(net.now, { type: 'campaign' });
    net.drain(net.node('n1'));
    net.deliver(({ type }) => type !== 'AppendEntries');
    net.pass(TIMING.heartbeatIntervalMs);
    net.deliver(({ type }) => type !== 'AppendEntries');
    expect(net.node('n2').raft.leader).toBe('n1');
    expect(net.leaders().map(({ id }) => id)).toEqual(['n1']);
    net.heal();
    for (const id of ['n2', 'n3']) {
      net.crash(id);
      net.restart(id);
    }
    net.cut('n1', 'n4');
    net.cut('n4', 'n1');
    net.campaign('n4');
    const ofTerm = [...net.nodes.values()].filter((node) => timesElected(node) > 0);
    expect(net.node('n4').raft.term).toBe(1);
    expect(ofTerm.map(({ id }) => id)).toEqual(['n1']);
  });

  test('[C8] a long log of an old term loses to a short one of a newer term, and the short one wins (liferaft#10)', () => {
    const stored = { n1: log(1, 1, 1, 1, 1), n2: log(1, 2), n3: log(1, 2) };
    const net = new Network(3, { config: UNPROTECTED, stored });
    net.campaign('n1');
    net.campaign('n1');
    expect(net.node('n1').raft.role).not.toBe('leader');
    net.campaign('n2');
    expect(net.node('n2').raft.role).toBe('leader');
    net.advance(30);
    for (const id of net.nodes.keys()) expect(net.terms(id).slice(0, 2)).toEqual([1, 2]);
  });
});

describe('pre-vote', () => {
  test('[C11] when the leader is dead, a lower term with the better log and a higher term with the worse one elect (etcd#8243, canonical/raft#279)', () => {
    for (let seed = 1; seed <= 5; seed++) {
      const net = new Network(3, {
        seed,
        stored: { n1: log(1, 1), n2: log(1, 1), n3: log(1) },
        terms: { n3: 5 },
      });
      net.crash('n1');
      expect(net.elect().id).toBe('n2');
      expect(net.node('n2').raft.term).toBeGreaterThan(5);
    }
  });

  test('[C12] a follower stuck in a higher term is freed, for the price of one step-down', () => {
    const net = new Network(3);
    const leader = net.elect();
    const [stuck = ''] = others(net, leader.id);
    net.crash(stuck);
    const { stored } = net.node(stuck);
    stored.hardState = { term: 9, votedFor: stuck, commit: 0 };
    net.restart(stuck);
    const before = elections(net);
    net.advance(1500);
    net.propose(net.elect().id, 'after');
    net.advance(1500);
    expect(elections(net)).toBe(before + 1);
    for (const id of net.nodes.keys()) {
      expect(net.commands(id)).toEqual(['after']);
      expect(net.node(id).raft.term).toBeGreaterThan(9);
    }
  });

  test('[C13] grants of one poll are not counted in the next, and granting leaves no trace', () => {
    const net = new Network(5);
    for (const id of ['n4', 'n5']) net.crash(id);
    const poll = (voter: string): void => {
      net.node('n1').raft.step(net.now, { type: 'campaign' });
      net.drain(net.node('n1'));
      net.deliver((message) => message.to === voter || message.from === voter);
    };
    const before = ['n2', 'n3'].map((id) => net.node(id).raft.status());
    poll('n2');
    poll('n3');
    // Two of five each time, but three in all.
    expect(net.node('n1').raft).toMatchObject({ role: 'preCandidate', term: 0 });
    expect(['n2', 'n3'].map((id) => net.node(id).raft.status())).toEqual(before);
    expect(net.node('n2').stored.hardState).toEqual({ term: 0, votedFor: null, commit: 0 });
  });

  test('[C14] any mix of members with and without pre-vote elects a leader after its leader has died', () => {
    for (let mask = 0; mask < 32; mask++) {
      const config = (id: string) => ({ preVote: ((mask >> Number(id.slice(1))) & 1) === 0 });
      const net = new Network(5, { seed: mask + 1, config });
      const first = net.elect();
      net.propose(first.id, 'kept');
      net.advance(30);
      net.crash(first.id);
      const next = net.elect(5000);
      net.advance(30);
      expect(next.id).not.toBe(first.id);
      expect(net.commands(next.id)).toEqual(['kept']);
    }
  });

  test('[C14] a member that ran ahead without pre-vote, and is then restarted with it, deadlocks nobody', () => {
    const careful = new Set(['n1', 'n2']);
    const net = new Network(3, {
      config: (id) => ({ preVote: careful.has(id) }),
      stored: { n1: log(1, 1, 1), n2: log(1, 1, 1), n3: log(1, 1) },
    });
    net.isolate('n3');
    net.advance(3000);
    expect(net.node('n3').raft.term).toBeGreaterThan(10);
    const leader = net.elect();
    expect(leader.raft.term).toBeLessThan(5);
    careful.add('n3');
    net.crash('n3');
    net.restart('n3');
    net.crash(leader.id);
    net.heal();
    const [survivor = ''] = others(net, leader.id);
    expect(net.elect(3000).id).toBe(survivor);
    net.advance(50);
    expect(net.node('n3').raft.leader).toBe(survivor);
  });

  test('[C14] a member without pre-vote that was cut off costs the others one election when it returns', () => {
    const net = new Network(3, { config: (id) => ({ preVote: id !== 'n3' }) });
    net.isolate('n3');
    net.elect();
    net.advance(2000);
    const before = elections(net);
    net.heal();
    net.advance(3000);
    expect(elections(net)).toBeLessThanOrEqual(before + 1);
    expect(net.leaders()).toHaveLength(1);
    for (const id of net.nodes.keys()) expect(net.node(id).raft.leader).toBe(net.leaders()[0]?.id);
  });
});

describe('one-way partitions', () => {
  test.each([
    ['can be heard and hears nobody', (net: Network, a: string, b: string) => net.cut(b, a)],
    ['hears and cannot be heard', (net: Network, a: string, b: string) => net.cut(a, b)],
  ])('[C15] a leader that %s is replaced, once', (_, cut) => {
    const net = new Network(3);
    const leader = net.elect();
    for (const other of others(net, leader.id)) cut(net, leader.id, other);
    const before = elections(net);
    net.advance(1000);
    const [next] = net.leaders();
    expect(net.leaders()).toHaveLength(1);
    expect(next?.id).not.toBe(leader.id);
    net.propose(next?.id ?? '', 'goes on');
    net.advance(2000);
    expect(net.commands(next?.id ?? '')).toEqual(['goes on']);
    expect(elections(net)).toBe(before + 1);
  });

  test.each([
    ['hears nobody', (net: Network, a: string, b: string) => net.cut(b, a)],
    ['is heard by nobody', (net: Network, a: string, b: string) => net.cut(a, b)],
  ])('[C15] a follower that %s disturbs no leader', (_, cut) => {
    const net = new Network(3);
    const leader = net.elect();
    const [odd = ''] = others(net, leader.id);
    for (const other of others(net, odd)) cut(net, odd, other);
    const { term } = leader.raft;
    net.advance(3000);
    expect(net.leaders()).toEqual([leader]);
    expect(leader.raft.term).toBe(term);
    net.heal();
    net.advance(200);
    expect(leader.raft).toMatchObject({ role: 'leader', term });
    expect(net.node(odd).raft.leader).toBe(leader.id);
  });
});

describe('a broken link', () => {
  test('[C15] a follower that hears all but the leader wins no election, while the others hear it', () => {
    const net = new Network(3);
    const leader = net.elect();
    const [odd = ''] = others(net, leader.id);
    net.cut(leader.id, odd);
    const { term } = leader.raft;
    net.advance(3000);
    expect(net.leaders()).toEqual([leader]);
    expect(leader.raft.term).toBe(term);
    expect(net.node(odd).raft.role).toBe('preCandidate');
  });
});

describe('handing over', () => {
  function began(): { net: Network; leader: TestNode; heir: string } {
    const net = new Network(3);
    const leader = net.elect();
    net.advance(20);
    return { net, leader, heir: others(net, leader.id)[0] ?? '' };
  }

  test('[C28] an heir that lacks entries is told to campaign only once it has them', () => {
    const { net, leader, heir } = began();
    net.propose(leader.id, 'missed');
    net.deliver((message) => message.to !== heir);
    net.transfer(leader.id, heir);
    net.deliver((message) => message.type !== 'AppendEntries');
    expect(leader.raft.role).toBe('leader');
    expect(net.sent.filter(({ type }) => type === 'TimeoutNow')).toEqual([]);
    net.advance(2 * TIMING.heartbeatIntervalMs);
    expect(net.node(heir).raft).toMatchObject({ role: 'leader', term: 2 });
    net.advance(20);
    expect(net.commands(heir)).toEqual(['missed']);
  });

  test('[C28] an heir that dies, or never hears the word, blocks writes for one election time-out at most', () => {
    for (const dies of [true, false]) {
      const { net, leader, heir } = began();
      if (dies) net.crash(heir);
      net.transfer(leader.id, heir);
      const refused = net.propose(leader.id, 'meanwhile');
      expect(leader.results).toContainEqual(
        expect.objectContaining({ id: refused, reason: 'transferring' }),
      );
      for (let i = 0; i < TIMING.electionTimeoutMs + TIMING.heartbeatIntervalMs + 1; i++) {
        net.pass(1);
        net.deliver((message) => message.type !== 'TimeoutNow');
      }
      expect(leader.raft.status()).toMatchObject({ role: 'leader', transferTo: null });
      net.propose(leader.id, 'after');
      net.advance(30);
      expect(net.commands(leader.id)).toEqual(['after']);
    }
  });

  test('[C28] a hand-over is forgotten with the leadership that began it (hashicorp/raft#696)', () => {
    const { net, leader, heir } = began();
    net.cut(leader.id, heir);
    net.transfer(leader.id, heir);
    net.hand({ type: 'HeartbeatResponse', from: heir, to: leader.id, term: 7, readSeq: 0 });
    expect(leader.raft).toMatchObject({ role: 'follower', term: 7 });
    net.heal();
    net.pass(TIMING.electionTimeoutMs);
    net.queue.length = 0;
    net.campaign(leader.id);
    expect(leader.raft.role).toBe('leader');
    expect(leader.raft.status().transferTo).toBeNull();
    const id = net.propose(leader.id, 'taken');
    expect(leader.results).toContainEqual(
      expect.objectContaining({ id, type: 'proposalAppended' }),
    );
  });
});
