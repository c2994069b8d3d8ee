import { describe, expect, test } from 'vitest';
import { log, Network } from './network.ts';
import type { TestNode } from './network.ts';

function fill(net: Network, leader: TestNode, from: number, to: number): void {
  for (let i = from; i <= to; i++) net.propose(leader.id, `e${i}`);
  net.advance(30);
}

function names(from: number, to: number): string[] {
  return Array.from({ length: to - from + 1 }, (_, i) => `e${from + i}`);
}

function follower(net: Network): TestNode {
  const found = net.followers()[0];
  if (found === undefined) throw new Error('a follower');
  return found;
}

describe('compaction', () => {
  test('[D1] a log forgets what the state holds, and goes on', () => {
    const net = new Network(3);
    const leader = net.elect();
    fill(net, leader, 1, 20);
    for (const id of net.nodes.keys()) net.compact(id, 4);
    expect(leader.raft).toMatchObject({ firstIndex: 18, lastIndex: 21 });
    expect(leader.stored.entries.map(({ index }) => index)).toEqual([18, 19, 20, 21]);
    fill(net, leader, 21, 25);
    for (const id of net.nodes.keys()) expect(net.commands(id)).toEqual(names(1, 25));
  });

  test('[D2] a restart goes on from state and tail, its configuration included', () => {
    const net = new Network(3);
    const leader = net.elect();
    net.join('n4');
    net.change(leader.id, { type: 'addLearner', id: 'n4' });
    fill(net, leader, 1, 10);
    net.compact(leader.id);
    expect(leader.raft.firstIndex).toBe(leader.raft.lastIndex + 1);
    for (const id of net.nodes.keys()) {
      net.crash(id);
      net.restart(id);
    }
    const next = net.elect();
    expect(next.raft.status().confState.learners).toEqual(['n4']);
    fill(net, next, 11, 12);
    for (const id of net.nodes.keys()) expect(net.commands(id)).toEqual(names(1, 12));
  });

  test('[D3] an append that begins before what is compacted is no conflict', () => {
    const net = new Network(3);
    const leader = net.elect();
    fill(net, leader, 1, 10);
    const slow = follower(net);
    net.compact(slow.id);
    const late = net.sent.find((m) => m.type === 'AppendEntries' && m.to === slow.id);
    if (late === undefined) throw new Error('an append');
    net.hand(late);
    net.deliver();
    fill(net, leader, 11, 11);
    expect(net.commands(slow.id)).toEqual(names(1, 11));
    expect(slow.events.some(({ type }) => type === 'truncated')).toBe(false);
  });
});

describe('snapshots', () => {
  /** A cluster whose `slow` follower lacks what the leader's log no longer has. */
  function behind(rowsBefore = 5): { net: Network; leader: TestNode; slow: TestNode } {
    const net = new Network(3);
    const leader = net.elect();
    const slow = follower(net);
    fill(net, leader, 1, rowsBefore);
    slow.stored.saved = [...slow.applied];
    net.isolate(slow.id);
    fill(net, leader, rowsBefore + 1, 30);
    for (const id of net.nodes.keys()) if (id !== slow.id) net.compact(id, 2);
    return { net, leader, slow };
  }

  test('[D4] a follower that lacks what is compacted gets the rows that it lacks, in pieces, and then the log', () => {
    const { net, leader, slow } = behind();
    net.sent.length = 0;
    net.heal();
    net.advance(60);
    fill(net, leader, 31, 33);
    expect(net.commands(slow.id)).toEqual(names(1, 33));
    expect(slow.raft.firstIndex).toBeGreaterThan(20);
    const pieces = net.sent.flatMap((m) =>
      m.type === 'InstallSnapshot' && m.rows !== '' ? [m] : [],
    );
    // 31 rows, of which the follower had 6; three a piece.
    expect(pieces.map(({ after }) => after)).toEqual([6, 9, 12, 15, 18, 21, 24, 27, 30]);
    expect(leader.raft.status().progress.find(({ peer }) => peer === slow.id)?.state).toBe(
      'replicate',
    );
  });

  test.each([1, 2, 3, 4])(
    '[D5] pieces that are lost, doubled and late do no harm (seed %i)',
    (seed) => {
      const { net, leader, slow } = behind();
      net.heal();
      let draw = seed;
      const random = (): number => (draw = (draw * 48271) % 2147483647) / 2147483647;
      for (let i = 0; i < 3000; i++) {
        net.pass(1);
        net.deliver((message) => {
          if (!message.type.startsWith('InstallSnapshot')) return true;
          if (random() < 0.2) net.hand(message);
          return random() > 0.3;
        });
      }
      fill(net, leader, 31, 31);
      expect(net.commands(slow.id)).toEqual(names(1, 31));
    },
  );

  test('[D6] what has come is kept through a crash of the follower and a change of leader', () => {
    const { net, leader, slow } = behind();
    net.heal();
    let pieces = 0;
    net.advance(1);
    for (let i = 0; i < 200 && pieces < 3; i++) {
      net.pass(1);
      net.deliver((m) => (m.type === 'InstallSnapshot' && m.rows !== '' ? ++pieces <= 3 : true));
    }
    net.crash(slow.id);
    net.crash(leader.id);
    net.restart(slow.id);
    net.sent.length = 0;
    const next = net.elect();
    expect(next.id).not.toBe(leader.id);
    net.advance(300);
    expect(net.commands(slow.id)).toEqual(names(1, 30));
    const first = net.sent.find((m) => m.type === 'InstallSnapshot' && m.rows !== '');
    expect(first).toMatchObject({ after: 15 });
  });

  test('[D7] a snapshot that reaches no further than the commit index changes nothing', () => {
    const net = new Network(3);
    const leader = net.elect();
    fill(net, leader, 1, 10);
    const ahead = follower(net);
    const before = ahead.raft.status();
    const base = { index: 6, term: 1, stamp: 1, conf: before.confState };
    net.hand({
      type: 'InstallSnapshot',
      from: leader.id,
      to: ahead.id,
      term: leader.raft.term,
      after: 6,
      upTo: 6,
      rows: '',
      end: { base, state: '6 applied' },
    });
    expect(ahead.raft.status()).toMatchObject({ firstIndex: 1, lastIndex: 11, commitIndex: 11 });
    expect(net.queue.at(-1)).toMatchObject({ type: 'InstallSnapshotResponse', matchIndex: 11 });
  });

  test('[D7] a log that holds the last entry of the snapshot keeps what follows it', () => {
    const net = new Network(3, { stored: { n2: log(1, 1, 1, 1, 1) }, terms: { n2: 1 } });
    const held = net.node('n2');
    const conf = held.raft.status().confState;
    net.hand({
      type: 'InstallSnapshot',
      from: 'n1',
      to: 'n2',
      term: 2,
      after: 3,
      upTo: 3,
      rows: '',
      end: { base: { index: 3, term: 1, stamp: 3, conf }, state: '3 applied' },
    });
    expect(held.raft.status()).toMatchObject({ firstIndex: 1, lastIndex: 5, commitIndex: 3 });
  });

  test('[D8] a snapshot brings its configuration and takes the place of a log that says otherwise', () => {
    const { net, leader, slow } = behind();
    net.join('n4');
    net.change(leader.id, { type: 'addLearner', id: 'n4' });
    net.advance(30);
    for (const id of net.nodes.keys()) if (id !== slow.id && id !== 'n4') net.compact(id);
    net.heal();
    net.advance(100);
    expect(slow.raft.status().confState.learners).toEqual(['n4']);
    expect(net.commands('n4')).toEqual(names(1, 30));
  });

  test('[D9] a log that was compacted past a follower in the middle of replication turns to a snapshot', () => {
    const net = new Network(3);
    const leader = net.elect();
    const slow = follower(net);
    net.cut(slow.id, leader.id);
    fill(net, leader, 1, 25);
    net.compact(leader.id);
    net.heal();
    net.advance(100);
    fill(net, leader, 26, 26);
    expect(net.commands(slow.id)).toEqual(names(1, 26));
  });
});
