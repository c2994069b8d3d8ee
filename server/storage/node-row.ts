/**
 * The one row of a store that says whose it is, whom its node voted for, and
 * where its log begins and ends. Nothing else in the file would contradict a
 * wrong term or vote, so the row has a checksum of its own; and it counts the
 * log writes, so that a file can be told from an older one of itself.
 */
import { crc32 } from 'node:zlib';
import type { ConfState, HardState, LogBase, LogIndex } from '../raft/types.ts';
import type { StoreIdentity } from '../ports/node-storage.ts';
import { rowChecksum } from './checksum.ts';
import type { Connection, Statement } from './connection.ts';
import { StorageError } from './errors.ts';

export interface NodeRow {
  readonly formatVersion: number;
  readonly identity: StoreIdentity;
  readonly hardState: HardState;
  readonly base: LogBase;
  readonly baseChecksum: number;
  /** Log writes since the store was made. */
  readonly writes: number;
  readonly lastIndex: LogIndex;
  /** Of the last entry; of the base when there is none. */
  readonly lastChecksum: number;
}

interface Columns {
  readonly format_version: bigint;
  readonly cluster_id: string;
  readonly node_id: string;
  readonly store_id: string;
  readonly boot_epoch: bigint;
  readonly term: bigint;
  readonly voted_for: string | null;
  readonly commit: bigint;
  readonly base_index: bigint;
  readonly base_term: bigint;
  readonly base_stamp: bigint;
  readonly base_conf: string;
  readonly base_checksum: bigint;
  readonly writes: bigint;
  readonly last_index: bigint;
  readonly last_checksum: bigint;
  readonly checksum: bigint | null;
}

/** Columns that a log write leaves as they are, unless it moves the base. */
const FIXED = [
  'format_version',
  'cluster_id',
  'node_id',
  'store_id',
  'boot_epoch',
  'base_index',
  'base_term',
  'base_stamp',
  'base_conf',
  'base_checksum',
] as const satisfies readonly (keyof Columns)[];

const MOVING = [
  'term',
  'voted_for',
  'commit',
  'writes',
  'last_index',
  'last_checksum',
  'checksum',
] as const satisfies readonly (keyof Columns)[];

/** Null when there is none. Throws StorageError `corrupt`. */
export function readNodeRow(connection: Connection): NodeRow | null {
  const rows = connection.numberOf('SELECT count(*) AS "value" FROM "node_state"', []);
  if (rows > 1) throw new StorageError('corrupt', `node_state: there are ${rows} rows of 1`);
  const columns = connection.rowOf<Columns>('SELECT * FROM "node_state"', []);
  if (columns === null) return null;
  const row: NodeRow = {
    formatVersion: Number(columns.format_version),
    identity: {
      clusterId: columns.cluster_id,
      nodeId: columns.node_id,
      storeId: columns.store_id,
      bootEpoch: Number(columns.boot_epoch),
    },
    hardState: {
      term: Number(columns.term),
      votedFor: columns.voted_for,
      commit: Number(columns.commit),
    },
    base: {
      index: Number(columns.base_index),
      term: Number(columns.base_term),
      stamp: Number(columns.base_stamp),
      conf: parseConf(columns.base_conf),
    },
    baseChecksum: Number(columns.base_checksum),
    writes: Number(columns.writes),
    lastIndex: Number(columns.last_index),
    lastChecksum: Number(columns.last_checksum),
  };
  // Null: an earlier version of this program wrote it, and it gets one now.
  if (columns.checksum !== null && Number(columns.checksum) !== checksumOf(row)) throw wrongRow();
  return row;
}

function parseConf(text: string): ConfState {
  try {
    return JSON.parse(text) as ConfState;
  } catch (error) {
    throw wrongRow(error);
  }
}

function wrongRow(cause?: unknown): StorageError {
  return new StorageError('corrupt', 'node_state: checksum of its row is wrong', cause);
}

type Column = string | number | null;

const ALL = [...FIXED, ...MOVING];
const INSERT = `INSERT INTO "node_state" ("id", ${ALL.map((name) => `"${name}"`).join(', ')}) VALUES (1, ${ALL.map(() => '?').join(', ')})`;
const UPDATE_ALL = updateSql(ALL);
const UPDATE_MOVING = updateSql(MOVING);

function updateSql(names: readonly string[]): string {
  return `UPDATE "node_state" SET ${names.map((name) => `"${name}" = ?`).join(', ')}`;
}

export function insertNodeRow(row: NodeRow): Statement {
  return { sql: INSERT, parameters: [...fixedOf(row), ...movingOf(row)] };
}

/** `before` is what stands there; null: whatever does. */
export function updateNodeRow(row: NodeRow, before: NodeRow | null): Statement {
  const moving = movingOf(row);
  return before?.identity === row.identity && before.base === row.base
    ? { sql: UPDATE_MOVING, parameters: moving }
    : { sql: UPDATE_ALL, parameters: [...fixedOf(row), ...moving] };
}

function fixedOf({ formatVersion, identity, base, baseChecksum }: NodeRow): readonly Column[] {
  return [
    formatVersion,
    identity.clusterId,
    identity.nodeId,
    identity.storeId,
    identity.bootEpoch,
    base.index,
    base.term,
    base.stamp,
    JSON.stringify(base.conf),
    baseChecksum,
  ];
}

function movingOf(row: NodeRow): readonly Column[] {
  const { hardState, writes, lastIndex, lastChecksum } = row;
  const { term, votedFor, commit } = hardState;
  return [term, votedFor, commit, writes, lastIndex, lastChecksum, checksumOf(row)];
}

/** Of the fixed columns of the rows of a base, reckoned once for each. */
const fixedChecksums = new WeakMap<
  LogBase,
  { readonly identity: StoreIdentity; readonly checksum: number }
>();

function checksumOf(row: NodeRow): number {
  const { hardState, writes, lastIndex, lastChecksum } = row;
  const { term, votedFor, commit } = hardState;
  return crc32(
    `${term} ${commit} ${writes} ${lastIndex} ${lastChecksum} ${votedFor === null ? '' : `"${votedFor}`}`,
    fixedChecksum(row),
  );
}

function fixedChecksum(row: NodeRow): number {
  const known = fixedChecksums.get(row.base);
  if (known?.identity === row.identity) return known.checksum;
  const checksum = rowChecksum(fixedOf(row));
  fixedChecksums.set(row.base, { identity: row.identity, checksum });
  return checksum;
}
