/**
 * The statements of the two busy writes: a log write, and a save of applied
 * state. Rows go in by the dozen, as the VALUES of one statement, and there are
 * few sizes of these, so that each is compiled once. Values are bound as they
 * are: any text goes in.
 *
 * Every write carries the boot epoch of its store and does nothing when that is
 * no longer the present one.
 */
import type { KvChanges, Version } from '../kv/types.ts';
import type { LogWrite } from '../ports/node-storage.ts';
import { versionChecksum } from './checksum.ts';
import type { Parameter, Statement } from './connection.ts';
import { positionOf } from './position.ts';

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

/** `checksums` has one for each appended entry. */
export function logStatements(
  epoch: number,
  { hardState, truncateFrom, append }: LogWrite,
  checksums: readonly number[],
): readonly Statement[] {
  const statements: Statement[] = [];
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
  return statements;
}

export function appliedStatements(epoch: number, changes: KvChanges): readonly Statement[] {
  const { versions, marks, sessions, droppedSessions } = changes;
  return [
    {
      sql: `UPDATE "applied_state" SET "last_applied" = ?, "last_stamp" = ?, "state_hash" = ? WHERE ${IS_PRESENT_EPOCH}`,
      parameters: [changes.lastApplied, changes.lastStamp, changes.stateHash, epoch],
      mustChange: 1,
    },
    ...inserts(VERSIONS, versions.map(versionRow), epoch),
    ...inserts(
      MARKS,
      marks.map(({ revision, stamp }) => [revision, stamp]),
      epoch,
    ),
    {
      sql: 'DELETE FROM "sessions" WHERE "client" IN (SELECT "value" FROM json_each(?))',
      parameters: [JSON.stringify(droppedSessions)],
      mustChange: null,
    },
    ...inserts(
      SESSIONS,
      sessions.map(({ client, sequence, asked, stamp, result }) => [
        client,
        sequence,
        asked,
        stamp,
        JSON.stringify(result),
      ]),
      epoch,
    ),
  ];
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
