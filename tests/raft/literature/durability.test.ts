/** Bugs of what is stored when that others had: each test builds the schedule in which the bug would show. */
import { describe, expect, test } from 'vitest';
import { Network, TIMING } from '../network.ts';
import { Machines } from './machines.ts';

const UNPROTECTED = () => ({ preVote: false, checkQuorum: false });
const THREE = ['n1', 'n2', 'n3'];

function others(id: string): string[] {
  return THREE.filter((other) => other !== id);
}

describe('a node', () => {
  test('[C9] never has an entry on disk whose term is not there, wherever a crash cuts its writes (openraft)', () => {
    const net = new Network(3, { config: UNPROTECTED });
    for (const node of net.nodes.values()) node.autoFlush = false;
    let checked = 0;
    // n2 hears of the next term by its entries alone.
    const settle = (): void => {
      for (let i = 0; i < 30; i++) {
        net.deliver(({ type, to }) => type !== 'RequestVote' || to !== 'n2');
        for (const { id, stored, pending } of net.nodes.values()) {
          if (pending.length === 0) continue;
          net.flush(id, 1);
          const last = stored.entries.at(-1)?.term ?? 0;
          expect(stored.hardState.term).toBeGreaterThanOrEqual(last);
          checked++;
        }
      }
    };
    for (const leader of ['n1', 'n2', 'n3', 'n1', 'n3']) {
      net.node(leader).raft.step(net.now, { type: 'campaign' });
      net.drain(net.node(leader));
      settle();
      net.propose(leader, `of ${leader}`);
      settle();
    }
    expect(net.commands('n3')).toHaveLength(5);
    expect(checked).toBeGreaterThan(30);
    net.crash('n2');
    net.restart('n2');
    expect(net.node('n2').raft.term).toBe(5);
  });

  test('[C9] that hears of a term by entries of it stores both at once', () => {
    const net = new Network(3);
    const node = net.node('n2');
    node.autoFlush = false;
    net.hand({
      type: 'AppendEntries',
      from: 'n1',
      to: 'n2',
      term: 6,
      prevLogIndex: 0,
      prevLogTerm: 0,
      entries: [{ index: 1, term: 6, stamp: 1, kind: 'noop', data: '' }],
      leaderCommit: 0,
    });
    expect(node.pending).toMatchObject([{ hardState: { term: 6 }, append: [{ term: 6 }] }]);
    expect(net.sent).toEqual([]);
  });

  test('[C10] that leads does not count its own copy before its own disk has it (etcd#14370)', () => {
    const net = new Network(3, { config: UNPROTECTED });
    net.campaign('n1');
    net.cut('n1', 'n3');
    const leader = net.node('n1');
    leader.autoFlush = false;
    net.propose('n1', 'lost');
    net.deliver();
    net.pass(TIMING.heartbeatIntervalMs);
    net.deliver();
    expect(net.node('n2').raft.lastIndex).toBe(2);
    expect([leader.raft.commitIndex, net.node('n2').raft.commitIndex]).toEqual([1, 1]);
    // Of two copies one was only in memory: what is left of it may be overwritten.
    net.crash('n1');
    net.crash('n2');
    net.heal();
    net.restart('n1');
    expect(net.node('n1').raft.lastIndex).toBe(1);
    net.campaign('n1');
    net.campaign('n1');
    net.campaign('n3');
    net.campaign('n3');
    const [next] = net.leaders();
    net.propose(next?.id ?? '', 'kept');
    net.advance(30);
    net.restart('n2');
    net.advance(50);
    for (const id of THREE) expect(net.commands(id)).toEqual(['kept']);
  });
});

describe('a leader whose disk hangs', () => {
  test('[C29] says nothing more: neither reads nor the pieces of a snapshot speak for it', () => {
    const net = new Network(3);
    net.rowsPerPiece = 1;
    const leader = net.elect();
    const [behind, other] = net.followers();
    if (behind === undefined || other === undefined) throw new Error('two followers');
    net.isolate(behind.id);
    for (let i = 0; i < 400; i++) net.propose(leader.id, `e${i}`);
    net.advance(30);
    for (const id of [leader.id, other.id]) net.compact(id);
    net.heal();
    leader.autoFlush = false;
    net.propose(leader.id, 'hung');
    net.sent.length = 0;
    // A piece and its answer take as long as a heartbeat, and so does a read.
    const told: number[] = [];
    for (let i = 0; i < 40; i++) {
      net.read(leader.id);
      for (const message of net.queue.splice(0)) {
        if (message.from === leader.id) told.push(i);
        net.hand(message);
      }
      net.pass(TIMING.heartbeatIntervalMs / 2);
    }
    expect(told.length).toBeGreaterThan(20);
    expect(Math.max(...told)).toBeLessThan(25);
    net.advance(3 * TIMING.electionTimeoutMs);
    expect(net.leaders().map(({ id }) => id)).toEqual([other.id]);
  });
});

describe('machines', () => {
  /** Three nodes with short logs, of which the followers have saved and compacted some. */
  function busy(seed: number, writes: number): { machines: Machines; leader: string } {
    const machines = new Machines(THREE, { seed, logTail: { entries: 3, chars: 100_000 } });
    const leader = machines.leader();
    for (let i = 0; i < writes; i++) {
      machines.write(leader, `f${i}`);
      machines.pass(5);
    }
    return { machines, leader };
  }

  function fields(count: number): string[] {
    return Array.from({ length: count }, (_, i) => `f${i}`).sort();
  }

  test('[C25] a crash at any step between saving the state and compacting the log leaves a store that opens and lacks nothing', () => {
    let compacted = 0;
    for (let steps = 0; steps < 40; steps++) {
      const { machines, leader } = busy(steps + 1, 30);
      const [victim = ''] = others(leader);
      machines.host(victim).compactNow();
      for (let i = 0; i < steps; i++) machines.scheduler.step(Number.POSITIVE_INFINITY);
      machines.crash(victim);
      compacted += machines.disk(victim).baseIndex;
      machines.boot(victim);
      machines.pass(1500);
      expect(machines.failures).toEqual([]);
      expect(machines.fields(victim)).toEqual(fields(30));
    }
    expect(compacted).toBeGreaterThan(0);
  });

  test('[C25] nothing is compacted that the state on disk does not have, while writes go on', () => {
    const { machines, leader } = busy(3, 100);
    for (const id of others(leader)) machines.stall(id, 150);
    for (let i = 100; i < 200; i++) {
      machines.write(leader, `f${i}`);
      machines.pass(3);
    }
    machines.pass(1000);
    expect(machines.failures).toEqual([]);
    for (const id of THREE) {
      expect(machines.disk(id).baseIndex).toBeGreaterThan(100);
      machines.crash(id);
      machines.boot(id);
    }
    machines.leader();
    machines.pass(500);
    for (const id of THREE) expect(machines.fields(id)).toEqual(fields(200));
  });

  test.each([
    ['and nobody asks for anything but a write', false],
    ['and clients go on reading from it', true],
  ])('[C29] a leader whose disk hangs is replaced, %s (hashicorp/raft#503)', (_, reads) => {
    const machines = new Machines(THREE);
    const old = machines.leader();
    machines.pass(100);
    machines.stall(old, 60_000);
    const hung = machines.write(old, 'hung');
    for (let i = 0; i < 300; i++) {
      if (reads) machines.read(old);
      machines.pass(5);
    }
    const leaders = machines.running().filter(({ raft }) => raft.isEstablishedLeader);
    expect(leaders.filter(({ raft }) => raft.id !== old)).toHaveLength(1);
    const next = machines.leader(old);
    const write = machines.write(next, 'on');
    machines.pass(100);
    expect(machines.isAcknowledged(write)).toBe(true);
    expect(machines.host(old).status().role).not.toBe('leader');
    expect(machines.isAcknowledged(hung)).toBe(false);
  });

  test('[C30] what a minority, and then all, had not yet synchronised when they crashed was acknowledged to nobody', () => {
    let lost = 0;
    for (let seed = 1; seed <= 20; seed++) {
      const machines = new Machines(THREE, { seed });
      const leader = machines.leader();
      const [a = '', b = ''] = others(leader);
      const asked: { field: string; id: number }[] = [];
      const write = (field: string): void => {
        asked.push({ field, id: machines.write(leader, field) });
        machines.pass(8);
      };
      for (let i = 0; i < 5; i++) write(`together ${i}`);
      machines.stall(a, 1000);
      for (let i = 0; i < 5; i++) write(`without ${i}`);
      machines.crash(a);
      lost += machines.disk(a).counts.lost;
      machines.boot(a);
      machines.pass(500);
      for (const id of [a, b]) machines.stall(id, 1000);
      for (let i = 0; i < 5; i++) write(`in memory ${i}`);
      const acknowledged = asked.filter(({ id }) => machines.isAcknowledged(id));
      for (const id of THREE) machines.crash(id);
      lost += machines.disk(a).counts.lost + machines.disk(b).counts.lost;
      // The two whose disks hung are all that come back.
      for (const id of [a, b]) machines.boot(id);
      machines.leader();
      machines.pass(300);
      expect(acknowledged.length).toBeGreaterThanOrEqual(10);
      for (const id of [a, b]) {
        expect(machines.fields(id)).toEqual(
          expect.arrayContaining(acknowledged.map(({ field }) => field)),
        );
      }
      machines.boot(leader);
      machines.pass(500);
      expect(machines.fields(leader)).toEqual(machines.fields(a));
      expect(machines.failures).toEqual([]);
    }
    expect(lost).toBeGreaterThan(50);
  });
});
