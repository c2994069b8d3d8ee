/**
 * A node's store on SQLite through Prisma: one file, one connection, WAL with
 * synchronous=FULL. Log writes are group-committed, each group one transaction
 * and so one fsync; saving applied state waits while log
 * writes wait.
 *
 * Fail-stop: after any error the fate of that write is unknown (a COMMIT that
 * failed may still be on disk), so the store answers every later call with the
 * same error and the node must start again from its file.
 */
import { statSync } from 'node:fs';
import path from 'node:path';
import { assert, must } from '../base/assert.ts';
import type { WriteOf } from '../base/failpoint.ts';
import type {
  Done,
  LogWrite,
  NodeStorage,
  RestoredNode,
  Rows,
  SnapshotPiece,
  StorageStatus,
} from '../ports/node-storage.ts';
import type { LogIndex } from '../raft/types.ts';
import type { KvChanges } from '../kv/types.ts';
import { entryChecksum } from './checksum.ts';
import type { Connection } from './connection.ts';
import { asStorageError, StorageError } from './errors.ts';
import { isEmptyWrite } from './merge-writes.ts';
import type { NodeRow } from './node-row.ts';
import { openStore } from './open-store.ts';
import type { OpenedStore, OpenOptions } from './open-store.ts';
import { SnapshotRows } from './snapshot-rows.ts';
import { logStatements } from './statements.ts';
import type { StoreMark } from './store-mark.ts';
import { installedState } from './stored-rows.ts';
import { WriteQueue } from './write-queue.ts';
import type { DiskWork } from './write-queue.ts';

/** Log data in one transaction, UTF-16 units; one write always goes whole. */
const MAX_GROUP_CHARS = 16 * 1024 * 1024;

/** Opens, migrates, verifies and reads a node's store. Throws {@link StorageError}. */
export async function openPrismaStorage(
  options: OpenOptions,
): Promise<{ storage: PrismaStorage; restored: RestoredNode }> {
  const opened = await openStore(options);
  return { storage: new PrismaStorage(options.file, opened), restored: opened.restored };
}

export class PrismaStorage implements NodeStorage {
  private readonly connection: Connection;
  private readonly mark: StoreMark;
  private readonly file: string;
  private readonly epoch: number;
  /** As it is stored. */
  private node: NodeRow;
  /** Checksum of each stored entry; that of index i at position i - 1 - base. */
  private readonly checksums: number[];
  private readonly snapshots: SnapshotRows;
  private readonly queue = new WriteQueue(MAX_GROUP_CHARS);
  /** The work under way; null when nothing waits. */
  private working: Promise<void> | null = null;
  private failure: StorageError | null = null;
  private lastWriteMs: number | null = null;
  private writes = 0;

  constructor(
    file: string,
    { connection, mark, node, checksums, tallies, packs, restored }: OpenedStore,
  ) {
    this.connection = connection;
    this.mark = mark;
    this.file = file;
    this.epoch = node.identity.bootEpoch;
    this.node = node;
    this.checksums = checksums;
    this.snapshots = new SnapshotRows(connection, this.epoch, restored.kv, tallies, packs);
  }

  writeLog(write: LogWrite, done: Done): void {
    this.queue.addLog(write, done);
    this.wake();
  }

  saveKv(changes: KvChanges, done: Done): void {
    this.queue.addSave(changes, done);
    this.wake();
  }

  readSnapshot(
    after: LogIndex,
    done: (error: Error | null, piece: SnapshotPiece | null) => void,
  ): void {
    this.queue.addOther(() => {
      let piece: SnapshotPiece | null = null;
      const error = this.attempt('reading the saved state', () => {
        piece = this.snapshots.read(after);
      });
      done(error, piece);
    });
    this.wake();
  }

  stageRows(
    after: LogIndex,
    rows: Rows,
    done: (error: Error | null, upTo: LogIndex) => void,
  ): void {
    this.queue.addOther(() => {
      let upTo = 0;
      const error = this.attempt('storing a snapshot', () => {
        upTo = this.snapshots.stage(after, rows);
      });
      done(error, upTo);
    });
    this.wake();
  }

  /** Makes the disk full, or gives it room again. A write that then finds no room is an error as any other: the node must stop. */
  setFull(isFull: boolean): void {
    this.connection.mayGrow(!isFull);
  }

  status(): StorageStatus {
    const walBytes = sizeOf(`${this.file}-wal`);
    return {
      name: path.basename(this.file),
      sizeBytes: sizeOf(this.file) + walBytes,
      walBytes,
      lastWriteMs: this.lastWriteMs,
      writes: this.writes,
    };
  }

  /** Completes what waits, then closes the file; later writes fail. */
  async close(): Promise<void> {
    await this.working;
    this.failure ??= new StorageError('closed', 'the store is closed');
    await this.connection.close();
    await this.mark.close();
  }

  private wake(): void {
    // Errors of the database end in `attempt`; anything else is a bug and must surface.
    this.working ??= this.work();
  }

  private async work(): Promise<void> {
    // The database works synchronously: let this turn hand over all its writes first.
    await Promise.resolve();
    for (let next = this.queue.take(); next !== null; next = this.queue.take()) this.run(next);
    this.working = null;
  }

  private run(work: DiskWork): void {
    switch (work.type) {
      case 'log': {
        const error = this.attempt('writing the log', () => this.store(work.write));
        for (const done of work.done) done(error);
        return;
      }
      case 'save':
        work.done(this.attempt('saving applied state', () => this.snapshots.save(work.changes)));
        return;
      case 'other':
        work.run();
    }
  }

  private store(write: LogWrite): void {
    if (isEmptyWrite(write)) return;
    const { hardState, truncateFrom, append } = write;
    const { checksums } = this;
    const install = write.install === null ? null : installedState(write.install);
    let { base, baseChecksum } = this.node;
    if (write.install !== null) {
      ({ base } = write.install);
      this.snapshots.verifyComplete(base.index);
      baseChecksum = 0;
      checksums.length = 0;
    }
    if (truncateFrom !== null) {
      assert(truncateFrom > base.index, 'the first entry follows the base');
      // A merged write may truncate beyond the end: what it would cut never came here.
      checksums.length = Math.min(checksums.length, truncateFrom - 1 - base.index);
    }
    const added = append.map((entry) => {
      const next = base.index + checksums.length + 1;
      assert(entry.index === next, 'the stored log has no holes');
      const before = checksums[checksums.length - 1] ?? baseChecksum;
      const checksum = entryChecksum(entry, before);
      checksums.push(checksum);
      return checksum;
    });
    if (write.base !== null) {
      const dropped = checksums.splice(0, write.base.index - base.index);
      ({ base } = write);
      baseChecksum = must(dropped[dropped.length - 1], 'the base was in the log');
    }
    const after: NodeRow = {
      ...this.node,
      hardState: hardState ?? this.node.hardState,
      base,
      baseChecksum,
      writes: this.node.writes + 1,
      lastIndex: base.index + checksums.length,
      lastChecksum: checksums[checksums.length - 1] ?? baseChecksum,
    };
    const startedMs = performance.now();
    this.connection.transact(
      kindOf(write),
      this.epoch,
      logStatements(write, install, added, this.node, after),
    );
    this.node = after;
    if (install !== null) this.snapshots.installed(install);
    const nowMs = performance.now();
    this.mark.note(after.writes, nowMs);
    this.lastWriteMs = nowMs - startedMs;
    this.writes++;
  }

  /** Null when it worked. The first error is final. */
  private attempt(doing: string, run: () => void): StorageError | null {
    if (this.failure !== null) return this.failure;
    try {
      run();
    } catch (error) {
      this.failure = asStorageError(error, 'write-failed', `${doing} failed`);
    }
    return this.failure;
  }
}

function kindOf({ install, append, base }: LogWrite): WriteOf {
  if (install !== null) return 'install';
  if (base !== null) return 'compact';
  return append.length > 0 ? 'log' : 'vote';
}

function sizeOf(file: string): number {
  return statSync(file, { throwIfNoEntry: false })?.size ?? 0;
}
