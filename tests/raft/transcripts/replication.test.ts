/** Rows B10 to B18: what is in the log (docs/scenarios/transcripts.md). */
import { expect, test } from 'vitest';
import type { AppendEntries } from '../../../server/raft/messages.ts';
import type { Entry, ProgressStatus } from '../../../server/raft/types.ts';
import { log, TIMING } from '../network.ts';
import { ledByN1, TranscribedNetwork } from './transcript.ts';

const HEARTBEAT = TIMING.heartbeatIntervalMs;

/** What leader n1 knows of `peer`. */
function seen(net: TranscribedNetwork, peer: string): ProgressStatus {
  const found = net
    .node('n1')
    .raft.status()
    .progress.find((progress) => progress.peer === peer);
  if (found === undefined) throw new Error(`n1 leads ${peer}`);
  return found;
}

test('[B10] a leader finds with one refusal each where its log meets those of Figure 7, and all become equal', ({
  task,
}) => {
  const logs = {
    n1: [1, 1, 1, 4, 4, 5, 5, 6, 6, 6],
    n2: [1, 1, 1, 4, 4, 5, 5, 6, 6],
    n3: [1, 1, 1, 4],
    n4: [1, 1, 1, 4, 4, 5, 5, 6, 6, 6, 6],
    n5: [1, 1, 1, 4, 4, 5, 5, 6, 6, 6, 7, 7],
    n6: [1, 1, 1, 4, 4, 4, 4],
    n7: [1, 1, 1, 2, 2, 2, 3, 3, 3, 3, 3],
  };
  const ids = Object.keys(logs);
  const net = new TranscribedNetwork(7, {
    stored: Object.fromEntries(Object.entries(logs).map(([id, terms]) => [id, log(...terms)])),
    terms: Object.fromEntries(ids.map((id) => [id, 7])),
  });
  net.leaveOut('PreVote', 'PreVoteResponse', 'RequestVote', 'RequestVoteResponse');
  net.leaveOut('Heartbeat', 'HeartbeatResponse');
  net.campaign('n1');
  expect(net.node('n1').raft).toMatchObject({ role: 'leader', term: 8, commitIndex: 11 });
  for (const id of ids) {
    expect(net.terms(id)).toEqual([1, 1, 1, 4, 4, 5, 5, 6, 6, 6, 8]);
    expect(net.node(id).raft.commitIndex).toBe(11);
  }
  for (const id of ids.slice(1)) {
    const refusals = net.sent.filter(
      (m) => m.type === 'AppendEntriesResponse' && m.from === id && !m.success,
    );
    expect(refusals.length).toBeLessThanOrEqual(1);
    expect(seen(net, id)).toMatchObject({ state: 'replicate', matchIndex: 11 });
  }
  net.expectGolden(task.name, 'b10-probe-and-replicate');
});

test('[B11] a full window of unanswered appends pauses a follower alone, and a heartbeat finds what it lost', ({
  task,
}) => {
  const net = ledByN1(3, { config: () => ({ maxInflightAppends: 2 }) });
  const carriedToN3 = (): number =>
    net.sent.filter((m) => m.type === 'AppendEntries' && m.to === 'n3' && m.entries.length > 0)
      .length;
  const before = carriedToN3();
  for (const data of ['a', 'b', 'c']) net.propose('n1', data);
  expect(seen(net, 'n2')).toMatchObject({ inflight: 2, nextIndex: 4 });
  expect(carriedToN3() - before).toBe(2);
  net.leaveOut('n2');
  net.cut('n1', 'n3');
  net.deliver();
  expect(net.node('n1').raft.commitIndex).toBe(4);
  expect(seen(net, 'n2')).toMatchObject({ matchIndex: 4, inflight: 0 });
  expect(seen(net, 'n3')).toMatchObject({ matchIndex: 1, inflight: 2 });
  net.propose('n1', 'd');
  net.deliver();
  expect(carriedToN3() - before).toBe(2);
  net.state('n1');
  net.progress('n1');

  net.heal();
  net.pass(HEARTBEAT);
  net.deliver();
  for (const id of ['n1', 'n2', 'n3']) expect(net.commands(id)).toEqual(['a', 'b', 'c', 'd']);
  expect(seen(net, 'n3')).toMatchObject({ state: 'replicate', matchIndex: 5, inflight: 0 });
  net.progress('n1');
  net.expectGolden(task.name, 'b11-replicate-pause');
});

test('[B12] a follower that has everything while its leader still probes is believed after the next heartbeat', ({
  task,
}) => {
  const net = new TranscribedNetwork(3);
  net.untold('n1 is elected; what n3 answers to the first append is lost.', () => {
    net.node('n1').raft.step(net.now, { type: 'campaign' });
    net.drain(net.node('n1'));
    net.deliver((m) => !(m.type === 'AppendEntriesResponse' && m.from === 'n3'));
  });
  expect(net.terms('n3')).toEqual([1]);
  expect(seen(net, 'n3')).toMatchObject({ state: 'probe', matchIndex: 0 });
  net.progress('n1');
  net.pass(HEARTBEAT);
  net.deliver();
  expect(seen(net, 'n3')).toMatchObject({ state: 'replicate', matchIndex: 1 });
  net.progress('n1');
  net.expectGolden(task.name, 'b12-heartbeat-resp-recovers-from-probing');
});

test('[B13] a follower whose answers and commit index were lost learns what is committed with the next heartbeat', ({
  task,
}) => {
  const net = ledByN1(3);
  net.leaveOut('n2');
  net.cut('n3', 'n1');
  for (const data of ['a', 'b']) net.propose('n1', data);
  net.deliver();
  expect(net.node('n1').raft.commitIndex).toBe(3);
  expect(net.node('n3').raft).toMatchObject({ lastIndex: 3, commitIndex: 1 });
  net.state();
  expect(seen(net, 'n3')).toMatchObject({ matchIndex: 1, nextIndex: 4 });
  net.progress('n1');

  net.heal();
  const beatAt = net.sent.length;
  net.pass(HEARTBEAT);
  net.deliver();
  // A heartbeat promises no more than what n3 is known to hold; the append after it proves the rest.
  expect(net.sent.slice(beatAt).filter((m) => m.to === 'n3')).toMatchObject([
    { type: 'Heartbeat', leaderCommit: 1 },
    { type: 'AppendEntries', entries: [], leaderCommit: 3 },
    { type: 'Heartbeat', leaderCommit: 3 },
  ]);
  expect(net.node('n3').raft.commitIndex).toBe(3);
  expect(net.commands('n3')).toEqual(['a', 'b']);
  net.progress('n1');
  net.expectGolden(task.name, 'b13-lagging-commit');
});

test('[B14] a follower paused by a full window that needs what was compacted meanwhile gets a snapshot', ({
  task,
}) => {
  const net = ledByN1(3, { config: () => ({ maxInflightAppends: 2 }) });
  net.untold('n3 gets nothing of three entries that n1 and n2 commit.', () => {
    net.cut('n1', 'n3');
    for (const data of ['a', 'b', 'c']) net.propose('n1', data);
    net.deliver();
    net.heal();
  });
  expect(seen(net, 'n3')).toMatchObject({ state: 'replicate', matchIndex: 1, inflight: 2 });
  net.compact('n1');
  expect(net.node('n1').raft.firstIndex).toBe(5);
  net.progress('n1');

  net.leaveOut('Heartbeat');
  net.pass(HEARTBEAT);
  net.deliver();
  expect(seen(net, 'n3')).toMatchObject({ state: 'replicate', matchIndex: 4 });
  expect(net.node('n3').stored.base.index).toBe(4);
  net.propose('n1', 'd');
  net.deliver();
  for (const id of ['n1', 'n2', 'n3']) expect(net.commands(id)).toEqual(['a', 'b', 'c', 'd']);
  net.progress('n1');
  net.expectGolden(task.name, 'b14-slow-follower-after-compaction');
});

test('[B15] appends that arrive after all, and are answered, end a snapshot under way', ({
  task,
}) => {
  const net = ledByN1(3);
  net.leaveOut('n2');
  for (const data of ['a', 'b']) net.propose('n1', data);
  const late = net.queue.filter((m) => m.to === 'n3') as AppendEntries[];
  net.note('What n1 sends to n3 is held up.');
  net.deliver((m) => m.to !== 'n3');
  net.compact('n1');
  net.pass(HEARTBEAT);
  net.deliver((m) => m.type !== 'InstallSnapshot');
  expect(seen(net, 'n3').state).toBe('snapshot');
  net.progress('n1');

  net.note('Now it arrives.');
  for (const message of late) net.hand(message);
  net.deliver();
  expect(seen(net, 'n3')).toMatchObject({ state: 'replicate', matchIndex: 3 });
  expect(net.node('n3').raft.commitIndex).toBe(3);
  expect(net.node('n3').stored.base.index).toBe(0);
  net.progress('n1');
  net.expectGolden(task.name, 'b15-snapshot-succeed-via-app-resp');
});

test('[B16] a snapshot that is older than the log by the time it is installed unblocks the follower, and the log goes on after it', ({
  task,
}) => {
  const net = ledByN1(3);
  net.untold('n3 misses entries 2 and 3; n1 and n2 have forgotten them.', () => {
    net.cut('n1', 'n3');
    for (const data of ['a', 'b']) net.propose('n1', data);
    net.deliver();
    net.compact('n1');
    net.heal();
    net.advance(HEARTBEAT - 1);
  });
  net.leaveOut('Heartbeat', 'HeartbeatResponse');
  net.pass(1);
  net.deliver((m) => !(m.type === 'InstallSnapshotResponse' && m.matchIndex > 0));
  expect(net.node('n3').raft.commitIndex).toBe(3);
  expect(seen(net, 'n3').state).toBe('snapshot');
  net.note('The last answer is held up, and two more entries are committed.');
  const answer = net.sent.findLast((m) => m.type === 'InstallSnapshotResponse');
  if (answer === undefined) throw new Error('an answer');
  for (const data of ['c', 'd']) net.propose('n1', data);
  net.deliver();
  expect(net.node('n1').raft.commitIndex).toBe(5);
  expect(seen(net, 'n3').state).toBe('snapshot');
  net.note('It arrives.');
  net.hand(answer);
  net.deliver();
  expect(seen(net, 'n3')).toMatchObject({ state: 'replicate', matchIndex: 5 });
  expect(net.commands('n3')).toEqual(['a', 'b', 'c', 'd']);
  net.progress('n1');
  net.expectGolden(task.name, 'b16-snapshot-succeed-via-app-resp-behind');
});

test('[B17] appends and answers do not wait for disks: writes queue up in order, and each node promises and applies only what its own disk has', ({
  task,
}) => {
  const net = ledByN1(3);
  for (const node of net.nodes.values()) node.autoFlush = false;
  net.leaveOut('Heartbeat', 'HeartbeatResponse');
  for (const data of ['a', 'b']) net.propose('n1', data);
  net.deliver();
  expect(net.sent.filter((m) => m.type === 'AppendEntriesResponse' && m.index > 1)).toEqual([]);
  expect([...net.nodes.values()].map(({ pending }) => pending.length)).toEqual([2, 2, 2]);
  expect(net.node('n1').raft.commitIndex).toBe(1);

  net.flush('n2', 1);
  net.flush('n3', 2);
  net.deliver();
  net.note('2 is on two disks of three and 3 on one: neither is that of the leader.');
  expect(net.node('n1').raft.commitIndex).toBe(2);
  expect(net.commands('n1')).toEqual([]);
  expect(net.commands('n2')).toEqual(['a']);
  expect(net.commands('n3')).toEqual(['a']);
  net.flush('n1', 1);
  expect(net.commands('n1')).toEqual(['a']);
  net.flush('n1', 1);
  net.deliver();
  expect(net.node('n1').raft.commitIndex).toBe(3);
  expect(net.commands('n2')).toEqual(['a']);
  net.flush('n2', 1);
  net.deliver();
  for (const id of ['n1', 'n2', 'n3']) expect(net.commands(id)).toEqual(['a', 'b']);
  net.expectGolden(task.name, 'b17-async-storage-writes');
});

/** An append to n1 by the leader of `term`: one entry at index 2 after the no-op of term 1. */
function append(from: string, term: number, entries: Entry[], leaderCommit = 1): AppendEntries {
  return {
    type: 'AppendEntries',
    from,
    to: 'n1',
    term,
    prevLogIndex: 1,
    prevLogTerm: 1,
    entries,
    leaderCommit,
  };
}

test('[B18] a write that ends after its entries were replaced, even by equal ones, makes nothing durable', ({
  task,
}) => {
  const net = ledByN1(3);
  const n1 = net.node('n1');
  const at2 = (term: number): Entry => ({
    index: 2,
    term,
    stamp: 2e9,
    kind: 'command',
    data: 'x',
  });
  n1.autoFlush = false;
  net.hand(append('n2', 2, [at2(2)]));
  net.hand(append('n3', 3, [at2(3)]));
  // The leader of term 4 has the entry of term 2, as n1 had it first, and says that it is committed.
  net.hand(append('n2', 4, [at2(2)], 2));
  expect(n1.pending).toHaveLength(3);
  expect(n1.raft.commitIndex).toBe(2);

  const applied = (): number[] => n1.applied.map(({ term }) => term);
  net.flush('n1', 1);
  net.note('The disk holds 2/2, which is committed; but the next write will cut it off again.');
  expect(n1.stored.entries.map(({ term }) => term)).toEqual([1, 2]);
  expect(n1.raft.status().persistedIndex).toBe(1);
  expect(applied()).toEqual([1]);
  net.flush('n1', 1);
  expect(n1.stored.entries.map(({ term }) => term)).toEqual([1, 3]);
  expect(n1.raft.status().persistedIndex).toBe(1);
  expect(applied()).toEqual([1]);
  expect(net.sent.filter((m) => m.type === 'AppendEntriesResponse' && m.term === 4)).toEqual([]);
  net.flush('n1', 1);
  expect(n1.raft.status().persistedIndex).toBe(2);
  expect(applied()).toEqual([1, 2]);
  net.expectGolden(task.name, 'b18-async-storage-writes-append-aba-race');
});
