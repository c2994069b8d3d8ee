/** The one sentence of the page, judged by what a quorum does and not by what one node says. */
import { describe, expect, test } from 'vitest';
import { membershipOf, snapshotFor } from '../../client/membership.ts';
import { forecastKill, sidesOf, standingOf, verdictOf } from '../../client/verdict.ts';
import type { ClusterView, NodeView } from '../../contracts/view.ts';
import { nodeView, viewOf } from './views.ts';

function cluster(
  parts: Record<string, Partial<NodeView>> = {},
  cuts: readonly string[] = [],
): ClusterView {
  const follow = { leader: 'n1', term: 3 };
  return viewOf(
    [
      nodeView('n1', { ...follow, role: 'leader', ...parts['n1'] }),
      nodeView('n2', { ...follow, ...parts['n2'] }),
      nodeView('n3', { ...follow, ...parts['n3'] }),
    ],
    {
      links: cuts.map((cut) => {
        const [from = '', to = ''] = cut.split('>');
        return { from, to, cut: true, delayMs: 0, jitterMs: 0, loss: 0, duplicate: 0, reorder: 0 };
      }) as ClusterView['links'],
    },
  );
}

const down = { state: 'down' as const };

describe('verdict', () => {
  test('[U42] healthy: all follow one leader in its term', () => {
    expect(verdictOf(cluster())).toMatchObject({
      state: 'healthy',
      leader: 'n1',
      term: 3,
      tolerates: 1,
      sentence: 'n1 leads term 3, writes commit, can lose 1 more node',
    });
  });

  test('[U42] degraded: one is down, cut off or behind, and which is said', () => {
    expect(verdictOf(cluster({ n3: down })).sentence).toContain(
      'can lose no more nodes; n3 is down',
    );
    expect(verdictOf(cluster({}, ['n1>n3', 'n3>n1'])).sentence).toContain('n3 is cut off');
    for (const behind of [{ term: 2, leader: null }, { term: 2 }, { leader: 'n2' }]) {
      expect(verdictOf(cluster({ n3: behind })).sentence).toContain('n3 does not follow yet');
    }
  });

  test('[U42] one direction of a link joins nobody', () => {
    expect(verdictOf(cluster({}, ['n1>n3']))).toMatchObject({ state: 'degraded' });
    expect(verdictOf(cluster({}, ['n3>n1']))).toMatchObject({ state: 'degraded' });
  });

  test('[U42] electing: a leader whom no quorum follows is none', () => {
    const alone = cluster({
      n2: { leader: null, term: 4, role: 'candidate' },
      n3: { leader: null },
    });
    expect(verdictOf(alone)).toMatchObject({
      state: 'electing',
      leader: null,
      term: 4,
      sentence: 'n2 asks for votes in term 4, writes wait',
    });
    expect(standingOf(alone, 'n1')).toBe('stale');
  });

  test('[U42] no quorum: too few are up, or on one side', () => {
    expect(verdictOf(cluster({ n2: down, n3: down }))).toMatchObject({
      state: 'no-quorum',
      sentence: '1 of 3 up, cannot commit, by design',
    });
    const apart = ['n1>n2', 'n1>n3', 'n2>n3'];
    expect(verdictOf(cluster({}, apart))).toMatchObject({
      state: 'no-quorum',
      sentence: 'no side of the partition has 2, cannot commit, by design',
    });
    expect(standingOf(cluster({}, apart), 'n1')).toBe('alone');
  });

  test('[U42] stopped: nobody is up', () => {
    expect(verdictOf(cluster({ n1: down, n2: down, n3: down }))).toMatchObject({
      state: 'stopped',
      leader: null,
      up: 0,
    });
  });

  test('[U42] of two that say they lead, the one that a quorum follows does', () => {
    const split = cluster(
      { n2: { role: 'leader', leader: 'n2', term: 4 }, n3: { leader: 'n2', term: 4 } },
      ['n1>n2', 'n1>n3'],
    );
    expect(verdictOf(split)).toMatchObject({ state: 'degraded', leader: 'n2', term: 4 });
    expect(standingOf(split, 'n1')).toBe('stale');
    expect(standingOf(split, 'n2')).toBe('agreed');
    expect(standingOf(split, 'n3')).toBeNull();
    expect(sidesOf(split)).toEqual([
      { nodes: ['n2', 'n3'], hasQuorum: true },
      { nodes: ['n1'], hasQuorum: false },
    ]);
  });

  test('[U42] before a click it is said what it would do', () => {
    expect(forecastKill(cluster(), 'n1')).toBe(
      'Killing n1 leaves 2 of 3: writes wait for an election, then go on',
    );
    expect(forecastKill(cluster(), 'n2')).toBe('Killing n2 leaves 2 of 3: writes go on');
    expect(forecastKill(cluster({ n3: down }), 'n2')).toBe(
      'Killing n2 leaves 1 of 3: writes will stop',
    );
    expect(forecastKill(cluster({ n2: down, n3: down }), 'n1')).toBe(
      'Killing n1 leaves 0 of 3: the cluster stops',
    );
  });
});

describe('members', () => {
  const five = (parts: Partial<ClusterView>, down: readonly string[] = []): ClusterView =>
    viewOf(
      ['n1', 'n2', 'n3', 'n4', 'n5'].map((id) =>
        nodeView(id, {
          leader: 'n1',
          term: 3,
          role: id === 'n1' ? 'leader' : 'follower',
          state: down.includes(id) ? 'down' : 'serving',
        }),
      ),
      parts,
    );

  test('[U42] a learner counts for nothing', () => {
    const view = five({ voters: ['n1', 'n2', 'n3'], learners: ['n4', 'n5'] }, ['n4', 'n5']);
    expect(verdictOf(view)).toMatchObject({ state: 'healthy', tolerates: 1, configured: 3 });
    expect(forecastKill(view, 'n5')).toBe('n5 has no vote: killing it stops nothing');
    const lost = five({ voters: ['n1', 'n2', 'n3'], learners: ['n4', 'n5'] }, ['n2', 'n3']);
    expect(verdictOf(lost)).toMatchObject({ state: 'no-quorum', up: 1 });
  });

  test('[U42] a joint configuration needs both majorities', () => {
    const joint = { voters: ['n1', 'n4', 'n5'], votersOutgoing: ['n1', 'n2', 'n3'] };
    expect(verdictOf(five(joint))).toMatchObject({ state: 'healthy', tolerates: 1, configured: 5 });
    expect(verdictOf(five(joint, ['n2', 'n4']))).toMatchObject({ state: 'degraded', tolerates: 0 });
    expect(verdictOf(five(joint, ['n2', 'n3'])).state).toBe('no-quorum');
    expect(verdictOf(five(joint, ['n4', 'n5'])).state).toBe('no-quorum');
  });

  test('[U43] what a node is: voter, learner, on its way in or out', () => {
    const conf = { voters: ['n1', 'n4'], votersOutgoing: ['n1', 'n2'], learners: ['n3'] };
    expect(['n1', 'n2', 'n3', 'n4', 'n5'].map((id) => membershipOf(conf, id))).toEqual([
      'voter',
      'leaving',
      'learner',
      'voter',
      'joining',
    ]);
  });

  test('[U44] how far a snapshot has come is what its leader says', () => {
    const progress = {
      peer: 'n2',
      matchIndex: 0,
      nextIndex: 1,
      state: 'snapshot' as const,
      inflight: 0,
      snapshotTo: 120,
      lastAckAgoMs: 1,
    };
    const nodes = [nodeView('n1', { role: 'leader', commitIndex: 500, progress: [progress] })];
    expect(snapshotFor({ nodes }, 'n2')).toEqual({ to: 120, of: 500 });
    expect(snapshotFor({ nodes }, 'n3')).toBeNull();
  });
});
