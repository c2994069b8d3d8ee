/**
 * Folds what nodes report and what the supervisor does into the one view that
 * people see, and remembers what changed since the last patch. No timers, no
 * sockets: the same facts in the same order give the same view.
 */
import { must } from '../base/assert.ts';
import type { LinkRule, NodeReport } from '../node/control.ts';
import type { TransitReport } from '../node/pace-control.ts';
import { OPEN_LINK } from '../node/control.ts';
import { NO_FAULTS } from '../../contracts/faults.ts';
import type { NodeFaults } from '../../contracts/faults.ts';
import type { Packet, Patch } from '../../contracts/live.ts';
import type { PaceView } from '../../contracts/pace.ts';
import type { InvariantView } from '../../contracts/invariants.ts';
import type { MetricsDetail } from '../../contracts/metrics.ts';
import type {
  ClusterView,
  ConfView,
  EntryView,
  EventView,
  LinkView,
  MembersView,
  NodeView,
} from '../../contracts/view.ts';
import { describeLink, describeState, describeViolation, Narrator } from './event-text.ts';
import type { EventDraft } from './event-text.ts';
import { describeFaults } from './fault-text.ts';
import { Invariants } from './invariants/invariants.ts';
import type { InvariantCount } from './invariants/tally.ts';
import type { KvCounts } from './kv-service.ts';
import type { NodeState } from './node-handle.ts';
import { PaceFold } from './pace-fold.ts';
import { MetricsRing } from './metrics-ring.ts';
import { MetricsSecond } from './metrics-second.ts';

const MAX_ENTRIES = 500;
/** Under load a patch carries the newest of the new entries only; a full view and a node's log have more. */
const MAX_PATCH_ENTRIES = 32;
const MAX_EVENTS = 500;
const MAX_METRICS = 300;

export interface ClusterViewOptions {
  readonly epoch: string;
  readonly clusterId: string;
  /** Every node that the server runs, in display order. */
  readonly nodes: readonly string[];
  readonly heartbeatIntervalMs: number;
  readonly electionTimeoutMs: number;
  readonly nowMs: number;
  /** Hears of each event, with the node as it stands. */
  readonly onEvent?: (event: EventView, node: NodeView | null) => void;
}

export class ClusterViewFold {
  private readonly options: ClusterViewOptions;
  private readonly nodes = new Map<string, NodeView>();
  private readonly links = new Map<string, LinkView>();
  /** By index, then term. */
  private readonly entries: EntryView[] = [];
  private readonly events: EventView[] = [];
  private readonly metrics = new MetricsRing();
  private readonly invariants = new Invariants();
  private readonly second = new MetricsSecond();
  private readonly narrator = new Narrator();
  private readonly paceFold: PaceFold;
  private seq = 0;
  private eventSeq = 0;

  private changedNodes = new Set<string>();
  private changedLinks = new Set<string>();
  private newEntries: EntryView[] = [];
  private newEvents: EventView[] = [];
  private newMetrics: MetricsDetail[] = [];
  private packets = new Map<string, Packet>();
  private urgent = false;
  /** That of the leader of the highest term heard of. */
  private conf: ConfView;
  private confTerm = 0;
  private membersChanged = false;

  constructor(options: ClusterViewOptions) {
    this.options = options;
    this.paceFold = new PaceFold(options.nowMs);
    this.conf = { voters: [...options.nodes], votersOutgoing: [], learners: [] };
    for (const id of options.nodes) this.addNode(id, options.nowMs);
    this.addEvent(options.nowMs, {
      kind: 'server-started',
      text: `The server started with ${options.nodes.length} nodes`,
    });
  }

  // --- facts -------------------------------------------------------------------

  /** The server runs one more node. */
  addNode(id: string, nowMs: number): void {
    for (const to of this.nodes.keys()) {
      for (const [a, b] of [
        [id, to],
        [to, id],
      ] as const) {
        this.links.set(`${a}>${b}`, { from: a, to: b, ...OPEN_LINK });
        this.changedLinks.add(`${a}>${b}`);
      }
    }
    this.nodes.set(id, unheardOf(id, nowMs));
    this.changedNodes.add(id);
    this.membersChanged = true;
    this.urgent = true;
  }

  /** The node was removed from the cluster, and its thread is gone. */
  removeNode(id: string, nowMs: number): void {
    this.nodes.delete(id);
    this.changedNodes.delete(id);
    for (const [key, { from, to }] of this.links) {
      if (from !== id && to !== id) continue;
      this.links.delete(key);
      this.changedLinks.delete(key);
    }
    this.narrator.forget(id);
    this.membersChanged = true;
    this.urgent = true;
    this.addEvent(nowMs, { kind: 'members-changed', node: id, text: `${id} is gone for good` });
  }

  report(report: NodeReport): void {
    if (!this.nodes.has(report.id)) return;
    const before = this.node(report.id);
    const after = foldReport(before, report);
    this.nodes.set(report.id, after);
    this.changedNodes.add(report.id);
    if (
      before.role !== after.role ||
      before.term !== after.term ||
      before.leader !== after.leader
    ) {
      this.urgent = true;
    }
    this.followConf(after);
    for (const { atMs, event } of report.events) {
      const draft = this.narrator.describe(report.id, event);
      if (draft !== null) this.addEvent(atMs, draft);
    }
    for (const entry of report.newEntries) this.addEntry(entry);
    for (const traffic of report.traffic) this.addPacket({ from: report.id, ...traffic });
    this.second.addReport(report);
    const broke = this.invariants.report(report, (violation) => {
      this.addEvent(violation.atMs, describeViolation(violation));
      return this.eventSeq;
    });
    this.urgent ||= broke;
  }

  /** A leader knows the configuration best: its own log has the newest that can count. */
  private followConf({ role, term, conf }: NodeView): void {
    if (role !== 'leader' || term < this.confTerm) return;
    this.confTerm = term;
    if (JSON.stringify(conf) === JSON.stringify(this.conf)) return;
    this.conf = conf;
    this.membersChanged = true;
    this.urgent = true;
  }

  nodeState(
    id: string,
    state: NodeState,
    reason: string | null,
    nowMs: number,
    refusal: NodeView['refusal'] = null,
  ): void {
    if (!this.nodes.has(id)) return;
    const before = this.node(id);
    this.nodes.set(id, {
      ...before,
      state,
      reason,
      refusal,
      sinceMs: nowMs,
      boots: before.boots + (state === 'starting' ? 1 : 0),
      ...(state === 'serving' || state === 'starting'
        ? {}
        : { votes: [], progress: [], pendingProposals: 0 }),
    });
    this.changedNodes.add(id);
    this.urgent = true;
    if (state !== 'serving') {
      this.narrator.forget(id);
      this.paceFold.forget(id);
    }
    this.addEvent(nowMs, describeState(id, state, reason, before.term));
  }

  /** Process `pid` is the one that the node runs in from now on. */
  runsIn(id: string, pid: number): void {
    if (!this.nodes.has(id)) return;
    this.nodes.set(id, { ...this.node(id), pid });
    this.changedNodes.add(id);
  }

  link(from: string, to: string, rule: LinkRule, nowMs: number): void {
    const before = must(this.links.get(`${from}>${to}`), 'the link exists');
    this.links.set(`${from}>${to}`, { from, to, ...rule });
    this.changedLinks.add(`${from}>${to}`);
    this.urgent = true;
    const draft = describeLink(before, rule);
    if (draft !== null) this.addEvent(nowMs, draft);
  }

  faults(id: string, faults: NodeFaults, nowMs: number): void {
    const before = this.node(id);
    this.nodes.set(id, { ...before, faults });
    this.changedNodes.add(id);
    this.urgent = true;
    for (const draft of describeFaults(id, before.faults, faults)) this.addEvent(nowMs, draft);
  }

  /** The cluster runs at another speed, or has made a step: `what` says it. */
  pace(pace: PaceView, what: string): void {
    this.paceFold.set(pace);
    this.urgent = true;
    this.addEvent(pace.atMs, { kind: 'pace-changed', text: what });
  }

  /** Messages went on their way, or ended it; cluster time is `clusterMs`. */
  transit(report: TransitReport, clusterMs: number, nowMs: number): void {
    for (const { type, from, to } of this.paceFold.report(report, clusterMs)) {
      this.addEvent(nowMs, {
        kind: 'packet-dropped',
        node: from,
        text: `${type} from ${from} to ${to} was dropped by hand`,
      });
    }
    this.urgent = true;
  }

  /** A second has passed: makes its metrics point. */
  endSecond(startedMs: number, counts: KvCounts): void {
    const nodes = [...this.nodes.values()];
    const furthest = Math.max(...nodes.map((node) => node.commitIndex));
    const lag: Record<string, number | null> = {};
    for (const node of nodes)
      lag[node.id] = node.state === 'serving' ? furthest - node.lastApplied : null;
    const leader = nodes
      .filter((node) => node.state === 'serving' && node.role === 'leader')
      .sort((a, b) => b.term - a.term)[0];
    const sizes = nodes
      .filter(({ state }) => state === 'serving')
      .map(({ database }) => database.sizeBytes);
    const second = this.second.take(startedMs, counts, {
      lag,
      leader: leader?.id ?? null,
      links: this.links.values(),
      storeBytes: sizes.length === 0 ? null : Math.max(...sizes),
    });
    this.metrics.push(second);
    this.newMetrics.push(second);
  }

  // --- views -------------------------------------------------------------------

  get epoch(): string {
    return this.options.epoch;
  }

  get currentSeq(): number {
    return this.seq;
  }

  /** Something happened that a person should see at once. */
  get isUrgent(): boolean {
    return this.urgent;
  }

  /** The last seconds, newest last; fewer while the server is young. */
  seconds(count: number): MetricsDetail[] {
    return this.metrics.last(count);
  }

  nodeView(id: string): NodeView {
    return this.node(id);
  }

  /** What must hold of the nodes together, and what was seen of it. */
  invariantViews(): InvariantView[] {
    return this.invariants.view();
  }

  /** How often each of them was looked at, and how often it did not hold. */
  invariantCounts(): InvariantCount[] {
    return this.invariants.counts();
  }

  /** Who belongs to the cluster, as far as is known here. */
  members(): MembersView {
    const { voters, votersOutgoing, learners } = this.conf;
    return {
      members: [...this.nodes.keys()],
      voters: [...voters],
      votersOutgoing: [...votersOutgoing],
      learners: [...learners],
      quorum: Math.floor(voters.length / 2) + 1,
    };
  }

  view(nowMs: number): ClusterView {
    const { epoch, clusterId, heartbeatIntervalMs, electionTimeoutMs } = this.options;
    return {
      epoch,
      seq: this.seq,
      atMs: nowMs,
      clusterId,
      ...this.members(),
      heartbeatIntervalMs,
      electionTimeoutMs,
      nodes: [...this.nodes.values()],
      links: [...this.links.values()],
      entries: [...this.entries],
      events: [...this.events],
      metrics: this.metrics.points(MAX_METRICS),
      ...this.paceFold.parts(),
      invariants: this.invariants.view(),
    };
  }

  /** What changed since the last call, numbered; null when nothing did. */
  takePatch(nowMs: number): Patch | null {
    const nodes = [...this.changedNodes].map((id) => this.node(id));
    const links = [...this.changedLinks].map((key) => must(this.links.get(key), 'the link exists'));
    const { newEntries: entries, newEvents: events, newMetrics: metrics } = this;
    const members = this.membersChanged ? this.members() : undefined;
    const paced = this.paceFold.takePatch();
    const invariants = this.invariants.take(nowMs);
    this.membersChanged = false;
    this.urgent = false;
    if (
      members === undefined &&
      paced === null &&
      invariants === null &&
      nodes.length + links.length + entries.length + events.length + metrics.length === 0
    )
      return null;
    this.changedNodes = new Set();
    this.changedLinks = new Set();
    this.newEntries = [];
    this.newEvents = [];
    this.newMetrics = [];
    this.seq++;
    return {
      epoch: this.options.epoch,
      seq: this.seq,
      atMs: nowMs,
      ...(members && { members }),
      ...(nodes.length > 0 && { nodes }),
      ...(links.length > 0 && { links }),
      ...(entries.length > 0 && { entries }),
      ...(events.length > 0 && { events }),
      ...(metrics.length > 0 && { metrics }),
      ...paced,
      ...(invariants !== null && { invariants }),
    };
  }

  /** Traffic since the last call, one element for each link and kind. */
  takePackets(): Packet[] {
    const packets = [...this.packets.values()];
    this.packets = new Map();
    return packets;
  }

  // --- parts -------------------------------------------------------------------

  private node(id: string): NodeView {
    return must(this.nodes.get(id), `node ${id}`);
  }

  private addEvent(atMs: number, draft: EventDraft): void {
    const event: EventView = {
      seq: ++this.eventSeq,
      atMs,
      node: null,
      term: null,
      index: null,
      ...draft,
    };
    this.events.push(event);
    if (this.events.length > MAX_EVENTS) this.events.shift();
    this.newEvents.push(event);
    if (this.newEvents.length > MAX_EVENTS) this.newEvents.shift();
    this.options.onEvent?.(event, this.nodes.get(event.node ?? '') ?? null);
  }

  /** Nodes tell of the same entries at different times, a revived one of old ones: each has its place. */
  private addEntry(entry: EntryView): void {
    const { entries } = this;
    let place = entries.length;
    while (place > 0 && comesBefore(entry, entries[place - 1])) place--;
    const before = entries[place - 1];
    if (before?.index === entry.index && before.term === entry.term) return;
    if (entries.length >= MAX_ENTRIES) {
      if (place === 0) return;
      entries.shift();
      place--;
    }
    entries.splice(place, 0, entry);
    this.newEntries.push(entry);
    if (this.newEntries.length > MAX_PATCH_ENTRIES) this.newEntries.shift();
  }

  private addPacket(packet: Packet): void {
    const key = `${packet.from}>${packet.to} ${packet.type}`;
    const before = this.packets.get(key);
    this.packets.set(
      key,
      before === undefined
        ? packet
        : {
            ...packet,
            count: before.count + packet.count,
            refused: before.refused + packet.refused,
            entries: before.entries + packet.entries,
          },
    );
  }
}

function comesBefore(entry: EntryView, other: EntryView | undefined): boolean {
  if (other === undefined) return false;
  return entry.index === other.index ? entry.term < other.term : entry.index < other.index;
}

/** A node of which nothing is known yet. */
function unheardOf(id: string, nowMs: number): NodeView {
  return {
    id,
    state: 'down',
    reason: 'not started',
    refusal: null,
    sinceMs: nowMs,
    boots: 0,
    role: 'follower',
    term: 0,
    votedFor: null,
    leader: null,
    commitIndex: 0,
    lastApplied: 0,
    firstIndex: 1,
    lastIndex: 0,
    persistedIndex: 0,
    termRuns: [],
    stateHash: '',
    stateHashAt: 0,
    clusterTimeMs: 0,
    lastHeardAtMs: null,
    deadlineAtMs: nowMs,
    deadlineSpanMs: 0,
    conf: { voters: [], votersOutgoing: [], learners: [] },
    confCommitted: true,
    transferTo: null,
    votes: [],
    progress: [],
    pendingProposals: 0,
    drops: {},
    database: {
      name: `${id}.db`,
      sizeBytes: 0,
      lastWriteMs: null,
      writes: 0,
      storeId: '',
      bootEpoch: 0,
    },
    reportedAtMs: nowMs,
    faults: NO_FAULTS,
  };
}

/** A node's monotonic instants become server time by way of the report's own two clocks. */
function foldReport(before: NodeView, report: NodeReport): NodeView {
  const { status, storage, identity } = report;
  const toServerMs = (mono: number): number => Math.round(report.atMs + (mono - report.nowMono));
  return {
    ...before,
    role: status.role,
    term: status.term,
    votedFor: status.votedFor,
    leader: status.leader,
    commitIndex: status.commitIndex,
    lastApplied: report.stateHashAt,
    firstIndex: status.firstIndex,
    lastIndex: status.lastIndex,
    persistedIndex: status.persistedIndex,
    termRuns: status.termRuns.map((run) => ({ ...run })),
    stateHash: report.stateHash,
    stateHashAt: report.stateHashAt,
    clusterTimeMs: report.clusterTimeMs,
    lastHeardAtMs:
      status.lastHeardMono === null ? before.lastHeardAtMs : toServerMs(status.lastHeardMono),
    deadlineAtMs: toServerMs(status.deadlineMono),
    deadlineSpanMs: Math.round(status.deadlineSpanMs),
    conf: {
      voters: [...status.confState.voters],
      votersOutgoing: [...status.confState.votersOutgoing],
      learners: [...status.confState.learners],
    },
    confCommitted: status.confCommitted,
    transferTo: status.transferTo,
    votes: status.votes.map((vote) => ({ ...vote })),
    progress: status.progress.map(({ lastAckMono, ...progress }) => ({
      ...progress,
      lastAckAgoMs:
        lastAckMono === null ? null : Math.max(0, Math.round(report.nowMono - lastAckMono)),
    })),
    pendingProposals: report.pendingProposals,
    drops: { ...report.drops },
    database: {
      name: storage.name,
      sizeBytes: storage.sizeBytes,
      lastWriteMs: storage.lastWriteMs,
      writes: storage.writes,
      storeId: identity.storeId,
      bootEpoch: identity.bootEpoch,
    },
    reportedAtMs: report.atMs,
  };
}
