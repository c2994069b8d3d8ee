/**
 * A node's store in memory, for tests. The disk outlives the store: dropping a
 * store without closing it is a crash, which loses what was written and not yet
 * completed, and the same disk can be opened again. It keeps the rules of the
 * real one: order, group commit, the boot epoch, and fail-stop.
 */
import { assert } from '../base/assert.ts';
import type { KvChanges } from '../kv/types.ts';
import type {
  Done,
  LogWrite,
  NodeStorage,
  RestoredNode,
  Rows,
  SnapshotPiece,
  StorageStatus,
} from '../ports/node-storage.ts';
import {
  applyKvChanges,
  applyLogWrite,
  emptyDurableState,
  readPiece,
  restoredNode,
  stageRows,
} from '../ports/durable-state.ts';
import type { DurableState } from '../ports/durable-state.ts';
import type { LogIndex } from '../raft/types.ts';
import { StorageError } from './errors.ts';
import { WriteQueue } from './write-queue.ts';

const ROWS_PER_PIECE = 100;

export interface MemoryOpenOptions {
  readonly clusterId: string;
  readonly nodeId: string;
  /** Voters of the configuration that a new disk begins with. */
  readonly voters: readonly string[];
  /** Runs its argument some time later: that is when the disk gets round to the next write. */
  readonly defer: (run: () => void) => void;
}

export class MemoryDisk {
  private readonly storeId: string;
  private durable: DurableState | null = null;
  private brokenBecause: string | null = null;

  /** `storeId` tells this disk from another. */
  constructor(storeId: string) {
    this.storeId = storeId;
  }

  /** Throws {@link StorageError} `foreign`. */
  open(options: MemoryOpenOptions): { storage: MemoryStorage; restored: RestoredNode } {
    const { clusterId, nodeId, voters, defer } = options;
    this.durable ??= emptyDurableState({ clusterId, nodeId, storeId: this.storeId }, voters);
    const { identity } = this.durable;
    if (identity.clusterId !== clusterId || identity.nodeId !== nodeId) {
      throw new StorageError(
        'foreign',
        `the disk belongs to node ${identity.nodeId} of cluster ${identity.clusterId}`,
      );
    }
    const bootEpoch = identity.bootEpoch + 1;
    this.durable.identity = { ...identity, bootEpoch };
    return {
      storage: new MemoryStorage(this, bootEpoch, defer),
      restored: restoredNode(this.durable),
    };
  }

  /** From now on every write fails and changes nothing. */
  breakDown(reason: string): void {
    this.brokenBecause = reason;
  }

  repair(): void {
    this.brokenBecause = null;
  }

  /** One transaction; throws {@link StorageError}. Called by the store. */
  commit<T>(epoch: number, change: (state: DurableState) => T): T {
    if (this.brokenBecause !== null) throw new StorageError('write-failed', this.brokenBecause);
    assert(this.durable !== null, 'a store stands on an opened disk');
    if (this.durable.identity.bootEpoch !== epoch) {
      throw new StorageError('fenced', 'the store was opened again');
    }
    return change(this.durable);
  }
}

export class MemoryStorage implements NodeStorage {
  private readonly disk: MemoryDisk;
  private readonly epoch: number;
  private readonly defer: (run: () => void) => void;
  private readonly queue = new WriteQueue(Number.POSITIVE_INFINITY);
  private scheduled = false;
  private failure: Error | null = null;
  private writes = 0;

  constructor(disk: MemoryDisk, epoch: number, defer: (run: () => void) => void) {
    this.disk = disk;
    this.epoch = epoch;
    this.defer = defer;
  }

  writeLog(write: LogWrite, done: Done): void {
    this.queue.addLog(write, done);
    this.schedule();
  }

  saveKv(changes: KvChanges, done: Done): void {
    this.queue.addSave(changes, done);
    this.schedule();
  }

  readSnapshot(
    after: LogIndex,
    done: (error: Error | null, piece: SnapshotPiece | null) => void,
  ): void {
    this.queue.addOther(() => {
      let piece: SnapshotPiece | null = null;
      const error = this.attempt((state) => {
        piece = readPiece(state, after, ROWS_PER_PIECE);
      });
      done(error, piece);
    });
    this.schedule();
  }

  stageRows(
    after: LogIndex,
    rows: Rows,
    done: (error: Error | null, upTo: LogIndex) => void,
  ): void {
    this.queue.addOther(() => {
      let upTo = 0;
      const error = this.attempt((state) => {
        upTo = stageRows(state, after, rows);
      });
      done(error, upTo);
    });
    this.schedule();
  }

  status(): StorageStatus {
    return {
      name: 'memory',
      sizeBytes: 0,
      walBytes: 0,
      lastWriteMs: this.writes === 0 ? null : 0,
      writes: this.writes,
    };
  }

  /** Completes what waits; later writes fail. */
  close(): Promise<void> {
    while (!this.queue.isEmpty) this.step();
    this.failure ??= new StorageError('closed', 'the store is closed');
    return Promise.resolve();
  }

  private schedule(): void {
    if (this.scheduled) return;
    this.scheduled = true;
    this.defer(() => {
      this.scheduled = false;
      this.step();
      if (!this.queue.isEmpty) this.schedule();
    });
  }

  /** One transaction: what is next. */
  private step(): void {
    const work = this.queue.take();
    if (work?.type === 'log') {
      const error = this.attempt((state) => applyLogWrite(state, work.write));
      for (const done of work.done) done(error);
    } else if (work?.type === 'save')
      work.done(this.attempt((state) => applyKvChanges(state, work.changes)));
    else work?.run();
  }

  /** Null when it worked. The first error is final. */
  private attempt(change: (state: DurableState) => void): Error | null {
    if (this.failure !== null) return this.failure;
    try {
      this.disk.commit(this.epoch, change);
      this.writes++;
    } catch (error) {
      this.failure = error instanceof Error ? error : new Error(String(error));
    }
    return this.failure;
  }
}
