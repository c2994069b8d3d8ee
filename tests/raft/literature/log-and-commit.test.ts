/** Bugs of replication and commitment that others had: each test builds the schedule in which the bug would show. */
import { describe, expect, test } from 'vitest';
import type { Message } from '../../../server/raft/messages.ts';
import { quorumValue, voteOutcome } from '../../../server/raft/quorum.ts';
import type { ProgressStatus } from '../../../server/raft/types.ts';
import { log, Network, TIMING } from '../network.ts';
import type { TestNode } from '../network.ts';

/** Anyone may campaign at any time: for schedules that a test writes itself. */
const UNPROTECTED = () => ({ preVote: false, checkQuorum: false, maxEntriesPerAppend: 1 });

function progressOf(leader: TestNode, peer: string): ProgressStatus | undefined {
  return leader.raft.status().progress.find((progress) => progress.peer === peer);
}

/** What nodes have applied at the same index is the same. */
function expectAgreement(net: Network): void {
  const applied = new Map<number, string>();
  for (const node of net.nodes.values()) {
    for (const { index, term, data } of node.applied) {
      const entry = `${term} ${data}`;
      expect(applied.get(index) ?? entry).toBe(entry);
      applied.set(index, entry);
    }
  }
}

describe('commitment', () => {
  test('[C1] an entry of an older term is not committed by counting its copies (§5.4.2, Figure 8; logcabin#44)', () => {
    const net = new Network(5, {
      config: UNPROTECTED,
      stored: { n1: log(1, 2), n2: log(1, 2), n3: log(1), n4: log(1), n5: log(1, 3) },
      terms: { n1: 3 },
    });
    net.crash('n5');
    // n1 leads term 4 and brings its entry of term 2 to n3 and n4; that of term 4 reaches nobody.
    const wouldTakeTerm4 = (message: Message): boolean =>
      message.type === 'AppendEntries' &&
      message.entries.some(({ term }) => term === 4) &&
      net.node(message.to).raft.lastIndex >= message.prevLogIndex;
    net.node('n1').raft.step(net.now, { type: 'campaign' });
    net.drain(net.node('n1'));
    for (let i = 0; i < 5; i++) {
      net.deliver((message) => !wouldTakeTerm4(message));
      net.pass(TIMING.heartbeatIntervalMs);
    }
    expect(net.node('n1').raft).toMatchObject({ role: 'leader', term: 4 });
    expect([net.terms('n3'), net.terms('n4')]).toEqual([
      [1, 2],
      [1, 2],
    ]);
    net.queue.length = 0;
    net.crash('n1');
    net.restart('n5');
    net.campaign('n5');
    net.campaign('n5');
    expect(net.node('n5').raft.role).toBe('leader');
    net.restart('n1');
    net.advance(50);
    expect(net.node('n1').raft.leader).toBe('n5');
    expectAgreement(net);
    for (const id of net.nodes.keys()) expect(net.commands(id)).toEqual(['1:1', '3:2']);
  });

  test('[C32] a commit index beyond what an append proves is clipped to what it proves (Figure 2)', () => {
    const net = new Network(3, { stored: { n3: log(1, 1, 1) } });
    const message = { type: 'AppendEntries', from: 'n1', to: 'n3', term: 3 } as const;
    net.hand({ ...message, prevLogIndex: 1, prevLogTerm: 1, entries: [], leaderCommit: 3 });
    expect(net.node('n3').raft.commitIndex).toBe(1);
    expect(net.commands('n3')).toEqual(['1:1']);
    // The same entries again prove no more.
    const entries = log(1).slice(0, 1);
    net.hand({ ...message, prevLogIndex: 0, prevLogTerm: 0, entries, leaderCommit: 3 });
    expect(net.commands('n3')).toEqual(['1:1']);
  });

  test('[C32] heartbeats commit nothing of a tail that the leader has not seen', () => {
    const stored = { n1: log(1, 2), n2: log(1, 2), n3: log(1, 1, 1) };
    const net = new Network(3, { config: UNPROTECTED, stored });
    net.node('n1').raft.step(net.now, { type: 'campaign' });
    net.drain(net.node('n1'));
    const toN3 = (message: Message) => message.type === 'AppendEntries' && message.to === 'n3';
    for (let i = 0; i < 5; i++) {
      net.deliver((message) => !toN3(message));
      net.pass(TIMING.heartbeatIntervalMs);
    }
    net.propose('n1', 'x');
    for (let i = 0; i < 5; i++) {
      net.deliver((message) => !toN3(message));
      net.pass(TIMING.heartbeatIntervalMs);
    }
    expect(net.commands('n2')).toContain('x');
    expect(net.terms('n3')).toEqual([1, 1, 1]);
    expectAgreement(net);
    net.advance(100);
    expectAgreement(net);
    expect(net.commands('n3')).toEqual(['1:1', '2:2', 'x']);
  });

  test('[C37] majorities, joint ones included, are those that counting all sets of nodes gives (openraft#1802)', () => {
    const ids = ['a', 'b', 'c', 'd'];
    const sets = Array.from({ length: 16 }, (_, bits) => ids.filter((_id, i) => (bits >> i) & 1));
    const decides = (halves: readonly string[][], set: readonly string[]): boolean =>
      halves.every(
        (half) =>
          half.length === 0 || half.filter((id) => set.includes(id)).length * 2 > half.length,
      );
    let checked = 0;
    for (const voters of sets.filter(({ length }) => length > 0)) {
      for (const votersOutgoing of sets) {
        const halves = [voters, votersOutgoing];
        const conf = { voters, votersOutgoing, learners: [] };
        for (let draw = 0; draw < 81; draw++) {
          const valueOf = (id: string): number => Math.floor(draw / 3 ** ids.indexOf(id)) % 3;
          const from = (least: number) => ids.filter((id) => valueOf(id) >= least);
          const reached = [2, 1, 0].find((value) => decides(halves, from(value)));
          // As votes: 2 grants, 0 refuses, 1 is silent.
          const votes = new Map(
            ids.filter((id) => valueOf(id) !== 1).map((id) => [id, valueOf(id) === 2]),
          );
          const outcome = decides(halves, from(2))
            ? 'won'
            : decides(halves, from(1))
              ? 'pending'
              : 'lost';
          if (quorumValue(conf, valueOf) !== reached || voteOutcome(conf, votes) !== outcome) {
            expect.fail(`${JSON.stringify({ conf, draw, reached, outcome })}`);
          }
          checked++;
        }
      }
    }
    expect(checked).toBe(15 * 16 * 81);
  });
});

describe('appends', () => {
  test('[C4] a short append that comes late takes back nothing that was acknowledged after it', () => {
    const net = new Network(3, { config: UNPROTECTED });
    net.campaign('n1');
    net.cut('n1', 'n3');
    net.sent.length = 0;
    for (const data of ['a', 'b', 'c']) net.propose('n1', data);
    // n2 stores all of it and says so, and has not yet heard that anything of it is committed.
    net.deliver((message) => message.type !== 'Heartbeat');
    expect(net.node('n1').raft.commitIndex).toBe(4);
    const late = net.sent.find(({ type, to }) => type === 'AppendEntries' && to === 'n2');
    if (late?.type !== 'AppendEntries') throw new Error('an append');
    expect(net.node('n2').raft.commitIndex).toBeLessThan(late.prevLogIndex + 1);
    net.hand(late);
    net.hand({ ...late, entries: [] });
    expect(net.node('n2').raft.lastIndex).toBe(4);
    net.queue.length = 0;
    net.crash('n1');
    net.heal();
    net.campaign('n3');
    net.campaign('n2');
    net.advance(50);
    expect(net.commands('n2')).toEqual(['a', 'b', 'c']);
  });

  test('[C22] an append that begins where the follower has compacted already is no conflict (openraft#511)', () => {
    const net = new Network(3);
    const leader = net.elect();
    const [slow] = net.followers();
    if (slow === undefined) throw new Error('a follower');
    for (let i = 0; i < 6; i++) net.propose(leader.id, `e${i}`);
    net.advance(30);
    net.compact(slow.id);
    expect(slow.raft).toMatchObject({ firstIndex: 8, lastIndex: 7 });
    net.propose(leader.id, 'new');
    net.queue.length = 0;
    const { entries } = leader.stored;
    const append = {
      type: 'AppendEntries',
      from: leader.id,
      to: slow.id,
      term: 1,
      leaderCommit: 7,
    } as const;
    for (const upTo of [3, 8]) {
      net.hand({ ...append, prevLogIndex: 1, prevLogTerm: 1, entries: entries.slice(1, upTo) });
      const index = Math.max(7, upTo);
      expect(net.sent.at(-1)).toMatchObject({ success: true, index });
    }
    expect(slow.raft).toMatchObject({ firstIndex: 8, lastIndex: 8 });
    expect(slow.events.some(({ type }) => type === 'truncated')).toBe(false);
  });

  test('[C36] answers that come late, doubled or out of order never lower what is known of a follower', () => {
    const net = new Network(3, { config: UNPROTECTED });
    net.campaign('n1');
    net.sent.length = 0;
    for (const data of ['a', 'b', 'c', 'd']) net.propose('n1', data);
    net.deliver();
    const leader = net.node('n1');
    const answers = net.sent.filter(
      ({ type, from }) => type === 'AppendEntriesResponse' && from === 'n2',
    );
    expect(answers).toHaveLength(4);
    const before = progressOf(leader, 'n2');
    expect(before).toMatchObject({ matchIndex: 5, nextIndex: 6, state: 'replicate' });
    for (const answer of [...answers].reverse()) net.hand(answer);
    const refusal = { type: 'AppendEntriesResponse', from: 'n2', to: 'n1', term: 1 } as const;
    for (const index of [0, 2, 4])
      net.hand({ ...refusal, success: false, index, conflictIndex: 0, conflictTerm: 0 });
    expect(progressOf(leader, 'n2')).toEqual(before);
    // With n3 gone every commit needs what n2 is known to hold.
    net.crash('n3');
    net.propose('n1', 'e');
    net.deliver();
    expect(leader.raft.commitIndex).toBe(6);
  });
});

describe('the cap on what is not committed', () => {
  const PIECE = 'x'.repeat(100);
  /** Units that the network's nodes accept. */
  const CAP = 10_000;

  function outcome(leader: TestNode, id: number): string | undefined {
    const result = leader.results.find((found) => 'id' in found && found.id === id);
    return result?.type === 'proposalDropped' ? result.reason : result?.type;
  }

  /** Proposes pieces until one is refused; returns how many were taken. */
  function stuff(net: Network, leader: TestNode): number {
    for (let taken = 0; taken < 1000; taken++)
      if (outcome(leader, net.propose(leader.id, PIECE)) === 'overloaded') return taken;
    throw new Error('no end');
  }

  /** More than the cap is accepted only while nothing at all is counted. */
  function expectNothingCounted(net: Network, leader: TestNode): void {
    const id = net.propose(leader.id, 'y'.repeat(CAP + 1));
    expect(outcome(leader, id)).toBe('proposalAppended');
  }

  test('[C35] a leader that is cut off sheds load, and counts from nothing when it leads again', () => {
    const net = new Network(3);
    const leader = net.elect();
    net.isolate(leader.id);
    expect(stuff(net, leader)).toBe(CAP / PIECE.length);
    expect(stuff(net, leader)).toBe(0);
    expect(leader.raft.lastIndex).toBe(1 + CAP / PIECE.length);
    net.advance(1000);
    expect(leader.raft.role).not.toBe('leader');
    net.heal();
    net.advance(300);
    const [now] = net.leaders();
    net.transfer(now?.id ?? '', leader.id);
    net.advance(50);
    expect(leader.raft.role).toBe('leader');
    expectNothingCounted(net, leader);
  });

  test('[C35] a leader that commits, after refusals, changes of members and entries of older terms, counts down to nothing', () => {
    const net = new Network(3);
    const leader = net.elect();
    for (let round = 0; round < 3; round++) {
      const others = net.followers().map(({ id }) => id);
      for (const id of others) net.cut(leader.id, id);
      net.join(`n${4 + round}`);
      net.change(leader.id, { type: 'addLearner', id: `n${4 + round}` });
      expect(stuff(net, leader)).toBe(CAP / PIECE.length);
      net.heal();
      net.advance(60);
      expect(leader.raft).toMatchObject({ role: 'leader', commitIndex: leader.raft.lastIndex });
      expectNothingCounted(net, leader);
      net.advance(60);
    }
    // The heir commits what is the old leader's: it never counted it.
    net.propose(leader.id, PIECE);
    net.deliver((message) => message.type !== 'AppendEntriesResponse');
    const heir = net.followers().find(({ id }) => id === 'n1' || id === 'n2');
    if (heir === undefined) throw new Error('an heir');
    net.crash(leader.id);
    net.pass(2 * TIMING.electionTimeoutMs);
    net.advance(500);
    const [next] = net.leaders();
    if (next === undefined) throw new Error('a leader');
    expect(net.commands(next.id).at(-1)).toBe(PIECE);
    expectNothingCounted(net, next);
  });
});
