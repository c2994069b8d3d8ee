/**
 * Opening a store: whose it is, whether it is as new as it was, and whether
 * every row of it is what was written. A store that is refused is so the next
 * time too: no row of it is changed, but for the count of starts once its log is
 * known to be no older than it was. (SQLite may put its write-ahead log away, as
 * far as that is whole.)
 */
import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import path from 'node:path';
import type { KvHeader } from '../kv/types.ts';
import { firstBase } from '../ports/durable-state.ts';
import type { RestoredNode } from '../ports/node-storage.ts';
import type { Entry, LogIndex } from '../raft/types.ts';
import { insertAppliedRow, readAppliedRow, updateAppliedRow } from './applied-row.ts';
import { floorChecksum, sessionChecksum } from './checksum.ts';
import { Connection } from './connection.ts';
import type { Statement } from './connection.ts';
import { asStorageError, isOfSystem, StorageError } from './errors.ts';
import { migrate } from './migrate.ts';
import { insertNodeRow, readNodeRow, updateNodeRow } from './node-row.ts';
import type { NodeRow } from './node-row.ts';
import { tallyRows } from './row-tally.ts';
import { readFloors, readLog, readMarks, readSessions } from './rows.ts';
import { emptied, readMark, StoreMark, verifyMark } from './store-mark.ts';
import type { Marked } from './store-mark.ts';
import type { StateTallies } from './stored-rows.ts';
import { lostStore, verifyApplied, verifyOwner, verifyVersions } from './verify.ts';
import { VersionPacks } from './version-packs.ts';

/** Layout of the tables and of the data inside them; a file with any other is refused. */
const FORMAT_VERSION = 4;
/** WAL pages (4 KiB) after which SQLite copies them into the main file. */
const CHECKPOINT_PAGES = 4000;
const PAGE_BYTES = 4096;
const SYNCHRONOUS_FULL = 2;

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
  /** Starts that the store has surely had; 0 when left out. */
  readonly bootEpoch?: number;
  /** Versions in a pack, less than the usual number: tests only. */
  readonly packRows?: number;
  /** WAL pages before a checkpoint, less than the usual number: tests only. */
  readonly checkpointPages?: number;
}

export interface OpenedStore {
  readonly connection: Connection;
  readonly mark: StoreMark;
  readonly node: NodeRow;
  readonly tallies: StateTallies;
  /** Checksum of each entry of the log. */
  readonly checksums: number[];
  readonly packs: VersionPacks;
  readonly restored: RestoredNode;
}

/** Throws {@link StorageError}. */
export async function openStore(options: OpenOptions): Promise<OpenedStore> {
  let connection: Connection | null = null;
  try {
    const mark = readMark(options.file);
    if ((options.storeId !== null || mark !== null) && !existsSync(options.file))
      throw lostStore(options.nodeId);
    connection = await Connection.open(options.file);
    await verifyFile(connection, options, mark);
    await setUp(connection, options.checkpointPages ?? CHECKPOINT_PAGES);
    await migrate(connection, options.migrationsDir);
    const node = claim(connection, options, mark);
    await verifyDurability(connection);
    return read(connection, options, node);
  } catch (error) {
    await connection?.close();
    const doing = `cannot use the database ${path.basename(options.file)}`;
    // What was opened and then made no sense is damaged, whatever stumbled over it.
    const code = connection === null || isOfSystem(error) ? 'unavailable' : 'corrupt';
    throw asStorageError(error, code, doing);
  }
}

/** Before anything is written: an existing file must be this node's. */
async function verifyFile(
  { prisma }: Connection,
  wanted: OpenOptions,
  mark: Marked | null,
): Promise<void> {
  const rows = await prisma.$queryRawUnsafe<{ name: string }[]>(
    `SELECT "name" FROM sqlite_master WHERE "type" = 'table'`,
  );
  const tables = new Set(rows.map((row) => row.name));
  if (!tables.has('_prisma_migrations') && tables.size > 0) {
    throw new StorageError('foreign', 'the database belongs to another program');
  }
  const state = tables.has('node_state')
    ? await prisma.nodeState.findFirst({
        select: { formatVersion: true, nodeId: true, clusterId: true, storeId: true },
      })
    : null;
  if (state === null) {
    if (mark !== null && (wanted.storeId ?? mark.storeId) === mark.storeId)
      throw emptied(wanted.nodeId, mark);
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

async function setUp({ prisma }: Connection, checkpointPages: number): Promise<void> {
  await prisma.$queryRawUnsafe('PRAGMA journal_mode = WAL');
  await prisma.$queryRawUnsafe('PRAGMA synchronous = FULL');
  await prisma.$queryRawUnsafe(`PRAGMA wal_autocheckpoint = ${checkpointPages}`);
  // Left to itself, a log that once grew under another program's long read stays that long for ever.
  await prisma.$queryRawUnsafe(`PRAGMA journal_size_limit = ${2 * checkpointPages * PAGE_BYTES}`);
}

/**
 * Makes the store ours for this boot: gives a new one its owner, and raises the
 * boot epoch of one that is as new as it was. The row is what it was at that
 * very moment: a late write of an earlier boot comes either before and is in
 * it, or after and is refused.
 */
function claim(connection: Connection, options: OpenOptions, mark: Marked | null): NodeRow {
  return connection.exclusively(() => {
    const found = readNodeRow(connection) ?? make(connection, options, mark);
    const { writes, identity } = found;
    verifyMark(mark, { ...identity, writes }, options.file);
    verifyStarts(identity.bootEpoch, options);
    const node = { ...found, identity: { ...identity, bootEpoch: identity.bootEpoch + 1 } };
    connection.run(updateNodeRow(node, null));
    return node;
  });
}

function make(
  connection: Connection,
  { clusterId, nodeId, voters }: OpenOptions,
  mark: Marked | null,
): NodeRow {
  // The row that says whose it is does not go alone.
  if (mark !== null) throw emptied(nodeId, mark);
  for (const table of ['log_entries', 'versions', 'applied_state'])
    if (connection.numberOf(`SELECT count(*) AS "value" FROM "${table}"`, []) > 0)
      throw new StorageError('corrupt', 'node_state: there are 0 rows of 1');
  const node: NodeRow = {
    formatVersion: FORMAT_VERSION,
    identity: { clusterId, nodeId, storeId: randomUUID(), bootEpoch: 0 },
    hardState: { term: 0, votedFor: null, commit: 0 },
    base: firstBase(voters),
    baseChecksum: 0,
    writes: 0,
    lastIndex: 0,
    lastChecksum: 0,
  };
  connection.run(insertNodeRow(node));
  connection.run(insertAppliedRow());
  return node;
}

function verifyStarts(found: number, { bootEpoch = 0 }: OpenOptions): void {
  if (found < bootEpoch)
    throw new StorageError(
      'rolled-back',
      `the database is older than it was: it has ${found} starts, and had ${bootEpoch}; an old copy was put in its place`,
    );
}

/**
 * SQLite reports FULL until the first transaction of a connection and may then
 * fall back to its compiled default, so the check comes after `claim` wrote.
 */
async function verifyDurability({ prisma }: Connection): Promise<void> {
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

function read(connection: Connection, options: OpenOptions, node: NodeRow): OpenedStore {
  const { identity, hardState, base, baseChecksum } = node;
  const { entries, checksums } = readLog(connection, base, baseChecksum);
  verifyEnd(node, entries, checksums);
  const applied = readAppliedRow(connection);
  const { kv } = applied;
  const packs = new VersionPacks(connection, identity.bootEpoch, options.packRows);
  const versions = packs.read(kv.lastApplied);
  const marks = readMarks(connection, kv.lastApplied);
  const tallies = applied.isTallied
    ? applied.tallies
    : adopt(connection, node, kv, applied.tallies);
  const floors = readFloors(connection, tallies.floors);
  const sessions = readSessions(connection, tallies.sessions);
  verifyApplied(kv, base, entries, versions, marks);
  verifyVersions(versions, tallies.versions);
  // A start that was overtaken, by a server that began after ours had died, leaves the mark alone.
  const mark = connection.asOwner(identity.bootEpoch, () =>
    StoreMark.begin(options.file, { ...identity, writes: node.writes }),
  );
  const restored = { identity, hardState, base, entries, kv, versions, marks, floors, sessions };
  return { connection, mark, node, tallies, checksums, packs, restored };
}

/** Rows that are gone from the end of a log leave no gap. */
function verifyEnd(
  { base, baseChecksum, lastIndex, lastChecksum }: NodeRow,
  entries: readonly Entry[],
  checksums: readonly number[],
): void {
  const end: LogIndex = base.index + entries.length;
  if (end !== lastIndex)
    throw new StorageError('corrupt', `log_entries: the log ends at ${end}, not at ${lastIndex}`);
  if ((checksums[checksums.length - 1] ?? baseChecksum) !== lastChecksum)
    throw new StorageError('corrupt', `log_entries: the log does not end with the entry it had`);
}

/** Gives checksums to the rows of an earlier version, which had none. */
function adopt(
  connection: Connection,
  { identity }: NodeRow,
  kv: KvHeader,
  { versions }: StateTallies,
): StateTallies {
  const statements: Statement[] = [];
  const sessions: number[] = [];
  const floors: number[] = [];
  for (const session of readSessions(connection, null)) {
    const text = connection.textOf(
      'SELECT "result" AS "value" FROM "sessions" WHERE "client" = ?',
      [session.client],
    );
    const checksum = sessionChecksum(session, text);
    sessions.push(checksum);
    statements.push({
      sql: 'UPDATE "sessions" SET "checksum" = ? WHERE "client" = ?',
      parameters: [checksum, session.client],
    });
  }
  for (const floor of readFloors(connection, null)) {
    const checksum = floorChecksum(floor);
    floors.push(checksum);
    statements.push({
      sql: 'UPDATE "field_floors" SET "checksum" = ? WHERE "key" = ? AND "field" = ?',
      parameters: [checksum, floor.key, floor.field],
    });
  }
  const tallies = { versions, sessions: tallyRows(sessions), floors: tallyRows(floors) };
  connection.transact('save', identity.bootEpoch, [...statements, updateAppliedRow(kv, tallies)]);
  return tallies;
}
