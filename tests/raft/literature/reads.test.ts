/** Bugs of linearizable reads that others had: each test builds the schedule in which the bug would show. */
import { describe, expect, test } from 'vitest';
import type { Message } from '../../../server/raft/messages.ts';
import { Network, TIMING } from '../network.ts';

const UNPROTECTED = () => ({ preVote: false, checkQuorum: false });

type Answer = { readonly type: 'readReady'; readonly index: number } | { readonly type: string };

function answerTo(net: Network, id: string, read: number): Answer | undefined {
  return net.node(id).results.find((result) => 'id' in result && result.id === read);
}

/** n1 leads, and everybody has heard of its first entries. */
function ledByN1(config = UNPROTECTED): Network {
  const net = new Network(3, { config });
  net.campaign('n1');
  net.propose('n1', 'x');
  net.advance(3 * TIMING.heartbeatIntervalMs);
  net.queue.length = 0;
  return net;
}

function begin(net: Network, id: string): void {
  net.node(id).raft.step(net.now, { type: 'campaign' });
  net.drain(net.node(id));
}

function cutOff(net: Network, id: string): void {
  for (const other of net.nodes.keys()) {
    if (other === id) continue;
    net.cut(id, other);
    net.cut(other, id);
  }
}

describe('a new leader', () => {
  test('[C3] waits with reads until it has committed in its term, for it may not know what was acknowledged (etcd#7331, etcd#12680)', () => {
    const net = ledByN1();
    // n1 commits `y` with n2, which does not hear that it is committed.
    net.cut('n1', 'n3');
    net.propose('n1', 'y');
    net.deliver(({ type }) => type !== 'Heartbeat');
    expect(net.commands('n1')).toEqual(['x', 'y']);
    expect(net.commands('n2')).toEqual(['x']);
    net.queue.length = 0;
    cutOff(net, 'n1');
    begin(net, 'n2');
    net.deliver(({ type }) => type !== 'AppendEntries');
    expect(net.node('n2').raft.role).toBe('leader');
    const read = net.read('n2');
    for (let i = 0; i < 3; i++) {
      net.deliver(({ type }) => type !== 'AppendEntries');
      net.pass(TIMING.heartbeatIntervalMs);
    }
    expect(answerTo(net, 'n2', read)).toBeUndefined();
    net.advance(3 * TIMING.heartbeatIntervalMs);
    expect(answerTo(net, 'n2', read)).toMatchObject({ type: 'readReady', index: 4 });
    expect(net.commands('n2')).toEqual(['x', 'y']);
  });
});

describe('an old leader', () => {
  /** n2 takes over without a word to n1, and commits. */
  function passOver(net: Network): void {
    cutOff(net, 'n1');
    net.campaign('n2');
    net.propose('n2', 'newer');
    net.deliver();
    expect(net.commands('n2')).toEqual(['x', 'newer']);
    net.heal();
  }

  test('[C26] confirmations that arrive after a pause confirm no read that was asked after it (etcd#20418)', () => {
    const net = ledByN1();
    const first = net.read('n1');
    for (const beat of net.queue.splice(0)) net.hand(beat);
    const confirmations = net.queue.splice(0);
    expect(confirmations.map(({ type }) => type)).toEqual([
      'HeartbeatResponse',
      'HeartbeatResponse',
    ]);
    passOver(net);
    // n1 wakes: the client asks again before n1 has read its mail, and after the first letter of it.
    const again = net.read('n1');
    net.hand(confirmations[0] as Message);
    const late = net.read('n1');
    net.hand(confirmations[1] as Message);
    net.hand(confirmations[0] as Message);
    expect(answerTo(net, 'n1', first)).toMatchObject({ type: 'readReady' });
    for (const read of [again, late]) expect(answerTo(net, 'n1', read)).toBeUndefined();
    net.advance(2 * TIMING.heartbeatIntervalMs);
    for (const read of [again, late])
      expect(answerTo(net, 'n1', read)).toMatchObject({ type: 'readFailed' });
  });

  test('[C26] confirmations of a leader’s earlier term confirm nothing in its next', () => {
    const net = ledByN1();
    const confirmations: Message[] = [];
    for (let round = 0; round < 3; round++) {
      net.read('n1');
      for (const beat of net.queue.splice(0)) net.hand(beat);
      const answers = net.queue.splice(0);
      confirmations.push(...answers);
      for (const answer of answers) net.hand(answer);
    }
    passOver(net);
    net.campaign('n1');
    net.campaign('n1');
    net.deliver();
    expect(net.node('n1').raft).toMatchObject({ role: 'leader', isEstablishedLeader: true });
    const before = net.read('n1');
    net.queue.length = 0;
    for (const confirmation of confirmations) net.hand(confirmation);
    expect(answerTo(net, 'n1', before)).toBeUndefined();
  });

  test('[C27] that has handed over, and does not know that its heir leads, answers no read, however fresh its last contact (etcd-io/raft#99)', () => {
    const net = ledByN1(() => ({ preVote: true, checkQuorum: true }));
    net.transfer('n1', 'n2');
    net.cut('n2', 'n1');
    net.cut('n3', 'n1');
    net.deliver();
    net.propose('n2', 'newer');
    net.deliver();
    // Not a moment has passed, and all three have just answered n1.
    expect(net.commands('n2')).toEqual(['x', 'newer']);
    expect(net.node('n1').raft.role).toBe('leader');
    const read = net.read('n1');
    net.deliver();
    expect(answerTo(net, 'n1', read)).toBeUndefined();
    net.heal();
    net.advance(3 * TIMING.heartbeatIntervalMs);
    expect(answerTo(net, 'n1', read)).toMatchObject({ type: 'readFailed' });
    const next = net.read('n2');
    net.advance(TIMING.heartbeatIntervalMs);
    expect(answerTo(net, 'n2', next)).toMatchObject({ type: 'readReady', index: 4 });
  });

  test('[C27] that was paused for long answers no read without a fresh round, though it counts the pause against nobody (openraft#1747)', () => {
    const net = ledByN1();
    passOver(net);
    net.now = { mono: net.now.mono + 60_000, wall: net.now.wall + 60_000_000 };
    const paused = net.node('n1');
    paused.raft.step(net.now, { type: 'stalled', ms: 60_000 });
    net.drain(paused);
    expect(paused.raft.role).toBe('leader');
    const read = net.read('n1');
    expect(answerTo(net, 'n1', read)).toBeUndefined();
    net.deliver();
    expect(answerTo(net, 'n1', read)).toMatchObject({ type: 'readFailed' });
  });
});

describe('an old leader with a lease', () => {
  const LEASE_MS = 50;
  const leases = () => ({ preVote: true, checkQuorum: true, leaseMs: LEASE_MS });

  test('[C27] that has handed over answers while its heir can commit nothing, and nothing from then on (etcd-io/raft#99)', () => {
    const net = ledByN1(leases);
    net.propose('n1', 'y');
    net.deliver();
    const madeMono = net.now.mono;
    net.transfer('n1', 'n2');
    net.cut('n2', 'n1');
    net.cut('n3', 'n1');
    net.deliver();
    net.propose('n2', 'newer');
    let reads = 0;
    while (!net.commands('n2').includes('newer')) {
      const read = net.read('n1');
      if (answerTo(net, 'n1', read)?.type === 'readReady') reads++;
      net.advance(1);
    }
    expect(net.node('n1').raft.role).toBe('leader');
    expect(reads).toBe(LEASE_MS);
    expect(net.now.mono).toBeGreaterThanOrEqual(madeMono + LEASE_MS);
    const read = net.read('n1');
    net.deliver();
    expect(answerTo(net, 'n1', read)).toBeUndefined();
  });

  test('[C27] that was paused for long has none, though it counts the pause against nobody (openraft#1747)', () => {
    const net = ledByN1(leases);
    net.propose('n1', 'y');
    net.deliver();
    const before = net.read('n1');
    expect(answerTo(net, 'n1', before)).toMatchObject({
      validUntilMono: net.now.mono + LEASE_MS,
    });
    net.now = { mono: net.now.mono + 60_000, wall: net.now.wall + 60_000_000 };
    const paused = net.node('n1');
    paused.raft.step(net.now, { type: 'stalled', ms: 60_000 });
    net.drain(paused);
    expect(paused.raft.role).toBe('leader');
    const after = net.read('n1');
    expect(answerTo(net, 'n1', after)).toBeUndefined();
    net.deliver();
    expect(answerTo(net, 'n1', after)).toMatchObject({ type: 'readReady', validUntilMono: null });
  });
});
