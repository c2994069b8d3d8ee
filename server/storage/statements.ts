/**
 * The statements of the two busy writes: a log write, and a save of applied
 * state. Rows go in by the dozen, as the VALUES of one statement, and there are
 * few sizes of these, so that each is compiled once. Plain VALUES: SQLite would
 * copy every text once more for a SELECT of them. Values are bound as they are:
 * any text goes in.
 */
import type { KvChanges } from '../kv/types.ts';
import type { LogWrite } from '../ports/node-storage.ts';
import { versionChecksum } from './checksum.ts';
import type { Parameter, Statement } from './connection.ts';
import { positionOf } from './position.ts';

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
  columns: ['position', 'key', 'field', 'timestamp', 'value', 'expires_at', 'stamp', 'checksum'],
};
const MARKS: Table = { name: 'marks', columns: ['revision', 'stamp'] };
const SESSIONS: Table = {
  name: 'sessions',
  columns: ['client', 'sequence', 'asked', 'stamp', 'result'],
  onConflict:
    'ON CONFLICT ("client") DO UPDATE SET "sequence" = excluded."sequence", "asked" = excluded."asked", "stamp" = excluded."stamp", "result" = excluded."result"',
};

/** `checksums` has one for each appended entry. */
export function logStatements(
  { hardState, truncateFrom, append }: LogWrite,
  checksums: readonly number[],
): readonly Statement[] {
  const statements: Statement[] = [];
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
  return statements;
}

export function appliedStatements(changes: KvChanges): readonly Statement[] {
  const { versions, marks, sessions, droppedSessions } = changes;
  const statements: Statement[] = [
    {
      sql: `UPDATE "applied_state" SET "last_applied" = ?, "last_stamp" = ?, "state_hash" = ?`,
      parameters: [changes.lastApplied, changes.lastStamp, changes.stateHash],
    },
    {
      sql: 'DELETE FROM "sessions" WHERE "client" IN (SELECT "value" FROM json_each(?))',
      parameters: [JSON.stringify(droppedSessions)],
    },
  ];
  insert(statements, VERSIONS, versions, (values, v) =>
    values.push(
      positionOf(v),
      v.key,
      v.field,
      v.timestamp,
      v.value,
      v.expiresAt,
      v.stamp,
      versionChecksum(v),
    ),
  );
  insert(statements, MARKS, marks, (values, { revision, stamp }) => values.push(revision, stamp));
  insert(statements, SESSIONS, sessions, (values, session) =>
    values.push(
      session.client,
      session.sequence,
      session.asked,
      session.stamp,
      JSON.stringify(session.result),
    ),
  );
  return statements;
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
