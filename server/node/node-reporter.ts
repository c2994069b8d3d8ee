/**
 * Gathers what a node does and tells the supervisor: at most one report per
 * `REPORT_EVERY_MS`, and at once when a role or term changes. Everything
 * gathered has a limit, so a busy node reports no more than a quiet one.
 */
import { Durations } from '../base/durations.ts';
import type { KvStore } from '../kv/store.ts';
import type { Message, MessageType } from '../raft/messages.ts';
import type { HardState, Instant, LogIndex, NodeId, RaftEvent } from '../raft/types.ts';
import type { NodeStorage, StoreIdentity } from '../ports/node-storage.ts';
import type { EntrySummary, NodeReport, TrafficCount } from './control.ts';
import { summarise } from './entry-summary.ts';
import { Evidence } from './evidence.ts';
import type { NodeHost } from './node-host.ts';
import { ReadTimes } from './read-times.ts';

export const REPORT_EVERY_MS = 50;
/** Newest log entries in one report. */
const MAX_ENTRIES = 64;
const MAX_EVENTS = 200;
const MAX_SAMPLES = 256;
const MAX_TERM_RUNS = 32;

/** Events that a person waits for: reported without delay. */
const URGENT: ReadonlySet<RaftEvent['type']> = new Set([
  'role',
  'truncated',
  'quorumLost',
  'halted',
]);

export class NodeReporter {
  private events: { atMs: number; event: RaftEvent }[] = [];
  private traffic = new Map<string, { -readonly [K in keyof TrafficCount]: TrafficCount[K] }>();
  private commitMs: number[] = [];
  private persistMs: number[] = [];
  private readonly durations = {
    commit: new Durations(),
    read: new Durations(),
    persist: new Durations(),
  };
  private lost: Partial<Record<MessageType, number>> = {};
  private readonly readTimes = new ReadTimes();
  private appliedCommands = 0;
  private servedReads = 0;
  /** Last log index reported, and the term it had there. */
  private reportedTo: LogIndex = 0;
  private urgent = false;
  private readonly onUrgent: () => void;
  private readonly evidence: Evidence;

  /** `hardState` is what was found on disk. */
  constructor(hardState: HardState, onUrgent: () => void) {
    this.evidence = new Evidence(hardState);
    this.onUrgent = onUrgent;
  }

  trace(event: RaftEvent): void {
    this.evidence.trace(event);
    if (event.type === 'commit' || event.type === 'appended') return;
    if (this.events.length < MAX_EVENTS) this.events.push({ atMs: Date.now(), event });
    if (event.type === 'truncated') this.reportedTo = Math.min(this.reportedTo, event.from - 1);
    if (URGENT.has(event.type) && !this.urgent) {
      this.urgent = true;
      this.onUrgent();
    }
  }

  sent(to: NodeId, messages: readonly Message[]): void {
    for (const message of messages) {
      const key = `${to} ${message.type}`;
      let count = this.traffic.get(key);
      if (count === undefined) {
        count = { to, type: message.type, count: 0, refused: 0, entries: 0 };
        this.traffic.set(key, count);
      }
      count.count++;
      if (isRefusal(message)) count.refused++;
      if (message.type === 'AppendEntries') count.entries += message.entries.length;
    }
  }

  /** The rule of a link took them. */
  lose(messages: readonly Message[]): void {
    for (const { type } of messages) this.lost[type] = (this.lost[type] ?? 0) + 1;
  }

  proposalDone(waitedMs: number): void {
    this.appliedCommands++;
    this.durations.commit.add(waitedMs);
    if (this.commitMs.length < MAX_SAMPLES) this.commitMs.push(waitedMs);
  }

  /** A linearizable read: any other is answered at once. */
  readTaken(id: number): void {
    this.readTimes.taken(id, performance.now());
  }

  readDone(id: number, isAnswered: boolean): void {
    const tookMs = this.readTimes.ended(id, isAnswered, performance.now());
    if (tookMs !== null) this.durations.read.add(tookMs);
    if (isAnswered) this.servedReads++;
  }

  applied(kv: KvStore): void {
    this.evidence.entryApplied(kv);
  }

  persisted(tookMs: number, hardState: HardState | null): void {
    this.evidence.persisted(hardState);
    this.durations.persist.add(tookMs);
    if (this.persistMs.length < MAX_SAMPLES) this.persistMs.push(tookMs);
  }

  /** The report since the last one; `now` is the time of the node's own clocks. */
  take(host: NodeHost, storage: NodeStorage, identity: StoreIdentity, now: Instant): NodeReport {
    const status = host.status();
    const atMs = Date.now();
    const report: NodeReport = {
      id: status.id,
      nowMono: now.mono,
      atMs,
      status: { ...status, termRuns: status.termRuns.slice(-MAX_TERM_RUNS) },
      storage: storage.status(),
      identity,
      stateHash: host.kv.stateHash,
      stateHashAt: host.kv.lastApplied,
      clusterTimeMs: host.kv.clusterTimeMs,
      events: this.events,
      newEntries: this.takeNewEntries(host),
      traffic: [...this.traffic.values()],
      latency: {
        commitMs: this.commitMs,
        readMs: this.readTimes.take(),
        persistMs: this.persistMs,
      },
      durations: {
        commit: this.durations.commit.take(),
        read: this.durations.read.take(),
        persist: this.durations.persist.take(),
      },
      lost: this.lost,
      appliedCommands: this.appliedCommands,
      servedReads: this.servedReads,
      pendingProposals: host.pendingProposals,
      waitingReads: this.readTimes.waiting,
      versions: host.kv.versionCount,
      keys: host.kv.keyCount,
      clockOffsetMs: Math.round(now.wall / 1000 - atMs),
      drops: host.drops,
      evidence: this.evidence.take(host),
    };
    this.events = [];
    this.traffic = new Map();
    this.lost = {};
    this.commitMs = [];
    this.persistMs = [];
    this.appliedCommands = 0;
    this.servedReads = 0;
    this.urgent = false;
    return report;
  }

  private takeNewEntries(host: NodeHost): readonly EntrySummary[] {
    const last = host.raft.lastIndex;
    const first = Math.max(host.raft.firstIndex, this.reportedTo + 1, last - MAX_ENTRIES + 1);
    const entries: EntrySummary[] = [];
    for (let index = first; index <= last; index++)
      entries.push(summarise(host.raft.entryAt(index)));
    this.reportedTo = last;
    return entries;
  }
}

/** It says no. */
export function isRefusal(message: Message): boolean {
  switch (message.type) {
    case 'PreVoteResponse':
    case 'RequestVoteResponse':
      return !message.granted;
    case 'AppendEntriesResponse':
      return !message.success;
    case 'PreVote':
    case 'RequestVote':
    case 'AppendEntries':
    case 'Heartbeat':
    case 'HeartbeatResponse':
    case 'InstallSnapshot':
    case 'InstallSnapshotResponse':
    case 'TimeoutNow':
    case 'ReadIndex':
      return false;
    case 'ReadIndexResponse':
      return message.index === null;
  }
}
