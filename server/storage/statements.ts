/**
 * The statements of the two busy writes: a log write, and a save of applied
 * state. Rows go in by the dozen, as the VALUES of one statement, and there are
 * few sizes of these, so that each is compiled once. Plain VALUES: SQLite would
 * copy every text once more for a SELECT of them. Values are bound as they are:
 * any text goes in.
 */
import type { KeptVersions, KvChanges } from '../kv/types.ts';
import type { LogWrite, Rows } from '../ports/node-storage.ts';
import type { LogIndex } from '../raft/types.ts';
import { updateAppliedRow } from './applied-row.ts';
import { markChecksum, markChecksumSql, versionChecksum } from './checksum.ts';
import type { Parameter, Statement } from './connection.ts';
import { updateNodeRow } from './node-row.ts';
import type { NodeRow } from './node-row.ts';
import type { Installed, StateTallies, StoredFloor, StoredSession } from './stored-rows.ts';
import { lastPositionOf, positionOf } from '../base/position.ts';
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
const MARKS: Table = { name: 'marks', columns: ['revision', 'stamp', 'checksum'] };
const FLOORS: Table = {
  name: 'field_floors',
  columns: ['key', 'field', 'timestamp', 'revision', 'op', 'checksum'],
  onConflict:
    'ON CONFLICT ("key", "field") DO UPDATE SET "timestamp" = excluded."timestamp", "revision" = excluded."revision", "op" = excluded."op", "checksum" = excluded."checksum"',
};
const SESSIONS: Table = {
  name: 'sessions',
  columns: ['client', 'sequence', 'asked', 'stamp', 'clock', 'result', 'checksum'],
  onConflict:
    'ON CONFLICT ("client") DO UPDATE SET "sequence" = excluded."sequence", "asked" = excluded."asked", "stamp" = excluded."stamp", "clock" = excluded."clock", "result" = excluded."result", "checksum" = excluded."checksum"',
};

/** `checksums` has one for each appended entry; `before` and `after` are the node's row now and when all is done. */
export function logStatements(
  { truncateFrom, append, base }: LogWrite,
  install: Installed | null,
  checksums: readonly number[],
  before: NodeRow,
  after: NodeRow,
): readonly Statement[] {
  const statements: Statement[] = [];
  if (install !== null) pushInstall(statements, install);
  statements.push(updateNodeRow(after, before));
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
  if (base !== null)
    statements.push({
      sql: 'DELETE FROM "log_entries" WHERE "index" <= ?',
      parameters: [base.index],
    });
  return statements;
}

/** The staged rows are the state from now on, and the log begins anew after it. */
function pushInstall(statements: Statement[], { kv, kept, ...rows }: Installed): void {
  pushKeep(statements, kv.retention.horizon.revision, kept);
  statements.push(
    updateAppliedRow(kv, rows.tallies),
    { sql: 'DELETE FROM "log_entries"', parameters: [] },
    { sql: 'DELETE FROM "field_floors"', parameters: [] },
    { sql: 'DELETE FROM "sessions"', parameters: [] },
  );
  insert(statements, FLOORS, rows.floors, putFloor);
  insert(statements, SESSIONS, rows.sessions, putSession);
}

/** Of the versions up to `upTo`, nothing else stays. Revisions after the horizon that have none left leave a mark. */
function pushKeep(
  statements: Statement[],
  horizon: LogIndex,
  { upTo, positions }: KeptVersions,
): void {
  if (upTo === 0) return;
  const revision = `"position" / ${lastPositionOf(0) + 1}`;
  const counted = '"position" > ? AND "position" <= ?';
  const places = [lastPositionOf(horizon), lastPositionOf(upTo)];
  statements.push(
    {
      sql: `INSERT OR IGNORE INTO "marks" ("revision", "stamp", "checksum") SELECT ${revision}, "stamp", ${markChecksumSql(revision, '"stamp"')} FROM "versions" WHERE ${counted}`,
      parameters: places,
    },
    {
      sql: 'DELETE FROM "versions" WHERE "position" <= ? AND "position" NOT IN (SELECT "value" FROM json_each(?))',
      parameters: [lastPositionOf(upTo), JSON.stringify(positions)],
    },
    {
      sql: `DELETE FROM "marks" WHERE "revision" <= ? OR "revision" IN (SELECT ${revision} FROM "versions" WHERE ${counted})`,
      parameters: [horizon, ...places],
    },
  );
}

/** `sessions` and `floors` are those of the changes, `tallies` those of the state after them. */
export function appliedStatements(
  changes: KvChanges,
  sessions: readonly StoredSession[],
  floors: readonly StoredFloor[],
  tallies: StateTallies,
): readonly Statement[] {
  const statements: Statement[] = [
    updateAppliedRow(changes, tallies),
    {
      sql: 'DELETE FROM "sessions" WHERE "client" IN (SELECT "value" FROM json_each(?))',
      parameters: [JSON.stringify(changes.droppedSessions)],
    },
  ];
  for (const { key, field } of changes.droppedFloors)
    statements.push({
      sql: 'DELETE FROM "field_floors" WHERE "key" = ? AND "field" = ?',
      parameters: [key, field],
    });
  insert(statements, FLOORS, floors, putFloor);
  statements.push(...rowStatements(changes));
  // Some may have been written and dropped since the last save.
  if (changes.dropped.length > 0)
    statements.push({
      sql: 'DELETE FROM "versions" WHERE "position" IN (SELECT "value" FROM json_each(?))',
      parameters: [JSON.stringify(changes.dropped.map(positionOf))],
    });
  const { revision: horizon } = changes.retention.horizon;
  if (horizon > 0)
    statements.push({ sql: 'DELETE FROM "marks" WHERE "revision" <= ?', parameters: [horizon] });
  insert(statements, SESSIONS, sessions, putSession);
  return statements;
}

function putFloor(values: Parameter[], { key, field, oldest, checksum }: StoredFloor): void {
  values.push(key, field, oldest.timestamp, oldest.revision, oldest.op, checksum);
}

function putSession(values: Parameter[], session: StoredSession): void {
  values.push(
    session.client,
    session.sequence,
    session.asked,
    session.stamp,
    session.clock,
    session.result,
    session.checksum,
  );
}

/** Rows of the state; those of a snapshot lie beyond what is applied until it is installed. */
export function rowStatements({
  versions,
  marks,
}: Pick<Rows, 'versions' | 'marks'>): readonly Statement[] {
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
  insert(statements, MARKS, marks, (values, mark) =>
    values.push(mark.revision, mark.stamp, markChecksum(mark)),
  );
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
