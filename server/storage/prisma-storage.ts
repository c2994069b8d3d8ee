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
import { randomUUID } from 'node:crypto';
import { existsSync, statSync } from 'node:fs';
import path from 'node:path';
import type { PrismaClient } from '../../prisma/generated/client.ts';
import { assert, must } from '../base/assert.ts';
import type { WriteOf } from '../base/failpoint.ts';
import { EMPTY_HEADER, firstBase } from '../ports/durable-state.ts';
import type { VersionTally } from '../ports/version-tally.ts';
import type {
  Done,
  LogWrite,
  NodeStorage,
  RestoredNode,
  Rows,
  SnapshotPiece,
  StorageStatus,
  StoreIdentity,
} from '../ports/node-storage.ts';
import type { ConfState, HardState, LogBase, LogIndex } from '../raft/types.ts';
import type { KvChanges, KvHeader, Retention } from '../kv/types.ts';
import { entryChecksum } from './checksum.ts';
import { Connection } from './connection.ts';
import { asStorageError, StorageError } from './errors.ts';
import { isEmptyWrite } from './merge-writes.ts';
import { migrate } from './migrate.ts';
import { readFloors, readLog, readMarks, readSessions } from './rows.ts';
import { SnapshotRows } from './snapshot-rows.ts';
import { logStatements } from './statements.ts';
import { lostStore, verifyApplied, verifyOwner, verifyVersions } from './verify.ts';
import { VersionPacks } from './version-packs.ts';
import { WriteQueue } from './write-queue.ts';
import type { DiskWork } from './write-queue.ts';

/** Layout of the tables and of the data inside them; a file with any other is refused. */
const FORMAT_VERSION = 4;
/** WAL pages (4 KiB) after which SQLite copies them into the main file. */
const CHECKPOINT_PAGES = 4000;
const SYNCHRONOUS_FULL = 2;
/** Log data in one transaction, UTF-16 units; one write always goes whole. */
const MAX_GROUP_CHARS = 16 * 1024 * 1024;

export interface OpenOptions {
  /** Database file; its folder must exist. */
  readonly file: string;
  readonly migrationsDir: string;
  readonly clusterId: string;
  readonly nodeId: string;
  /** Voters of the configuration that a new store begins with; none: it waits to be added to a cluster. */
  readonly voters: readonly string[];
  /** The store must be this one; null takes any. */
  readonly storeId: string | null;
  /** Versions in a pack, less than the usual number: tests only. */
  readonly packRows?: number;
  /** WAL pages before a checkpoint, less than the usual number: tests only. */
  readonly checkpointPages?: number;
}

/** Opens, migrates, verifies and reads a node's store. Throws {@link StorageError}. */
export async function openPrismaStorage(
  options: OpenOptions,
): Promise<{ storage: PrismaStorage; restored: RestoredNode }> {
  let connection: Connection | null = null;
  try {
    if (options.storeId !== null && !existsSync(options.file)) throw lostStore(options.nodeId);
    connection = await Connection.open(options.file);
    const { prisma } = connection;
    await verifyFile(prisma, options);
    await prisma.$queryRawUnsafe('PRAGMA journal_mode = WAL');
    await prisma.$queryRawUnsafe('PRAGMA synchronous = FULL');
    const checkpointPages = options.checkpointPages ?? CHECKPOINT_PAGES;
    await prisma.$queryRawUnsafe(`PRAGMA wal_autocheckpoint = ${checkpointPages}`);
    await migrate(connection, options.migrationsDir);
    const { identity, hardState, base, baseChecksum } = await claim(prisma, options);
    await verifyDurability(prisma);
    const { entries, checksums } = readLog(connection, base, baseChecksum);
    const { kv, tally } = await readApplied(prisma);
    const packs = new VersionPacks(connection, identity.bootEpoch, options.packRows);
    const versions = packs.read(kv.lastApplied);
    const marks = readMarks(connection, kv.lastApplied);
    const floors = await readFloors(prisma);
    const sessions = await readSessions(prisma);
    verifyApplied(kv, base, entries, versions, marks);
    verifyVersions(versions, tally);
    const restored = { identity, hardState, base, entries, kv, versions, marks, floors, sessions };
    const log = { baseIndex: base.index, baseChecksum, checksums };
    const snapshots = new SnapshotRows(connection, identity.bootEpoch, kv, tally, packs);
    const storage = new PrismaStorage(connection, options.file, identity, snapshots, log);
    return { storage, restored };
  } catch (error) {
    await connection?.close();
    throw asStorageError(
      error,
      'unavailable',
      `cannot use the database ${path.basename(options.file)}`,
    );
  }
}

/** Before anything is written: an existing file must be this node's. */
async function verifyFile(prisma: PrismaClient, wanted: OpenOptions): Promise<void> {
  const rows = await prisma.$queryRawUnsafe<{ name: string }[]>(
    `SELECT "name" FROM sqlite_master WHERE "type" = 'table'`,
  );
  const tables = new Set(rows.map((row) => row.name));
  if (!tables.has('_prisma_migrations') && tables.size > 0) {
    throw new StorageError('foreign', 'the database belongs to another program');
  }
  const state = tables.has('node_state') ? await prisma.nodeState.findFirst() : null;
  if (state === null) {
    // A file that is empty again has forgotten as much as one that is gone.
    if (wanted.storeId !== null) throw lostStore(wanted.nodeId);
    return;
  }
  if (state.formatVersion !== FORMAT_VERSION) {
    throw new StorageError(
      state.formatVersion > FORMAT_VERSION ? 'newer' : 'older',
      `the database has format ${state.formatVersion}; this program knows ${FORMAT_VERSION} alone`,
    );
  }
  verifyOwner(state, wanted);
}

/**
 * Makes the store ours for this boot: gives a new one its owner, and raises the
 * boot epoch. The state is what it was at that very moment: a late write of an
 * earlier boot comes either before and is in it, or after and is refused.
 */
async function claim(
  prisma: PrismaClient,
  { clusterId, nodeId, voters }: OpenOptions,
): Promise<{
  identity: StoreIdentity;
  hardState: HardState;
  base: LogBase;
  baseChecksum: number;
}> {
  const first = firstBase(voters);
  await prisma.$transaction([
    prisma.$executeRawUnsafe(
      `INSERT INTO "node_state" ("id", "format_version", "cluster_id", "node_id", "store_id", "boot_epoch", "term", "voted_for", "commit", "base_index", "base_term", "base_stamp", "base_conf", "base_checksum")
       SELECT 1, ?, ?, ?, ?, 0, 0, NULL, 0, ?, ?, ?, ?, 0 WHERE NOT EXISTS (SELECT 1 FROM "node_state")`,
      FORMAT_VERSION,
      clusterId,
      nodeId,
      randomUUID(),
      first.index,
      first.term,
      first.stamp,
      JSON.stringify(first.conf),
    ),
    prisma.$executeRawUnsafe(
      `INSERT INTO "applied_state" ("id", "last_applied", "last_stamp", "state_hash", "session_clock", "retention")
       SELECT 1, 0, 0, ?, 0, ? WHERE NOT EXISTS (SELECT 1 FROM "applied_state")`,
      EMPTY_HEADER.stateHash,
      JSON.stringify(EMPTY_HEADER.retention),
    ),
  ]);
  const state = await prisma.nodeState.update({
    where: { id: 1, clusterId, nodeId },
    data: { bootEpoch: { increment: 1 } },
  });
  return {
    identity: { clusterId, nodeId, storeId: state.storeId, bootEpoch: state.bootEpoch },
    hardState: { term: state.term, votedFor: state.votedFor, commit: state.commit },
    base: {
      index: state.baseIndex,
      term: state.baseTerm,
      stamp: Number(state.baseStamp),
      conf: JSON.parse(state.baseConf) as ConfState,
    },
    baseChecksum: Number(state.baseChecksum),
  };
}

/**
 * SQLite reports FULL until the first transaction of a connection and may then
 * fall back to its compiled default, so the check comes after `claim` wrote.
 */
async function verifyDurability(prisma: PrismaClient): Promise<void> {
  const [synchronous] =
    await prisma.$queryRawUnsafe<{ synchronous: number | bigint }[]>('PRAGMA synchronous');
  const [journal] = await prisma.$queryRawUnsafe<{ journal_mode: string }[]>('PRAGMA journal_mode');
  if (Number(synchronous?.synchronous) !== SYNCHRONOUS_FULL || journal?.journal_mode !== 'wal') {
    throw new StorageError(
      'not-durable',
      `the database runs with journal_mode=${journal?.journal_mode} synchronous=${synchronous?.synchronous}; wal and 2 are needed`,
    );
  }
}

async function readApplied(
  prisma: PrismaClient,
): Promise<{ readonly kv: KvHeader; readonly tally: VersionTally }> {
  const row = must(await prisma.appliedState.findFirst(), 'applied_state has its row');
  const kv = {
    lastApplied: row.lastApplied,
    lastStamp: Number(row.lastStamp),
    stateHash: row.stateHash,
    sessionClock: Number(row.sessionClock),
    retention: JSON.parse(row.retention) as Retention,
  };
  return { kv, tally: { count: row.versionCount, sum: Number(row.versionSum) } };
}

/** What is known of the stored log. */
interface StoredLog {
  baseIndex: LogIndex;
  /** Checksum of the base's entry; 0 before the first, and after a snapshot. */
  baseChecksum: number;
  /** Checksum of each stored row; that of index i at position i - 1 - baseIndex. */
  checksums: number[];
}

export class PrismaStorage implements NodeStorage {
  private readonly connection: Connection;
  private readonly file: string;
  private readonly epoch: number;
  private readonly log: StoredLog;
  private readonly snapshots: SnapshotRows;
  private readonly queue = new WriteQueue(MAX_GROUP_CHARS);
  /** The work under way; null when nothing waits. */
  private working: Promise<void> | null = null;
  private failure: StorageError | null = null;
  private lastWriteMs: number | null = null;
  private writes = 0;

  constructor(
    connection: Connection,
    file: string,
    identity: StoreIdentity,
    snapshots: SnapshotRows,
    log: StoredLog,
  ) {
    this.connection = connection;
    this.file = file;
    this.epoch = identity.bootEpoch;
    this.log = log;
    this.snapshots = snapshots;
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
    return {
      name: path.basename(this.file),
      sizeBytes: sizeOf(this.file) + sizeOf(`${this.file}-wal`),
      lastWriteMs: this.lastWriteMs,
      writes: this.writes,
    };
  }

  /** Completes what waits, then closes the file; later writes fail. */
  async close(): Promise<void> {
    await this.working;
    this.failure ??= new StorageError('closed', 'the store is closed');
    await this.connection.close();
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
    const { install, truncateFrom, append, base } = write;
    const { log } = this;
    if (install !== null) {
      this.snapshots.verifyComplete(install.base.index);
      Object.assign(log, { baseIndex: install.base.index, baseChecksum: 0, checksums: [] });
    }
    if (truncateFrom !== null) {
      assert(truncateFrom > log.baseIndex, 'the first entry follows the base');
      // A merged write may truncate beyond the end: what it would cut never came here.
      log.checksums.length = Math.min(log.checksums.length, truncateFrom - 1 - log.baseIndex);
    }
    const checksums = append.map((entry) => {
      const next = log.baseIndex + log.checksums.length + 1;
      assert(entry.index === next, 'the stored log has no holes');
      const before = log.checksums[log.checksums.length - 1] ?? log.baseChecksum;
      const checksum = entryChecksum(entry, before);
      log.checksums.push(checksum);
      return checksum;
    });
    if (base !== null) {
      const dropped = log.checksums.splice(0, base.index - log.baseIndex);
      const checksum = must(dropped[dropped.length - 1], 'the base was in the log');
      Object.assign(log, { baseIndex: base.index, baseChecksum: checksum });
    }
    const startedMs = performance.now();
    this.connection.transact(
      kindOf(write),
      this.epoch,
      logStatements(write, checksums, log.baseChecksum),
    );
    if (install !== null) this.snapshots.installed(install);
    this.lastWriteMs = performance.now() - startedMs;
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
