/** Reads under a lease, and the wait of the next leader that makes them safe (docs/adr/0013). */
import { describe, expect, test } from 'vitest';
import { Network, TIMING } from './network.ts';
import type { TestNode } from './network.ts';

const LEASE_MS = 50;
/** The lease, and what a clock may run slow. */
const HOLD_MS = 55;

/** Nobody steps down for silence, and anyone may be elected at any time: nothing but the lease rules guards reads. */
function leased(size = 3): Network {
  return new Network(size, {
    config: () => ({ preVote: false, checkQuorum: false, leaseMs: LEASE_MS }),
  });
}

/** n1 leads and has committed `x`, made and received at this instant. */
function ledByN1(size = 3): Network {
  const net = leased(size);
  net.campaign('n1');
  net.advance(20);
  net.propose('n1', 'x');
  net.deliver();
  expect(net.commands('n1')).toEqual(['x']);
  return net;
}

function answerTo(node: TestNode, read: number): TestNode['results'][number] | undefined {
  return node.results.find((result) => 'id' in result && result.id === read);
}

/** Asks and looks before any message is delivered. */
function isAnsweredAtOnce(net: Network, id: string): boolean {
  const read = net.read(id);
  return answerTo(net.node(id), read)?.type === 'readReady';
}

describe('a leader with a lease', () => {
  test('[L8] answers a read at once, without a message, at its commit index and until the newest committed entry is too old', () => {
    const net = ledByN1();
    const madeMono = net.now.mono;
    net.pass(5);
    net.queue.length = 0;
    net.sent.length = 0;
    const read = net.read('n1');
    expect(answerTo(net.node('n1'), read)).toEqual({
      type: 'readReady',
      id: read,
      index: 2,
      validUntilMono: madeMono + LEASE_MS,
    });
    expect(net.sent).toEqual([]);
  });

  test('[L8] has it no longer when the entry has come of age, and then asks a quorum, by no entry of its own', () => {
    const net = ledByN1();
    net.pass(LEASE_MS - 1);
    expect(isAnsweredAtOnce(net, 'n1')).toBe(true);
    net.pass(1);
    const read = net.read('n1');
    expect(answerTo(net.node('n1'), read)).toBeUndefined();
    net.deliver();
    expect(answerTo(net.node('n1'), read)).toMatchObject({ index: 2, validUntilMono: null });
    expect(net.node('n1').raft.lastIndex).toBe(2);
  });

  test('[L8] counts from when it made the entry, not from when that was committed', () => {
    const net = ledByN1();
    net.pass(LEASE_MS);
    net.deliver();
    net.propose('n1', 'y');
    net.pass(30);
    expect(isAnsweredAtOnce(net, 'n1')).toBe(false);
    net.deliver();
    expect(net.commands('n1')).toEqual(['x', 'y']);
    net.pass(LEASE_MS - 31);
    expect(isAnsweredAtOnce(net, 'n1')).toBe(true);
    net.pass(1);
    expect(isAnsweredAtOnce(net, 'n1')).toBe(false);
  });

  test('[L8] of several entries committed at once counts the last, and none that is not committed', () => {
    const net = ledByN1();
    net.propose('n1', 'y');
    net.pass(5);
    net.propose('n1', 'z');
    const zMono = net.now.mono;
    for (const message of net.queue.splice(0)) net.hand(message);
    const answers = net.queue.splice(0).filter(({ type }) => type === 'AppendEntriesResponse');
    net.pass(3);
    net.propose('n1', 'not committed');
    const last = answers.at(-1);
    if (last === undefined) throw new Error('an answer');
    net.hand(last);
    expect(net.commands('n1')).toEqual(['x', 'y', 'z']);
    const read = net.read('n1');
    expect(answerTo(net.node('n1'), read)).toMatchObject({ validUntilMono: zMono + LEASE_MS });
  });

  test('[L8] is asked for a round by name: then the lease does not count', () => {
    const net = ledByN1();
    const n1 = net.node('n1');
    n1.raft.step(net.now, { type: 'read', id: 99, byRound: true });
    net.drain(n1);
    expect(answerTo(n1, 99)).toBeUndefined();
    net.deliver();
    expect(answerTo(n1, 99)).toMatchObject({ type: 'readReady', validUntilMono: null });
  });

  test('[L10] answers a follower’s question at once, and the answer may arrive at any time', () => {
    const net = ledByN1();
    net.pass(10);
    net.queue.length = 0;
    const read = net.read('n2');
    net.sent.length = 0;
    const [question] = net.queue.splice(0);
    if (question === undefined) throw new Error('a question');
    net.hand(question);
    expect(net.sent.map(({ type }) => type)).toEqual(['ReadIndexResponse']);
    const [answer] = net.queue.splice(0);
    if (answer === undefined) throw new Error('an answer');
    net.pass(LEASE_MS + 10);
    net.hand(answer);
    expect(answerTo(net.node('n2'), read)).toEqual({
      type: 'readReady',
      id: read,
      index: 2,
      validUntilMono: null,
    });
  });

  test('[L10] without a lease a follower’s question waits for a round', () => {
    const net = ledByN1();
    net.pass(LEASE_MS);
    net.deliver();
    net.read('n2');
    net.sent.length = 0;
    const [question] = net.queue.splice(0);
    if (question === undefined) throw new Error('a question');
    net.hand(question);
    expect(new Set(net.sent.map(({ type }) => type))).toEqual(new Set(['Heartbeat']));
  });
});

describe('the next leader', () => {
  /** Commits nothing for so long, and everything then; n1 has its lease for no longer. */
  function expectHold(net: Network, id: string, untilMono: number): void {
    const { raft } = net.node(id);
    const { commitIndex } = raft;
    const write = net.propose(id, 'newer');
    const read = net.read(id);
    while (net.now.mono < untilMono) {
      net.deliver();
      expect(raft).toMatchObject({ role: 'leader', commitIndex });
      expect(answerTo(net.node(id), read)).toBeUndefined();
      net.pass(1);
    }
    expect(isAnsweredAtOnce(net, 'n1')).toBe(false);
    net.deliver();
    expect(raft.commitIndex).toBe(raft.lastIndex);
    expect(net.commands(id).at(-1)).toBe('newer');
    expect(answerTo(net.node(id), read)).toMatchObject({ type: 'readReady' });
    expect(answerTo(net.node(id), write)).toMatchObject({ type: 'proposalAppended' });
  }

  test('[L9] replicates and commits nothing before the lease of the leader before is over by the slowest clock, and then at once', () => {
    const net = ledByN1();
    const receivedMono = net.now.mono;
    net.pass(5);
    net.isolate('n1');
    net.campaign('n2');
    expect(isAnsweredAtOnce(net, 'n1')).toBe(true);
    expectHold(net, 'n2', receivedMono + HOLD_MS);
    expect(net.node('n3').raft.commitIndex).toBe(net.node('n2').raft.commitIndex);
  });

  test('[L9] says by its deadline when it is to be ticked', () => {
    const net = ledByN1();
    net.campaign('n2');
    const { raft } = net.node('n2');
    const deadlines = new Set<number>();
    for (let ms = 0; ms < HOLD_MS; ms++) {
      deadlines.add(raft.nextDeadlineMono);
      net.advance(1);
    }
    expect([...deadlines]).toContain(20 + HOLD_MS);
  });

  test('[L9] does not wait when the last entry of another leader is old enough', () => {
    const net = ledByN1();
    net.isolate('n1');
    net.pass(HOLD_MS);
    net.campaign('n2');
    expect(net.node('n2').raft.isEstablishedLeader).toBe(true);
  });

  test('[L9] does not wait on an empty log: nothing was ever committed, so nobody ever had a lease', () => {
    const net = leased();
    net.crash('n1');
    net.restart('n1');
    net.campaign('n1');
    expect(net.node('n1').raft).toMatchObject({ isEstablishedLeader: true, commitIndex: 1 });
  });

  test('[L9] that was restarted cannot know when it received its log: the restart counts', () => {
    const net = ledByN1();
    net.pass(40);
    net.crash('n2');
    net.restart('n2');
    const restartedMono = net.now.mono;
    net.isolate('n1');
    net.campaign('n2');
    expectHold(net, 'n2', restartedMono + HOLD_MS);
  });

  test('[L9] that came up by a snapshot counts from its installation', () => {
    const net = ledByN1();
    net.isolate('n3');
    net.propose('n1', 'y');
    net.deliver();
    net.compact('n1');
    net.pass(40);
    net.heal();
    net.advance(10);
    expect(net.node('n3').events).toContainEqual(
      expect.objectContaining({ type: 'snapshotInstalled', index: 3 }),
    );
    const installed = net.node('n3').raft;
    expect(installed.firstIndex).toBe(4);
    const latestMono = net.now.mono + HOLD_MS;
    net.isolate('n1');
    net.campaign('n3');
    const { commitIndex } = installed;
    net.advance(HOLD_MS - 11);
    expect(installed).toMatchObject({ role: 'leader', commitIndex });
    net.advance(latestMono - net.now.mono);
    expect(installed.isEstablishedLeader).toBe(true);
  });

  test('[L9] waits two terms later as well, when the one between has committed nothing', () => {
    const net = ledByN1(5);
    const receivedMono = net.now.mono;
    net.isolate('n1');
    net.node('n2').raft.step(net.now, { type: 'campaign' });
    net.drain(net.node('n2'));
    net.deliver(({ type }) => type !== 'AppendEntries');
    expect(net.node('n2').raft.role).toBe('leader');
    net.queue.length = 0;
    net.crash('n2');
    net.campaign('n3');
    expect(net.node('n3').raft).toMatchObject({ role: 'leader', term: 3 });
    expectHold(net, 'n3', receivedMono + HOLD_MS);
  });

  test('[L9] waits for one that it has removed from the cluster, and that does not know', () => {
    const net = ledByN1();
    net.pass(5);
    net.queue.length = 0;
    net.change('n1', { type: 'removeNode', id: 'n1' });
    const receivedMono = net.now.mono;
    net.deliver(({ to }) => to !== 'n1');
    net.isolate('n1');
    net.campaign('n2');
    expect(net.node('n2').raft).toMatchObject({
      role: 'leader',
      conf: { voters: ['n2', 'n3'] },
    });
    expect(isAnsweredAtOnce(net, 'n1')).toBe(true);
    expectHold(net, 'n2', receivedMono + HOLD_MS);
  });

  test('[L9] may have forgotten, as may its voters, that they heard a leader: a lease rests on no promise of theirs', () => {
    const net = ledByN1();
    for (const id of ['n2', 'n3']) {
      net.crash(id);
      net.restart(id);
    }
    const restartedMono = net.now.mono;
    net.isolate('n1');
    net.campaign('n3');
    expect(net.node('n3').raft.role).toBe('leader');
    expect(isAnsweredAtOnce(net, 'n1')).toBe(true);
    expectHold(net, 'n3', restartedMono + HOLD_MS);
  });
});

test('[L8] without the setting there are no leases: every read is confirmed, and no commit waits', () => {
  const net = new Network(3, { config: () => ({ preVote: false, checkQuorum: false }) });
  expect(TIMING.leaseMs).toBe(0);
  net.campaign('n1');
  net.propose('n1', 'x');
  net.deliver();
  expect(isAnsweredAtOnce(net, 'n1')).toBe(false);
  net.isolate('n1');
  net.campaign('n2');
  expect(net.node('n2').raft.isEstablishedLeader).toBe(true);
});
