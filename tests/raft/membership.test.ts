import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  decodeConf,
  encodeConf,
  enter,
  isJoint,
  leave,
  members,
} from '../../server/raft/conf-state.ts';
import { ConfHistory } from '../../server/raft/conf-history.ts';
import type { ConfChange, ConfState } from '../../server/raft/types.ts';
import { Network } from './network.ts';

function conf(voters: string[], votersOutgoing: string[] = [], learners: string[] = []): ConfState {
  return { voters, votersOutgoing, learners };
}

/** Every set of more than half of `voters`. */
function majorities(voters: readonly string[]): string[][] {
  return Array.from({ length: 2 ** voters.length }, (_, bits) =>
    voters.filter((_id, i) => (bits >> i) & 1),
  ).filter((side) => side.length * 2 > voters.length);
}

describe('configurations', () => {
  const id = fc.constantFrom('n1', 'n2', 'n3', 'n4', 'n5', 'n6');
  const change = fc.record({
    type: fc.constantFrom<ConfChange['type']>('addLearner', 'addVoter', 'removeNode'),
    id,
  });
  const start = fc
    .tuple(fc.uniqueArray(id, { minLength: 1 }), fc.uniqueArray(id))
    .map(([voters, learners]) =>
      conf([...voters].sort(), [], learners.filter((l) => !voters.includes(l)).sort()),
    );

  test('[M1] any majority of a configuration overlaps any of the next, or passes through a joint one', () => {
    let joint = 0;
    fc.assert(
      fc.property(start, fc.array(change, { maxLength: 5 }), (before, changes) => {
        const next = enter(before, changes);
        fc.pre(next.ok);
        if (isJoint(next.value)) {
          joint++;
          expect(next.value.votersOutgoing).toEqual(before.voters);
          expect(isJoint(leave(next.value))).toBe(false);
          return;
        }
        for (const old of majorities(before.voters)) {
          for (const fresh of majorities(next.value.voters))
            expect(old.some((voter) => fresh.includes(voter))).toBe(true);
        }
      }),
      { numRuns: 500 },
    );
    expect(joint).toBeGreaterThan(0);
  });

  test('[M1] a configuration travels as it is, and knows its members', () => {
    const joint = conf(['n2', 'n3'], ['n1', 'n2'], ['n4']);
    expect(decodeConf(encodeConf(joint))).toEqual(joint);
    expect(members(joint)).toEqual(['n1', 'n2', 'n3', 'n4']);
  });

  test.each<[string, ConfChange[], string]>([
    ['nothing', [], 'nothing to change'],
    ['a voter again', [{ type: 'addVoter', id: 'n1' }], 'n1 is a voter already'],
    ['a voter as learner', [{ type: 'addLearner', id: 'n1' }], 'n1 is a voter'],
    ['a learner again', [{ type: 'addLearner', id: 'n4' }], 'n4 is a learner already'],
    ['a stranger as voter', [{ type: 'addVoter', id: 'n9' }], 'n9 is not a learner'],
    ['a stranger away', [{ type: 'removeNode', id: 'n9' }], 'n9 is not a member'],
    [
      'one twice',
      [
        { type: 'removeNode', id: 'n4' },
        { type: 'addLearner', id: 'n4' },
      ],
      'n4 is named twice',
    ],
    [
      'all away',
      [
        { type: 'removeNode', id: 'n1' },
        { type: 'removeNode', id: 'n2' },
      ],
      'no voter would be left',
    ],
  ])('[M2] a change that does not fit is refused with the reason: %s', (_, changes, why) => {
    expect(enter(conf(['n1', 'n2'], [], ['n4']), changes)).toEqual({ ok: false, error: why });
  });

  test('[M3] a truncated configuration gives way to the one before, also two at once, and compaction keeps what counts', () => {
    const history = new ConfHistory(0, conf(['n1']));
    history.append(3, conf(['n1', 'n2']));
    history.append(7, conf(['n1', 'n2', 'n3']));
    expect(history.at(2)).toEqual(conf(['n1']));
    expect(history.at(6)).toEqual(conf(['n1', 'n2']));
    history.compactTo(4);
    expect(history.at(4)).toEqual(conf(['n1', 'n2']));
    expect(() => history.at(3)).toThrow(RangeError);
    expect(history.truncateFrom(8)).toBe(false);
    expect(history.truncateFrom(5)).toBe(true);
    expect(history.current).toEqual(conf(['n1', 'n2']));
    expect(history.currentIndex).toBe(4);
  });
});

describe('membership', () => {
  function grown(): Network {
    const net = new Network(3);
    const leader = net.elect();
    net.join('n4');
    net.change(leader.id, { type: 'addLearner', id: 'n4' });
    net.advance(30);
    return net;
  }

  test('[M4] a learner gets the log from its beginning, counts for no quorum and never campaigns', () => {
    const net = new Network(3);
    const leader = net.elect();
    for (const data of ['a', 'b']) net.propose(leader.id, data);
    net.join('n4');
    net.change(leader.id, { type: 'addLearner', id: 'n4' });
    net.propose(leader.id, 'c');
    net.advance(30);
    expect(net.commands('n4')).toEqual(['a', 'b', 'c']);
    expect(net.node('n4').raft.status().confState).toEqual(conf(['n1', 'n2', 'n3'], [], ['n4']));

    for (const id of ['n1', 'n2', 'n3'].filter((voter) => voter !== leader.id)) net.crash(id);
    net.propose(leader.id, 'no quorum');
    net.advance(50);
    expect(net.commands(leader.id)).not.toContain('no quorum');
    net.crash(leader.id);
    net.advance(1000);
    expect(net.node('n4').raft).toMatchObject({ role: 'follower', term: leader.raft.term });
  });

  test('[M5] a learner that has caught up becomes a voter, one that has not is refused', () => {
    const net = grown();
    const [leader] = net.leaders();
    if (leader === undefined) throw new Error('a leader');
    net.isolate('n4');
    for (let i = 0; i < 150; i++) net.propose(leader.id, `entry ${i}`);
    net.advance(20);
    const refused = net.change(leader.id, { type: 'addVoter', id: 'n4' });
    expect(leader.results).toContainEqual(
      expect.objectContaining({ id: refused, type: 'proposalDropped', reason: 'not-caught-up' }),
    );
    net.heal();
    net.advance(50);
    net.change(leader.id, { type: 'addVoter', id: 'n4' });
    net.advance(30);
    for (const id of net.nodes.keys())
      expect(net.node(id).raft.status().confState).toEqual(conf(['n1', 'n2', 'n3', 'n4']));
    expect(leader.raft.status().confCommitted).toBe(true);
  });

  test('[M6] several at once go through a joint configuration, which is left by itself', () => {
    const net = grown();
    const [leader] = net.leaders();
    if (leader === undefined) throw new Error('a leader');
    const gone = leader.id === 'n3' ? 'n2' : 'n3';
    net.change(leader.id, { type: 'addVoter', id: 'n4' }, { type: 'removeNode', id: gone });
    net.advance(40);
    const confs = leader.events.flatMap((event) => (event.type === 'conf' ? [event.conf] : []));
    const after = ['n1', 'n2', 'n3', 'n4'].filter((id) => id !== gone);
    expect(confs.slice(-2)).toEqual([conf(after, ['n1', 'n2', 'n3']), conf(after)]);
    expect(leader.raft.status()).toMatchObject({ confState: conf(after), confCommitted: true });
    net.propose(leader.id, 'after');
    net.advance(20);
    expect(net.commands('n4')).toContain('after');
  });

  test('[M6] while joint, both majorities must agree', () => {
    const net = grown();
    const [leader] = net.leaders();
    if (leader === undefined) throw new Error('a leader');
    net.join('n5');
    net.change(leader.id, { type: 'addLearner', id: 'n5' });
    net.advance(40);
    const others = ['n1', 'n2', 'n3'].filter((id) => id !== leader.id);
    // The old half can commit nothing without these two, whatever the new half has.
    for (const id of others) net.isolate(id);
    net.change(
      leader.id,
      { type: 'addVoter', id: 'n4' },
      { type: 'addVoter', id: 'n5' },
      ...others.map((id) => ({ type: 'removeNode', id }) as const),
    );
    net.advance(60);
    expect(isJoint(leader.raft.status().confState)).toBe(true);
    expect(leader.raft.status().confCommitted).toBe(false);
    net.heal();
    const now = net.elect();
    net.advance(200);
    expect(now.raft.status().confState).toEqual(conf([leader.id, 'n4', 'n5'].sort()));
  });

  test('[M7] one change at a time, and none before the first commit of the term', () => {
    const net = new Network(3);
    const leader = net.elect();
    net.join('n4');
    net.join('n5');
    const first = net.change(leader.id, { type: 'addLearner', id: 'n4' });
    const second = net.change(leader.id, { type: 'addLearner', id: 'n5' });
    const results = leader.results.filter((result) => 'id' in result);
    expect(results).toContainEqual(
      expect.objectContaining({ id: first, type: 'proposalAppended' }),
    );
    expect(results).toContainEqual(
      expect.objectContaining({ id: second, type: 'proposalDropped', reason: 'change-pending' }),
    );

    const young = new Network(3);
    young.node('n1').raft.step(young.now, { type: 'campaign' });
    young.drain(young.node('n1'));
    young.deliver((m) => m.type !== 'AppendEntries');
    expect(young.node('n1').raft.role).toBe('leader');
    young.join('n4');
    const early = young.change('n1', { type: 'addLearner', id: 'n4' });
    expect(young.node('n1').results).toContainEqual(
      expect.objectContaining({ id: early, type: 'proposalDropped', reason: 'change-pending' }),
    );
  });

  test('[M8] a leader that removes itself counts others only, hands over once that is committed, and leads no more', () => {
    const net = new Network(3);
    const leader = net.elect();
    const others = ['n1', 'n2', 'n3'].filter((id) => id !== leader.id);
    net.change(leader.id, { type: 'removeNode', id: leader.id });
    net.deliver((m) => m.from !== others[1]);
    // One of the two that remain has it: with the leader's own copy that is not enough.
    expect(leader.raft.role).toBe('leader');
    net.advance(100);
    expect(leader.raft.role).toBe('follower');
    const [next] = net.leaders();
    expect(others).toContain(next?.id);
    net.advance(2000);
    expect(net.leaders().map(({ id }) => id)).toEqual([next?.id]);
    expect(leader.raft.term).toBeLessThanOrEqual(next?.raft.term ?? 0);
  });

  test('[M9] a removed node that goes on asking disturbs nobody', () => {
    const net = new Network(3);
    const leader = net.elect();
    const gone = leader.id === 'n3' ? 'n2' : 'n3';
    net.isolate(gone);
    net.change(leader.id, { type: 'removeNode', id: gone });
    net.advance(50);
    net.heal();
    const term = leader.raft.term;
    net.advance(3000);
    expect(leader.raft).toMatchObject({ role: 'leader', term });
    expect(net.node(gone).raft.term).toBe(term);
  });

  test('[M3] an uncommitted configuration gives way with the entry that brought it', () => {
    const net = new Network(3);
    const leader = net.elect();
    net.join('n4');
    net.isolate(leader.id);
    net.change(leader.id, { type: 'addLearner', id: 'n4' });
    expect(leader.raft.status().confState.learners).toEqual(['n4']);
    net.advance(1000);
    net.heal();
    net.advance(100);
    expect(leader.raft.status().confState).toEqual(conf(['n1', 'n2', 'n3']));
  });

  test('[M10] a restart goes on with the configuration in its log, joint ones included', () => {
    const net = grown();
    const [leader] = net.leaders();
    if (leader === undefined) throw new Error('a leader');
    const gone = leader.id === 'n3' ? 'n2' : 'n3';
    net.change(leader.id, { type: 'addVoter', id: 'n4' }, { type: 'removeNode', id: gone });
    for (const id of net.nodes.keys()) net.crash(id);
    net.restart(leader.id);
    expect(isJoint(net.node(leader.id).raft.status().confState)).toBe(true);
    for (const id of net.nodes.keys()) if (id !== leader.id) net.restart(id);
    net.elect();
    net.advance(200);
    const [now] = net.leaders();
    expect(now?.raft.status().confState.votersOutgoing).toEqual([]);
    expect(now?.raft.status().confCommitted).toBe(true);
  });
});
