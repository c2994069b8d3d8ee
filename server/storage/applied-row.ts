/** The one row that says how far the applied state reaches, and which rows of other tables belong to it. */
import type { KvHeader, Retention } from '../kv/types.ts';
import { EMPTY_HEADER } from '../ports/durable-state.ts';
import { NO_VERSIONS } from '../ports/version-tally.ts';
import { rowChecksum } from './checksum.ts';
import type { Connection, Statement } from './connection.ts';
import { StorageError } from './errors.ts';
import { tallyRows } from './row-tally.ts';
import type { StateTallies } from './stored-rows.ts';

interface AppliedRow {
  readonly kv: KvHeader;
  readonly tallies: StateTallies;
  /** False: an earlier version of this program wrote it, and counted versions alone. */
  readonly isTallied: boolean;
}

interface Columns {
  readonly last_applied: bigint;
  readonly last_stamp: bigint;
  readonly state_hash: string;
  readonly session_clock: bigint;
  readonly retention: string;
  readonly version_count: bigint;
  readonly version_sum: bigint;
  readonly session_count: bigint;
  readonly session_sum: bigint;
  readonly floor_count: bigint;
  readonly floor_sum: bigint;
  readonly checksum: bigint | null;
}

const NAMES = [
  'last_applied',
  'last_stamp',
  'state_hash',
  'session_clock',
  'retention',
  'version_count',
  'version_sum',
  'session_count',
  'session_sum',
  'floor_count',
  'floor_sum',
  'checksum',
] as const satisfies readonly (keyof Columns)[];

/** Throws StorageError `corrupt`. */
export function readAppliedRow(connection: Connection): AppliedRow {
  const rows = connection.numberOf('SELECT count(*) AS "value" FROM "applied_state"', []);
  const columns = connection.rowOf<Columns>('SELECT * FROM "applied_state"', []);
  if (rows !== 1 || columns === null)
    throw new StorageError('corrupt', `applied_state: there are ${rows} rows of 1`);
  const kv: KvHeader = {
    lastApplied: Number(columns.last_applied),
    lastStamp: Number(columns.last_stamp),
    stateHash: columns.state_hash,
    sessionClock: Number(columns.session_clock),
    retention: parseRetention(columns.retention),
  };
  const tallies: StateTallies = {
    versions: { count: Number(columns.version_count), sum: Number(columns.version_sum) },
    sessions: { count: Number(columns.session_count), sum: Number(columns.session_sum) },
    floors: { count: Number(columns.floor_count), sum: Number(columns.floor_sum) },
  };
  const isTallied = columns.checksum !== null;
  if (isTallied && Number(columns.checksum) !== rowChecksum(values(kv, tallies))) throw wrongRow();
  return { kv, tallies, isTallied };
}

function parseRetention(text: string): Retention {
  try {
    return JSON.parse(text) as Retention;
  } catch (error) {
    throw wrongRow(error);
  }
}

function wrongRow(cause?: unknown): StorageError {
  return new StorageError('corrupt', 'applied_state: checksum of its row is wrong', cause);
}

function values(kv: KvHeader, tallies: StateTallies): readonly (string | number)[] {
  const { versions, sessions, floors } = tallies;
  return [
    kv.lastApplied,
    kv.lastStamp,
    kv.stateHash,
    kv.sessionClock,
    JSON.stringify(kv.retention),
    versions.count,
    versions.sum,
    sessions.count,
    sessions.sum,
    floors.count,
    floors.sum,
  ];
}

const INSERT = `INSERT INTO "applied_state" ("id", ${NAMES.map((name) => `"${name}"`).join(', ')}) VALUES (1, ${NAMES.map(() => '?').join(', ')})`;
const UPDATE = `UPDATE "applied_state" SET ${NAMES.map((name) => `"${name}" = ?`).join(', ')}`;

/** That of a store that was told nothing yet. */
export function insertAppliedRow(): Statement {
  const none = tallyRows([]);
  const tallies = { versions: NO_VERSIONS, sessions: none, floors: none };
  return { sql: INSERT, parameters: withChecksum(EMPTY_HEADER, tallies) };
}

export function updateAppliedRow(kv: KvHeader, tallies: StateTallies): Statement {
  return { sql: UPDATE, parameters: withChecksum(kv, tallies) };
}

function withChecksum(kv: KvHeader, tallies: StateTallies): readonly (string | number)[] {
  const columns = values(kv, tallies);
  return [...columns, rowChecksum(columns)];
}
