import { describe, expect, test } from 'vitest';
import { Network, TIMING } from './network.ts';

function heirOf(net: Network, leader: string): string {
  return [...net.nodes.keys()].find((id) => id !== leader) ?? '';
}

describe('leadership transfer', () => {
  test('[E14] a leader hands over to a voter that has all of its log, at once and though everyone hears it (dissertation §3.10)', () => {
    const net = new Network(3);
    const leader = net.elect();
    const to = heirOf(net, leader.id);
    net.propose(leader.id, 'before');
    net.advance(15);
    net.transfer(leader.id, to);
    net.deliver();
    expect(net.node(to).raft).toMatchObject({ role: 'leader', term: 2 });
    expect(leader.raft.role).toBe('follower');
    net.propose(to, 'after');
    net.advance(30);
    expect(net.commands(leader.id)).toEqual(['before', 'after']);
  });

  test('[E14] the heir first gets what it lacks, and meanwhile no proposal is taken', () => {
    const net = new Network(3);
    const leader = net.elect();
    const to = heirOf(net, leader.id);
    net.cut(leader.id, to);
    net.propose(leader.id, 'behind');
    net.advance(20);
    net.transfer(leader.id, to);
    const refused = net.propose(leader.id, 'refused');
    expect(leader.results).toContainEqual(
      expect.objectContaining({ id: refused, type: 'proposalDropped', reason: 'transferring' }),
    );
    net.heal();
    net.advance(25);
    expect(net.node(to).raft.role).toBe('leader');
    net.advance(20);
    expect(net.commands(to)).toEqual(['behind']);
  });

  test('[E15] a hand-over that does not come about ends, and the leader goes on', () => {
    const net = new Network(3);
    const leader = net.elect();
    const to = heirOf(net, leader.id);
    net.crash(to);
    net.transfer(leader.id, to);
    expect(leader.raft.status().transferTo).toBe(to);
    net.advance(TIMING.electionTimeoutMs + TIMING.heartbeatIntervalMs + 1);
    expect(leader.raft).toMatchObject({ role: 'leader' });
    expect(leader.raft.status().transferTo).toBeNull();
    net.propose(leader.id, 'on');
    net.advance(15);
    expect(net.commands(leader.id)).toEqual(['on']);
  });

  test('[E15] a lost word is said again', () => {
    const net = new Network(3);
    const leader = net.elect();
    const to = heirOf(net, leader.id);
    net.transfer(leader.id, to);
    net.deliver((m) => m.type !== 'TimeoutNow');
    expect(leader.raft.role).toBe('leader');
    net.advance(TIMING.heartbeatIntervalMs + 2);
    expect(net.node(to).raft.role).toBe('leader');
  });

  test('[E15] nobody hands over to itself, to a stranger, or without leading', () => {
    const net = new Network(3);
    const leader = net.elect();
    for (const to of [leader.id, 'n9']) net.transfer(leader.id, to);
    net.transfer(heirOf(net, leader.id), leader.id);
    net.advance(50);
    expect(leader.raft).toMatchObject({ role: 'leader', term: 1 });
    expect(leader.raft.status().transferTo).toBeNull();
  });
});
