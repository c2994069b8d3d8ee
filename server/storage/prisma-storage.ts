/**
 * A node's store on SQLite through Prisma: one file, one connection, WAL with
 * synchronous=FULL. Log writes are group-committed, each group one statement
 * and so one transaction and one fsync; saving applied state waits while log
 * writes wait.
 *
 * Fail-stop: after any error the fate of that write is unknown (a COMMIT that
 * failed may still be on disk), so the store answers every later call with the
 * same error and the node must start again from its file.
 */
import { randomUUID } from 'node:crypto';
import { statSync } from 'node:fs';
import path from 'node:path';
import type { PrismaClient } from '../../prisma/generated/client.ts';
import { assert, must } from '../base/assert.ts';
import type {
  Done,
  LogWrite,
  NodeStorage,
  RestoredNode,
  StorageStatus,
  StoreIdentity,
} from '../ports/node-storage.ts';
import type { HardState } from '../raft/types.ts';
import type { KvChanges, KvHeader } from '../kv/types.ts';
import { entryChecksum } from './checksum.ts';
import { Connection } from './connection.ts';
import { StorageError } from './errors.ts';
import { isEmptyWrite, mergeWrites } from './merge-writes.ts';
import { migrate } from './migrate.ts';
import {
  markRows,
  packEntry,
  readLog,
  readMarks,
  readSessions,
  readVersions,
  sessionRows,
  versionRows,
} from './rows.ts';

/** Layout of the data inside the tables; a file with a higher one is refused. */
const FORMAT_VERSION = 1;
/** WAL pages (4 KiB) after which SQLite copies them into the main file. */
const CHECKPOINT_PAGES = 4000;
const SYNCHRONOUS_FULL = 2;
const EMPTY_HASH_STATE = '9e3779b985ebca6b';

const WRITE_LOG =
  'INSERT INTO "log_write" ("epoch", "truncate_from", "first_index", "rows", "term", "voted_for", "commit") VALUES (?, ?, ?, ?, ?, ?, ?)';
const WRITE_APPLIED =
  'INSERT INTO "applied_write" ("epoch", "versions", "marks", "sessions", "dropped", "last_applied", "last_stamp", "state_hash") VALUES (?, ?, ?, ?, ?, ?, ?, ?)';

export interface OpenOptions {
  /** Database file; its folder must exist. */
  readonly file: string;
  readonly migrationsDir: string;
  readonly clusterId: string;
  readonly nodeId: string;
}

/** Opens, migrates, verifies and reads a node's store. Throws {@link StorageError}. */
export async function openPrismaStorage(
  options: OpenOptions,
): Promise<{ storage: PrismaStorage; restored: RestoredNode }> {
  let connection: Connection | null = null;
  try {
    connection = await Connection.open(options.file);
    const { prisma } = connection;
    await prisma.$queryRawUnsafe('PRAGMA journal_mode = WAL');
    await prisma.$queryRawUnsafe('PRAGMA synchronous = FULL');
    await prisma.$queryRawUnsafe(`PRAGMA wal_autocheckpoint = ${CHECKPOINT_PAGES}`);
    await migrate(connection, options.migrationsDir);
    const { identity, hardState } = await claim(prisma, options);
    await verifyDurability(prisma);
    const { entries, checksums } = await readLog(prisma);
    const kv = await readHeader(prisma);
    const restored: RestoredNode = {
      identity,
      hardState,
      entries,
      kv,
      versions: await readVersions(prisma),
      marks: await readMarks(prisma),
      sessions: await readSessions(prisma),
    };
    if (kv.lastApplied > entries.length) {
      throw new StorageError(
        'corrupt',
        `applied_state: ${kv.lastApplied} is beyond the log, which ends at ${entries.length}`,
      );
    }
    return { storage: new PrismaStorage(connection, options.file, identity, checksums), restored };
  } catch (error) {
    await connection?.close();
    if (error instanceof StorageError) throw error;
    const reason = error instanceof Error ? error.message.trim().split('\n').at(-1) : String(error);
    throw new StorageError(
      'unavailable',
      `cannot use the database ${path.basename(options.file)}: ${reason}`,
      error,
    );
  }
}

/** Makes the store ours for this boot: checks who it belongs to and raises the boot epoch. */
async function claim(
  prisma: PrismaClient,
  { clusterId, nodeId }: OpenOptions,
): Promise<{ identity: StoreIdentity; hardState: HardState }> {
  const storeId = randomUUID();
  await prisma.$transaction([
    prisma.$executeRawUnsafe(
      `INSERT INTO "node_state" ("id", "format_version", "cluster_id", "node_id", "store_id", "boot_epoch", "term", "voted_for", "commit")
       SELECT 1, ?, ?, ?, ?, 0, 0, NULL, 0 WHERE NOT EXISTS (SELECT 1 FROM "node_state")`,
      FORMAT_VERSION,
      clusterId,
      nodeId,
      storeId,
    ),
    prisma.$executeRawUnsafe(
      `INSERT INTO "applied_state" ("id", "last_applied", "last_stamp", "state_hash")
       SELECT 1, 0, 0, ? WHERE NOT EXISTS (SELECT 1 FROM "applied_state")`,
      EMPTY_HASH_STATE,
    ),
  ]);
  const state = must(await prisma.nodeState.findFirst(), 'the row was just made sure of');
  if (state.formatVersion > FORMAT_VERSION) {
    throw new StorageError(
      'newer',
      `the database has format ${state.formatVersion}; this program knows ${FORMAT_VERSION}`,
    );
  }
  if (state.nodeId !== nodeId) {
    throw new StorageError(
      'foreign',
      `the database belongs to node ${state.nodeId}, not to ${nodeId}`,
    );
  }
  if (state.clusterId !== clusterId) {
    throw new StorageError(
      'foreign',
      `the database belongs to cluster ${state.clusterId}, not to ${clusterId}`,
    );
  }
  const { bootEpoch } = await prisma.nodeState.update({
    where: { id: 1 },
    data: { bootEpoch: { increment: 1 } },
  });
  return {
    identity: { clusterId, nodeId, storeId: state.storeId, bootEpoch },
    hardState: { term: state.term, votedFor: state.votedFor, commit: state.commit },
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

async function readHeader(prisma: PrismaClient): Promise<KvHeader> {
  const row = must(await prisma.appliedState.findFirst(), 'applied_state has its row');
  return {
    lastApplied: row.lastApplied,
    lastStamp: Number(row.lastStamp),
    stateHash: row.stateHash,
  };
}

interface QueuedWrite {
  readonly write: LogWrite;
  readonly done: Done;
}

export class PrismaStorage implements NodeStorage {
  private readonly connection: Connection;
  private readonly file: string;
  private readonly epoch: number;
  /** Checksum of each stored log row; index i at position i - 1. */
  private readonly checksums: number[];
  private logQueue: QueuedWrite[] = [];
  private kvQueue: { readonly changes: KvChanges; readonly done: Done } | null = null;
  private busy = false;
  private failure: Error | null = null;
  private lastWriteMs: number | null = null;
  private writes = 0;

  constructor(connection: Connection, file: string, identity: StoreIdentity, checksums: number[]) {
    this.connection = connection;
    this.file = file;
    this.epoch = identity.bootEpoch;
    this.checksums = checksums;
  }

  writeLog(write: LogWrite, done: Done): void {
    this.logQueue.push({ write, done });
    this.wake();
  }

  saveKv(changes: KvChanges, done: Done): void {
    assert(this.kvQueue === null, 'one save at a time');
    this.kvQueue = { changes, done };
    this.wake();
  }

  status(): StorageStatus {
    return {
      name: path.basename(this.file),
      sizeBytes: sizeOf(this.file) + sizeOf(`${this.file}-wal`),
      lastWriteMs: this.lastWriteMs,
      writes: this.writes,
    };
  }

  /** Closes the file once nothing is under way. */
  async close(): Promise<void> {
    this.failure ??= new Error('the store is closed');
    await this.connection.close();
  }

  private wake(): void {
    if (this.busy) return;
    this.busy = true;
    // Errors of the database end in `fail`; anything else is a bug and must surface.
    void this.work();
  }

  private async work(): Promise<void> {
    while (this.logQueue.length > 0 || this.kvQueue !== null) {
      if (this.logQueue.length > 0) await this.writeGroup();
      else await this.saveApplied();
    }
    this.busy = false;
  }

  private async writeGroup(): Promise<void> {
    const group = this.logQueue;
    this.logQueue = [];
    const error = await this.attempt(() =>
      this.store(mergeWrites(group.map(({ write }) => write))),
    );
    for (const { done } of group) done(error);
  }

  private async store(write: LogWrite): Promise<void> {
    if (isEmptyWrite(write)) return;
    const { hardState, truncateFrom, append } = write;
    if (truncateFrom !== null) this.checksums.length = truncateFrom - 1;
    const rows = append.map((entry) => {
      assert(entry.index === this.checksums.length + 1, 'the stored log has no holes');
      const checksum = entryChecksum(entry, this.checksums[this.checksums.length - 1] ?? 0);
      this.checksums.push(checksum);
      return packEntry(entry, checksum);
    });
    const startedMs = performance.now();
    await this.connection.execute(WRITE_LOG, [
      this.epoch,
      truncateFrom,
      append[0]?.index ?? null,
      JSON.stringify(rows),
      hardState?.term ?? null,
      hardState?.votedFor ?? null,
      hardState?.commit ?? null,
    ]);
    this.lastWriteMs = performance.now() - startedMs;
    this.writes++;
  }

  private async saveApplied(): Promise<void> {
    const { changes, done } = must(this.kvQueue, 'something to save');
    this.kvQueue = null;
    const error = await this.attempt(async () => {
      await this.connection.execute(WRITE_APPLIED, [
        this.epoch,
        versionRows(changes.versions),
        markRows(changes.marks),
        sessionRows(changes.sessions),
        JSON.stringify(changes.droppedSessions),
        changes.lastApplied,
        changes.lastStamp,
        changes.stateHash,
      ]);
    });
    done(error);
  }

  /** Null when it worked. The first error is final. */
  private async attempt(run: () => Promise<void>): Promise<Error | null> {
    if (this.failure !== null) return this.failure;
    try {
      await run();
    } catch (error) {
      this.failure = error instanceof Error ? error : new Error(String(error));
    }
    return this.failure;
  }
}

function sizeOf(file: string): number {
  return statSync(file, { throwIfNoEntry: false })?.size ?? 0;
}
