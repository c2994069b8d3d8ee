/**
 * The statements of the two busy writes: a log write, and a save of applied
 * state. Rows go in by the dozen, as the VALUES of one statement, and there are
 * few sizes of these, so that each is compiled once. Plain VALUES: SQLite would
 * copy every text once more for a SELECT of them. Values are bound as they are:
 * any text goes in.
 */
import type { KvChanges, Mark, SessionRow, Version } from '../kv/types.ts';
import { decodeSnapshotState } from '../ports/durable-state.ts';
import type { LogWrite } from '../ports/node-storage.ts';
import type { LogBase, LogIndex, SnapshotEnd } from '../raft/types.ts';
import { versionChecksum } from './checksum.ts';
import type { Parameter, Statement } from './connection.ts';
import { positionOf } from './position.ts';
import { listMark, textOf } from './stored-value.ts';
import { MARKS as MARK_ROWS, VERSIONS as VERSION_ROWS } from './rows.ts';

/** Rows in one statement: as many as fit of the first, then of the next. */
const SIZES = [64, 8, 1] as const;

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
  columns: [
    'position',
    'key',
    'field',
    'timestamp',
    'value',
    'is_list',
    'expires_at',
    'stamp',
    'checksum',
  ],
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
  { install, hardState, truncateFrom, append, base }: LogWrite,
  checksums: readonly number[],
  baseChecksum: number,
): readonly Statement[] {
  const statements: Statement[] = [];
  if (install !== null) pushInstall(statements, install);
  if (hardState !== null) {
    statements.push({
      sql: `UPDATE "node_state" SET "term" = ?, "voted_for" = ?, "commit" = ?`,
      parameters: [hardState.term, hardState.votedFor, hardState.commit],
    });
  }
  if (truncateFrom !== null) {
    statements.push({
      sql: `DELETE FROM "log_entries" WHERE "index" >= ?`,
      parameters: [truncateFrom],
    });
  }
  insert(statements, LOG_ENTRIES, append, (values, entry, at) =>
    values.push(
      entry.index,
      entry.term,
      entry.stamp,
      entry.kind,
      entry.data,
      checksums[at] ?? null,
    ),
  );
  if (base !== null) {
    statements.push(
      { sql: 'DELETE FROM "log_entries" WHERE "index" <= ?', parameters: [base.index] },
      setBase(base, baseChecksum),
    );
  }
  return statements;
}

/** The staged rows are the state from now on, and the log begins anew after it. */
function pushInstall(statements: Statement[], { base, state }: SnapshotEnd): void {
  const { stateHash, sessions } = decodeSnapshotState(state);
  statements.push(
    setApplied(base.index, base.stamp, stateHash),
    { sql: 'DELETE FROM "log_entries"', parameters: [] },
    setBase(base, 0),
    { sql: 'DELETE FROM "sessions"', parameters: [] },
  );
  insert(statements, SESSIONS, sessions, putSession);
}

function setBase({ index, term, stamp, conf }: LogBase, checksum: number): Statement {
  return {
    sql: 'UPDATE "node_state" SET "base_index" = ?, "base_term" = ?, "base_stamp" = ?, "base_conf" = ?, "base_checksum" = ?',
    parameters: [index, term, stamp, JSON.stringify(conf), checksum],
  };
}

function setApplied(lastApplied: number, lastStamp: number, stateHash: string): Statement {
  return {
    sql: 'UPDATE "applied_state" SET "last_applied" = ?, "last_stamp" = ?, "state_hash" = ?',
    parameters: [lastApplied, lastStamp, stateHash],
  };
}

export function appliedStatements(changes: KvChanges): readonly Statement[] {
  const { versions, marks, sessions, droppedSessions } = changes;
  const statements: Statement[] = [
    setApplied(changes.lastApplied, changes.lastStamp, changes.stateHash),
    {
      sql: 'DELETE FROM "sessions" WHERE "client" IN (SELECT "value" FROM json_each(?))',
      parameters: [JSON.stringify(droppedSessions)],
    },
  ];
  statements.push(...rowStatements(versions, marks));
  insert(statements, SESSIONS, sessions, putSession);
  return statements;
}

function putSession(values: Parameter[], session: SessionRow): void {
  values.push(
    session.client,
    session.sequence,
    session.asked,
    session.stamp,
    JSON.stringify(session.result),
  );
}

/** Rows of the state; those of a snapshot lie beyond what is applied until it is installed. */
export function rowStatements(
  versions: readonly Version[],
  marks: readonly Mark[],
): readonly Statement[] {
  const statements: Statement[] = [];
  insert(statements, VERSIONS, versions, (values, v) =>
    values.push(
      positionOf(v),
      v.key,
      v.field,
      v.timestamp,
      textOf(v.value),
      listMark(v.value),
      v.expiresAt,
      v.stamp,
      versionChecksum(v),
    ),
  );
  insert(statements, MARKS, marks, (values, { revision, stamp }) => values.push(revision, stamp));
  return statements;
}

/** Takes away rows of the revisions in (after, upTo]. */
export function dropStatements(after: LogIndex, upTo: LogIndex): readonly Statement[] {
  return [VERSION_ROWS, MARK_ROWS].map(({ table, key, lastOf }) => ({
    sql: `DELETE FROM "${table}" WHERE ${key} > ? AND ${key} <= ?`,
    parameters: [lastOf(after), lastOf(upTo)],
  }));
}

/** `put` adds the values of one row's columns. */
function insert<Row>(
  statements: Statement[],
  table: Table,
  rows: readonly Row[],
  put: (values: Parameter[], row: Row, at: number) => void,
): void {
  let at = 0;
  for (const size of SIZES) {
    while (rows.length - at >= size) {
      const parameters: Parameter[] = [];
      for (const end = at + size; at < end; at++) put(parameters, rows[at] as Row, at);
      statements.push({ sql: insertSql(table, size), parameters });
    }
  }
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
  return `INSERT INTO "${name}" (${names}) VALUES ${values} ${onConflict}`;
}
