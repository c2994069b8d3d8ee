/**
 * The bench of the lab scenarios: a {@link Network} whose nodes are plugged in
 * and out, whose messages fare as the weather is, and whose disks may be slow,
 * all drawn from one seed. After every millisecond it looks at what must hold in
 * any scenario: all nodes apply the same entry at an index, in order and for
 * good, and no term has two leaders.
 */
import { assert, must } from '../../../server/base/assert.ts';
import { Random } from '../../../server/base/random.ts';
import type { Message } from '../../../server/raft/messages.ts';
import type { Entry, LogIndex, NodeId, RaftConfig, Term } from '../../../server/raft/types.ts';
import { Network, TIMING } from '../network.ts';
import type { TestNode } from '../network.ts';

/** How messages fare: chances in [0, 1], and delays in milliseconds. */
export interface Weather {
  readonly loss: number;
  readonly double: number;
  /** Each message takes from nothing to this. */
  readonly delayMs: number;
  /** Share of answers that come much later, after many that were sent after them. */
  readonly late: number;
}

export const CALM: Weather = { loss: 0, double: 0, delayMs: 0, late: 0 };
export const LOSSY: Weather = { loss: 0.1, double: 0.1, delayMs: 8, late: 0 };
export const REORDERING: Weather = { ...LOSSY, late: 2 / 3 };

/** A late answer is late by this much, ms: up to two election time-outs. */
const LATE_MS = { least: 20, most: 220 };
/** Long enough for several elections, one after the other. */
const ELECT_WITHIN_MS = 30 * TIMING.electionTimeoutMs;
/** The lab allows ten seconds at a tenth of this pace. */
const AGREE_WITHIN_MS = 100 * TIMING.electionTimeoutMs;
/** One attempt at a command is given up for lost after this. */
const ATTEMPT_MS = 5 * TIMING.electionTimeoutMs;

/** Whatever is to happen without faults has happened after this: several election time-outs. */
export const SETTLE_MS = 5 * TIMING.electionTimeoutMs;

export interface LabOptions {
  readonly seed?: number;
  /** Writes take a few milliseconds, and a crash loses those under way. */
  readonly slowDisks?: boolean;
  /** Every node saves its state and drops its log once it applied so many entries more. */
  readonly snapshotEvery?: number;
  readonly config?: Partial<RaftConfig>;
}

export class Lab {
  readonly net: Network;
  readonly random: Random;
  weather = CALM;
  /** Entry i at position i - 1, as the first node that applied it had it. */
  readonly agreed: Entry[] = [];
  private readonly slowDisks: boolean;
  private readonly snapshotEvery: number;
  private readonly away = new Set<NodeId>();
  private readonly leaderOf = new Map<Term, NodeId>();
  /** Of each node, how much of what it applied and told was looked at. */
  private readonly seen = new Map<NodeId, { applied: number; events: number }>();
  private onTheWay: { readonly atMs: number; readonly message: Message }[] = [];
  private commands = 0;

  constructor(servers: number, options: LabOptions = {}) {
    const { seed = 1, slowDisks = false, snapshotEvery, config = {} } = options;
    this.random = Random.fromSeed(seed);
    this.net = new Network(servers, { seed: seed * 1000, config: () => config });
    this.slowDisks = slowDisks;
    this.snapshotEvery = snapshotEvery ?? Number.POSITIVE_INFINITY;
    for (const node of this.net.nodes.values()) node.autoFlush = !slowDisks;
  }

  get ids(): readonly NodeId[] {
    return [...this.net.nodes.keys()];
  }

  // --- time and messages -----------------------------------------------------------

  /** Lets time pass in steps of 1 ms, and looks at everything after each. */
  advance(ms: number): void {
    for (let i = 0; i < ms; i++) {
      this.net.pass(1);
      this.work();
      this.carry();
      this.check();
    }
  }

  /** Disks and snapshots. */
  private work(): void {
    for (const node of this.net.nodes.values()) {
      if (!node.up) continue;
      if (this.slowDisks && this.random.chance(0.4)) this.net.flush(node.id, 1);
      if (node.applied.length - node.stored.saved.length >= this.snapshotEvery)
        this.net.compact(node.id);
    }
  }

  private carry(): void {
    const now = this.net.now.mono;
    const due = this.onTheWay.filter(({ atMs }) => atMs <= now);
    this.onTheWay = this.onTheWay.filter(({ atMs }) => atMs > now);
    for (const { message } of due) this.net.hand(message);
    for (let message = this.net.queue.shift(); message; message = this.net.queue.shift()) {
      if (this.random.chance(this.weather.loss)) continue;
      this.handOrDelay(message);
      if (this.random.chance(this.weather.double)) this.handOrDelay(message);
    }
  }

  private handOrDelay(message: Message): void {
    const { delayMs, late } = this.weather;
    const isLate = message.type.endsWith('Response') && this.random.chance(late);
    const lateMs = isLate ? this.random.nextInt(LATE_MS.least, LATE_MS.most) : 0;
    const delay = this.random.nextInt(0, delayMs) + lateMs;
    if (delay === 0) this.net.hand(message);
    else this.onTheWay.push({ atMs: this.net.now.mono + delay, message });
  }

  // --- faults ----------------------------------------------------------------------

  unplug(...ids: readonly NodeId[]): void {
    for (const id of ids) this.away.add(id);
    this.wire();
  }

  plug(...ids: readonly NodeId[]): void {
    for (const id of ids) this.away.delete(id);
    this.wire();
  }

  private wire(): void {
    this.net.heal();
    for (const id of this.away) this.net.isolate(id);
  }

  /** The node loses all that is not on its disk. */
  crash(...ids: readonly NodeId[]): void {
    for (const id of ids) this.net.crash(id);
  }

  /** Starts nodes from their disks, after a crash if they run; plugs them in. */
  restart(...ids: readonly NodeId[]): void {
    for (const id of ids) {
      this.net.crash(id);
      this.net.restart(id);
      this.net.node(id).autoFlush = !this.slowDisks;
      this.seenOf(id).applied = 0;
    }
    this.plug(...ids);
  }

  /** Up and plugged in. */
  inReach(id: NodeId): boolean {
    return this.net.node(id).up && !this.away.has(id);
  }

  /** The `steps`th node after `id`, in a ring. */
  after(id: NodeId, steps: number): NodeId {
    const { ids } = this;
    return must(ids[(ids.indexOf(id) + steps) % ids.length], 'a node of the ring');
  }

  // --- who leads -------------------------------------------------------------------

  /** The leader of the latest term among those in reach; null when none leads. */
  leader(): TestNode | null {
    const leaders = this.net.leaders().filter(({ id }) => this.inReach(id));
    return leaders.sort((a, b) => b.raft.term - a.raft.term)[0] ?? null;
  }

  /** Lets time pass until all in reach follow one of them in one term. */
  elect(): TestNode {
    for (let ms = 0; ms < ELECT_WITHIN_MS; ms++) {
      const leader = this.leader();
      const reached = [...this.net.nodes.values()].filter(({ id }) => this.inReach(id));
      const agree = ({ raft }: TestNode): boolean =>
        raft.leader === leader?.id && raft.term === leader.raft.term;
      if (leader !== null && reached.every(agree)) return leader;
      this.advance(1);
    }
    throw new Error(`nobody leads after ${ELECT_WITHIN_MS} ms`);
  }

  // --- commands --------------------------------------------------------------------

  /** A command that no other is equal to. */
  command(): string {
    return `c${++this.commands}`;
  }

  /** Hands a command to a node. Its index in that node's log; null where it was refused. */
  start(id: NodeId, data: string): LogIndex | null {
    const node = this.net.node(id);
    if (!node.up) return null;
    const proposal = this.net.propose(id, data);
    const answer = node.results.findLast((result) => 'id' in result && result.id === proposal);
    return answer?.type === 'proposalAppended' ? answer.index : null;
  }

  /** How many running nodes have applied `data` at `index`. */
  holders(index: LogIndex, data: string): number {
    return [...this.net.nodes.values()].filter(
      ({ up, applied }) => up && applied[index - 1]?.data === data,
    ).length;
  }

  /** Has any node ever applied this command? */
  isAgreed(data: string): boolean {
    return this.agreed.some((entry) => entry.data === data);
  }

  /** Has `servers` nodes apply one command at one index, which is returned; asks anew when a leader was lost. */
  agree(servers: number, data = this.command()): LogIndex {
    const giveUpMono = this.net.now.mono + AGREE_WITHIN_MS;
    while (this.net.now.mono < giveUpMono) {
      const leader = this.leader();
      const index = leader === null ? null : this.start(leader.id, data);
      if (index !== null && this.wait(index, data, servers)) return index;
      this.advance(1);
    }
    throw new Error(`no agreement on ${data} within ${AGREE_WITHIN_MS} ms`);
  }

  private wait(index: LogIndex, data: string, servers: number): boolean {
    for (let ms = 0; ms < ATTEMPT_MS; ms++) {
      this.advance(1);
      if (this.holders(index, data) >= servers) return true;
      const settled = this.agreed[index - 1];
      if (settled !== undefined && settled.data !== data) return false;
    }
    return false;
  }

  // --- what always holds -----------------------------------------------------------

  private check(): void {
    for (const node of this.net.nodes.values()) {
      const seen = this.seenOf(node.id);
      for (; seen.applied < node.applied.length; seen.applied++)
        this.checkApplied(node.id, seen.applied, must(node.applied[seen.applied], 'an entry'));
      for (; seen.events < node.events.length; seen.events++) {
        const event = must(node.events[seen.events], 'an event');
        if (event.type === 'role' && event.role === 'leader') this.checkLeader(node.id, event.term);
      }
    }
  }

  private checkApplied(id: NodeId, position: number, entry: Entry): void {
    assert(entry.index === position + 1, `${id} applies in order, without a gap`);
    const known = this.agreed[position];
    if (known === undefined) this.agreed.push(entry);
    else if (known.term !== entry.term || known.data !== entry.data) {
      const [is, was] = [entry, known].map(({ term, data }) => `"${data}" of term ${term}`);
      throw new Error(`${id} applied ${is} at ${entry.index}, where ${was} was agreed`);
    }
  }

  private checkLeader(id: NodeId, term: Term): void {
    const known = this.leaderOf.get(term) ?? id;
    assert(known === id, `one leader in term ${term}, not ${known} and ${id}`);
    this.leaderOf.set(term, id);
  }

  private seenOf(id: NodeId): { applied: number; events: number } {
    const seen = this.seen.get(id) ?? { applied: 0, events: 0 };
    this.seen.set(id, seen);
    return seen;
  }
}
