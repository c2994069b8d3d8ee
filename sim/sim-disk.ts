/**
 * A node's disk in virtual time. A write becomes durable after a drawn latency,
 * and only then is it acknowledged. A crash loses what was not yet durable, or
 * lets a prefix of it land unacknowledged: both may happen to a real disk. Each
 * write is atomic, as a transaction is.
 */
import { assert } from '../server/base/assert.ts';
import { RollingHash } from '../server/kv/hash.ts';
import type { Random } from '../server/base/random.ts';
import type { Done, LogWrite, NodeStorage, RestoredNode } from '../server/ports/node-storage.ts';
import type { KvChanges, KvHeader, Mark, SessionRow, Version } from '../server/kv/types.ts';
import type { Entry, HardState, NodeId, Term } from '../server/raft/types.ts';
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

/** Bugs planted to prove that the simulator can see: never set otherwise. */
export interface DiskMutant {
  /** Acknowledges before the write is durable. */
  readonly acknowledgesEarly?: boolean;
  /** Forgets term and vote in a crash. */
  readonly forgetsHardState?: boolean;
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
  hardState: HardState = { term: 0, votedFor: null, commit: 0 };
  entries: Entry[] = [];
  /** Every vote that was ever durable here. */
  readonly votes = new Map<Term, NodeId>();
  private kv: KvHeader = { lastApplied: 0, lastStamp: 0, stateHash: RollingHash.empty().hex };
  private readonly versions: Version[] = [];
  private readonly marks: Mark[] = [];
  private readonly sessions = new Map<string, SessionRow>();
  private readonly id: NodeId;
  private readonly scheduler: Scheduler;
  private readonly random: Random;
  private readonly mutant: DiskMutant;
  private bootEpoch = 0;
  private failedEpoch = 0;
  private pending: Pending[] = [];

  constructor(id: NodeId, scheduler: Scheduler, random: Random, mutant: DiskMutant) {
    this.id = id;
    this.scheduler = scheduler;
    this.random = random;
    this.mutant = mutant;
  }

  /** Opens the store for a new boot: what it answers to an older one is nothing. */
  open(): { readonly storage: NodeStorage; readonly restored: RestoredNode } {
    const epoch = ++this.bootEpoch;
    assert(this.pending.length === 0, 'a crash settled what was under way');
    const restored: RestoredNode = {
      identity: { clusterId: 'sim', nodeId: this.id, storeId: this.id, bootEpoch: epoch },
      hardState: this.hardState,
      entries: [...this.entries],
      kv: this.kv,
      versions: [...this.versions],
      marks: [...this.marks],
      sessions: [...this.sessions.values()],
    };
    const storage: NodeStorage = {
      writeLog: (write, done) => this.enqueue(epoch, () => this.applyLog(write), done),
      saveKv: (changes, done) => this.enqueue(epoch, () => this.applyKv(changes), done),
      status: () => ({ name: 'sim', sizeBytes: 0, lastWriteMs: null, writes: this.counts.writes }),
    };
    return { storage, restored };
  }

  /** The node is gone. Some prefix of what was under way may still land. */
  crash(): void {
    this.landSome();
    if (this.mutant.forgetsHardState === true)
      this.hardState = { term: 0, votedFor: null, commit: 0 };
  }

  /** Ends all that is under way: the first few writes land, the others are lost. */
  private landSome(): void {
    const landing = this.random.nextInt(0, this.pending.length);
    for (const [i, { apply }] of this.pending.entries()) {
      if (i < landing && this.mutant.acknowledgesEarly !== true) {
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
    if (this.mutant.acknowledgesEarly === true) this.scheduler.after(0, () => done(null));
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
      if (this.mutant.acknowledgesEarly !== true) next.done(null);
      if (next === pending || epoch !== this.bootEpoch) return;
    }
  }

  private applyLog({ hardState, truncateFrom, append }: LogWrite): void {
    if (truncateFrom !== null) this.entries.length = truncateFrom - 1;
    for (const entry of append) {
      assert(entry.index === this.entries.length + 1, 'the stored log has no holes');
      this.entries.push(entry);
    }
    if (hardState === null) return;
    assert(hardState.term >= this.hardState.term, 'the durable term never goes back');
    if (hardState.votedFor !== null) {
      const before = this.votes.get(hardState.term);
      assert(before === undefined || before === hardState.votedFor, 'one durable vote a term');
      this.votes.set(hardState.term, hardState.votedFor);
    }
    this.hardState = hardState;
  }

  private applyKv(changes: KvChanges): void {
    const { lastApplied, lastStamp, stateHash, versions, marks, sessions, droppedSessions } =
      changes;
    assert(lastApplied >= this.kv.lastApplied, 'saved state never goes back');
    this.kv = { lastApplied, lastStamp, stateHash };
    this.versions.push(...versions);
    this.marks.push(...marks);
    for (const client of droppedSessions) this.sessions.delete(client);
    for (const row of sessions) this.sessions.set(row.client, row);
  }
}
