/**
 * What a person should look at: the rules of etcd's monitoring mixin, scaled
 * from minutes to seconds. Each is a pure function of the view and says since when,
 * why and what to do. There is none for skewed clocks: nodes of one machine share
 * a clock, and nothing else tells of it.
 */
import type { ClusterView, MetricsPoint, NodeView } from '../contracts/view.ts';
import { deciders, spare } from './quorum.ts';
import { verdictOf } from './verdict.ts';

const NO_LEADER_TIMEOUTS = 2;
const LEADER_CHANGES = 3;
const LEADER_CHANGES_WITHIN_S = 60;
const RECENT_S = 10;
const LAG_ENTRIES = 1000;
const LAG_FOR_S = 3;
const STUCK_FOR_S = 3;
const SLOW_SECONDS = 3;
const PERSIST_P99_MS = 500;
const COMMIT_P99_MS = 250;
const GROWTH_OVER_S = 30;
const GROWTH_MIB_PER_S = 5;
const MIB = 1024 * 1024;

export type AlertId =
  | 'no-leader'
  | 'no-quorum'
  | 'no-spare'
  | 'leader-changes'
  | 'failed-proposals'
  | 'stuck-proposals'
  | 'follower-lag'
  | 'slow-persist'
  | 'slow-commit'
  | 'store-growth';

/** What is wrong: since when (server ms), and the figures. */
interface Finding {
  readonly sinceMs: number;
  readonly why: string;
}

interface AlertRule {
  readonly id: AlertId;
  readonly title: string;
  /** When it fires, in words. */
  readonly when: string;
  readonly todo: string;
  readonly find: (view: ClusterView) => Finding | null;
}

export type Alert = Omit<AlertRule, 'find'> & Finding;

export const ALERT_RULES: readonly AlertRule[] = [
  {
    id: 'no-quorum',
    title: 'Too few nodes are up',
    when: 'fewer nodes with a vote are up than make a quorum',
    todo: 'Revive nodes until a quorum is up. Until then nothing is committed; nothing that was is lost.',
    find: tooFewUp,
  },
  {
    id: 'no-leader',
    title: 'No leader',
    when: `no node has led for longer than ${NO_LEADER_TIMEOUTS} election time-outs, each at its longest`,
    todo: 'Look at the stage: is a quorum up, and can it hear itself? Heal links or revive nodes.',
    find: noLeader,
  },
  {
    id: 'no-spare',
    title: 'No more node may be lost',
    when: 'there is a leader, and one more loss would leave no quorum',
    todo: 'Bring back what is down or cut off, before something else fails.',
    find: noSpare,
  },
  {
    id: 'leader-changes',
    title: 'The leader changes often',
    when: `${LEADER_CHANGES} elections or more within ${LEADER_CHANGES_WITHIN_S} s`,
    todo: 'Look for cut, slow or lossy links and for a machine that is too busy; writes wait for each election.',
    find: leaderChanges,
  },
  {
    id: 'failed-proposals',
    title: 'Proposals fail',
    when: `a write or read failed within the last ${RECENT_S} s`,
    todo: 'See who leads and what is overloaded. Writes whose outcome is unknown may be sent again under the same session.',
    find: failedProposals,
  },
  {
    id: 'stuck-proposals',
    title: 'Proposals wait',
    when: `proposals are pending and none was committed for ${STUCK_FOR_S} s`,
    todo: 'The leader cannot reach a quorum: look at its links, and at the disks of the others.',
    find: stuckProposals,
  },
  {
    id: 'follower-lag',
    title: 'A node lags behind',
    when: `a node that is up is more than ${LAG_ENTRIES.toLocaleString('en')} entries behind for ${LAG_FOR_S} s`,
    todo: 'Look at its links and its disk. It votes and stores meanwhile, but local reads of it are old.',
    find: followerLag,
  },
  {
    id: 'slow-persist',
    title: 'Disks are slow',
    when: `the p99 of durable log writes is above ${PERSIST_P99_MS} ms in ${SLOW_SECONDS} of the last ${RECENT_S} s`,
    todo: 'Every write waits for a quorum of disks: see what else uses them.',
    find: (view) => slow(view, 'durable log write', PERSIST_P99_MS, (point) => point.persistP99Ms),
  },
  {
    id: 'slow-commit',
    title: 'Commits are slow',
    when: `the p99 from proposal to applied is above ${COMMIT_P99_MS} ms in ${SLOW_SECONDS} of the last ${RECENT_S} s`,
    todo: 'Compare with the disks: if they are fast, look at delays of links and at the load.',
    find: (view) => slow(view, 'commit', COMMIT_P99_MS, (point) => point.commitP99Ms),
  },
  {
    id: 'store-growth',
    title: 'A database grows fast',
    when: `the largest database has grown by more than ${GROWTH_MIB_PER_S} MiB a second over ${GROWTH_OVER_S} s`,
    todo: 'Set how much of the past is kept on the Keys page, or see who writes so much: nothing is ever overwritten.',
    find: storeGrowth,
  },
];

/** Those that fire, the gravest first. */
export function alertsOf(view: ClusterView): readonly Alert[] {
  return ALERT_RULES.flatMap(({ find, ...rule }) => {
    const finding = find(view);
    return finding === null ? [] : [{ ...rule, ...finding }];
  });
}

// --- rules -----------------------------------------------------------------------

function tooFewUp(view: ClusterView): Finding | null {
  const voters = votersOf(view);
  const up = voters.filter(isUp).map(({ id }) => id);
  if (voters.length === 0 || spare(view, up) >= 0) return null;
  // Since the last of those went down whose loss broke the quorum.
  const sinceMs = Math.max(...voters.filter((node) => !isUp(node)).map((node) => node.sinceMs));
  return { sinceMs, why: `${up.length} of ${voters.length} nodes with a vote are up` };
}

function noLeader(view: ClusterView): Finding | null {
  const silent = trailing(view.metrics, (point) => point.leader === null);
  const [first] = silent;
  if (first === undefined || view.nodes.some((node) => isUp(node) && node.role === 'leader'))
    return null;
  const longestMs = NO_LEADER_TIMEOUTS * 2 * view.electionTimeoutMs;
  const ms = view.atMs - first.atMs;
  if (ms <= longestMs) return null;
  return {
    sinceMs: first.atMs,
    why: `no leader for ${seconds(ms)}; two time-outs are at most ${seconds(longestMs)}`,
  };
}

function noSpare(view: ClusterView): Finding | null {
  const verdict = verdictOf(view);
  if (verdict.leader === null || verdict.tolerates > 0) return null;
  const lost = [
    ...votersOf(view)
      .filter((node) => !isUp(node))
      .map((node) => node.sinceMs),
    ...view.events.filter(({ kind }) => kind === 'link-cut').map(({ atMs }) => atMs),
  ];
  const size = deciders(view).length;
  return {
    // A cluster of one or two never had one to spare.
    sinceMs: lost.length > 0 ? Math.max(...lost) : (view.events[0]?.atMs ?? view.atMs),
    why: `${verdict.up} of ${size} nodes with a vote are up, and 0 more may be lost`,
  };
}

function leaderChanges(view: ClusterView): Finding | null {
  const from = view.atMs - LEADER_CHANGES_WITHIN_S * 1000;
  const elected = view.events.filter(({ kind, atMs }) => kind === 'leader-elected' && atMs >= from);
  const first = elected.at(-LEADER_CHANGES);
  if (first === undefined) return null;
  const leaders = elected.slice(-LEADER_CHANGES).map(({ node, term }) => `${node} in term ${term}`);
  return {
    sinceMs: first.atMs,
    why: `${elected.length} elections within ${LEADER_CHANGES_WITHIN_S} s, the last ones ${leaders.join(', ')}`,
  };
}

function failedProposals(view: ClusterView): Finding | null {
  const failed = recent(view).filter((point) => point.failedPerSecond > 0);
  const [first] = failed;
  if (first === undefined) return null;
  const count = failed.reduce((sum, point) => sum + point.failedPerSecond, 0);
  return { sinceMs: first.atMs, why: `${count} failed within the last ${RECENT_S} s` };
}

function stuckProposals(view: ClusterView): Finding | null {
  const pending = view.nodes
    .filter(isUp)
    .reduce((sum, { pendingProposals }) => sum + pendingProposals, 0);
  const idle = trailing(view.metrics, (point) => point.writesPerSecond === 0);
  const [first] = idle;
  if (pending === 0 || first === undefined || idle.length < STUCK_FOR_S) return null;
  return {
    sinceMs: first.atMs,
    why: `${pending} pending, and none committed for ${idle.length} s`,
  };
}

function followerLag(view: ClusterView): Finding | null {
  for (const { id } of view.nodes) {
    const behind = trailing(view.metrics, (point) => (point.lag[id] ?? 0) > LAG_ENTRIES);
    const [first] = behind;
    if (first === undefined || behind.length < LAG_FOR_S) continue;
    const lag = behind.at(-1)?.lag[id] ?? 0;
    return { sinceMs: first.atMs, why: `${id} is ${lag.toLocaleString('en')} entries behind` };
  }
  return null;
}

function slow(
  view: ClusterView,
  what: string,
  limitMs: number,
  p99: (point: MetricsPoint) => number | null,
): Finding | null {
  const over = recent(view).filter((point) => (p99(point) ?? 0) > limitMs);
  const [first] = over;
  if (first === undefined || over.length < SLOW_SECONDS) return null;
  const worst = Math.max(...over.map((point) => p99(point) ?? 0));
  return {
    sinceMs: first.atMs,
    why: `the p99 of a ${what} was up to ${Math.round(worst)} ms, more than ${limitMs} ms in ${over.length} of the last ${RECENT_S} s`,
  };
}

function storeGrowth(view: ClusterView): Finding | null {
  const points = view.metrics.slice(-(GROWTH_OVER_S + 1));
  const first = points[0];
  const last = points.at(-1);
  if (first === undefined || last === undefined || points.length <= GROWTH_OVER_S) return null;
  if (first.storeBytes === null || last.storeBytes === null) return null;
  const grownMib = (last.storeBytes - first.storeBytes) / MIB;
  const perSecond = grownMib / GROWTH_OVER_S;
  if (perSecond <= GROWTH_MIB_PER_S) return null;
  return {
    sinceMs: first.atMs,
    why: `${Math.round(grownMib)} MiB in ${GROWTH_OVER_S} s, to ${Math.round(last.storeBytes / MIB)} MiB`,
  };
}

// --- parts -----------------------------------------------------------------------

function votersOf(view: ClusterView): readonly NodeView[] {
  const voters = deciders(view);
  return view.nodes.filter(({ id }) => voters.includes(id));
}

function isUp({ state }: NodeView): boolean {
  return state === 'serving';
}

/** Points of the last seconds. */
function recent(view: ClusterView): readonly MetricsPoint[] {
  return view.metrics.slice(-RECENT_S);
}

/** The points at the end for all of which it holds. */
function trailing(
  points: readonly MetricsPoint[],
  holds: (point: MetricsPoint) => boolean,
): readonly MetricsPoint[] {
  const last = points.findLastIndex((point) => !holds(point));
  return points.slice(last + 1);
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`;
}
