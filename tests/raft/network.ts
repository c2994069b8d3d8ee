/**
 * A few bare cores on a network and disks that the test works by hand: nothing
 * moves unless a test says so. Time passes by `advance`, messages by `deliver`,
 * writes by `flush` (or at once while `autoFlush` is on).
 */
import { assert, must } from '../../server/base/assert.ts';
import { Random } from '../../server/base/random.ts';
import type { Message } from '../../server/raft/messages.ts';
import { Raft } from '../../server/raft/raft.ts';
import type {
  ConfChange,
  Effect,
  Entry,
  HardState,
  Instant,
  LogBase,
  LogIndex,
  NodeId,
  RaftConfig,
  RaftEvent,
  RestoredState,
} from '../../server/raft/types.ts';

type Persist = Extract<Effect, { type: 'persist' }>;

/** What a node's disk holds. Its state machine is the list of entries applied, of which a snapshot has the rows. */
interface Stored {
  hardState: HardState;
  base: LogBase;
  entries: Entry[];
  /** Applied and saved. */
  saved: Entry[];
  /** Rows of a snapshot that follow on what is saved. */
  staged: Entry[];
}

export interface TestNode {
  readonly id: NodeId;
  raft: Raft;
  up: boolean;
  autoFlush: boolean;
  /** Handed out and not yet durable. */
  pending: Persist[];
  stored: Stored;
  /** Handed over for applying, or come with a snapshot, in this life. */
  applied: Entry[];
  results: Exclude<Effect, { type: 'persist' | 'send' | 'apply' | 'trace' }>[];
  events: RaftEvent[];
}

export const TIMING = { heartbeatIntervalMs: 10, electionTimeoutMs: 100, leaseMs: 0 };

export class Network {
  now: Instant = { mono: 0, wall: 1_000_000_000 };
  readonly nodes = new Map<NodeId, TestNode>();
  readonly queue: Message[] = [];
  readonly sent: Message[] = [];
  protected readonly cuts = new Set<string>();
  private readonly ids: NodeId[];
  private readonly overrides: (id: NodeId) => Partial<RaftConfig>;
  private seed: number;
  private nextId = 1;
  /** Rows in one piece of a snapshot. */
  rowsPerPiece = 3;

  constructor(
    size: number,
    options: {
      seed?: number;
      config?: (id: NodeId) => Partial<RaftConfig>;
      stored?: Record<NodeId, Entry[]>;
      terms?: Record<NodeId, number>;
    } = {},
  ) {
    this.seed = options.seed ?? 1;
    this.ids = Array.from({ length: size }, (_, i) => `n${i + 1}`);
    this.overrides = options.config ?? (() => ({}));
    for (const id of this.ids) {
      const entries = options.stored?.[id] ?? [];
      const term = options.terms?.[id] ?? entries.at(-1)?.term ?? 0;
      this.addNode(id, {
        hardState: { term, votedFor: null, commit: 0 },
        base: { ...START, conf: { voters: [...this.ids], votersOutgoing: [], learners: [] } },
        entries,
        saved: [],
        staged: [],
      });
    }
  }

  /** A new node with an empty disk, which belongs to no configuration yet. */
  join(id: NodeId): TestNode {
    this.ids.push(id);
    return this.addNode(id, {
      hardState: { term: 0, votedFor: null, commit: 0 },
      base: { ...START, conf: { voters: [], votersOutgoing: [], learners: [] } },
      entries: [],
      saved: [],
      staged: [],
    });
  }

  private addNode(id: NodeId, stored: Stored): TestNode {
    const node: TestNode = {
      id,
      raft: this.boot(id, stored),
      up: true,
      autoFlush: true,
      pending: [],
      stored,
      applied: [],
      results: [],
      events: [],
    };
    this.nodes.set(id, node);
    return node;
  }

  node(id: NodeId): TestNode {
    return must(this.nodes.get(id), `node ${id}`);
  }

  private boot(id: NodeId, stored: Stored): Raft {
    const restored: RestoredState = {
      hardState: stored.hardState,
      base: stored.base,
      entries: stored.entries,
      lastApplied: stored.saved.length,
    };
    const config: RaftConfig = {
      id,
      ...TIMING,
      maxEntriesPerAppend: 100,
      maxAppendChars: 10_000,
      maxInflightAppends: 4,
      maxInflightChars: 100_000,
      maxUncommittedChars: 10_000,
      preVote: true,
      checkQuorum: true,
      ...this.overrides(id),
    };
    return new Raft(config, restored, Random.fromSeed(this.seed++), this.now);
  }

  // --- time and messages -----------------------------------------------------

  /** Lets time pass in steps of 1 ms; everything due happens, and every message arrives within its step. */
  advance(ms: number): void {
    for (let i = 0; i < ms; i++) {
      this.pass(1);
      this.deliver();
    }
  }

  /** Moves the clocks and lets due timers fire, without delivering anything. */
  pass(ms: number): void {
    this.now = { mono: this.now.mono + ms, wall: this.now.wall + ms * 1000 };
    for (const node of this.nodes.values()) {
      if (!node.up || this.now.mono < node.raft.nextDeadlineMono) continue;
      node.raft.step(this.now, { type: 'tick' });
      this.drain(node);
    }
  }

  /** Delivers until nothing is on its way; returns how many messages were handed over. */
  deliver(keep: (message: Message) => boolean = () => true): number {
    let count = 0;
    while (this.queue.length > 0) {
      const message = this.queue.shift() as Message;
      if (keep(message)) {
        this.hand(message);
        count++;
      }
      assert(count < 100_000, 'messages come to rest');
    }
    return count;
  }

  /** Hands one message over now, also a very late one. */
  hand(message: Message): void {
    const node = this.node(message.to);
    if (!node.up || this.cuts.has(`${message.from}>${message.to}`)) return;
    node.raft.step(this.now, { type: 'receive', message });
    this.drain(node);
  }

  cut(from: NodeId, to: NodeId): void {
    this.cuts.add(`${from}>${to}`);
  }

  isolate(id: NodeId): void {
    for (const other of this.ids) {
      if (other === id) continue;
      this.cut(id, other);
      this.cut(other, id);
    }
  }

  heal(): void {
    this.cuts.clear();
  }

  // --- nodes --------------------------------------------------------------------

  crash(id: NodeId): void {
    const node = this.node(id);
    node.up = false;
    node.pending = [];
  }

  restart(id: NodeId): void {
    const node = this.node(id);
    node.raft = this.boot(id, node.stored);
    node.applied = [...node.stored.saved];
    node.up = true;
    node.autoFlush = true;
  }

  /** Makes the oldest `count` waiting writes durable. */
  flush(id: NodeId, count = Number.POSITIVE_INFINITY): void {
    const node = this.node(id);
    for (let i = 0; i < count && node.pending.length > 0; i++) {
      const write = node.pending.shift() as Persist;
      store(node, write);
      if (write.install !== null) node.applied = [...node.stored.saved];
      node.raft.step(this.now, { type: 'persisted', seq: write.seq });
      for (const message of write.thenSend) this.post(message);
      this.drain(node);
    }
  }

  propose(id: NodeId, data: string): number {
    const node = this.node(id);
    const proposal = this.nextId++;
    node.raft.step(this.now, { type: 'propose', id: proposal, data });
    this.drain(node);
    return proposal;
  }

  change(id: NodeId, ...changes: ConfChange[]): number {
    const node = this.node(id);
    const proposal = this.nextId++;
    node.raft.step(this.now, { type: 'proposeConfChange', id: proposal, changes });
    this.drain(node);
    return proposal;
  }

  transfer(id: NodeId, to: NodeId): void {
    const node = this.node(id);
    node.raft.step(this.now, { type: 'transferLeadership', to });
    this.drain(node);
  }

  /** Saves what the node has applied, and lets its log forget all but the last `tail` entries of it. */
  compact(id: NodeId, tail = 0): void {
    const node = this.node(id);
    const { stored, applied } = node;
    // Of the rows of a snapshot that lie beyond what was saved, these it has now itself.
    stored.staged.splice(0, applied.length - stored.saved.length);
    stored.saved = [...applied];
    node.raft.step(this.now, { type: 'compact', upTo: node.applied.length - tail });
    this.drain(node);
  }

  read(id: NodeId): number {
    const node = this.node(id);
    const read = this.nextId++;
    node.raft.step(this.now, { type: 'read', id: read });
    this.drain(node);
    return read;
  }

  drain(node: TestNode): void {
    for (const effect of this.effectsOf(node)) {
      switch (effect.type) {
        case 'send':
          this.post(effect.message);
          break;
        case 'persist':
          node.pending.push(effect);
          break;
        case 'apply':
          node.applied.push(...effect.entries);
          break;
        case 'readSnapshot':
          this.readSnapshot(node, effect.to, effect.after);
          break;
        case 'stageSnapshot':
          this.stageSnapshot(node, effect);
          break;
        case 'trace':
          node.events.push(effect.event);
          break;
        default:
          node.results.push(effect);
      }
    }
    if (node.autoFlush && node.pending.length > 0) this.flush(node.id);
  }

  /** A recorder listens here. */
  protected effectsOf(node: TestNode): Effect[] {
    return node.raft.drain();
  }

  private readSnapshot(node: TestNode, to: NodeId, after: LogIndex): void {
    const { saved } = node.stored;
    const rows = saved.slice(after, after + this.rowsPerPiece);
    node.raft.step(this.now, {
      type: 'snapshotRead',
      to,
      after,
      upTo: after + rows.length,
      rows: rows.length === 0 ? '' : JSON.stringify(rows),
      end: rows.length === 0 ? { index: saved.length, state: `${saved.length} applied` } : null,
    });
    this.drain(node);
  }

  private stageSnapshot(node: TestNode, piece: Extract<Effect, { type: 'stageSnapshot' }>): void {
    const { stored } = node;
    const heldTo = (): number => stored.saved.length + stored.staged.length;
    if (piece.rows !== '' && piece.after === heldTo())
      stored.staged.push(...(JSON.parse(piece.rows) as Entry[]));
    node.raft.step(this.now, { type: 'snapshotStaged', leader: piece.leader, upTo: heldTo() });
    this.drain(node);
  }

  protected post(message: Message): void {
    this.sent.push(message);
    this.queue.push(message);
  }

  // --- observations ------------------------------------------------------------------

  leaders(): TestNode[] {
    return [...this.nodes.values()].filter((node) => node.up && node.raft.role === 'leader');
  }

  /** Lets time pass until one node leads and all that are up follow it. */
  elect(withinMs = 2000): TestNode {
    for (let i = 0; i < withinMs; i++) {
      const leader = this.leaders().sort((a, b) => b.raft.term - a.raft.term)[0];
      if (leader?.raft.isEstablishedLeader === true) return leader;
      this.advance(1);
    }
    throw new Error(`no leader within ${withinMs} ms`);
  }

  /** Makes `id` campaign once everyone has lost touch with the last leader, and wins unless the rules forbid. */
  campaign(id: NodeId): void {
    const node = this.node(id);
    node.raft.step(this.now, { type: 'campaign' });
    this.drain(node);
    this.deliver();
  }

  followers(): TestNode[] {
    return [...this.nodes.values()].filter((node) => node.raft.role !== 'leader');
  }

  commands(id: NodeId): string[] {
    return this.node(id)
      .applied.filter((entry) => entry.kind === 'command')
      .map((entry) => entry.data);
  }

  terms(id: NodeId): number[] {
    const { raft } = this.node(id);
    const { firstIndex, lastIndex } = raft;
    return Array.from(
      { length: lastIndex - firstIndex + 1 },
      (_, i) => raft.entryAt(firstIndex + i).term,
    );
  }
}

function store(node: TestNode, write: Persist): void {
  const { stored } = node;
  if (write.install !== null) {
    const { base, state } = write.install;
    stored.saved = [...stored.saved, ...stored.staged].slice(0, base.index);
    assert(state === `${base.index} applied`, 'the state is that of the entry it names');
    assert(stored.saved.length === base.index, 'all rows of the snapshot are here');
    stored.staged = [];
    stored.entries = [];
    stored.base = base;
  }
  const { truncateFrom, base } = write;
  stored.entries = stored.entries.filter(
    ({ index }) => truncateFrom === null || index < truncateFrom,
  );
  stored.entries.push(...write.append);
  if (base !== null) {
    stored.base = base;
    stored.entries = stored.entries.filter(({ index }) => index > base.index);
  }
  stored.hardState = write.hardState ?? stored.hardState;
}

const START = { index: 0, term: 0, stamp: 0 };

/** A log whose entries have the given terms: `log(1, 1, 2)`. */
export function log(...terms: number[]): Entry[] {
  return terms.map((term, i) => ({
    index: i + 1,
    term,
    stamp: i + 1,
    kind: 'command',
    data: `${term}:${i + 1}`,
  }));
}
