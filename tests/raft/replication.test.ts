import { describe, expect, test } from 'vitest';
import type { AppendEntries, Message } from '../../server/raft/messages.ts';
import type { Entry } from '../../server/raft/types.ts';
import { log, Network, TIMING } from './network.ts';

function append(overrides: Partial<AppendEntries>): AppendEntries {
  return {
    type: 'AppendEntries',
    from: 'n1',
    to: 'n2',
    term: 5,
    prevLogIndex: 0,
    prevLogTerm: 0,
    entries: [],
    leaderCommit: 0,
    ...overrides,
  };
}

function entry(index: number, term: number): Entry {
  return { index, term, stamp: index, kind: 'command', data: `${term}:${index}` };
}

describe('replication', () => {
  test('[R1] a proposal is stored on a quorum, committed and applied everywhere in the same order (§5.3)', () => {
    const net = new Network(3);
    const leader = net.elect();
    for (const data of ['a', 'b', 'c']) net.propose(leader.id, data);
    net.advance(20);
    for (const id of net.nodes.keys()) expect(net.commands(id)).toEqual(['a', 'b', 'c']);
  });

  test('[R2] an older term is never committed by counting copies (§5.4.2, Figure 8)', () => {
    const net = new Network(5, {
      stored: { n1: log(1, 2), n2: log(1, 2), n3: log(1), n4: log(1), n5: log(1, 3) },
      terms: { n1: 3, n2: 3, n3: 3, n4: 3, n5: 3 },
      config: () => ({ maxEntriesPerAppend: 1 }),
    });
    net.isolate('n5');
    const leader = net.node('n1');
    leader.raft.step(net.now, { type: 'campaign' });
    net.drain(leader);
    // Acknowledgements of the no-op of term 4 are lost; those of the entry of term 2 arrive.
    net.deliver((m) => !(m.type === 'AppendEntriesResponse' && m.success && m.index > 2));
    expect(leader.raft).toMatchObject({ role: 'leader', term: 4 });
    expect(leader.raft.status().progress.filter((p) => p.matchIndex === 2)).toHaveLength(2);
    expect(leader.raft.commitIndex).toBe(0);
    net.advance(5 * TIMING.heartbeatIntervalMs);
    expect(leader.raft.commitIndex).toBe(3);
  });

  test('[R3] a follower acknowledges entries only after they are durable (§5.3)', () => {
    const net = new Network(3);
    const leader = net.elect();
    const [slow, dead] = net.followers();
    if (slow === undefined || dead === undefined) throw new Error('two followers');
    net.crash(dead.id);
    slow.autoFlush = false;
    net.propose(leader.id, 'x');
    net.deliver();
    expect(slow.raft.lastIndex).toBe(leader.raft.lastIndex);
    expect(leader.raft.commitIndex).toBeLessThan(leader.raft.lastIndex);
    net.flush(slow.id);
    net.deliver();
    expect(leader.raft.commitIndex).toBe(leader.raft.lastIndex);
  });

  test('[R3] a repeated append is acknowledged no earlier than the first', () => {
    const net = new Network(3);
    net.node('n2').autoFlush = false;
    const message = append({ entries: [entry(1, 5)] });
    net.hand(message);
    net.hand(message);
    expect(net.sent).toEqual([]);
    net.flush('n2');
    expect(net.sent).toMatchObject([
      { success: true, index: 1 },
      { success: true, index: 1 },
    ]);
  });

  test('[R4] a leader counts its own copy only once its own disk has it', () => {
    const net = new Network(3);
    const leader = net.elect();
    const [a, b] = net.followers();
    net.crash(b?.id ?? '');
    leader.autoFlush = false;
    net.propose(leader.id, 'x');
    net.deliver();
    expect(a?.raft.lastIndex).toBe(leader.raft.lastIndex);
    expect(leader.raft.commitIndex).toBeLessThan(leader.raft.lastIndex);
    net.flush(leader.id);
    expect(leader.raft.commitIndex).toBe(leader.raft.lastIndex);
  });

  test("[R4] a quorum of followers commits while the leader's disk is slow, but the leader applies only what it has stored", () => {
    const net = new Network(3);
    const leader = net.elect();
    leader.autoFlush = false;
    net.propose(leader.id, 'x');
    net.deliver();
    expect(leader.raft.commitIndex).toBe(leader.raft.lastIndex);
    expect(net.commands(leader.id)).toEqual([]);
    net.flush(leader.id);
    expect(net.commands(leader.id)).toEqual(['x']);
  });

  test('[R5] a delayed, shorter append takes nothing back (§5.3)', () => {
    const net = new Network(3);
    net.hand(append({ entries: [entry(1, 5), entry(2, 5), entry(3, 5)] }));
    net.hand(append({ entries: [entry(1, 5)] }));
    expect(net.node('n2').raft.lastIndex).toBe(3);
  });

  test('[R5] a conflicting tail is truncated and replaced, on disk too (§5.3)', () => {
    const net = new Network(3, { stored: { n2: log(1, 2, 2, 2) } });
    net.hand(append({ prevLogIndex: 1, prevLogTerm: 1, entries: [entry(2, 5)] }));
    expect(net.terms('n2')).toEqual([1, 5]);
    expect(net.node('n2').stored.entries.map((e) => e.term)).toEqual([1, 5]);
    expect(net.node('n2').events).toContainEqual({ type: 'truncated', from: 2, to: 4 });
  });

  test('[R6] the commit index is clipped to what the append proves (Figure 2)', () => {
    const net = new Network(3, { stored: { n2: log(1, 2, 2) } });
    net.hand(append({ prevLogIndex: 0, entries: [entry(1, 1)], leaderCommit: 3 }));
    expect(net.node('n2').raft.commitIndex).toBe(1);
  });

  test('[R7] a late acknowledgement of a write that was truncated meanwhile proves nothing', () => {
    const net = new Network(3);
    const follower = net.node('n2');
    follower.autoFlush = false;
    net.hand(append({ term: 1, entries: [entry(1, 1)] }));
    net.hand(append({ from: 'n3', term: 2, entries: [entry(1, 2)] }));
    net.hand(append({ term: 3, entries: [entry(1, 1)], leaderCommit: 1 }));
    expect(follower.pending).toHaveLength(3);
    net.flush('n2', 1);
    // The store now holds (1, term 1), as memory does, but a truncation is on its way to the disk.
    expect(follower.applied).toEqual([]);
    net.flush('n2', 1);
    expect(follower.applied).toEqual([]);
    net.flush('n2', 1);
    expect(follower.applied.map((e) => e.term)).toEqual([1]);
  });

  test.each([
    { name: 'missing one', terms: [1, 1, 1, 4, 4, 5, 5, 6, 6] },
    { name: 'missing many', terms: [1, 1, 1, 4] },
    { name: 'extra one', terms: [1, 1, 1, 4, 4, 5, 5, 6, 6, 6, 6] },
    { name: 'extra of a newer term', terms: [1, 1, 1, 4, 4, 5, 5, 6, 6, 6, 7, 7] },
    { name: 'extra of its own old term', terms: [1, 1, 1, 4, 4, 4, 4] },
    { name: 'diverged long ago', terms: [1, 1, 1, 2, 2, 2, 3, 3, 3, 3, 3] },
  ])('[R8] a follower whose log is $name converges in few refusals (Figure 7)', ({ terms }) => {
    const leaderLog = log(1, 1, 1, 4, 4, 5, 5, 6, 6, 6);
    const net = new Network(3, {
      stored: { n1: leaderLog, n2: log(...terms), n3: leaderLog },
      terms: { n1: 7, n2: 7, n3: 7 },
    });
    net.campaign('n1');
    net.advance(TIMING.heartbeatIntervalMs * 4);
    expect(net.node('n1').raft).toMatchObject({ role: 'leader', term: 8 });
    expect(net.terms('n2')).toEqual([1, 1, 1, 4, 4, 5, 5, 6, 6, 6, 8]);
    const refusals = net.sent.filter((m) => m.type === 'AppendEntriesResponse' && !m.success);
    expect(refusals.length).toBeLessThanOrEqual(3);
  });

  test('[R9] appends are pipelined up to the in-flight window and no further', () => {
    const net = new Network(3);
    const leader = net.elect();
    net.advance(20);
    const [follower] = net.followers();
    net.sent.length = 0;
    for (let i = 0; i < 10; i++) net.propose(leader.id, `x${i}`);
    const toFollower = net.sent.filter((m) => m.type === 'AppendEntries' && m.to === follower?.id);
    expect(toFollower).toHaveLength(4);
    net.advance(50);
    expect(net.commands(follower?.id ?? '')).toHaveLength(10);
  });

  test('[R9] each command crosses to each follower once when nothing is lost', () => {
    const net = new Network(3);
    const leader = net.elect();
    net.advance(20);
    net.sent.length = 0;
    for (let i = 0; i < 50; i++) {
      net.propose(leader.id, `x${i}`);
      if (i % 7 === 0) net.deliver();
    }
    net.advance(50);
    const carried = net.sent.flatMap((m) => (m.type === 'AppendEntries' ? m.entries : []));
    expect(carried).toHaveLength(50 * 2);
  });

  test('[R10] lost appends and lost answers are found by the next heartbeat and repaired', () => {
    const net = new Network(3);
    const leader = net.elect();
    net.advance(20);
    for (const lose of ['AppendEntries', 'AppendEntriesResponse'] as const) {
      net.propose(leader.id, `lost ${lose}`);
      net.deliver((message) => message.type !== lose);
      net.advance(5 * TIMING.heartbeatIntervalMs);
    }
    for (const id of net.nodes.keys()) {
      expect(net.commands(id)).toEqual(['lost AppendEntries', 'lost AppendEntriesResponse']);
    }
  });

  test('[R10] late and doubled answers never lower what is known of a follower', () => {
    const net = new Network(3);
    const leader = net.elect();
    net.advance(20);
    const old: Message[] = net.sent.filter(
      (m) => m.type === 'AppendEntriesResponse' && m.to === leader.id,
    );
    for (let i = 0; i < 5; i++) net.propose(leader.id, `x${i}`);
    net.advance(20);
    const before = leader.raft.status().progress;
    for (const message of [...old, ...old]) net.hand(message);
    expect(leader.raft.status().progress.map((p) => p.matchIndex)).toEqual(
      before.map((p) => p.matchIndex),
    );
  });

  test("[R11] an old leader's uncommitted tail is discarded, and its proposals end as unknown", () => {
    const net = new Network(3);
    const old = net.elect();
    net.advance(20);
    net.isolate(old.id);
    net.propose(old.id, 'nobody hears this');
    net.advance(1000);
    const next = net.leaders()[0];
    expect(next?.id).not.toBe(old.id);
    expect(old.results).toContainEqual({
      type: 'leadershipLost',
      term: expect.any(Number) as number,
    });
    net.propose(next?.id ?? '', 'kept');
    net.heal();
    net.advance(100);
    for (const id of net.nodes.keys()) expect(net.commands(id)).toEqual(['kept']);
  });

  test('[R12] a leader refuses, before its log, what would exceed the uncommitted limit, and recovers', () => {
    const net = new Network(3, { config: () => ({ maxUncommittedChars: 100 }) });
    const leader = net.elect();
    net.advance(20);
    net.isolate(leader.id);
    net.propose(leader.id, 'x'.repeat(90));
    const last = leader.raft.lastIndex;
    const refused = net.propose(leader.id, 'y'.repeat(20));
    expect(leader.results.at(-1)).toMatchObject({
      type: 'proposalDropped',
      id: refused,
      reason: 'overloaded',
    });
    expect(leader.raft.lastIndex).toBe(last);
    net.heal();
    net.advance(50);
    net.propose(leader.id, 'z'.repeat(90));
    net.advance(50);
    expect(net.commands(leader.id)).toHaveLength(2);
  });

  test('[R13] everyone else refuses a proposal and names the leader', () => {
    const net = new Network(3);
    const leader = net.elect();
    net.advance(20);
    const [follower] = net.followers();
    const id = net.propose(follower?.id ?? '', 'x');
    expect(follower?.results).toContainEqual({
      type: 'proposalDropped',
      id,
      reason: 'not-leader',
      leaderHint: leader.id,
    });
  });

  test('[R14] a restart keeps what was durable and forgets the rest', () => {
    const net = new Network(3);
    const leader = net.elect();
    net.propose(leader.id, 'kept');
    net.advance(20);
    leader.autoFlush = false;
    net.propose(leader.id, 'not yet stored');
    for (const id of net.nodes.keys()) net.crash(id);
    net.queue.length = 0;
    for (const id of net.nodes.keys()) net.restart(id);
    net.elect();
    net.advance(50);
    for (const id of net.nodes.keys()) expect(net.commands(id)).toEqual(['kept']);
  });

  test('[R15] a leader whose disk hangs falls silent, and another takes over', () => {
    const net = new Network(3);
    const stuck = net.elect();
    net.advance(20);
    stuck.autoFlush = false;
    net.propose(stuck.id, 'x');
    net.advance(1500);
    const next = net.leaders()[0];
    expect(next?.id).not.toBe(stuck.id);
    expect(next).toBeDefined();
  });

  test('[R16] a storage failure halts a node for good: it answers nothing and says why', () => {
    const net = new Network(3);
    const leader = net.elect();
    leader.raft.step(net.now, { type: 'storageFailed', reason: 'disk full' });
    net.drain(leader);
    net.sent.length = 0;
    const id = net.propose(leader.id, 'x');
    expect(leader.results).toContainEqual({
      type: 'proposalDropped',
      id,
      reason: 'halted',
      leaderHint: null,
    });
    net.advance(1500);
    expect(net.sent.filter((m) => m.from === leader.id)).toEqual([]);
    expect(net.leaders().map((node) => node.id)).not.toContain(leader.id);
  });

  test("[R17] stamps rise along the log, whatever the leaders' clocks say", () => {
    const net = new Network(3);
    const first = net.elect();
    net.propose(first.id, 'a');
    net.advance(20);
    net.now = { mono: net.now.mono, wall: 5 };
    net.isolate(first.id);
    net.advance(1000);
    const second = net.leaders()[0];
    net.propose(second?.id ?? '', 'b');
    net.heal();
    net.advance(100);
    const stamps = net.node(second?.id ?? '').applied.map((e) => e.stamp);
    for (let i = 1; i < stamps.length; i++) expect(stamps[i]).toBeGreaterThan(stamps[i - 1] ?? 0);
  });

  test('[R17] a wall clock that jumps in mid-term moves stamps by no more than the slew', () => {
    const net = new Network(1);
    const leader = net.elect();
    net.propose('n1', 'a');
    const before = leader.applied.at(-1)?.stamp ?? 0;
    net.now = { mono: net.now.mono, wall: net.now.wall + 3_600_000_000 };
    net.advance(100);
    net.propose('n1', 'b');
    const passed = (leader.applied.at(-1)?.stamp ?? 0) - before;
    expect(passed).toBeGreaterThan(99_000);
    expect(passed).toBeLessThan(101_000);
  });
});

test('[R9] large appends fill the window by their text, but one always travels', () => {
  const net = new Network(3, { config: () => ({ maxInflightChars: 25, maxInflightAppends: 8 }) });
  const leader = net.elect();
  net.advance(20);
  const to = net.followers()[0]?.id ?? '';
  net.sent.length = 0;
  for (let i = 0; i < 6; i++) net.propose(leader.id, 'x'.repeat(10));
  const sent = () =>
    net.sent.filter((m) => m.type === 'AppendEntries' && m.to === to && m.entries.length > 0);
  expect(sent()).toHaveLength(3);
  net.deliver();
  expect(sent()).toHaveLength(4);
  net.advance(20);
  net.sent.length = 0;
  net.propose(leader.id, 'y'.repeat(1000));
  net.propose(leader.id, 'z');
  expect(sent()).toHaveLength(1);
  net.advance(20);
  expect(net.commands(to).slice(-1)).toEqual(['z']);
});
