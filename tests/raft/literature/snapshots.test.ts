/** Bugs of snapshots that others had: each test builds the schedule in which the bug would show. */
import { describe, expect, test } from 'vitest';
import type { InstallSnapshot, Message } from '../../../server/raft/messages.ts';
import { Network, TIMING } from '../network.ts';
import type { TestNode } from '../network.ts';

const UNPROTECTED = () => ({ preVote: false, checkQuorum: false });

function fill(net: Network, leader: string, from: number, to: number): void {
  for (let i = from; i <= to; i++) net.propose(leader, `e${i}`);
  net.advance(30);
}

function names(from: number, to: number): string[] {
  return Array.from({ length: to - from + 1 }, (_, i) => `e${from + i}`);
}

/** n1 leads, and n3 lacks what the logs of the others have forgotten altogether. */
function behind(): Network {
  const net = new Network(3, { config: UNPROTECTED });
  net.campaign('n1');
  fill(net, 'n1', 1, 4);
  net.node('n3').stored.saved = [...net.node('n3').applied];
  net.isolate('n3');
  fill(net, 'n1', 5, 12);
  for (const id of ['n1', 'n2']) net.compact(id);
  return net;
}

function pieces(messages: readonly Message[]): InstallSnapshot[] {
  return messages.flatMap((message) =>
    message.type === 'InstallSnapshot' && (message.rows !== '' || message.end !== null)
      ? [message]
      : [],
  );
}

/** Delivers all but what `hold` names, and returns that. */
function deliverBut(net: Network, hold: (message: Message) => boolean): Message[] {
  const held: Message[] = [];
  net.deliver((message) => {
    const isHeld = hold(message);
    if (isHeld) held.push(message);
    return !isHeld;
  });
  return held;
}

const isEnd = (message: Message): boolean =>
  message.type === 'InstallSnapshot' && message.end !== null;

/** Lets time pass, with everything delivered, until the end of the snapshot is on its way, and returns it. */
function untilEnd(net: Network): InstallSnapshot {
  net.heal();
  for (let i = 0; i < 300; i++) {
    net.pass(1);
    const [end] = deliverBut(net, isEnd);
    if (end?.type === 'InstallSnapshot') return end;
  }
  throw new Error('no end');
}

describe('installing', () => {
  test('[C19] a snapshot brings its configuration, whatever change the follower had in its log (openraft#1808)', () => {
    const net = new Network(3);
    const old = net.elect();
    net.join('n4');
    net.isolate(old.id);
    net.change(old.id, { type: 'addLearner', id: 'n4' });
    for (let i = 0; i < 20; i++) net.propose(old.id, `lost ${i}`);
    net.advance(1000);
    const [leader] = net.leaders();
    if (leader === undefined) throw new Error('a leader');
    net.change(leader.id, { type: 'removeNode', id: old.id });
    fill(net, leader.id, 1, 9);
    net.change(leader.id, { type: 'addLearner', id: old.id });
    net.advance(30);
    for (const { id } of net.followers()) if (id !== 'n4' && id !== old.id) net.compact(id);
    net.compact(leader.id);
    expect(old.raft.status().confState.learners).toEqual(['n4']);
    net.heal();
    net.advance(300);
    const { confState } = leader.raft.status();
    expect(confState.learners).toEqual([old.id]);
    expect(old.events.some(({ type }) => type === 'snapshotInstalled')).toBe(true);
    expect(old.raft.status()).toMatchObject({ confState, confCommitted: true });
    expect(net.commands(old.id)).toEqual(names(1, 9));
    // As a learner it asks nobody for votes, after a restart neither.
    net.crash(old.id);
    net.restart(old.id);
    net.isolate(old.id);
    net.advance(1000);
    expect(net.node(old.id).raft).toMatchObject({ role: 'follower', conf: confState });
  });

  test('[C21] a snapshot that comes late reaches no further than what is committed, and changes nothing', () => {
    const net = behind();
    const end = untilEnd(net);
    net.hand(end);
    fill(net, 'n1', 13, 15);
    const slow = net.node('n3');
    for (const compacted of [false, true]) {
      if (compacted) net.compact('n3');
      const { firstIndex, lastIndex, commitIndex } = slow.raft.status();
      expect(commitIndex).toBe(16);
      net.hand(end);
      expect(net.sent.at(-1)).toMatchObject({ type: 'InstallSnapshotResponse', matchIndex: 16 });
      expect(slow.raft.status()).toMatchObject({ firstIndex, lastIndex, commitIndex });
      expect(net.commands('n3')).toEqual(names(1, 15));
    }
  });

  test('[C21] a log that has the last entry of the snapshot keeps what follows, which others may count on', () => {
    const net = behind();
    const end = untilEnd(net);
    net.queue.length = 0;
    // Meanwhile n3 gets all of it as entries: n2 still had them, and led for a moment.
    const slow = net.node('n3');
    const held = slow.raft.lastIndex;
    const entries = net
      .node('n1')
      .applied.slice(held)
      .concat({ index: 14, term: 1, stamp: 2e9, kind: 'command', data: 'suffix' });
    net.hand({
      type: 'AppendEntries',
      from: 'n1',
      to: 'n3',
      term: 1,
      prevLogIndex: held,
      prevLogTerm: 1,
      entries,
      leaderCommit: 0,
    });
    expect(slow.raft.commitIndex).toBeLessThan(13);
    net.hand(end);
    expect(slow.raft.status()).toMatchObject({ firstIndex: 1, lastIndex: 14, commitIndex: 13 });
    expect(slow.stored.entries.at(-1)).toMatchObject({ data: 'suffix' });
    expect(net.commands('n3')).toEqual(names(1, 12));
  });

  test('[C21] appends that reach into the snapshot, while it is being stored and after, are taken from its end on', () => {
    for (const crashes of [false, true]) {
      const net = behind();
      const slow = net.node('n3');
      const before = net.node('n1').applied.slice(8);
      const end = untilEnd(net);
      net.propose('n1', 'e13');
      const fresh = net.node('n1').raft.entryAt(14);
      net.queue.length = 0;
      slow.autoFlush = false;
      net.hand(end);
      const message = { type: 'AppendEntries', from: 'n1', to: 'n3', term: 1 } as const;
      net.hand({
        ...message,
        prevLogIndex: 8,
        prevLogTerm: 1,
        entries: [...before, fresh],
        leaderCommit: 13,
      });
      expect(net.queue).toEqual([]);
      expect(slow.raft).toMatchObject({ firstIndex: 14, lastIndex: 14 });
      if (crashes) {
        net.crash('n3');
        net.restart('n3');
        expect(net.node('n3').raft).toMatchObject({ firstIndex: 1, lastIndex: 5 });
      } else {
        net.flush('n3');
        expect(net.queue).toMatchObject([
          { type: 'InstallSnapshotResponse', matchIndex: 13 },
          { type: 'AppendEntriesResponse', success: true, index: 14 },
        ]);
        slow.autoFlush = true;
      }
      net.advance(3 * TIMING.electionTimeoutMs);
      fill(net, net.leaders()[0]?.id ?? '', 14, 14);
      expect(net.commands('n3')).toEqual(names(1, 14));
    }
  });
});

describe('sending', () => {
  test('[C23] an end that overtakes rows installs nothing, and rows that come twice count once', () => {
    const net = behind();
    const end = untilEnd(net);
    const all = pieces(net.sent);
    expect(all.map(({ after }) => after)).toEqual([5, 8, 11, 13]);
    const again = behind();
    again.heal();
    again.hand(end);
    expect(again.node('n3').raft.commitIndex).toBeLessThan(13);
    const [first, second, third] = all as [InstallSnapshot, InstallSnapshot, InstallSnapshot];
    for (const piece of [second, first, third, first, second, end, second, third, end, third])
      again.hand(piece);
    expect(again.node('n3').stored.saved.map(({ index }) => index)).toEqual(
      Array.from({ length: 13 }, (_, i) => i + 1),
    );
    expect(again.node('n3').stored.staged).toEqual([]);
    again.advance(300);
    fill(again, 'n1', 13, 13);
    expect(again.commands('n3')).toEqual(names(1, 13));
  });

  test('[C23] any one message of the transfer may be lost', () => {
    for (let lost = 0; lost < 12; lost++) {
      const net = behind();
      net.heal();
      let count = 0;
      for (let i = 0; i < 5 * TIMING.electionTimeoutMs; i++) {
        net.pass(1);
        net.deliver((message) => !message.type.startsWith('InstallSnapshot') || count++ !== lost);
      }
      expect(count).toBeGreaterThan(9);
      expect(net.commands('n3')).toEqual(names(1, 12));
    }
  });

  test('[C23] when the leader changes in the middle, the next one goes on where it stopped, and the old one’s pieces are no use any more', () => {
    const net = behind();
    net.heal();
    let seen = 0;
    const late: Message[] = [];
    for (let i = 0; i < 100; i++) {
      net.pass(1);
      late.push(
        ...deliverBut(
          net,
          (message) => message.type === 'InstallSnapshot' && message.rows !== '' && ++seen > 1,
        ),
      );
    }
    expect(late.length).toBeGreaterThan(0);
    expect(net.node('n3').stored.staged).toHaveLength(3);
    net.crash('n1');
    net.sent.length = 0;
    net.campaign('n2');
    expect(net.node('n2').raft.role).toBe('leader');
    for (const message of late) net.hand(message);
    expect(net.sent.at(-1)).toMatchObject({ type: 'HeartbeatResponse', term: 2 });
    net.advance(300);
    // Of 13 rows it had 5, and 3 of the old leader's.
    const rows = pieces(net.sent).filter(({ from }) => from === 'n2');
    expect(rows.map(({ after }) => after)).toEqual(expect.arrayContaining([8, 11]));
    expect(rows.every(({ after }) => after >= 8)).toBe(true);
    fill(net, 'n2', 13, 14);
    expect(net.commands('n3')).toEqual(names(1, 14));
  });

  test('[C24] a learner that was added while it was cut off gets everything from a leader whose log is empty (openraft#1828)', () => {
    const net = new Network(3);
    const leader = net.elect();
    fill(net, leader.id, 1, 7);
    net.join('n4');
    net.isolate('n4');
    net.change(leader.id, { type: 'addLearner', id: 'n4' });
    net.advance(50);
    const purge = (node: TestNode): void => {
      net.compact(node.id);
      expect(node.raft.firstIndex).toBe(node.raft.lastIndex + 1);
    };
    purge(leader);
    // Nobody writes anything: what brings the learner up is the wish alone.
    net.heal();
    net.advance(300);
    expect(net.commands('n4')).toEqual(names(1, 7));
    expect(net.node('n4').raft.status().confState.learners).toEqual(['n4']);
    net.change(leader.id, { type: 'addVoter', id: 'n4' });
    net.advance(50);
    expect(leader.raft.status().confState.voters).toContain('n4');
  });

  test('[C24] nor does it matter that the leader changes and everyone purges before the learner is heard of', () => {
    const net = new Network(3);
    const first = net.elect();
    fill(net, first.id, 1, 7);
    net.join('n4');
    net.isolate('n4');
    net.change(first.id, { type: 'addLearner', id: 'n4' });
    net.advance(50);
    net.crash(first.id);
    for (const { id } of net.followers()) if (id !== 'n4') net.compact(id);
    const next = net.elect();
    net.advance(50);
    net.compact(next.id);
    expect(next.raft.firstIndex).toBe(next.raft.lastIndex + 1);
    net.heal();
    net.advance(300);
    expect(net.commands('n4')).toEqual(names(1, 7));
  });
});
