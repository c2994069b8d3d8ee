/**
 * What operators measure, in Prometheus' words (`GET /metrics`). Names and
 * units are a promise: base units, `_total` for what only rises, `node` for whose
 * it is.
 *
 * What rises is kept here, outside the nodes, so a node's restart takes nothing
 * back; the server's own restart begins at 0, as counters may. What stands is
 * read when somebody asks, of nodes that serve: of a dead one only `node_up` and
 * what had risen is told.
 */
import { statfs } from 'node:fs/promises';
import { collectDefaultMetrics, Counter, Gauge, Registry } from 'prom-client';
import type { LabelValues } from 'prom-client';
import { Durations } from '../base/durations.ts';
import type { ClusterViewFold } from '../cluster/cluster-view.ts';
import type { KvService } from '../cluster/kv-service.ts';
import type { LeaderTracker } from '../cluster/leader-tracker.ts';
import type { Supervisor } from '../cluster/supervisor.ts';
import type { NodeReport } from '../node/control.ts';
import type { RaftEvent } from '../raft/types.ts';
import { durationHistogram } from './duration-histogram.ts';
import { HttpMetrics } from './http-metrics.ts';

export interface MetricsSources {
  readonly fold: ClusterViewFold;
  readonly supervisor: Supervisor;
  readonly leaders: LeaderTracker;
  readonly kv: KvService;
  readonly dataDir: string;
  readonly version: string;
  /** Watches that are open. */
  watchers(): number;
  /** Lines of the live view that are open. */
  sockets(): number;
}

type Node = 'node';

/** Of the process, not of a server: the same for all servers in it. */
let processRegistry: Registry | null = null;

export class Metrics {
  readonly http = new HttpMetrics();
  private readonly registry = new Registry();
  private readonly sources: MetricsSources;
  /** By node: its last report, whether it still serves or not. */
  private readonly reports = new Map<string, NodeReport>();
  private readonly durations = {
    commit: new Map<string, Durations>(),
    read: new Map<string, Durations>(),
    persist: new Map<string, Durations>(),
  };
  /** What a node counts from its start on, as far as it is counted here, and of which of its lives. */
  private readonly counted = new Map<string, { readonly of: number; readonly value: number }>();
  private lastLeader: string | null = null;

  /** Begun with a node at 0, so that the first of what it counts is an increase. */
  private readonly nodeCounters: Counter<Node>[] = [];
  private readonly leaderChanges = this.counter(
    'leader_changes',
    'Times that another node than before came to lead the cluster.',
  );
  private readonly starts = this.nodeCounter('node_starts', 'Threads started for the node.');
  private readonly failures = this.nodeCounter(
    'node_failures',
    'Times that the node stopped by itself: its storage failed or it met a bug.',
  );
  private readonly electionsWon = this.nodeCounter('elections_won', 'Elections the node won.');
  private readonly electionsStarted = this.nodeCounter(
    'elections_started',
    'Times that the node asked for votes in a new term.',
  );
  private readonly electionTimeouts = this.nodeCounter(
    'election_timeouts',
    'Times that the node heard no leader for its election time-out.',
  );
  private readonly snapshotsSent = this.nodeCounter(
    'snapshots_sent',
    'Snapshots that the node brought another up to date with.',
  );
  private readonly snapshotsInstalled = this.nodeCounter(
    'snapshots_installed',
    'Snapshots that the node took over.',
  );
  private readonly compactions = this.nodeCounter(
    'log_compactions',
    'Times that the node forgot the beginning of its log.',
  );
  private readonly truncations = this.nodeCounter(
    'log_truncations',
    'Times that the node dropped uncommitted entries for those of its leader.',
  );
  private readonly applied = this.nodeCounter(
    'proposals_applied',
    'Proposals that the node took as leader and applied.',
  );
  private readonly served = this.nodeCounter('node_reads', 'Reads that the node answered.');
  private readonly logWrites = this.nodeCounter(
    'database_writes',
    'Transactions that the node made durable in its database.',
  );
  private readonly entriesSent = this.nodeCounter(
    'entries_sent',
    'Log entries that the node sent to others.',
  );
  private readonly sent = new Counter({
    name: 'chronoraft_messages_sent_total',
    help: 'Messages that the node sent to others, by kind, those that a link then lost included.',
    labelNames: ['node', 'kind'],
    registers: [this.registry],
  });
  private readonly dropped = new Counter({
    name: 'chronoraft_messages_dropped_total',
    help: 'Messages that the rule of their link took (a fault that was set), by sender and kind.',
    labelNames: ['node', 'kind'],
    registers: [this.registry],
  });
  private readonly refused = new Counter({
    name: 'chronoraft_messages_refused_total',
    help: 'Messages from others that the node did not let in, by reason.',
    labelNames: ['node', 'reason'],
    registers: [this.registry],
  });

  constructor(sources: MetricsSources) {
    this.sources = sources;
    this.aboutCluster();
    this.aboutNodes();
    this.aboutDurations();
    this.aboutService();
    this.aboutHttp();
  }

  get contentType(): string {
    return this.registry.contentType;
  }

  async render(): Promise<string> {
    processRegistry ??= startProcessMetrics();
    return `${await this.registry.metrics()}\n${await processRegistry.metrics()}`;
  }

  // --- facts -------------------------------------------------------------------

  report(report: NodeReport): void {
    const { id: node, identity, traffic, lost, drops, durations, storage, events } = report;
    this.reports.set(node, report);
    for (const { type: kind, count, entries } of traffic) {
      this.sent.inc({ node, kind }, count);
      if (entries > 0) this.entriesSent.inc({ node }, entries);
    }
    for (const [kind, count] of Object.entries(lost)) this.dropped.inc({ node, kind }, count);
    for (const [reason, count] of Object.entries(drops)) {
      const more = this.sinceThen(`${node} drop ${reason}`, identity.bootEpoch, count);
      this.refused.inc({ node, reason }, more);
    }
    this.logWrites.inc(
      { node },
      this.sinceThen(`${node} writes`, identity.bootEpoch, storage.writes),
    );
    if (report.appliedCommands > 0) this.applied.inc({ node }, report.appliedCommands);
    if (report.servedReads > 0) this.served.inc({ node }, report.servedReads);
    for (const of of ['commit', 'read', 'persist'] as const) {
      const counts = durations[of];
      if (counts !== null) durationsOf(this.durations[of], node).addAll(counts);
    }
    for (const { event } of events) this.event(node, event);
  }

  nodeState(node: string, state: 'starting' | 'serving' | 'down' | 'failed'): void {
    if (state === 'starting') {
      for (const counter of this.nodeCounters) counter.inc({ node }, 0);
      this.starts.inc({ node });
    }
    if (state === 'failed') this.failures.inc({ node });
  }

  /** The leader may have changed. */
  leader(leader: string | null): void {
    if (leader === null || leader === this.lastLeader) return;
    if (this.lastLeader !== null) this.leaderChanges.inc();
    this.lastLeader = leader;
  }

  private event(node: string, event: RaftEvent): void {
    switch (event.type) {
      case 'role':
        if (event.role === 'leader') this.electionsWon.inc({ node });
        if (event.role === 'candidate') this.electionsStarted.inc({ node });
        return;
      case 'electionTimeout':
        this.electionTimeouts.inc({ node });
        return;
      case 'snapshotSent':
        this.snapshotsSent.inc({ node });
        return;
      case 'snapshotInstalled':
        this.snapshotsInstalled.inc({ node });
        return;
      case 'compacted':
        this.compactions.inc({ node });
        return;
      case 'truncated':
        this.truncations.inc({ node });
        return;
      default:
        return;
    }
  }

  /** What came to be since the last call, of something that begins at 0 in each life of a node. */
  private sinceThen(what: string, life: number, value: number): number {
    const before = this.counted.get(what);
    this.counted.set(what, { of: life, value });
    return before?.of === life ? Math.max(0, value - before.value) : value;
  }

  /** Of what a dead node said last nothing is told. */
  private serving(): NodeReport[] {
    const { supervisor } = this.sources;
    return [...this.reports.values()].filter(
      ({ id }) => supervisor.has(id) && supervisor.node(id).state === 'serving',
    );
  }

  // --- what is asked for ---------------------------------------------------------

  private aboutCluster(): void {
    const { fold, leaders, version, dataDir } = this.sources;
    this.gauge('build_info', 'Always 1; the version is in the label.', ['version'], () => [
      [{ version }, 1],
    ]);
    this.gauge('has_leader', 'Whether a node that serves says that it leads: 1 or 0.', [], () => [
      [{}, leaders.leader === null ? 0 : 1],
    ]);
    this.gauge('quorum_nodes', 'Voters that a decision needs.', [], () => [
      [{}, fold.members().quorum],
    ]);
    this.gauge('voters', 'Voters of the configuration in force.', [], () => [
      [{}, fold.members().voters.length],
    ]);
    this.mirror(
      'invariant_checks',
      'How often a safety property was compared across nodes.',
      ['invariant'],
      () => fold.invariantCounts().map(({ id, checks }) => [{ invariant: id }, checks]),
    );
    this.mirror(
      'invariant_violations',
      'Of those comparisons, the ones that did not hold: each is a bug.',
      ['invariant'],
      () => fold.invariantCounts().map(({ id, clashes }) => [{ invariant: id }, clashes]),
    );
    const disk = async (
      of: (found: Awaited<ReturnType<typeof statfs>>) => number,
    ): Promise<readonly [LabelValues<never>, number][]> => {
      try {
        return [[{}, of(await statfs(dataDir))]];
      } catch {
        // A folder that is gone has no space: the series is absent, which the alerts look at.
        return [];
      }
    };
    this.gauge('data_free_bytes', 'Room left where the data folder is.', [], () =>
      disk(({ bavail, bsize }) => Number(bavail) * Number(bsize)),
    );
    this.gauge('data_size_bytes', 'Size of the file system of the data folder.', [], () =>
      disk(({ blocks, bsize }) => Number(blocks) * Number(bsize)),
    );
  }

  private aboutNodes(): void {
    const { supervisor } = this.sources;
    this.gauge('node_up', 'Whether the node serves: 1 or 0.', ['node'], () =>
      supervisor.nodes.map((node) => [{ node }, supervisor.node(node).state === 'serving' ? 1 : 0]),
    );
    const each = (name: string, help: string, of: (report: NodeReport) => number): void => {
      this.gauge(name, help, ['node'], () =>
        this.serving().map((report) => [{ node: report.id }, of(report)]),
      );
    };
    each('report_age_seconds', 'Since the node last told how it stands.', ({ atMs }) =>
      Math.max(0, (Date.now() - atMs) / 1000),
    );
    each('is_leader', 'Whether the node says that it leads: 1 or 0.', ({ status }) =>
      status.role === 'leader' ? 1 : 0,
    );
    each('term', "The node's term.", ({ status }) => status.term);
    each(
      'commit_index',
      'Up to where the node knows its log to be committed.',
      ({ status }) => status.commitIndex,
    );
    each(
      'applied_index',
      "The last entry in the node's store.",
      ({ status }) => status.lastApplied,
    );
    each(
      'first_index',
      "The first entry that the node's log still has.",
      ({ status }) => status.firstIndex,
    );
    each('last_index', "The last entry of the node's log.", ({ status }) => status.lastIndex);
    each(
      'persisted_index',
      "The last entry that is on the node's disk.",
      ({ status }) => status.persistedIndex,
    );
    each('apply_lag_entries', 'Committed and not applied yet.', ({ status }) =>
      Math.max(0, status.commitIndex - status.lastApplied),
    );
    each(
      'proposals_pending',
      'In the log of the leader, their outcome not known.',
      (report) => report.pendingProposals,
    );
    each(
      'reads_waiting',
      'Linearizable reads that the node took and did not answer.',
      (report) => report.waitingReads,
    );
    each('store_versions', "Versions in the node's store.", ({ versions }) => versions);
    each('store_keys', "Keys in the node's store, deleted ones included.", ({ keys }) => keys);
    each('database_bytes', "Size of the node's database.", ({ storage }) => storage.sizeBytes);
    each(
      'wal_bytes',
      "Of the node's database, its write-ahead log.",
      ({ storage }) => storage.walBytes,
    );
    each(
      'clock_offset_seconds',
      "The node's wall clock less the machine's.",
      ({ clockOffsetMs }) => clockOffsetMs / 1000,
    );
    this.gauge(
      'replication_lag_entries',
      'Entries of the leader that the node is not known to have on its disk, by the leader of the highest term.',
      ['node'],
      () => {
        const leader = this.serving()
          .filter(({ status }) => status.role === 'leader')
          .sort((a, b) => b.status.term - a.status.term)[0];
        if (leader === undefined) return [];
        const { lastIndex, progress } = leader.status;
        return progress.map(({ peer, matchIndex }) => [
          { node: peer },
          Math.max(0, lastIndex - matchIndex),
        ]);
      },
    );
  }

  private aboutDurations(): void {
    for (const [of, help] of [
      ['commit', "From the leader's append to applied, in cluster time, by the node that led."],
      ['read', "From the node's taking of a linearizable read to its answer."],
      ['persist', "From handing a write of the log to the node's disk until it was durable."],
    ] as const) {
      const series = this.durations[of];
      durationHistogram(this.registry, `chronoraft_${of}_duration_seconds`, help, () =>
        [...series].map(([node, durations]) => ({ labels: { node }, durations })),
      );
    }
  }

  private aboutService(): void {
    const { kv, watchers, sockets } = this.sources;
    this.mirror('writes', 'Writes by outcome.', ['outcome'], () =>
      Object.entries(kv.totals.writes).map(([outcome, count]) => [{ outcome }, count]),
    );
    this.mirror('reads', 'Reads by outcome.', ['outcome'], () =>
      Object.entries(kv.totals.reads).map(([outcome, count]) => [{ outcome }, count]),
    );
    this.gauge('requests_in_flight', 'Writes and reads under way.', ['kind'], () => [
      [{ kind: 'write' }, kv.queues.writes],
      [{ kind: 'read' }, kv.queues.reads],
    ]);
    this.gauge('requests_parked', 'Of them, those that wait for a leader.', ['kind'], () => [
      [{ kind: 'write' }, kv.queues.parkedWrites],
      [{ kind: 'read' }, kv.queues.parkedReads],
    ]);
    this.gauge('watchers', 'Watches that are open.', [], () => [[{}, watchers()]]);
    this.gauge('sockets', 'Lines of the live view that are open.', [], () => [[{}, sockets()]]);
  }

  private aboutHttp(): void {
    const { http } = this;
    this.mirror('http_requests', 'Requests answered.', ['method', 'route', 'status'], () =>
      http
        .all()
        .flatMap(({ method, route, byStatus }) =>
          [...byStatus].map(
            ([status, count]): Sample<'method' | 'route' | 'status'> => [
              { method, route, status },
              count,
            ],
          ),
        ),
    );
    this.gauge('http_requests_open', 'Requests under way, streams included.', [], () => [
      [{}, http.open],
    ]);
    durationHistogram(
      this.registry,
      'chronoraft_http_request_duration_seconds',
      'From a request to the end of its answer; streams are left out.',
      () =>
        http
          .all()
          .map(({ method, route, durations }) => ({ labels: { method, route }, durations })),
    );
  }

  // --- kinds of metrics ------------------------------------------------------------

  private counter(name: string, help: string): Counter {
    return new Counter({
      name: `chronoraft_${name}_total`,
      help,
      registers: [this.registry],
    });
  }

  private nodeCounter(name: string, help: string): Counter<Node> {
    const counter = new Counter({
      name: `chronoraft_${name}_total`,
      help,
      labelNames: ['node'],
      registers: [this.registry],
    });
    this.nodeCounters.push(counter);
    return counter;
  }

  /** Read when asked for. */
  private gauge<Label extends string>(
    name: string,
    help: string,
    labelNames: readonly Label[],
    read: () => readonly Sample<Label>[] | Promise<readonly Sample<Label>[]>,
  ): void {
    new Gauge({
      name: `chronoraft_${name}`,
      help,
      labelNames: [...labelNames],
      registers: [this.registry],
      async collect() {
        const samples = await read();
        this.reset();
        // Without labels there is a 0 even where nothing was read.
        if (samples.length === 0 && labelNames.length === 0) this.remove();
        for (const [labels, value] of samples) this.set(labels, value);
      },
    });
  }

  /** What is counted elsewhere since the server started. */
  private mirror<Label extends string>(
    name: string,
    help: string,
    labelNames: readonly Label[],
    read: () => readonly Sample<Label>[],
  ): void {
    new Counter({
      name: `chronoraft_${name}_total`,
      help,
      labelNames: [...labelNames],
      registers: [this.registry],
      collect() {
        this.reset();
        for (const [labels, value] of read()) this.inc(labels, value);
      },
    });
  }
}

type Sample<Label extends string> = readonly [LabelValues<Label>, number];

function durationsOf(all: Map<string, Durations>, node: string): Durations {
  let durations = all.get(node);
  if (durations === undefined) {
    durations = new Durations();
    all.set(node, durations);
  }
  return durations;
}

function startProcessMetrics(): Registry {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  return registry;
}
