/**
 * Gathers what a node can prove of itself, for the check of the invariants
 * across nodes (cluster/invariants): what is durable, what it has led, what is
 * committed and applied, each with a hash. Only what is on disk is told of log
 * and vote: what a crash may take back binds nobody. Between two reports all has
 * a limit, and hashes roll, so what is left out is covered by what comes after.
 */
import { hexOf } from '../kv/hash.ts';
import type { KvStore } from '../kv/store.ts';
import type { HardState, LogIndex, RaftEvent, Term } from '../raft/types.ts';
import type { AppliedPoint, LogPoint, NodeEvidence, Office, Vote } from './control.ts';
import { BLOCK_ENTRIES, LogHashes } from './log-hashes.ts';
import type { NodeHost } from './node-host.ts';

/** Of each kind, in one report; the newest count. */
const MAX_POINTS = 64;
/** A new leader tells its log index by index over so many entries, and by blocks before. */
const OFFICE_ENTRIES = 512;
const OFFICE_BLOCKS = 32;

export class Evidence {
  private readonly hashes = new LogHashes();
  private votes: Vote[] = [];
  private lastVote: Vote;
  /** The node's term where the trace is. */
  private term: Term;
  /** Terms led since the last report. */
  private led: Term[] = [];
  /** Highest index committed, by the term in which the node came to know it. */
  private readonly commits = new Map<Term, LogIndex>();
  private applied: AppliedPoint[] = [];
  /** The entry applied last. */
  private before: {
    readonly index: LogIndex;
    readonly stamp: number;
    readonly halves: readonly [high: number, low: number];
  } | null = null;
  /** Blocks up to here have been told of. */
  private toldTo: LogIndex = 0;

  constructor({ term, votedFor }: HardState) {
    this.term = term;
    this.lastVote = { term, votedFor };
    this.votes.push(this.lastVote);
  }

  trace(event: RaftEvent): void {
    switch (event.type) {
      case 'term':
        this.term = event.term;
        return;
      case 'role':
        if (event.role === 'leader') this.led.push(event.term);
        return;
      case 'commit':
        this.commits.set(this.term, event.index);
        return;
      case 'truncated':
        this.hashes.truncate(event.from);
        this.toldTo = Math.min(this.toldTo, event.from - 1);
        return;
      case 'snapshotInstalled':
        this.hashes.reset();
        return;
      default:
        return;
    }
  }

  /** The record is on disk. */
  persisted(hardState: HardState | null): void {
    if (hardState === null) return;
    const { term, votedFor } = hardState;
    if (term === this.lastVote.term && votedFor === this.lastVote.votedFor) return;
    this.lastVote = { term, votedFor };
    keepNewest(this.votes, this.lastVote);
  }

  /** Call after each entry applied. */
  entryApplied(kv: KvStore): void {
    const { lastApplied: index, lastStamp: stamp, stateHalves: halves } = kv;
    const { before } = this;
    // The store refuses such an entry; should it not, both are told of.
    if (before !== null && stamp <= before.stamp) {
      keepNewest(this.applied, {
        index: before.index,
        stamp: before.stamp,
        hash: hexOf(...before.halves),
      });
      keepNewest(this.applied, appliedPoint(kv));
    } else if (index % BLOCK_ENTRIES === 0) keepNewest(this.applied, appliedPoint(kv));
    this.before = { index, stamp, halves };
  }

  /** The evidence since the last call. */
  take({ raft, kv, isBetweenTurns }: NodeHost): NodeEvidence {
    const evidence: NodeEvidence = {
      votes: this.votes,
      // A truncation that was not traced yet has not reached the hashes: the log waits for the next report.
      ...(isBetweenTurns ? this.takeLogEvidence(raft) : { offices: [], log: [], commits: [] }),
      applied: [...this.applied, appliedPoint(kv)],
    };
    this.votes = [];
    this.applied = [];
    return evidence;
  }

  private takeLogEvidence(
    raft: NodeHost['raft'],
  ): Pick<NodeEvidence, 'offices' | 'log' | 'commits'> {
    const { persistedIndex, commitIndex, term } = raft.status();
    this.hashes.advance(raft, persistedIndex);
    if (!this.commits.has(term)) this.commits.set(term, commitIndex);
    return {
      offices: this.takeOffices(raft),
      log: this.takeLog(raft),
      commits: this.takeCommits(raft),
    };
  }

  /** The ends of the blocks that are full since the last report, and the end of the log on disk. */
  private takeLog(raft: NodeHost['raft']): readonly LogPoint[] {
    const { last } = this.hashes;
    const points: LogPoint[] = [];
    const push = (index: LogIndex): void => {
      const point = this.hashes.pointAt(raft, index);
      if (point !== null) points.push(point);
    };
    const since = Math.max(this.toldTo, last - MAX_POINTS * BLOCK_ENTRIES);
    for (let end = blockEndAfter(since); end < last; end += BLOCK_ENTRIES) push(end);
    push(last);
    this.toldTo = last;
    return points;
  }

  /** What is committed and not yet durable here waits for the next report. */
  private takeCommits(raft: NodeHost['raft']): NodeEvidence['commits'] {
    const commits: { inTerm: Term; point: LogPoint }[] = [];
    for (const [inTerm, index] of this.commits) {
      if (index > this.hashes.last) continue;
      const point = this.hashes.pointAt(raft, index);
      if (point !== null) commits.push({ inTerm, point });
      this.commits.delete(inTerm);
    }
    return commits;
  }

  private takeOffices(raft: NodeHost['raft']): readonly Office[] {
    const offices: Office[] = [];
    for (const term of this.led) {
      // Its own entries of the term come after all that it had when it was elected.
      const own = raft.status().termRuns.find((run) => run.term === term);
      if (own === undefined) continue;
      const lastIndex = own.from - 1;
      const points: LogPoint[] = [];
      const push = (index: LogIndex): void => {
        const point = this.hashes.pointAt(raft, index);
        if (point !== null) points.push(point);
      };
      const each = Math.max(0, lastIndex - OFFICE_ENTRIES);
      const blocks = each - OFFICE_BLOCKS * BLOCK_ENTRIES;
      for (let end = blockEndAfter(Math.max(0, blocks)); end <= each; end += BLOCK_ENTRIES)
        push(end);
      for (let index = each + 1; index <= lastIndex; index++) push(index);
      offices.push({ term, lastIndex, points });
    }
    this.led = [];
    return offices;
  }
}

function appliedPoint(kv: KvStore): AppliedPoint {
  return { index: kv.lastApplied, stamp: kv.lastStamp, hash: hexOf(...kv.stateHalves) };
}

function blockEndAfter(index: LogIndex): LogIndex {
  return (Math.floor(index / BLOCK_ENTRIES) + 1) * BLOCK_ENTRIES;
}

function keepNewest<T>(list: T[], item: T): void {
  list.push(item);
  if (list.length > MAX_POINTS) list.shift();
}
