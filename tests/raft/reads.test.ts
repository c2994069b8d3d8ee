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
    expect(leader.results).toContainEqual({ type: 'readReady', id, index: 1 });
  });
});
