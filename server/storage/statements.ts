/**
 * The statements of the two busy writes: a log write, and a save of applied
 * state. Rows go in by the dozen, as the VALUES of one statement, and there are
 * few sizes of these, so that each is compiled once. Values are bound as they
 * are: any text goes in.
 *
 * Every write carries the boot epoch of its store and does nothing when that is
 * no longer the present one.
 */
import type { KvChanges, Mark, SessionRow, Version } from '../kv/types.ts';
import { decodeSnapshotState } from '../ports/durable-state.ts';
import type { LogWrite } from '../ports/node-storage.ts';
import type { LogBase, LogIndex, SnapshotEnd } from '../raft/types.ts';
import { versionChecksum } from './checksum.ts';
import type { Parameter, Statement } from './connection.ts';
import { positionOf } from './position.ts';
import { MARKS as MARK_ROWS, VERSIONS as VERSION_ROWS } from './rows.ts';

/** Rows in one statement: as many as fit of the first, then of the next. */
const SIZES = [64, 8, 1] as const;

const IS_PRESENT_EPOCH = '(SELECT "boot_epoch" FROM "node_state") = ?';

interface Table {
  readonly name: string;
  readonly columns: readonly string[];
  /** What follows the rows, in SQL. */
  readonly onConflict?: string;
}

const LOG_ENTRIES: Table = {
  name: 'log_entries',
  columns: ['index', 'term', 'stamp', 'kind', 'data', 'checksum'],
};
const VERSIONS: Table = {
  name: 'versions',
  columns: ['position', 'key', 'field', 'timestamp', 'value', 'expires_at', 'stamp', 'checksum'],
};
const MARKS: Table = { name: 'marks', columns: ['revision', 'stamp'] };
const SESSIONS: Table = {
  name: 'sessions',
  columns: ['client', 'sequence', 'asked', 'stamp', 'result'],
  onConflict:
    'ON CONFLICT ("client") DO UPDATE SET "sequence" = excluded."sequence", "asked" = excluded."asked", "stamp" = excluded."stamp", "result" = excluded."result"',
};

/** `checksums` has one for each appended entry; `baseChecksum` is that of the base of a write that moves it. */
export function logStatements(
  epoch: number,
  { install, hardState, truncateFrom, append, base }: LogWrite,
  checksums: readonly number[],
  baseChecksum: number,
): readonly Statement[] {
  const statements: Statement[] = [];
  if (install !== null) statements.push(...installStatements(epoch, install));
  if (hardState !== null) {
    statements.push({
      sql: `UPDATE "node_state" SET "term" = ?, "voted_for" = ?, "commit" = ? WHERE "boot_epoch" = ?`,
      parameters: [hardState.term, hardState.votedFor, hardState.commit, epoch],
      mustChange: 1,
    });
  }
  if (truncateFrom !== null) {
    statements.push({
      sql: `DELETE FROM "log_entries" WHERE "index" >= ? AND ${IS_PRESENT_EPOCH}`,
      parameters: [truncateFrom, epoch],
      mustChange: null,
    });
  }
  const rows = append.map((entry, i) => [
    entry.index,
    entry.term,
    entry.stamp,
    entry.kind,
    entry.data,
    checksums[i] ?? null,
  ]);
  statements.push(...inserts(LOG_ENTRIES, rows, epoch));
  if (base !== null) {
    statements.push(
      {
        sql: `DELETE FROM "log_entries" WHERE "index" <= ? AND ${IS_PRESENT_EPOCH}`,
        parameters: [base.index, epoch],
        mustChange: null,
      },
      setBase(epoch, base, baseChecksum),
    );
  }
  return statements;
}

/** The staged rows are the state from now on, and the log begins anew after it. */
function installStatements(epoch: number, { base, state }: SnapshotEnd): readonly Statement[] {
  const { stateHash, sessions } = decodeSnapshotState(state);
  return [
    setApplied(epoch, base.index, base.stamp, stateHash),
    {
      sql: `DELETE FROM "log_entries" WHERE ${IS_PRESENT_EPOCH}`,
      parameters: [epoch],
      mustChange: null,
    },
    setBase(epoch, base, 0),
    {
      sql: `DELETE FROM "sessions" WHERE ${IS_PRESENT_EPOCH}`,
      parameters: [epoch],
      mustChange: null,
    },
    ...inserts(SESSIONS, sessions.map(sessionRow), epoch),
  ];
}

function setBase(
  epoch: number,
  { index, term, stamp, conf }: LogBase,
  checksum: number,
): Statement {
  return {
    sql: 'UPDATE "node_state" SET "base_index" = ?, "base_term" = ?, "base_stamp" = ?, "base_conf" = ?, "base_checksum" = ? WHERE "boot_epoch" = ?',
    parameters: [index, term, stamp, JSON.stringify(conf), checksum, epoch],
    mustChange: 1,
  };
}

function setApplied(
  epoch: number,
  lastApplied: number,
  lastStamp: number,
  stateHash: string,
): Statement {
  return {
    sql: `UPDATE "applied_state" SET "last_applied" = ?, "last_stamp" = ?, "state_hash" = ? WHERE ${IS_PRESENT_EPOCH}`,
    parameters: [lastApplied, lastStamp, stateHash, epoch],
    mustChange: 1,
  };
}

/** Rows of a snapshot, which lie beyond the applied state until it is installed. */
export function rowStatements(
  epoch: number,
  versions: readonly Version[],
  marks: readonly Mark[],
): readonly Statement[] {
  return [
    ...inserts(VERSIONS, versions.map(versionRow), epoch),
    ...inserts(
      MARKS,
      marks.map(({ revision, stamp }) => [revision, stamp]),
      epoch,
    ),
  ];
}

/** Takes away rows of the revisions in (after, upTo]. */
export function dropStatements(
  epoch: number,
  after: LogIndex,
  upTo: LogIndex,
): readonly Statement[] {
  return [VERSION_ROWS, MARK_ROWS].map(({ table, key, lastOf }) => ({
    sql: `DELETE FROM "${table}" WHERE ${key} > ? AND ${key} <= ? AND ${IS_PRESENT_EPOCH}`,
    parameters: [lastOf(after), lastOf(upTo), epoch],
    mustChange: null,
  }));
}

export function appliedStatements(epoch: number, changes: KvChanges): readonly Statement[] {
  const { versions, marks, sessions, droppedSessions } = changes;
  return [
    setApplied(epoch, changes.lastApplied, changes.lastStamp, changes.stateHash),
    ...rowStatements(epoch, versions, marks),
    {
      sql: 'DELETE FROM "sessions" WHERE "client" IN (SELECT "value" FROM json_each(?))',
      parameters: [JSON.stringify(droppedSessions)],
      mustChange: null,
    },
    ...inserts(SESSIONS, sessions.map(sessionRow), epoch),
  ];
}

function sessionRow({ client, sequence, asked, stamp, result }: SessionRow): readonly Parameter[] {
  return [client, sequence, asked, stamp, JSON.stringify(result)];
}

function versionRow(v: Version): readonly Parameter[] {
  return [
    positionOf(v),
    v.key,
    v.field,
    v.timestamp,
    v.value,
    v.expiresAt,
    v.stamp,
    versionChecksum(v),
  ];
}

function inserts(
  table: Table,
  rows: readonly (readonly Parameter[])[],
  epoch: number,
): readonly Statement[] {
  const statements: Statement[] = [];
  let from = 0;
  for (const size of SIZES) {
    for (; rows.length - from >= size; from += size) {
      const parameters: Parameter[] = [];
      for (let i = from; i < from + size; i++)
        for (const parameter of rows[i] ?? []) parameters.push(parameter);
      parameters.push(epoch);
      statements.push({ sql: insertSql(table, size), parameters, mustChange: size });
    }
  }
  return statements;
}

const insertTexts = new Map<string, string>();

function insertSql(table: Table, rows: number): string {
  const name = `${table.name} ${rows}`;
  let text = insertTexts.get(name);
  if (text === undefined) {
    text = composeInsert(table, rows);
    insertTexts.set(name, text);
  }
  return text;
}

function composeInsert({ name, columns, onConflict = '' }: Table, rows: number): string {
  const row = `(${columns.map(() => '?').join(',')})`;
  const values = `${row},`.repeat(rows - 1) + row;
  const names = columns.map((column) => `"${column}"`).join(', ');
  return `INSERT INTO "${name}" (${names}) SELECT * FROM (VALUES ${values}) WHERE ${IS_PRESENT_EPOCH} ${onConflict}`;
}
