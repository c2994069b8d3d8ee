/**
 * Lab scenarios about crashes: rows A14 to A17 of docs/scenarios/labs.md. Disks
 * are slow, so a crash takes what was being written.
 */
import { describe, expect, test } from 'vitest';
import { must } from '../../../server/base/assert.ts';
import type { Message } from '../../../server/raft/messages.ts';
import type { LogIndex, NodeId, Term } from '../../../server/raft/types.ts';
import { log, Network } from '../network.ts';
import { CALM, Lab, SETTLE_MS } from './lab.ts';

const SEEDS = [1, 2, 3, 4];

describe('persistence', () => {
  test.each(SEEDS)(
    '[A14] agreement goes on after all, the leader, or a follower restarted (seed %i)',
    (seed) => {
      const lab = new Lab(3, { seed, slowDisks: true });
      lab.agree(3);
      lab.restart(...lab.ids);
      lab.agree(3);
      lab.restart(lab.elect().id);
      lab.agree(3);

      const leader = lab.elect();
      lab.crash(leader.id);
      lab.agree(2);
      lab.restart(leader.id);
      lab.agree(3);

      const follower = lab.after(lab.elect().id, 1);
      lab.crash(follower);
      lab.agree(2);
      lab.restart(follower);
      lab.agree(3);
      expect(commands(lab).size).toBe(7);
      for (const id of lab.ids) expect(lab.net.node(id).applied).toEqual(lab.agreed);
    },
  );

  test.each(SEEDS)(
    '[A14] what one node has applied outlives its crash and a restart of all others at that instant (seed %i)',
    (seed) => {
      const lab = new Lab(3, { seed, slowDisks: true });
      for (let round = 0; round < 10; round++) {
        lab.elect();
        const index = lab.agree(1);
        const holder = must(
          lab.ids.find((id) => lab.net.node(id).applied.length >= index),
          'the first that applied it',
        );
        lab.crash(holder);
        lab.restart(...lab.ids.filter((id) => id !== holder));
        lab.agree(2);
        lab.restart(holder);
        lab.agree(3);
      }
      expect(commands(lab).size).toBe(30);
    },
  );

  test.each(SEEDS)(
    '[A14] voters that restart the instant their leader is elected elect nobody else in its term (seed %i)',
    (seed) => {
      const lab = new Lab(5, { seed, slowDisks: true });
      for (let round = 0; round < 5; round++) {
        while (lab.leader() === null) lab.advance(1);
        const elected = must(lab.leader(), 'a leader');
        const { term } = elected.raft;
        lab.unplug(elected.id);
        const voters = lab.ids.filter((id) => id !== elected.id);
        lab.restart(...voters);
        for (const voter of voters) lab.net.hand(rivalsRequest(voter, term));
        while (lab.leader() === null) lab.advance(1);
        expect(lab.leader()?.raft.term).toBeGreaterThan(term);
        lab.plug(elected.id);
        lab.restart(...lab.ids);
      }
      lab.agree(5);
      const votes = lab.net.sent.filter((m) => m.type === 'RequestVoteResponse' && m.granted);
      const cast = new Map(votes.map(({ from, to, term }) => [`${from} in ${term}`, to]));
      for (const { from, to, term } of votes) expect(cast.get(`${from} in ${term}`)).toBe(to);
    },
  );

  test.each(SEEDS)(
    '[A15] majorities of five that take turns in crashing carry one history on (seed %i)',
    (seed) => {
      const lab = new Lab(5, { seed, slowDisks: true });
      for (let round = 0; round < 5; round++) {
        lab.agree(5);
        const leader = lab.elect().id;
        const [b, c, d, e] = [1, 2, 3, 4].map((steps) => lab.after(leader, steps));
        const next = [must(b, 'a node'), must(c, 'a node')];
        const others = [must(d, 'a node'), must(e, 'a node'), leader];
        lab.unplug(...next);
        lab.agree(3);
        lab.unplug(...others);
        lab.restart(...next);
        lab.advance(SETTLE_MS);
        expect(lab.leader()).toBeNull();
        // One of the three that know the last command is enough to hand it on.
        const last = must(others[0], 'a node');
        lab.restart(last);
        lab.agree(3);
        expect(lab.leader()?.id).toBe(last);
        lab.plug(...lab.ids);
      }
      lab.agree(5);
      expect(commands(lab).size).toBe(16);
    },
  );

  test.each(SEEDS)(
    '[A16] a node that was cut off, and a leader that crashed, make a majority again (seed %i)',
    (seed) => {
      const lab = new Lab(3, { seed, slowDisks: true });
      lab.agree(3);
      const leader = lab.elect().id;
      const [next, cutOff] = [lab.after(leader, 1), lab.after(leader, 2)];
      lab.unplug(cutOff);
      lab.agree(2);
      lab.crash(leader, next);
      lab.plug(cutOff);
      lab.advance(SETTLE_MS);
      expect(lab.leader()).toBeNull();
      lab.restart(leader);
      lab.agree(2);
      // Only it had the second command.
      expect(lab.leader()?.id).toBe(leader);
      lab.restart(next);
      lab.agree(3);
      expect(commands(lab).size).toBe(4);
    },
  );
});

describe('Figure 8', () => {
  /** Parts (a) to (c): an entry of term 2 has come to a majority while its writer, n1, leads term 4. */
  function upToC(): Network {
    const net = new Network(5, {
      stored: { n1: log(1, 2), n2: log(1, 2), n3: log(1), n4: log(1), n5: log(1) },
      terms: { n1: 2, n2: 2, n3: 2, n4: 2, n5: 2 },
      config: () => ({ preVote: false, checkQuorum: false }),
    });
    // (b) n5 wins term 3 with the votes of n3 and n4, and writes an entry that it keeps to itself.
    net.crash('n1');
    campaign(net, 'n5', (m) => m.to !== 'n2' && m.type.startsWith('RequestVote'));
    expect(net.node('n5').raft).toMatchObject({ role: 'leader', term: 3, commitIndex: 0 });
    expect(net.terms('n5')).toEqual([1, 3]);
    // (c) n5 is gone and n1 back: in term 3 it gets too few votes, in term 4 enough.
    net.crash('n5');
    net.restart('n1');
    campaign(net, 'n1', isVote);
    campaign(net, 'n1', isVote);
    expect(net.node('n1').raft).toMatchObject({ role: 'leader', term: 4 });
    // Of its log all but the entry of term 4 gets to n2 and n3.
    const replayed = net.sent.filter(
      (m) => m.type === 'AppendEntries' && m.term === 4 && m.to !== 'n4' && m.to !== 'n5',
    );
    for (const message of replayed) handOlderThan(net, message, 4);
    while (net.queue.length > 0) {
      const message = must(net.queue.shift(), 'a message');
      if (message.from !== 'n4' && message.to !== 'n4') handOlderThan(net, message, 4);
    }
    return net;
  }

  test('[A17] copies of an old entry on a majority do not commit it: it may yet be replaced (parts a to d)', () => {
    const net = upToC();
    expect(['n1', 'n2', 'n3'].map((id) => net.terms(id).slice(0, 2))).toEqual([
      [1, 2],
      [1, 2],
      [1, 2],
    ]);
    expect(matched(net, 'n1')).toMatchObject({ n2: 2, n3: 2 });
    expect(net.node('n1').raft.commitIndex).toBe(0);
    // (d) n5 may win, and its entry takes the place.
    net.crash('n1');
    net.restart('n5');
    campaign(net, 'n5');
    campaign(net, 'n5');
    expect(net.node('n5').raft).toMatchObject({ role: 'leader', term: 5, commitIndex: 3 });
    net.restart('n1');
    net.advance(SETTLE_MS);
    for (const id of net.nodes.keys()) {
      expect(net.terms(id)).toEqual([1, 3, 5]);
      expect(net.node(id).applied.map(({ term }) => term)).toEqual([1, 3, 5]);
    }
  });

  test('[A17] an entry of its own term on a majority commits the old one for good (part e)', () => {
    const net = upToC();
    net.advance(SETTLE_MS);
    expect(net.node('n1').raft.commitIndex).toBe(3);
    net.crash('n1');
    net.restart('n5');
    for (let i = 0; i < 5; i++) campaign(net, 'n5');
    expect(net.leaders()).toEqual([]);
    net.advance(SETTLE_MS);
    const next = must(net.leaders()[0], 'a leader');
    expect(next.id).not.toBe('n5');
    for (const { applied } of net.nodes.values())
      expect(applied.slice(0, 3).map(({ term }) => term)).toEqual([1, 2, 4]);
  });

  test.each(SEEDS)(
    '[A17] leaders that crash again and again in the middle of replication never undo an agreement (seed %i)',
    (seed) => {
      const lab = new Lab(5, { seed, slowDisks: true });
      lab.weather = { ...CALM, delayMs: 20 };
      lab.agree(1);
      let crashes = 0;
      for (let i = 0; i < 800; i++) {
        for (const id of lab.ids) lab.start(id, lab.command());
        const leader = lab.leader();
        lab.advance(leader === null ? 20 : lab.random.nextInt(0, 25));
        if (leader !== null) {
          lab.crash(leader.id);
          crashes++;
        }
        const down = lab.ids.filter((id) => !lab.inReach(id));
        if (down.length > 2) lab.restart(lab.random.pick(down));
      }
      expect(crashes).toBeGreaterThan(50);
      lab.restart(...lab.ids.filter((id) => !lab.inReach(id)));
      lab.agree(5);
    },
  );
});

/** A candidate of `term` that asks late, with a log like no other. */
function rivalsRequest(to: NodeId, term: Term): Message {
  const from = to === 'n1' ? 'n2' : 'n1';
  return {
    type: 'RequestVote',
    from,
    to,
    term,
    lastLogIndex: 99,
    lastLogTerm: term,
    transfer: false,
  };
}

type Keep = (message: Message) => boolean;

function campaign(net: Network, id: NodeId, keep: Keep = () => true): void {
  const node = net.node(id);
  node.raft.step(net.now, { type: 'campaign' });
  net.drain(node);
  net.deliver(keep);
}

function isVote({ type }: Message): boolean {
  return type.startsWith('RequestVote');
}

/** Hands a message over without such entries as are of `term` or later. */
function handOlderThan(net: Network, message: Message, term: Term): void {
  if (message.type !== 'AppendEntries') net.hand(message);
  else net.hand({ ...message, entries: message.entries.filter((entry) => entry.term < term) });
}

function matched(net: Network, leader: NodeId): Record<NodeId, LogIndex> {
  const { progress } = net.node(leader).raft.status();
  return Object.fromEntries(progress.map(({ peer, matchIndex }) => [peer, matchIndex]));
}

function commands(lab: Lab): ReadonlySet<string> {
  return new Set(lab.agreed.filter(({ kind }) => kind === 'command').map(({ data }) => data));
}
