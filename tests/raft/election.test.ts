import { describe, expect, test } from 'vitest';
import type { Message } from '../../server/raft/messages.ts';
import { log, Network, TIMING } from './network.ts';
import type { TestNode } from './network.ts';

describe('election', () => {
  test('[E1] a cluster elects one leader, and every node follows it in its term (§5.2)', () => {
    const net = new Network(3);
    const leader = net.elect();
    net.advance(50);
    expect(net.leaders()).toEqual([leader]);
    for (const node of net.nodes.values()) {
      expect(node.raft.leader).toBe(leader.id);
      expect(node.raft.term).toBe(leader.raft.term);
    }
  });

  test('[E1] one voter elects itself, and only after its own vote is durable does anything commit', () => {
    const net = new Network(1);
    net.node('n1').autoFlush = false;
    net.advance(2 * TIMING.electionTimeoutMs);
    expect(net.node('n1').raft.commitIndex).toBe(0);
    net.flush('n1');
    expect(net.node('n1').raft.commitIndex).toBe(1);
    expect(net.node('n1').stored.hardState).toMatchObject({ term: 1, votedFor: 'n1' });
  });

  test('[E2] a vote leaves only after term and vote are durable, and survives a crash in between (§5.2)', () => {
    const net = new Network(3, { config: () => ({ preVote: false }) });
    const voter = net.node('n2');
    voter.autoFlush = false;
    const request: Message = {
      type: 'RequestVote',
      transfer: false,
      from: 'n1',
      to: 'n2',
      term: 5,
      lastLogIndex: 0,
      lastLogTerm: 0,
    };
    net.hand(request);
    expect(net.sent).toEqual([]);
    net.crash('n2');
    net.restart('n2');
    expect(net.node('n2').raft.term).toBe(0);

    net.node('n2').autoFlush = true;
    net.hand(request);
    expect(net.sent).toMatchObject([{ type: 'RequestVoteResponse', granted: true, term: 5 }]);
    net.crash('n2');
    net.restart('n2');
    net.hand({ ...request, from: 'n3' });
    expect(net.sent.at(-1)).toMatchObject({
      type: 'RequestVoteResponse',
      to: 'n3',
      granted: false,
    });
  });

  test('[E3] a node votes once a term, for the same candidate again and again (§5.2)', () => {
    const net = new Network(3);
    const ask = (from: string): Message | undefined => {
      net.hand({
        type: 'RequestVote',
        transfer: false,
        from,
        to: 'n2',
        term: 3,
        lastLogIndex: 0,
        lastLogTerm: 0,
      });
      return net.sent.at(-1);
    };
    expect(ask('n1')).toMatchObject({ granted: true });
    expect(ask('n3')).toMatchObject({ granted: false });
    expect(ask('n1')).toMatchObject({ granted: true });
  });

  test('[E3] a vote is kept when a candidate steps down in its own term', () => {
    const net = new Network(3, { config: () => ({ preVote: false }) });
    net.campaign('n1');
    const { term } = net.node('n1').raft;
    const other = net.node('n2');
    // n2 follows n1; a candidate of the same term finds its vote given away.
    net.hand({
      type: 'RequestVote',
      transfer: false,
      from: 'n3',
      to: other.id,
      term,
      lastLogIndex: 9,
      lastLogTerm: 9,
    });
    expect(net.sent.at(-1)).toMatchObject({ type: 'RequestVoteResponse', granted: false });
    expect(other.raft.status().votedFor).toBe('n1');
  });

  test.each([
    {
      why: 'a longer log of an older term loses',
      own: [1, 1, 1],
      asks: { lastLogIndex: 9, lastLogTerm: 0 },
      granted: false,
    },
    {
      why: 'a shorter log of a newer term wins',
      own: [1, 1, 1],
      asks: { lastLogIndex: 1, lastLogTerm: 2 },
      granted: true,
    },
    {
      why: 'the same term and a shorter log loses',
      own: [1, 1, 1],
      asks: { lastLogIndex: 2, lastLogTerm: 1 },
      granted: false,
    },
    {
      why: 'an equal log wins',
      own: [1, 1, 1],
      asks: { lastLogIndex: 3, lastLogTerm: 1 },
      granted: true,
    },
  ])('[E4] votes go to logs at least as up to date: $why (§5.4.1)', ({ own, asks, granted }) => {
    const net = new Network(3, { stored: { n2: log(...own) } });
    net.hand({ type: 'RequestVote', transfer: false, from: 'n1', to: 'n2', term: 7, ...asks });
    expect(net.sent.at(-1)).toMatchObject({ type: 'RequestVoteResponse', granted });
  });

  test('[E5] a candidate follows a leader of its own term (§5.2)', () => {
    const net = new Network(3, { config: () => ({ preVote: false }) });
    net.isolate('n1');
    net.campaign('n1');
    expect(net.node('n1').raft.role).toBe('candidate');
    net.heal();
    net.hand({ type: 'Heartbeat', from: 'n2', to: 'n1', term: 1, leaderCommit: 0, readSeq: 0 });
    expect(net.node('n1').raft).toMatchObject({ role: 'follower', leader: 'n2', term: 1 });
  });

  test('[E6] a higher term makes a follower of anyone and implies no vote (§5.1)', () => {
    const net = new Network(3);
    const leader = net.elect();
    const term = leader.raft.term + 4;
    net.hand({
      type: 'AppendEntriesResponse',
      from: net.followers()[0]?.id ?? '',
      to: leader.id,
      term,
      success: true,
      index: 0,
      conflictIndex: 0,
      conflictTerm: 0,
    });
    expect(leader.raft).toMatchObject({ role: 'follower', term });
    expect(leader.raft.status().votedFor).toBeNull();
  });

  test('[E7] a node cut off keeps its term through any number of time-outs, and rejoins without an election (pre-vote, dissertation §9.6)', () => {
    const net = new Network(3);
    const leader = net.elect();
    const cutOff = net.followers()[0];
    if (cutOff === undefined) throw new Error('a follower');
    net.isolate(cutOff.id);
    net.advance(3000);
    expect(cutOff.raft.role).toBe('preCandidate');
    expect(cutOff.raft.term).toBe(leader.raft.term);
    net.heal();
    net.advance(50);
    expect(net.leaders()).toEqual([leader]);
    expect(cutOff.raft).toMatchObject({ role: 'follower', leader: leader.id });
  });

  test('[E7] a pre-vote changes no term, vote or timer of the node that is asked', () => {
    const net = new Network(3);
    const asked = net.node('n2');
    const before = asked.raft.status();
    net.hand({
      type: 'PreVote',
      from: 'n1',
      to: 'n2',
      term: 0,
      nextTerm: 1,
      lastLogIndex: 0,
      lastLogTerm: 0,
    });
    expect(net.sent.at(-1)).toMatchObject({ type: 'PreVoteResponse', granted: true, nextTerm: 1 });
    expect(asked.raft.status()).toEqual(before);
  });

  test('[E7] an answer to an older poll is not counted', () => {
    const net = new Network(3);
    net.isolate('n1');
    net.campaign('n1');
    net.heal();
    net.hand({
      type: 'PreVoteResponse',
      from: 'n2',
      to: 'n1',
      term: 0,
      nextTerm: 9,
      granted: true,
    });
    expect(net.node('n1').raft.role).toBe('preCandidate');
    net.hand({
      type: 'PreVoteResponse',
      from: 'n2',
      to: 'n1',
      term: 0,
      nextTerm: 1,
      granted: true,
    });
    expect(net.node('n1').raft.role).toBe('candidate');
  });

  test('[E8] a leader that hears from no quorum for an election time-out steps down (dissertation §6.2)', () => {
    const net = new Network(3);
    const leader = net.elect();
    net.isolate(leader.id);
    net.advance(TIMING.electionTimeoutMs + 2 * TIMING.heartbeatIntervalMs);
    expect(leader.raft.role).toBe('follower');
    expect(leader.events).toContainEqual(
      expect.objectContaining({ type: 'quorumLost', heardFrom: 1 }),
    );
  });

  test('[E9] a candidate of a newer term does not disturb nodes that hear a leader (§6)', () => {
    const net = new Network(3);
    const leader = net.elect();
    net.advance(20);
    const [a, b] = net.followers();
    if (a === undefined || b === undefined) throw new Error('two followers');
    for (const id of [leader.id, a.id]) {
      net.hand({
        type: 'RequestVote',
        transfer: false,
        from: b.id,
        to: id,
        term: 99,
        lastLogIndex: 99,
        lastLogTerm: 99,
      });
    }
    expect(leader.raft.role).toBe('leader');
    expect(a.raft.term).toBe(leader.raft.term);
  });

  test('[E9] a member stuck in a higher term is freed by one step-down', () => {
    const net = new Network(3);
    const leader = net.elect();
    const stuck = net.followers()[0];
    if (stuck === undefined) throw new Error('a follower');
    // It ran ahead alone: term 9 is in its store.
    net.crash(stuck.id);
    stuck.stored = { ...stuck.stored, hardState: { term: 9, votedFor: stuck.id, commit: 0 } };
    net.restart(stuck.id);
    const led = leader.raft.term;
    net.advance(2000);
    const next = net.leaders();
    expect(next).toHaveLength(1);
    expect(next[0]?.raft.term).toBeGreaterThan(9);
    expect(led).toBeLessThan(9);
  });

  test('[E10] a minority elects nobody, whatever it tries (§5.2)', () => {
    const net = new Network(5);
    const leader = net.elect();
    const pair = net.followers().slice(0, 1);
    const away = [leader.id, ...pair.map((node) => node.id)];
    for (const inside of away) {
      for (const outside of net.nodes.keys()) {
        if (away.includes(outside)) continue;
        net.cut(inside, outside);
        net.cut(outside, inside);
      }
    }
    net.advance(3000);
    const leaders = net.leaders();
    expect(leaders).toHaveLength(1);
    expect(away).not.toContain(leaders[0]?.id);
  });

  test('[E11] time-outs are drawn anew from [t, 2t), so split votes end (§5.2)', () => {
    for (let seed = 1; seed <= 20; seed++) {
      const net = new Network(5, { seed: seed * 100 });
      expect(net.elect(3000).raft.term).toBeLessThan(10);
      for (const node of net.followers()) {
        const span = node.raft.status().deadlineSpanMs;
        expect(span).toBeGreaterThanOrEqual(TIMING.electionTimeoutMs);
        expect(span).toBeLessThan(2 * TIMING.electionTimeoutMs);
      }
    }
  });

  describe('a node that did not run', () => {
    /** One node sleeps while the world goes on without it, and then learns that it slept. */
    function sleep(net: Network, node: TestNode, ms: number, told: boolean) {
      node.up = false;
      net.advance(ms);
      node.up = true;
      if (told) node.raft.step(net.now, { type: 'stalled', ms });
      node.raft.step(net.now, { type: 'tick' });
      net.drain(node);
    }

    test('[E13] a follower does not blame its leader for its own sleep, and still campaigns for real silence', () => {
      for (const told of [true, false]) {
        const net = new Network(3);
        net.elect();
        net.advance(20);
        const [follower] = net.followers();
        if (follower === undefined) throw new Error('a follower');
        sleep(net, follower, 1000, told);
        expect(follower.raft.role).toBe(told ? 'follower' : 'preCandidate');
        net.isolate(follower.id);
        net.advance(2 * TIMING.electionTimeoutMs + 1);
        expect(follower.raft.role).toBe('preCandidate');
      }
    });

    test('[E13] when all slept the leader still leads', () => {
      for (const told of [true, false]) {
        const net = new Network(3);
        const leader = net.elect();
        net.advance(20);
        const term = leader.raft.term;
        for (const node of net.nodes.values()) node.up = false;
        net.advance(1000);
        // Followers wake first: the worst order.
        for (const node of [...net.followers(), leader]) {
          node.up = true;
          if (told) node.raft.step(net.now, { type: 'stalled', ms: 1000 });
          node.raft.step(net.now, { type: 'tick' });
          net.drain(node);
        }
        net.advance(100);
        expect(leader.raft.role === 'leader' && leader.raft.term === term).toBe(told);
      }
    });

    test('[E13] a follower that slept still vouches for the leader it heard', () => {
      for (const told of [true, false]) {
        const net = new Network(3);
        const leader = net.elect();
        net.advance(20);
        const [asks, answers] = net.followers();
        if (asks === undefined || answers === undefined) throw new Error('two followers');
        for (const node of net.nodes.values()) node.up = false;
        net.advance(1000);
        leader.up = false;
        for (const node of [asks, answers]) {
          node.up = true;
          if (told) node.raft.step(net.now, { type: 'stalled', ms: 1000 });
        }
        net.campaign(asks.id);
        net.deliver();
        expect(asks.raft.role).toBe(told ? 'preCandidate' : 'leader');
      }
    });

    test('[E13] a leader does not take its sleep for the loss of its quorum or of its disk, but a longer silence it does', () => {
      const net = new Network(3);
      const leader = net.elect();
      net.advance(20);
      leader.autoFlush = false;
      net.propose(leader.id, 'x');
      net.isolate(leader.id);
      const before = net.sent.length;
      sleep(net, leader, 1000, true);
      expect(leader.raft.role).toBe('leader');
      const beats = net.sent.slice(before).filter(({ type }) => type === 'Heartbeat');
      expect(beats.map(({ from }) => from)).toContain(leader.id);
      net.advance(TIMING.electionTimeoutMs + 2 * TIMING.heartbeatIntervalMs);
      expect(leader.raft.role).toBe('follower');
    });
  });
});
