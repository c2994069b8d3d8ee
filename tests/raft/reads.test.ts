import { describe, expect, test } from 'vitest';
import { Network, TIMING } from './network.ts';

describe('linearizable reads', () => {
  test('[L1] a read is confirmed by a quorum and released at the commit index of its round (dissertation §6.4)', () => {
    const net = new Network(3);
    const leader = net.elect();
    net.propose(leader.id, 'x');
    net.advance(20);
    const id = net.read(leader.id);
    expect(leader.results).not.toContainEqual(expect.objectContaining({ id }));
    net.deliver();
    expect(leader.results).toContainEqual({
      type: 'readReady',
      id,
      index: leader.raft.commitIndex,
      validUntilMono: null,
    });
  });

  test('[L2] a leader that was passed over answers no read', () => {
    const net = new Network(3);
    const old = net.elect();
    net.advance(20);
    net.isolate(old.id);
    const id = net.read(old.id);
    net.advance(1500);
    expect(net.leaders()[0]?.id).not.toBe(old.id);
    expect(old.results).toContainEqual({
      type: 'readFailed',
      id,
      reason: 'not-leader',
      leaderHint: null,
    });
    expect(old.results).not.toContainEqual(expect.objectContaining({ type: 'readReady', id }));
  });

  test('[L2] delayed confirmations of an earlier round do not confirm a later one (etcd#20418)', () => {
    const net = new Network(3);
    const old = net.elect();
    net.advance(20);
    net.read(old.id);
    const late = net.queue.splice(0);
    for (const message of late) net.hand(message);
    const answers = net.queue.splice(0);
    for (const message of answers) net.hand(message);
    net.isolate(old.id);
    const id = net.read(old.id);
    net.heal();
    net.queue.length = 0;
    for (const message of answers) net.hand(message);
    expect(old.results).not.toContainEqual(expect.objectContaining({ type: 'readReady', id }));
  });

  test('[L3] a new leader answers no read before an entry of its own term is committed (§8)', () => {
    const net = new Network(3);
    net.node('n1').raft.step(net.now, { type: 'campaign' });
    net.drain(net.node('n1'));
    net.deliver((message) => message.type !== 'AppendEntriesResponse');
    const leader = net.node('n1');
    expect(leader.raft.role).toBe('leader');
    const id = net.read('n1');
    net.deliver((message) => message.type !== 'AppendEntriesResponse');
    expect(leader.results).not.toContainEqual(expect.objectContaining({ id }));
    net.advance(5 * TIMING.heartbeatIntervalMs);
    expect(leader.results).toContainEqual({
      type: 'readReady',
      id,
      index: leader.raft.commitIndex,
      validUntilMono: null,
    });
  });

  test('[L4] reads that wait share one round', () => {
    const net = new Network(3);
    const leader = net.elect();
    net.advance(20);
    net.sent.length = 0;
    const first = net.read(leader.id);
    const more = Array.from({ length: 20 }, () => net.read(leader.id));
    net.deliver();
    for (const id of [first, ...more]) {
      expect(leader.results).toContainEqual(expect.objectContaining({ type: 'readReady', id }));
    }
    expect(net.sent.filter((m) => m.type === 'Heartbeat')).toHaveLength(4);
  });

  test('[L5] a read round survives the loss of its messages', () => {
    const net = new Network(3);
    const leader = net.elect();
    net.advance(20);
    const id = net.read(leader.id);
    net.queue.length = 0;
    net.advance(2 * TIMING.heartbeatIntervalMs);
    expect(leader.results).toContainEqual(expect.objectContaining({ type: 'readReady', id }));
  });

  test('[L6] a single voter reads at once', () => {
    const net = new Network(1);
    const leader = net.elect();
    const id = net.read('n1');
    expect(leader.results).toContainEqual({
      type: 'readReady',
      id,
      index: 1,
      validUntilMono: null,
    });
  });
});

describe('reads of followers', () => {
  function withFollower() {
    const net = new Network(3);
    const leader = net.elect();
    net.propose(leader.id, 'a');
    net.advance(15);
    const follower = net.followers()[0];
    if (follower === undefined) throw new Error('a follower');
    follower.results.length = 0;
    return { net, leader, follower };
  }

  test('[L7] a follower answers once it has applied what a round of its leader confirms', () => {
    const { net, leader, follower } = withFollower();
    net.propose(leader.id, 'b');
    net.deliver((m) => m.to !== follower.id);
    const id = net.read(follower.id);
    net.deliver();
    const ready = follower.results.find((result) => result.type === 'readReady');
    expect(ready).toMatchObject({ id, index: leader.raft.commitIndex });
    expect(leader.raft.commitIndex).toBe(3);
  });

  test('[L7] without a quorum behind its leader a follower answers nothing', () => {
    const { net, leader, follower } = withFollower();
    for (const other of net.nodes.keys())
      if (other !== leader.id && other !== follower.id) net.isolate(other);
    net.cut(follower.id, leader.id);
    const id = net.read(follower.id);
    net.advance(50);
    expect(follower.results).toEqual([]);
    net.advance(2000);
    expect(follower.results).toContainEqual(
      expect.objectContaining({ type: 'readFailed', id, reason: 'not-leader' }),
    );
  });

  test('[L7] a lost question or answer is repaired by the next heartbeat', () => {
    for (const lost of ['ReadIndex', 'ReadIndexResponse']) {
      const { net, follower } = withFollower();
      const id = net.read(follower.id);
      net.deliver((m) => m.type !== lost);
      expect(follower.results).toEqual([]);
      net.advance(25);
      expect(follower.results).toEqual([expect.objectContaining({ type: 'readReady', id })]);
    }
  });

  test('[L7] an answer from before a restart, or a second one, confirms nothing', () => {
    const { net, follower } = withFollower();
    net.read(follower.id);
    net.deliver((m) => m.type !== 'ReadIndexResponse');
    const late = net.sent.filter((m) => m.type === 'ReadIndexResponse').at(-1);
    if (late === undefined) throw new Error('an answer');
    net.crash(follower.id);
    net.restart(follower.id);
    net.advance(30);
    follower.results.length = 0;
    const id = net.read(follower.id);
    net.hand({ ...late, term: follower.raft.term });
    expect(follower.results).toEqual([]);
    net.deliver();
    expect(follower.results).toEqual([expect.objectContaining({ type: 'readReady', id })]);
  });

  test('[L7] a change of leader fails what was asked of the old one', () => {
    const { net, leader, follower } = withFollower();
    const id = net.read(follower.id);
    net.queue.length = 0;
    net.isolate(leader.id);
    net.advance(1000);
    expect(follower.results).toContainEqual(expect.objectContaining({ type: 'readFailed', id }));
  });
});
