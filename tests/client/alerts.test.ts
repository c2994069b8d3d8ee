/** Alerts: each is made of what its title says, and of nothing else. */
import { describe, expect, test } from 'vitest';
import { ALERT_RULES, alertsOf } from '../../client/alerts.ts';
import type { AlertId } from '../../client/alerts.ts';
import type { ClusterView, EventView, MetricsPoint, NodeView } from '../../contracts/view.ts';
import { nodeView, viewOf } from './views.ts';

const NOW = 100_000;
const MIB = 1024 * 1024;

interface Case {
  readonly id: AlertId;
  /** What alone differs from a healthy cluster; others may fire that say the same. */
  readonly parts: Parts;
  readonly also?: readonly AlertId[];
  /** The same, just not enough. */
  readonly nearly: Parts;
  readonly sinceMs: number;
  readonly why: RegExp;
}

interface Parts {
  readonly nodes?: Readonly<Record<string, Partial<NodeView>>>;
  /** Of the last so many seconds. */
  readonly last?: readonly [seconds: number, point: Partial<MetricsPoint>];
  readonly point?: (second: number) => Partial<MetricsPoint>;
  readonly events?: readonly Partial<EventView>[];
}

const noLeader = { role: 'follower', leader: null } as const;
const down = (sinceMs: number) => ({ state: 'down', sinceMs }) as const;

const CASES: readonly Case[] = [
  {
    id: 'no-quorum',
    parts: { nodes: { n2: down(60_000), n3: down(70_000) } },
    nearly: { nodes: { n3: down(70_000) } },
    sinceMs: 70_000,
    why: /^1 of 3 nodes with a vote are up$/,
  },
  {
    id: 'no-leader',
    parts: { nodes: { n1: noLeader, n2: noLeader, n3: noLeader }, last: [2, { leader: null }] },
    nearly: { nodes: { n1: noLeader, n2: noLeader, n3: noLeader }, last: [1, { leader: null }] },
    sinceMs: 98_000,
    why: /^no leader for 2.0 s; two time-outs are at most 1.2 s$/,
  },
  {
    id: 'no-spare',
    parts: { nodes: { n3: down(70_000) } },
    nearly: {},
    sinceMs: 70_000,
    why: /^2 of 3 nodes with a vote are up, and 0 more may be lost$/,
  },
  {
    id: 'leader-changes',
    parts: { events: [elected(41_000, 5), elected(60_000, 6), elected(70_000, 7)] },
    nearly: { events: [elected(39_000, 5), elected(60_000, 6), elected(70_000, 7)] },
    sinceMs: 41_000,
    why: /^3 elections within 60 s, the last ones n1 in term 5, n1 in term 6, n1 in term 7$/,
  },
  {
    id: 'failed-proposals',
    parts: { last: [2, { failedPerSecond: 3 }] },
    nearly: { last: [2, { failedPerSecond: 0 }] },
    sinceMs: 98_000,
    why: /^6 failed within the last 10 s$/,
  },
  {
    id: 'stuck-proposals',
    parts: { nodes: { n1: { pendingProposals: 4 } }, last: [3, { writesPerSecond: 0 }] },
    nearly: { nodes: { n1: { pendingProposals: 4 } }, last: [2, { writesPerSecond: 0 }] },
    sinceMs: 97_000,
    why: /^4 pending, and none committed for 3 s$/,
  },
  {
    id: 'follower-lag',
    parts: { last: [3, { lag: { n1: 0, n2: 1001, n3: 0 } }] },
    nearly: { last: [3, { lag: { n1: 0, n2: 1000, n3: 0 } }] },
    sinceMs: 97_000,
    why: /^n2 is 1,001 entries behind$/,
  },
  {
    id: 'slow-persist',
    parts: { last: [3, { persistP99Ms: 501 }] },
    nearly: { last: [2, { persistP99Ms: 900 }] },
    sinceMs: 97_000,
    why: /^the p99 of a durable log write was up to 501 ms, more than 500 ms in 3 of the last 10 s$/,
  },
  {
    id: 'slow-commit',
    parts: { last: [3, { commitP99Ms: 251 }] },
    nearly: { last: [10, { commitP99Ms: 250 }] },
    sinceMs: 97_000,
    why: /^the p99 of a commit was up to 251 ms/,
  },
  {
    id: 'store-growth',
    parts: { point: (second) => ({ storeBytes: second * 6 * MIB }) },
    nearly: { point: (second) => ({ storeBytes: second * 5 * MIB }) },
    sinceMs: 69_000,
    why: /^180 MiB in 30 s, to 360 MiB$/,
  },
];

describe('alerts', () => {
  test('[U73] a healthy cluster has none, nor has one of which nothing is known yet', () => {
    expect(alertsOf(view({}))).toEqual([]);
    expect(alertsOf(viewOf([], { metrics: [], events: [] })).map(({ id }) => id)).toEqual([]);
  });

  test.each(CASES)(
    '[U73] $id fires by what it says, with since and why, and alone',
    ({ id, parts, also = [], sinceMs, why }) => {
      const alerts = alertsOf(view(parts));
      expect(alerts.map((alert) => alert.id)).toEqual([id, ...also]);
      expect(alerts[0]?.sinceMs).toBe(sinceMs);
      expect(alerts[0]?.why).toMatch(why);
      expect(alerts[0]?.todo).not.toBe('');
    },
  );

  test.each(CASES)('[U73] $id is quiet just below its threshold', ({ id, nearly }) => {
    expect(alertsOf(view(nearly)).map((alert) => alert.id)).not.toContain(id);
  });

  test('[U73] every rule has a case, and states its threshold', () => {
    expect(CASES.map(({ id }) => id).sort()).toEqual(ALERT_RULES.map(({ id }) => id).sort());
    const unstated = ALERT_RULES.filter(
      ({ id, when }) => !/\d/.test(when) && !['no-quorum', 'no-spare'].includes(id),
    );
    expect(unstated).toEqual([]);
  });
});

/** Three nodes, a leader, a minute of metrics without anything odd; and what differs. */
function view({ nodes = {}, last, point, events = [] }: Parts): ClusterView {
  const follow = { leader: 'n1', term: 3 };
  const metrics = Array.from({ length: 60 }, (_, i): MetricsPoint => {
    const second = i + 1;
    const isLast = last !== undefined && second > 60 - last[0];
    return {
      atMs: NOW - 60_000 + i * 1000,
      writesPerSecond: 100,
      readsPerSecond: 100,
      failedPerSecond: 0,
      commitP50Ms: 2,
      commitP99Ms: 5,
      persistP50Ms: 0.2,
      persistP99Ms: 1,
      lag: { n1: 0, n2: 3, n3: 5 },
      leader: 'n1',
      storeBytes: MIB,
      ...(isLast && last[1]),
      ...point?.(second),
    };
  });
  return viewOf(
    [
      nodeView('n1', { ...follow, role: 'leader', ...nodes['n1'] }),
      nodeView('n2', { ...follow, ...nodes['n2'] }),
      nodeView('n3', { ...follow, ...nodes['n3'] }),
    ],
    {
      atMs: NOW,
      metrics,
      events: events.map((event, i) => ({
        seq: i + 1,
        atMs: 0,
        kind: 'server-started',
        node: null,
        term: null,
        index: null,
        text: '',
        ...event,
      })),
    },
  );
}

function elected(atMs: number, term: number): Partial<EventView> {
  return { kind: 'leader-elected', node: 'n1', atMs, term };
}
