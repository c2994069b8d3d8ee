/**
 * Starts, kills and revives nodes, and joins them into a mesh. It knows which
 * threads live, and tells no node: that another died is for Raft to find out
 * by its own time-outs.
 */
import { randomInt } from 'node:crypto';
import { rmSync, statSync } from 'node:fs';
import { must } from '../base/assert.ts';
import { NO_FAULTS } from '../../contracts/faults.ts';
import type { NodeFaults } from '../../contracts/faults.ts';
import { isOpenLink, OPEN_LINK, SOUND_WORLD } from '../node/control.ts';
import type { LinkRule, NodeOptions, NodeWorld } from '../node/control.ts';
import type { DataDir } from './data-dir.ts';
import { NodeHandle } from './node-handle.ts';
import type { NodeHandleEvents, NodeState } from './node-handle.ts';
import type { NodeRuntime } from './node-runtime.ts';

/** A database of this size takes a processor half a second to read. */
const SLOW_START_BYTES = 64 * 1024 * 1024;

/** A node that is so much later than the others hangs, or its disk does, ms. */
const LATE_AFTER_MS = 10_000;

/** Longest wait for threads to take a new rule, ms; one that is stuck for longer sends nothing either. */
const IN_FORCE_WITHIN_MS = 5000;

/** The node was removed before its turn came; nothing was done. */
export class NodeGone extends Error {
  override readonly name = 'NodeGone';
}

export interface SupervisorOptions {
  readonly dataDir: DataDir;
  readonly runtime: NodeRuntime;
  readonly migrationsDir: string;
  readonly heartbeatIntervalMs: number;
  readonly electionTimeoutMs: number;
  readonly leaseMs: number;
  /** How many threads can run at once. */
  readonly processors: number;
  /** A start does not wait for a node that is so much later than the others, ms; 10 s when left out. */
  readonly lateAfterMs?: number;
}

export interface SupervisorEvents extends NodeHandleEvents {
  onLink(from: string, to: string, rule: LinkRule): void;
  onFaults(id: string, faults: NodeFaults): void;
}

interface Pause {
  readonly untilMs: number;
  readonly timer: NodeJS.Timeout;
}

export class Supervisor {
  private readonly options: SupervisorOptions;
  private readonly events: SupervisorEvents;
  private readonly handles = new Map<string, NodeHandle>();
  private readonly rules = new Map<string, LinkRule>();
  private readonly worlds = new Map<string, NodeWorld>();
  private readonly pauses = new Map<string, Pause>();
  /** Nodes whose database was removed. */
  private readonly wiped = new Set<string>();
  /** One change of life at a time and node, in the order asked. */
  private readonly lives = new Map<string, Promise<void>>();

  /** The nodes that start after a quorum. */
  private following: Promise<unknown> = Promise.resolve();
  private isStopping = false;
  /** At which nodes begin: cluster time in real time. */
  pace = 1;

  constructor(options: SupervisorOptions, events: SupervisorEvents) {
    this.options = options;
    this.events = events;
    for (const id of options.dataDir.nodes) this.add(id);
  }

  /** Every node, in display order. */
  get nodes(): readonly string[] {
    return [...this.handles.keys()];
  }

  /** Takes on a node of the data folder; it runs once it is revived. */
  add(id: string): void {
    const events: NodeHandleEvents = {
      ...this.events,
      onState: (node, state, reason, refusal) => {
        this.events.onState(node, state, reason, refusal);
        this.followState(node, state);
      },
    };
    this.handles.set(id, new NodeHandle(id, this.options.runtime, events));
  }

  /** Ends the node in order and forgets it. */
  async remove(id: string): Promise<void> {
    await this.change(id, (handle) => this.end(handle));
    this.handles.delete(id);
    this.lives.delete(id);
    this.worlds.delete(id);
    this.wiped.delete(id);
    for (const key of this.rules.keys()) if (key.split('>').includes(id)) this.rules.delete(key);
  }

  has(id: string): boolean {
    return this.handles.has(id);
  }

  isPaused(id: string): boolean {
    return this.pauses.has(id);
  }

  node(id: string): NodeHandle {
    return must(this.handles.get(id), `node ${id}`);
  }

  /**
   * Starts every node. Resolves when each serves or has failed, or a quorum serves and
   * the others are late; where a start is long and processors are few, already when a
   * quorum serves: that is started first then, and the others follow.
   */
  async start(): Promise<void> {
    const { nodes } = this;
    const quorum = Math.floor(nodes.length / 2) + 1;
    const first = this.startsSlowly() ? nodes.slice(0, quorum) : nodes;
    const starts = new Map(first.map((id) => [id, this.revive(id)]));
    // Of a quorum that is first one may hang, too.
    await this.up(starts, first.length < nodes.length ? 1 : quorum);
    if (this.isStopping) return;
    for (const id of nodes.slice(first.length)) starts.set(id, this.revive(id));
    this.following = Promise.all(starts.values());
    if (first.length < nodes.length && first.some((id) => !this.node(id).isServing))
      await this.up(starts, quorum);
  }

  /** Resolves when each serves or is gone again, or so many serve and the others are late. */
  private up(starts: ReadonlyMap<string, Promise<unknown>>, enough: number): Promise<unknown> {
    let serving = 0;
    const late = new Promise<void>((resolve) => {
      for (const [id, start] of starts)
        start.then(
          () => {
            if (this.node(id).isServing && ++serving === enough)
              setTimeout(resolve, this.options.lateAfterMs ?? LATE_AFTER_MS).unref();
          },
          () => {},
        );
    });
    return Promise.race([Promise.all(starts.values()), late]);
  }

  private startsSlowly(): boolean {
    const { dataDir, processors } = this.options;
    const sizes = this.nodes.map(
      (id) => statSync(dataDir.databaseFile(id), { throwIfNoEntry: false })?.size ?? 0,
    );
    return processors < this.nodes.length && Math.max(...sizes) > SLOW_START_BYTES;
  }

  /** Starts the node if its thread is not running; resolves when it serves or is gone again; false if it ran. Throws {@link NodeGone}. */
  async revive(id: string): Promise<boolean> {
    // Only the start is in the queue: a node that hangs while it recovers can still be killed.
    const started = await this.change(id, async (handle) => {
      if (handle.state === 'serving' || handle.state === 'starting') return null;
      await handle.gone();
      const serving = handle.start(this.nodeOptions(id));
      this.join(id);
      return { serving };
    });
    await started?.serving;
    return started !== null;
  }

  /** Terminates the node's thread; false if it was not running. Throws {@link NodeGone}. */
  async kill(id: string): Promise<boolean> {
    return this.change(id, async (handle) => {
      if (handle.state === 'down' || handle.state === 'failed') return false;
      await handle.kill();
      return true;
    });
  }

  /** Removes the database of a node that is down; false if it is not. Throws {@link NodeGone}. */
  async wipe(id: string): Promise<boolean> {
    return this.change(id, async (handle) => {
      if (handle.state === 'serving' || handle.state === 'starting') return false;
      await handle.gone();
      const file = this.options.dataDir.databaseFile(id);
      // The file itself first: what is left of a removal that fails must not pass for a store.
      for (const part of ['', '-wal', '-shm', '-mark']) rmSync(`${file}${part}`, { force: true });
      this.wiped.add(id);
      this.tellFaults(id);
      return true;
    });
  }

  /** Ends every node in order. */
  async stop(): Promise<void> {
    this.isStopping = true;
    await Promise.all(this.nodes.map((id) => this.change(id, (handle) => this.end(handle))));
    await this.following;
  }

  // --- links ---------------------------------------------------------------------

  rule(from: string, to: string): LinkRule {
    return this.rules.get(linkKey(from, to)) ?? OPEN_LINK;
  }

  setLink(from: string, to: string, rule: LinkRule): void {
    this.rules.set(linkKey(from, to), rule);
    this.node(from).setLink(to, rule);
    this.events.onLink(from, to, rule);
  }

  /** Cuts both directions of every link of `id`. */
  isolate(id: string): void {
    this.setAllLinks(id, (rule) => ({ ...rule, cut: true }));
  }

  /** Uncuts every link of `id`; delays and losses stay. */
  reconnect(id: string): void {
    this.setAllLinks(id, (rule) => ({ ...rule, cut: false }));
  }

  /** Makes every link whole. */
  healAll(): void {
    for (const from of this.nodes) {
      for (const to of this.nodes) {
        if (from !== to && !isOpenLink(this.rule(from, to))) this.setLink(from, to, OPEN_LINK);
      }
    }
  }

  /** Resolves when every thread that runs goes by the links and worlds that were set so far, or is too busy to say so in {@link IN_FORCE_WITHIN_MS}. */
  inForce(): Promise<void> {
    return new Promise((resolve) => {
      const limit = setTimeout(resolve, IN_FORCE_WITHIN_MS);
      const synced = [...this.handles.values()].map((handle) => handle.synced());
      void Promise.all(synced).then(() => {
        clearTimeout(limit);
        resolve();
      });
    });
  }

  private setAllLinks(id: string, change: (rule: LinkRule) => LinkRule): void {
    for (const other of this.nodes) {
      if (other === id) continue;
      this.setLink(id, other, change(this.rule(id, other)));
      this.setLink(other, id, change(this.rule(other, id)));
    }
  }

  // --- the world of a node -----------------------------------------------------------

  faults(id: string): NodeFaults {
    return {
      ...NO_FAULTS,
      ...this.world(id),
      pausedUntilMs: this.pauses.get(id)?.untilMs ?? null,
      wiped: this.wiped.has(id),
    };
  }

  /** Stands until it is set anew, through any number of starts. */
  setWorld(id: string, world: NodeWorld): void {
    this.worlds.set(id, world);
    this.node(id).setWorld(world);
    this.tellFaults(id);
  }

  /** Stops the node's thread for so long, counted from now; false if it is not running. */
  pause(id: string, forMs: number): boolean {
    const handle = this.node(id);
    if (!handle.isServing) return false;
    clearTimeout(this.pauses.get(id)?.timer);
    const timer = setTimeout(() => this.resume(id), forMs);
    this.pauses.set(id, { untilMs: Date.now() + forMs, timer });
    handle.pause();
    this.tellFaults(id);
    return true;
  }

  /** Ends a pause before its time; false if there is none. */
  resume(id: string): boolean {
    if (!this.pauses.has(id)) return false;
    this.node(id).resume();
    this.forgetPause(id);
    return true;
  }

  world(id: string): NodeWorld {
    return this.worlds.get(id) ?? SOUND_WORLD;
  }

  /** A pause ends with its thread; a database that serves is there. */
  private followState(id: string, state: NodeState): void {
    if (state === 'down' || state === 'failed') this.forgetPause(id);
    if (state === 'serving' && this.wiped.delete(id)) this.tellFaults(id);
  }

  private forgetPause(id: string): void {
    const pause = this.pauses.get(id);
    if (pause === undefined) return;
    clearTimeout(pause.timer);
    this.pauses.delete(id);
    this.tellFaults(id);
  }

  private tellFaults(id: string): void {
    this.events.onFaults(id, this.faults(id));
  }

  /** In order: one that is paused could not close its database. */
  private async end(handle: NodeHandle): Promise<void> {
    this.resume(handle.id);
    await handle.stop();
  }

  // --- threads ---------------------------------------------------------------------

  /** A fresh line to each node that runs, and the rules that stand. */
  private join(id: string): void {
    const handle = this.node(id);
    for (const other of this.nodes) {
      if (other === id) continue;
      handle.setLink(other, this.rule(id, other));
      const peer = this.node(other);
      if (peer.state !== 'serving' && peer.state !== 'starting') continue;
      this.options.runtime.layLine((one, end) => {
        handle.connect(other, one);
        peer.connect(id, end);
      });
    }
  }

  private nodeOptions(id: string): NodeOptions {
    const { dataDir, migrationsDir, heartbeatIntervalMs, electionTimeoutMs, leaseMs } =
      this.options;
    return {
      id,
      voters: dataDir.founders.includes(id) ? dataDir.founders : [],
      clusterId: dataDir.clusterId,
      storeId: dataDir.storeOf(id),
      bootEpoch: dataDir.startsOf(id),
      databaseFile: dataDir.databaseFile(id),
      migrationsDir,
      heartbeatIntervalMs,
      electionTimeoutMs,
      leaseMs,
      seed: randomInt(2 ** 47),
      world: this.world(id),
      pace: this.pace,
    };
  }

  private change<T>(id: string, run: (handle: NodeHandle) => Promise<T>): Promise<T> {
    const before = this.lives.get(id) ?? Promise.resolve();
    const result = before.then(() => {
      const handle = this.handles.get(id);
      if (handle === undefined) throw new NodeGone(`node ${id} was removed`);
      return run(handle);
    });
    this.lives.set(
      id,
      result.then(
        () => undefined,
        () => undefined,
      ),
    );
    return result;
  }
}

function linkKey(from: string, to: string): string {
  return `${from}>${to}`;
}
