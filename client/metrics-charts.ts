/**
 * The charts of the Metrics page: what each plots, and how its title says so.
 * Lines differ by form: of nodes by the node, of kinds by the kind.
 */
import type { LineStyle, Series } from './chart-rows.ts';
import type { MetricsDetail, NodeGauges } from '../contracts/metrics.ts';

export interface NodeSeries extends Series<MetricsDetail> {
  /** Whose line it is: where that node is down there is no value, and that is why. */
  readonly node: string | null;
}

export interface ChartPlan {
  readonly id: string;
  readonly title: string;
  /** What the figures mean, and where they are from. */
  readonly caption: string;
  readonly unit: string;
  /** Said in place of lines while there are none. */
  readonly empty: string;
  readonly series: readonly NodeSeries[];
}

const NODE_STYLES: readonly LineStyle[] = ['solid', 'dashed', 'dotted', 'dash-dot', 'long'];
const MIB = 1024 * 1024;

/** `nodes` in display order. */
export function chartPlans(nodes: readonly string[]): readonly ChartPlan[] {
  const perNode = (value: (point: MetricsDetail, node: string) => number | null) =>
    nodes.map((node, at) => ({
      name: node,
      node,
      style: NODE_STYLES[at % NODE_STYLES.length] ?? 'solid',
      value: (point: MetricsDetail) => value(point, node),
    }));
  return [
    {
      id: 'chart-throughput',
      title: 'Writes and reads a second',
      caption: 'Committed writes and answered reads, as the server counts them.',
      unit: '/s',
      empty: 'No second has passed yet',
      series: [
        line('writes', 'solid', (point) => point.writesPerSecond),
        line('reads', 'dashed', (point) => point.readsPerSecond),
      ],
    },
    {
      id: 'chart-failed',
      title: 'Failed requests a second',
      caption: 'Writes and reads refused, timed out, or of unknown outcome.',
      unit: '/s',
      empty: 'No second has passed yet',
      series: [line('failed', 'solid', (point) => point.failedPerSecond)],
    },
    {
      id: 'chart-commit-latency',
      title: 'Commit latency, ms',
      caption: 'From the leader’s append to commit and apply: half, and 99 of 100, were faster.',
      unit: ' ms',
      empty: 'No writes in this time',
      series: percentiles(
        (point) => point.commitP50Ms,
        (point) => point.commitP99Ms,
      ),
    },
    {
      id: 'chart-read-latency',
      title: 'Read latency, ms',
      caption: 'Of linearizable reads in the leader: the quorum’s word, and waiting to be applied.',
      unit: ' ms',
      empty: 'No linearizable reads in this time',
      series: percentiles(
        (point) => point.readP50Ms,
        (point) => point.readP99Ms,
      ),
    },
    {
      id: 'chart-persist',
      title: 'Log write to disk, ms',
      caption: 'One transaction with fsync, on any node: half, and 99 of 100, were faster.',
      unit: ' ms',
      empty: 'Nothing was written to disk in this time',
      series: percentiles(
        (point) => point.persistP50Ms,
        (point) => point.persistP99Ms,
      ),
    },
    {
      id: 'chart-lag',
      title: 'Replication lag, entries',
      caption: 'How far each node’s applied state is behind the furthest commit.',
      unit: ' entries',
      empty: 'No second has passed yet',
      series: perNode((point, node) => point.lag[node] ?? null),
    },
    {
      id: 'chart-elections',
      title: 'Elections won a second',
      caption: 'Leaders that took office. More than a few a minute: nodes are cut off or starved.',
      unit: '/s',
      empty: 'No second has passed yet',
      series: [line('elections', 'solid', (point) => point.elections)],
    },
    {
      id: 'chart-messages',
      title: 'Messages a second, by kind',
      caption: 'Sent by all nodes, answers included.',
      unit: '/s',
      empty: 'No second has passed yet',
      series: MESSAGE_KINDS.map(([name, style, types]) =>
        line(name, style, ({ messages }) =>
          types.reduce((sum, type) => sum + (messages[type] ?? 0), 0),
        ),
      ),
    },
    {
      id: 'chart-queues',
      title: 'Waiting proposals and reads',
      caption: 'In all nodes, at the end of each second: what was taken and has no answer yet.',
      unit: '',
      empty: 'No second has passed yet',
      series: [
        line('proposals', 'solid', (point) => total(point, (node) => node.pendingProposals)),
        line('reads', 'dashed', (point) => total(point, (node) => node.waitingReads)),
      ],
    },
    {
      id: 'chart-database',
      title: 'Database size, MiB',
      caption: 'The SQLite file of each node.',
      unit: ' MiB',
      empty: 'No second has passed yet',
      series: perNode((point, node) => {
        const bytes = point.nodes[node]?.databaseBytes;
        return bytes === undefined ? null : bytes / MIB;
      }),
    },
    {
      id: 'chart-versions',
      title: 'Versions in the store',
      caption: 'What each node keeps: newest and older versions of all fields.',
      unit: '',
      empty: 'No second has passed yet',
      series: perNode((point, node) => point.nodes[node]?.versions ?? null),
    },
  ];
}

/** Kinds of messages that belong together, and the line of each. */
const MESSAGE_KINDS: readonly (readonly [string, LineStyle, readonly string[]])[] = [
  ['appends', 'solid', ['AppendEntries', 'AppendEntriesResponse']],
  ['heartbeats', 'dashed', ['Heartbeat', 'HeartbeatResponse']],
  [
    'votes',
    'dotted',
    ['PreVote', 'PreVoteResponse', 'RequestVote', 'RequestVoteResponse', 'TimeoutNow'],
  ],
  ['snapshots', 'dash-dot', ['InstallSnapshot', 'InstallSnapshotResponse']],
  ['reads', 'long', ['ReadIndex', 'ReadIndexResponse']],
];

function line(name: string, style: LineStyle, value: NodeSeries['value']): NodeSeries {
  return { name, style, value, node: null };
}

function percentiles(p50: NodeSeries['value'], p99: NodeSeries['value']): readonly NodeSeries[] {
  return [line('p50', 'solid', p50), line('p99', 'dashed', p99)];
}

/** Of the nodes that are up; null when none is. */
function total(point: MetricsDetail, of: (node: NodeGauges) => number): number | null {
  const up = Object.values(point.nodes).filter((node) => node !== null);
  return up.length === 0 ? null : up.reduce((sum, node) => sum + of(node), 0);
}
