/**
 * What must hold of the whole cluster after every step. The work follows what
 * the step changed: a node that did not run is not looked at, one whose role,
 * term, log and indexes are as they were is not looked at further, and of a log
 * only what is new is compared. As a check of this one, all is compared whole at
 * the end of a run and now and then, and nobody may have changed unseen.
 */
import { AssertionError, assert, must } from '../server/base/assert.ts';
import type { NodeHost } from '../server/node/node-host.ts';
import { decodeConf, encodeConf } from '../server/raft/conf-state.ts';
import type { Message } from '../server/raft/messages.ts';
import type { Raft } from '../server/raft/raft.ts';
import type {
  ConfState,
  Entry,
  HardState,
  LogIndex,
  NodeId,
  Role,
  Term,
} from '../server/raft/types.ts';
import type { SimDisk } from './sim-disk.ts';

/** One node, and what was seen of it after the step before. */
interface Watched {
  readonly id: NodeId;
  readonly disk: SimDisk;
  /** The store that it booted from last. */
  storeId: string;
  readonly holdsLease: () => boolean;
  /** Null while the node is down. */
  host: NodeHost | null;
  /** It ran since it was looked at, and waits in `ran`. */
  hasRun: boolean;
  role: Role;
  term: Term;
  commitIndex: LogIndex;
  lastApplied: LogIndex;
  lastEntry: Entry | null;
  hardState: HardState | null;
  /** The highest term that was ever durable in this store. */
  durableTerm: Term;
  /** The log as it was compared last, since the node's boot, and the index of its first entry. */
  log: Entry[];
  logFrom: LogIndex;
  /** Configurations in that log. */
  confs: Conf[];
  /** The one that it was last seen to go by. */
  conf: ConfState | null;
  /** How far the committed prefix was compared, since the node's boot. */
  compared: LogIndex;
  /** What it told each follower is committed, as leader in this term under this configuration. */
  readonly told: Map<NodeId, LogIndex>;
  toldTerm: Term;
  toldConf: ConfState | null;
  /** The revision at which the state was compared last, since the node's boot; -1 for none. */
  hashed: LogIndex;
}

/** A configuration and the index of its entry. */
interface Conf {
  readonly index: LogIndex;
  readonly conf: ConfState;
}

/** An entry that stood in some log, and the term of the one before it there. */
interface Stood {
  readonly entry: Entry;
  readonly previousTerm: Term;
}

export class Invariants {
  /** The one log: entry i at position i - 1, fixed when first committed anywhere. */
  readonly committed: Entry[] = [];
  checks = 0;
  leaderChanges = 0;
  /** Writes that clients were told are done. */
  acknowledged = 0;
  private readonly nodes: Watched[] = [];
  /** Those who ran in this step. */
  private readonly ran: Watched[] = [];
  private readonly leaders = new Map<Term, NodeId>();
  /** State hash of each revision reached, by revision. */
  private readonly hashes: (readonly [high: number, low: number] | undefined)[] = [];
  /** Every entry that ever stood at index i in any log, one a term, at position i. */
  private readonly stood: Stood[][] = [];
  /** Configurations of the committed log, by index. */
  private readonly confs: Conf[];

  /** `voters` are those of the beginning. */
  constructor(voters: readonly NodeId[]) {
    this.confs = [{ index: 0, conf: { voters, votersOutgoing: [], learners: [] } }];
  }

  /**
   * Every node joins once, before it boots. What is returned must be called whenever the node runs;
   * its disk will tell by itself. `holdsLease`: it would now answer reads under a lease.
   */
  join(id: NodeId, disk: SimDisk, holdsLease: () => boolean): () => void {
    const node: Watched = {
      id,
      disk,
      holdsLease,
      storeId: disk.storeId,
      host: null,
      hasRun: false,
      role: 'follower',
      term: 0,
      commitIndex: 0,
      lastApplied: 0,
      lastEntry: null,
      hardState: null,
      durableTerm: 0,
      log: [],
      logFrom: 1,
      confs: [],
      conf: null,
      compared: 0,
      told: new Map(),
      toldTerm: 0,
      toldConf: null,
      hashed: -1,
    };
    this.nodes.push(node);
    const onRun = (): void => {
      if (node.hasRun) return;
      node.hasRun = true;
      this.ran.push(node);
    };
    disk.onLanding = onRun;
    return onRun;
  }

  /** The last configuration that is committed. */
  get conf(): ConfState {
    return must(this.confs.at(-1), 'the first configuration').conf;
  }

  /** Would every configuration that is in force, or may yet be, keep a quorum without `lost`? */
  surviveWithout(lost: readonly NodeId[]): boolean {
    const well = this.nodes.map(({ id }) => id).filter((id) => !lost.includes(id));
    const confs = [this.conf, ...this.proposedAfter(this.committed.length)];
    return confs.every((conf) => isQuorum(conf, well));
  }

  /** A node starts again as `host`: what it remembers is compared anew. Null: it is down. */
  booted(id: NodeId, host: NodeHost | null): void {
    for (const node of this.nodes) {
      if (node.id !== id) continue;
      node.host = host;
      if (host !== null && node.storeId !== node.disk.storeId) {
        node.storeId = node.disk.storeId;
        node.durableTerm = 0;
      }
      node.hardState = null;
      node.log = [];
      node.logFrom = 1;
      node.confs = [];
      node.conf = null;
      node.compared = 0;
      node.hashed = -1;
    }
  }

  /** Call after every step. */
  check(): void {
    const { ran } = this;
    for (let node = ran.pop(); node !== undefined; node = ran.pop()) {
      node.hasRun = false;
      if (node.host === null) continue;
      this.checks++;
      if (hasChanged(node, node.host)) this.checkNode(node, node.host);
    }
  }

  /** Every running node once more, whole: all of its log, and what it has committed. For the end and now and then, after `check`. */
  checkWhole(): void {
    const hosts = this.nodes.flatMap(({ host }) => (host === null ? [] : [host]));
    checkLogMatching(hosts);
    for (const node of this.nodes) {
      if (node.host === null) continue;
      assert(!hasChanged(node, node.host), `${node.id} changes only while it runs`);
      node.compared = node.host.raft.firstIndex - 1;
      this.checkCommitted(node, node.host);
    }
    this.checks++;
  }

  /** An acknowledged write stands in the committed log, durable on a quorum of disks: see {@link holdsQuorum}. */
  checkAcknowledged(index: LogIndex): void {
    const entry = this.committed[index - 1];
    if (entry === undefined) return broken(`acknowledged entry ${index} is committed`);
    const holders = this.holdersOf(entry);
    if (!this.holdsQuorum(index, holders))
      broken(`acknowledged entry ${index} is durable on a quorum, not on ${holders.join(', ')}`);
    this.checks++;
    this.acknowledged++;
  }

  /**
   * A majority of the configuration in force at `index`, or of one that came
   * after it: a leader commits by the last configuration in its log, which may
   * be newer than the entry, not committed itself, and gone with the leader
   * before the client hears.
   */
  private holdsQuorum(index: LogIndex, holders: readonly NodeId[]): boolean {
    const inForce = this.confs.filter(
      ({ index: from }, i) => from > index || (this.confs[i + 1]?.index ?? Infinity) > index,
    );
    return (
      inForce.some(({ conf }) => isQuorum(conf, holders)) ||
      this.proposedAfter(index).some((conf) => isQuorum(conf, holders))
    );
  }

  /** Configurations that ever stood in any log after `index`. */
  private proposedAfter(index: LogIndex): readonly ConfState[] {
    return this.stood
      .slice(index + 1)
      .flatMap((terms) => terms.map(({ entry }) => entry))
      .filter(({ kind }) => kind === 'confChange')
      .map(({ data }) => decodeConf(data));
  }

  private holdersOf(entry: Entry): readonly NodeId[] {
    return this.nodes.filter(({ disk }) => holds(disk, entry)).map(({ id }) => id);
  }

  /** What a message promises is durable where it comes from (§5.2, §5.3); a vote also when a newer term is. */
  checkPromise(disk: SimDisk, message: Message): void {
    const { from, to, term } = message;
    switch (message.type) {
      case 'RequestVote':
        if (disk.votes.get(term) !== from && disk.hardState.term <= term)
          broken(`${from}: its vote for itself is durable`);
        return;
      case 'RequestVoteResponse':
        if (message.granted && disk.votes.get(term) !== to && disk.hardState.term <= term)
          broken(`${from}: a vote is durable before it is given`);
        return;
      case 'AppendEntriesResponse':
        if (message.success && disk.lastIndex < message.index)
          broken(`${from}: what is acknowledged is durable`);
        return;
      case 'InstallSnapshotResponse':
        if (disk.lastIndex < message.matchIndex) broken(`${from}: what is acknowledged is durable`);
        return;
      case 'Heartbeat':
        this.checkTold(message);
        return;
      default:
        return;
    }
  }

  /** It is told to commit what it is known to hold: neither ever falls, but for a follower that is new (§5.3, Figure 2). */
  private checkTold({
    from,
    to,
    term,
    leaderCommit,
  }: Extract<Message, { type: 'Heartbeat' }>): void {
    const node = must(
      this.nodes.find(({ id }) => id === from),
      'a node of this world',
    );
    const conf = node.host?.raft.conf ?? null;
    if (node.toldTerm !== term || node.toldConf !== conf) node.told.clear();
    node.toldTerm = term;
    node.toldConf = conf;
    if (leaderCommit < (node.told.get(to) ?? 0))
      broken(`${from}: what a leader knows of ${to} never falls`);
    node.told.set(to, leaderCommit);
  }

  /** A linearizable read that was asked when `asked` entries were committed shows all of them (§8). */
  checkRead(asked: LogIndex, applied: LogIndex): void {
    if (applied < asked)
      broken(`a read shows revision ${applied}, asked when ${asked} was committed`);
    this.checks++;
  }

  private checkNode(node: Watched, host: NodeHost): void {
    const { raft, kv } = host;
    if (raft.term < node.durableTerm) broken(`${node.id}: terms never go back`);
    node.hardState = node.disk.hardState;
    if (node.hardState.term === raft.term) node.durableTerm = raft.term;
    if (raft.commitIndex > raft.lastIndex) broken(`${node.id}: commit ≤ last`);
    if (kv.lastApplied > raft.commitIndex) broken(`${node.id}: applied ≤ commit`);
    if (kv.lastApplied > node.disk.lastIndex) broken(`${node.id}: applied ≤ durable`);
    if (raft.role === 'leader') this.checkLeader(node.id, raft.term, host);
    this.checkLog(node, host);
    this.checkCommitted(node, host);
    if (node.hashed !== kv.lastApplied) this.checkHash(node, host);
    node.role = raft.role;
    node.term = raft.term;
    node.commitIndex = raft.commitIndex;
    node.lastApplied = kv.lastApplied;
  }

  /** One leader a term (§5.2), and it holds everything committed before (§5.4). */
  private checkLeader(id: NodeId, term: Term, host: NodeHost): void {
    const known = this.leaders.get(term);
    if (known === id) return;
    if (known !== undefined) broken(`one leader in term ${term}, not ${known} and ${id}`);
    this.leaders.set(term, id);
    this.leaderChanges++;
    for (const entry of this.committed) {
      if (entry.term >= term) break;
      // What it has compacted it has applied, and that is compared elsewhere.
      if (entry.index < host.raft.firstIndex) continue;
      if (host.raft.lastIndex < entry.index)
        broken(`leader ${id} of term ${term} holds committed entry ${entry.index}`);
      if (!isSame(host.raft.entryAt(entry.index), entry))
        broken(`leader ${id} of term ${term} agrees on entry ${entry.index}`);
    }
  }

  /**
   * Log Matching (§5.3) by induction: all that ever stood at one index under one
   * term is one entry after one previous term, so logs that share it are equal
   * up to there. Looks at what is new in this log only.
   */
  private checkLog(node: Watched, { raft }: NodeHost): void {
    const { lastIndex, firstIndex } = raft;
    if (firstIndex !== node.logFrom) this.forget(node, firstIndex);
    const { log } = node;
    let kept = Math.min(log.length, lastIndex - firstIndex + 1);
    while (kept > 0 && log[kept - 1] !== raft.entryAt(firstIndex + kept - 1)) kept--;
    if (kept < log.length) {
      if (raft.role === 'leader' && node.role === 'leader' && node.term === raft.term)
        broken(`${node.id}: a leader only appends to its log`);
      log.length = kept;
      while ((node.confs.at(-1)?.index ?? 0) >= firstIndex + kept) node.confs.pop();
    }
    for (let index = firstIndex + kept; index <= lastIndex; index++) {
      const entry = raft.entryAt(index);
      const before = index === firstIndex ? this.committed[index - 2] : log[index - firstIndex - 1];
      const previousTerm = before?.term ?? 0;
      const stood = (this.stood[index] ??= []);
      const known = stood.find((other) => other.entry.term === entry.term);
      if (known === undefined) stood.push({ entry, previousTerm });
      else if (known.previousTerm !== previousTerm || !isSame(known.entry, entry))
        broken(`${node.id}: logs match at ${index}`);
      log.push(entry);
      if (entry.kind === 'confChange') this.noteConf(node, raft, entry, known === undefined);
    }
    node.lastEntry = raft.lastEntry;
    if (raft.conf !== node.conf) this.checkConf(node, raft);
  }

  /** A leader brings a new configuration once it knows all that is committed, and the one before is (§6). */
  private noteConf(node: Watched, raft: Raft, entry: Entry, isNew: boolean): void {
    if (isNew && raft.role === 'leader') {
      if (this.committed[raft.commitIndex - 1]?.term !== raft.term)
        broken(`${node.id}: a leader that changes members has committed an entry of its term`);
      if ((node.confs.at(-1)?.index ?? 0) > raft.commitIndex)
        broken(`${node.id}: one configuration at a time is not committed`);
    }
    node.confs.push({ index: entry.index, conf: decodeConf(entry.data) });
    node.conf = null;
  }

  /** A node goes by the last configuration in its log, or the one in force where its log begins (§6); one that waits to be added, by none. */
  private checkConf(node: Watched, raft: Raft): void {
    const waits = node.logFrom === 1 && raft.conf.voters.length === 0;
    const conf =
      node.confs.at(-1)?.conf ??
      (waits ? raft.conf : this.confs.findLast(({ index }) => index < node.logFrom)?.conf);
    if (conf === undefined || encodeConf(conf) !== encodeConf(raft.conf))
      broken(`${node.id}: goes by the last configuration in its log`);
    node.conf = raft.conf;
  }

  /** The log begins later than it did: what is gone was committed. */
  private forget(node: Watched, firstIndex: LogIndex): void {
    if (firstIndex < node.logFrom) broken(`${node.id}: a log never begins earlier than it did`);
    if (firstIndex - 1 > this.committed.length)
      broken(`${node.id}: only what is committed is compacted`);
    node.log.splice(0, firstIndex - node.logFrom);
    node.confs = node.confs.filter(({ index }) => index >= firstIndex);
    node.conf = null;
    node.logFrom = firstIndex;
    node.compared = Math.max(node.compared, firstIndex - 1);
  }

  /** What is committed never changes, and is durable on a quorum when its leader says so first. */
  private checkCommitted(node: Watched, { raft }: NodeHost): void {
    const before = this.committed.length;
    for (let index = node.compared + 1; index <= raft.commitIndex; index++) {
      const entry = raft.entryAt(index);
      const fixed = this.committed[index - 1];
      if (fixed === undefined) {
        assert(index === this.committed.length + 1, 'the committed log has no holes');
        this.committed.push(entry);
        if (entry.kind === 'confChange') this.confs.push({ index, conf: decodeConf(entry.data) });
      } else if (!isSame(fixed, entry))
        broken(`${node.id}: committed entry ${index} never changes`);
      node.compared = index;
    }
    const last = this.committed.at(-1);
    if (last === undefined || last.index === before) return;
    if (raft.role !== 'leader') broken(`${node.id}: a leader commits first`);
    if (last.term !== raft.term) broken(`${node.id}: commits by an entry of its own term (§5.4.2)`);
    for (const other of this.nodes)
      if (other !== node && other.holdsLease())
        broken(`${node.id}: nobody commits while ${other.id} holds a lease`);
    const holders = this.holdersOf(last);
    if (!isQuorum(raft.conf, holders))
      broken(`committed entry ${last.index} is durable on a quorum, not on ${holders.join(', ')}`);
  }

  private checkHash(node: Watched, { kv }: NodeHost): void {
    const { lastApplied, stateHalves } = kv;
    const known = this.hashes[lastApplied];
    if (known === undefined) this.hashes[lastApplied] = stateHalves;
    else if (known[0] !== stateHalves[0] || known[1] !== stateHalves[1])
      broken(`${node.id}: equal revision ${lastApplied}, equal state`);
    node.hashed = lastApplied;
  }
}

/** Everything that {@link Invariants} judges a node by follows from these. */
function hasChanged(node: Watched, { raft, kv }: NodeHost): boolean {
  return (
    node.hardState !== node.disk.hardState ||
    node.term !== raft.term ||
    node.role !== raft.role ||
    node.commitIndex !== raft.commitIndex ||
    node.lastApplied !== kv.lastApplied ||
    node.lastEntry !== raft.lastEntry
  );
}

/** Two logs that hold the same (index, term) are equal up to there (§5.3), looked at from end to end. */
function checkLogMatching(hosts: readonly NodeHost[]): void {
  for (const [i, a] of hosts.entries()) {
    for (const b of hosts.slice(i + 1)) {
      const first = Math.max(a.raft.firstIndex, b.raft.firstIndex);
      let index = Math.min(a.raft.lastIndex, b.raft.lastIndex);
      while (index >= first && a.raft.entryAt(index).term !== b.raft.entryAt(index).term) index--;
      for (; index >= first; index--) {
        if (!isSame(a.raft.entryAt(index), b.raft.entryAt(index))) broken(`logs match at ${index}`);
      }
    }
  }
}

/** A majority of the voters, of both halves when they are two. Counted here, so that a wrong count of the core's is seen. */
function isQuorum({ voters, votersOutgoing }: ConfState, holders: readonly NodeId[]): boolean {
  const isMajority = (half: readonly NodeId[]): boolean =>
    2 * half.filter((id) => holders.includes(id)).length > half.length;
  return isMajority(voters) && (votersOutgoing.length === 0 || isMajority(votersOutgoing));
}

/** Is it on the disk, in the log or in the state that took the place of its beginning? */
function holds(disk: SimDisk, entry: Entry): boolean {
  const held = disk.entryAt(entry.index);
  return held === 'compacted' || (held !== null && isSame(held, entry));
}

function isSame(a: Entry, b: Entry): boolean {
  return (
    a === b ||
    (a.index === b.index &&
      a.term === b.term &&
      a.stamp === b.stamp &&
      a.kind === b.kind &&
      a.data === b.data)
  );
}

/** As `assert`, for messages too dear to make up when nothing is wrong. */
function broken(rule: string): never {
  throw new AssertionError(rule);
}
