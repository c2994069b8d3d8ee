/**
 * A node's disk in virtual time. A write becomes durable after a drawn latency,
 * and only then is it acknowledged. A crash loses what was not yet durable, or
 * lets a prefix of it land unacknowledged: both may happen to a real disk. Each
 * write is atomic, as a transaction is.
 */
import { assert } from '../server/base/assert.ts';
import type { Random } from '../server/base/random.ts';
import {
  applyKvChanges,
  applyLogWrite,
  emptyDurableState,
  readPiece,
  restoredNode,
  stageRows,
} from '../server/ports/durable-state.ts';
import type { DurableState } from '../server/ports/durable-state.ts';
import type {
  Done,
  LogWrite,
  NodeStorage,
  RestoredNode,
  SnapshotPiece,
} from '../server/ports/node-storage.ts';
import type { KvChanges } from '../server/kv/types.ts';
import type { Entry, HardState, LogIndex, NodeId, Term } from '../server/raft/types.ts';
import type { Scheduler } from './scheduler.ts';

export interface DiskWeather {
  minWriteMs: number;
  maxWriteMs: number;
  /** Nothing is finished before this virtual instant. */
  stalledUntilMs: number;
  /** The next write fails, and its fate is unknown. */
  failNext: boolean;
  /** Before this virtual instant there is no room: writes fail, and what they would have written is nowhere. */
  fullUntilMs: number;
}

interface Pending {
  readonly apply: () => void;
  readonly done: Done;
}

/** A disk as it should be. */
export const CALM_DISK: Readonly<DiskWeather> = {
  minWriteMs: 0.2,
  maxWriteMs: 2,
  stalledUntilMs: 0,
  failNext: false,
  fullUntilMs: 0,
};

export class SimDisk {
  readonly weather: DiskWeather = { ...CALM_DISK };
  readonly counts = { writes: 0, lost: 0, landed: 0, failed: 0 };
  /** Who hears of each write that the weather let fail or wait. */
  readonly onStruck = new Map<'disk-stall' | 'disk-failure' | 'disk-full', () => void>();
  /** Every vote that was ever durable here. */
  readonly votes = new Map<Term, NodeId>();
  private readonly state: DurableState;
  private readonly scheduler: Scheduler;
  private readonly random: Random;
  private failedEpoch = 0;
  private pending: Pending[] = [];

  /** `voters` of the configuration that the disk begins with; none for a node that is to be added. */
  constructor(id: NodeId, voters: readonly NodeId[], scheduler: Scheduler, random: Random) {
    this.state = emptyDurableState({ clusterId: 'sim', nodeId: id, storeId: id }, voters);
    this.scheduler = scheduler;
    this.random = random;
  }

  get hardState(): HardState {
    return this.state.hardState;
  }

  /** Entry with index i at position i - 1 - baseIndex. */
  get entries(): readonly Entry[] {
    return this.state.entries;
  }

  get baseIndex(): LogIndex {
    return this.state.base.index;
  }

  get lastIndex(): LogIndex {
    return this.state.base.index + this.state.entries.length;
  }

  private get bootEpoch(): number {
    return this.state.identity.bootEpoch;
  }

  /** Opens the store for a new boot: what it answers to an older one is nothing. */
  open(): { readonly storage: NodeStorage; readonly restored: RestoredNode } {
    assert(this.pending.length === 0, 'a crash settled what was under way');
    const epoch = this.bootEpoch + 1;
    this.state.identity = { ...this.state.identity, bootEpoch: epoch };
    const restored = restoredNode(this.state);
    const storage: NodeStorage = {
      writeLog: (write, done) => this.enqueue(epoch, () => this.applyLog(write), done),
      saveKv: (changes, done) => this.enqueue(epoch, () => this.applyKv(changes), done),
      readSnapshot: (after, done) => {
        let piece: SnapshotPiece | null = null;
        const read = (): void => {
          piece = readPiece(this.state, after, REVISIONS_PER_PIECE);
        };
        this.enqueue(epoch, read, (error) => done(error, piece));
      },
      stageRows: (after, rows, done) => {
        let upTo = 0;
        const stage = (): void => {
          upTo = stageRows(this.state, after, rows);
        };
        this.enqueue(epoch, stage, (error) => done(error, upTo));
      },
      status: () => ({ name: 'sim', sizeBytes: 0, lastWriteMs: null, writes: this.counts.writes }),
    };
    return { storage, restored };
  }

  /** The node is gone. Some prefix of what was under way may still land. */
  crash(): void {
    this.landSome();
  }

  /** Ends all that is under way: the first few writes land, the others are lost. */
  private landSome(): void {
    const landing = this.random.nextInt(0, this.pending.length);
    for (const [i, { apply }] of this.pending.entries()) {
      if (i < landing) {
        apply();
        this.counts.landed++;
      } else this.counts.lost++;
    }
    this.pending = [];
  }

  private enqueue(epoch: number, apply: () => void, done: Done): void {
    this.counts.writes++;
    if (this.failedEpoch === epoch) {
      this.refuse(epoch, [done]);
      return;
    }
    if (this.weather.fullUntilMs > this.scheduler.nowMs) {
      this.onStruck.get('disk-full')?.();
      this.failAll(epoch, [done]);
      return;
    }
    const pending: Pending = { apply, done };
    this.pending.push(pending);
    if (this.weather.failNext) {
      this.weather.failNext = false;
      this.onStruck.get('disk-failure')?.();
      this.failAll(epoch, []);
      return;
    }
    this.finishLater(epoch, pending);
  }

  /**
   * The first failure is final: all that wait fail with it, though some prefix
   * may have landed. `refused` wait too, and land in no case.
   */
  private failAll(epoch: number, refused: readonly Done[]): void {
    this.counts.failed++;
    this.failedEpoch = epoch;
    const waiting = [...this.pending.map(({ done }) => done), ...refused];
    this.landSome();
    this.refuse(epoch, waiting);
  }

  private refuse(epoch: number, waiting: readonly Done[]): void {
    this.scheduler.after(this.weather.minWriteMs, () => {
      for (const done of waiting) if (epoch === this.bootEpoch) done(new Error('the disk failed'));
    });
  }

  private finishLater(epoch: number, pending: Pending): void {
    const { minWriteMs, maxWriteMs, stalledUntilMs } = this.weather;
    const latencyMs = minWriteMs + this.random.nextFloat() * (maxWriteMs - minWriteMs);
    if (this.scheduler.nowMs + latencyMs < stalledUntilMs) this.onStruck.get('disk-stall')?.();
    this.scheduler.at(Math.max(this.scheduler.nowMs + latencyMs, stalledUntilMs), () =>
      this.finish(epoch, pending),
    );
  }

  /** Strictly in order: one that is ready early waits for those before it. */
  private finish(epoch: number, pending: Pending): void {
    if (epoch !== this.bootEpoch || !this.pending.includes(pending)) return;
    while (this.pending.length > 0) {
      const next = this.pending.shift() as Pending;
      next.apply();
      next.done(null);
      if (next === pending || epoch !== this.bootEpoch) return;
    }
  }

  private applyLog(write: LogWrite): void {
    const { hardState } = write;
    if (hardState !== null) {
      assert(hardState.term >= this.hardState.term, 'the durable term never goes back');
      if (hardState.votedFor !== null) {
        const before = this.votes.get(hardState.term);
        assert(before === undefined || before === hardState.votedFor, 'one durable vote a term');
        this.votes.set(hardState.term, hardState.votedFor);
      }
    }
    applyLogWrite(this.state, write);
  }

  private applyKv(changes: KvChanges): void {
    assert(changes.lastApplied >= this.state.kv.lastApplied, 'saved state never goes back');
    applyKvChanges(this.state, changes);
  }
}

const REVISIONS_PER_PIECE = 20;
