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
  StorageStatus,
} from '../ports/node-storage.ts';
import {
  applyKvChanges,
  applyLogWrite,
  type DurableState,
  emptyDurableState,
  restoredNode,
} from './durable-state.ts';
import { StorageError } from './errors.ts';
import { mergeWrites } from './merge-writes.ts';

export interface MemoryOpenOptions {
  readonly clusterId: string;
  readonly nodeId: string;
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
    const { clusterId, nodeId, defer } = options;
    this.durable ??= emptyDurableState({ clusterId, nodeId, storeId: this.storeId });
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
  commit(epoch: number, change: (state: DurableState) => void): void {
    if (this.brokenBecause !== null) throw new StorageError('write-failed', this.brokenBecause);
    assert(this.durable !== null, 'a store stands on an opened disk');
    if (this.durable.identity.bootEpoch !== epoch) {
      throw new StorageError('fenced', 'the store was opened again');
    }
    change(this.durable);
  }
}

export class MemoryStorage implements NodeStorage {
  private readonly disk: MemoryDisk;
  private readonly epoch: number;
  private readonly defer: (run: () => void) => void;
  private logQueue: { readonly write: LogWrite; readonly done: Done }[] = [];
  private kvQueue: { readonly changes: KvChanges; readonly done: Done } | null = null;
  private scheduled = false;
  private failure: Error | null = null;
  private writes = 0;

  constructor(disk: MemoryDisk, epoch: number, defer: (run: () => void) => void) {
    this.disk = disk;
    this.epoch = epoch;
    this.defer = defer;
  }

  writeLog(write: LogWrite, done: Done): void {
    this.logQueue.push({ write, done });
    this.schedule();
  }

  saveKv(changes: KvChanges, done: Done): void {
    assert(this.kvQueue === null, 'one save at a time');
    this.kvQueue = { changes, done };
    this.schedule();
  }

  status(): StorageStatus {
    return {
      name: 'memory',
      sizeBytes: 0,
      lastWriteMs: this.writes === 0 ? null : 0,
      writes: this.writes,
    };
  }

  /** Completes what waits; later writes fail. */
  close(): Promise<void> {
    while (this.hasWork()) this.step();
    this.failure ??= new StorageError('closed', 'the store is closed');
    return Promise.resolve();
  }

  private hasWork(): boolean {
    return this.logQueue.length > 0 || this.kvQueue !== null;
  }

  private schedule(): void {
    if (this.scheduled) return;
    this.scheduled = true;
    this.defer(() => {
      this.scheduled = false;
      this.step();
      if (this.hasWork()) this.schedule();
    });
  }

  /** One transaction: all log writes that wait, or else the save. */
  private step(): void {
    if (this.logQueue.length > 0) {
      const group = this.logQueue;
      this.logQueue = [];
      const merged = mergeWrites(group.map(({ write }) => write));
      const error = this.attempt((state) => applyLogWrite(state, merged));
      for (const { done } of group) done(error);
    } else if (this.kvQueue !== null) {
      const { changes, done } = this.kvQueue;
      this.kvQueue = null;
      done(this.attempt((state) => applyKvChanges(state, changes)));
    }
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
