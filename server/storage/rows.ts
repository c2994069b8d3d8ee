/**
 * Reading the tables back: a page of thousands of rows comes as one JSON text,
 * which costs a fraction of what as many rows of a result would; what was read
 * is checked against its checksums.
 */
import { must } from '../base/assert.ts';
import type { FieldFloor, Mark, SessionRow, Version } from '../kv/types.ts';
import type { Entry, LogBase, LogIndex } from '../raft/types.ts';
import type { Connection } from './connection.ts';
import { floorChecksum, markChecksum, sessionChecksum } from './checksum.ts';
import { StorageError } from './errors.ts';
import { lastPositionOf, placeAt } from '../base/position.ts';
import { isSameTally, tallyRows } from './row-tally.ts';
import type { RowTally } from './row-tally.ts';
import { valueOf } from './stored-value.ts';
import { verifyEntry, verifyVersion, wrongVersion } from './verify.ts';

/** What is read from the database at a time, at most. */
interface PageSize {
  readonly rows: number;
  /** Text, unless a single row has more: a page is one string, and those end at some hundred MiB. */
  readonly bytes: number;
}

const PAGE: PageSize = { rows: 20_000, bytes: 32 * 1024 * 1024 };

type LogRow = [number, number, number, Entry['kind'], string, number];
export type VersionRow = [
  number,
  string,
  string,
  number,
  string | null,
  number,
  number | null,
  number,
  number,
];

const LOG: Source = {
  table: 'log_entries',
  key: '"index"',
  lastOf: (index) => index,
  revisionOf: (index) => index,
  row: 'json_array("index", "term", "stamp", "kind", "data", "checksum")',
  bytes: 'octet_length("data")',
};
export const VERSIONS: Source = {
  table: 'versions',
  key: '"position"',
  lastOf: lastPositionOf,
  revisionOf: (position) => placeAt(position).revision,
  row: 'json_array("position", "key", "field", "timestamp", "value", "is_list", "expires_at", "stamp", "checksum")',
  bytes: 'octet_length("key") + octet_length("field") + ifnull(octet_length("value"), 0)',
};
export const MARKS: Source = {
  table: 'marks',
  key: '"revision"',
  lastOf: (revision) => revision,
  revisionOf: (revision) => revision,
  row: 'json_array("revision", "stamp", "checksum")',
  bytes: '0',
};

type FloorRow = [number, string, string, number, number, number, number];
type StoredRow = [number, string, number, number, number, number, string, number];

/** By row number: their own keys are text. */
const BY_ROW = {
  key: '"rowid"',
  columns: '"rowid", *',
  lastOf: (row: number) => row,
  revisionOf: (row: number) => row,
};
const FLOORS: Source = {
  ...BY_ROW,
  table: 'field_floors',
  row: 'json_array("rowid", "key", "field", "timestamp", "revision", "op", "checksum")',
  bytes: 'octet_length("key") + octet_length("field")',
};
const SESSIONS: Source = {
  ...BY_ROW,
  table: 'sessions',
  row: 'json_array("rowid", "client", "sequence", "asked", "stamp", "clock", "result", "checksum")',
  bytes: 'octet_length("result")',
};

/** Reads the log, which continues the `base` of that checksum; throws StorageError `corrupt` for a gap or a checksum that does not continue. */
export function readLog(
  connection: Connection,
  base: LogBase,
  baseChecksum: number,
): { entries: Entry[]; checksums: number[] } {
  const entries: Entry[] = [];
  const checksums: number[] = [];
  for (const rows of pages<LogRow>(connection, LOG, base.index, Number.MAX_SAFE_INTEGER)) {
    for (const [index, term, stamp, kind, data, checksum] of rows) {
      const entry: Entry = { index, term, stamp, kind, data };
      const next = base.index + entries.length + 1;
      verifyEntry(entry, next, checksums[checksums.length - 1] ?? baseChecksum, checksum);
      entries.push(entry);
      checksums.push(checksum);
    }
  }
  return { entries, checksums };
}

/** The versions at positions in (after, last]; throws StorageError `corrupt`. */
export function* versionRows(
  connection: Connection,
  after: number,
  last: number,
  page = PAGE,
): Generator<Version> {
  for (const rows of pages<VersionRow>(connection, VERSIONS, after, last, page))
    for (const row of rows) yield versionOf(row);
}

/** Throws StorageError `corrupt` when the row is not what was written. */
export function versionOf(row: VersionRow): Version {
  const [position, key, field, timestamp, text, mark, expiresAt, stamp, checksum] = row;
  const { revision, op } = placeAt(position);
  let value: Version['value'];
  try {
    value = valueOf(text, mark);
  } catch (error) {
    throw wrongVersion({ revision, op }, error);
  }
  const version: Version = { key, field, timestamp, revision, op, value, expiresAt, stamp };
  verifyVersion(version, checksum);
  return version;
}

export type MarkRow = [revision: number, stamp: number, checksum: number];

export function readMarks(connection: Connection, upTo: LogIndex): Mark[] {
  const marks: Mark[] = [];
  for (const rows of pages<MarkRow>(connection, MARKS, 0, upTo))
    for (const row of rows) marks.push(markOf(row));
  return marks;
}

/** Throws StorageError `corrupt` when the row is not what was written. */
export function markOf([revision, stamp, checksum]: MarkRow): Mark {
  const mark = { revision, stamp };
  if (markChecksum(mark) !== checksum)
    throw new StorageError('corrupt', `marks: checksum of revision ${revision} is wrong`);
  return mark;
}

/** All floors; throws StorageError `corrupt` when they are not those of the tally. Null: an earlier version did not count them. */
export function readFloors(connection: Connection, tally: RowTally | null): FieldFloor[] {
  const floors: FieldFloor[] = [];
  const checksums: number[] = [];
  for (const rows of pages<FloorRow>(connection, FLOORS, 0, Number.MAX_SAFE_INTEGER)) {
    for (const [, key, field, timestamp, revision, op, stored] of rows) {
      const floor = { key, field, oldest: { timestamp, revision, op } };
      const checksum = floorChecksum(floor);
      if (tally !== null && checksum !== stored)
        throw new StorageError(
          'corrupt',
          `field_floors: checksum of row "${key}" "${field}" is wrong`,
        );
      checksums.push(checksum);
      floors.push(floor);
    }
  }
  verifyTally('field_floors', checksums, tally);
  return floors;
}

/** All sessions, the longest idle first; as {@link readFloors}. */
export function readSessions(connection: Connection, tally: RowTally | null): SessionRow[] {
  const sessions: SessionRow[] = [];
  const checksums: number[] = [];
  for (const rows of pages<StoredRow>(connection, SESSIONS, 0, Number.MAX_SAFE_INTEGER)) {
    for (const [, client, sequence, asked, stamp, clock, result, stored] of rows) {
      const session = { client, sequence, asked, stamp, clock };
      const checksum = sessionChecksum(session, result);
      if (tally !== null && checksum !== stored)
        throw new StorageError('corrupt', `sessions: checksum of row "${client}" is wrong`);
      checksums.push(checksum);
      sessions.push({ ...session, result: parseResult(client, result) });
    }
  }
  verifyTally('sessions', checksums, tally);
  return sessions.sort((a, b) => a.stamp - b.stamp);
}

function verifyTally(table: string, checksums: readonly number[], kept: RowTally | null): void {
  if (kept === null) return;
  const found = tallyRows(checksums);
  if (found.count !== kept.count)
    throw new StorageError('corrupt', `${table}: there are ${found.count} rows of ${kept.count}`);
  if (!isSameTally(found, kept))
    throw new StorageError(
      'corrupt',
      `${table}: of ${found.count} rows, some are not as they were last written`,
    );
}

function parseResult(client: string, text: string): SessionRow['result'] {
  try {
    return JSON.parse(text) as SessionRow['result'];
  } catch (error) {
    throw new StorageError('corrupt', `sessions: the result of row "${client}" is damaged`, error);
  }
}

/** A table that is read whole, a page at a time, in the order of its key. */
export interface Source {
  readonly table: string;
  /** The column, in SQL; the first of each row. */
  readonly key: string;
  /** The greatest key that a row of this revision may have. */
  readonly lastOf: (revision: LogIndex) => number;
  readonly revisionOf: (key: number) => LogIndex;
  /** Those that `row` needs, in SQL; all when left out. */
  readonly columns?: string;
  /** One row as JSON, in SQL. */
  readonly row: string;
  /** Length of the text in a row, in SQL, without reading it. */
  readonly bytes: string;
}

/** All rows with keys in (after, last], in pages of that size. */
function* pages<Row extends readonly [key: number, ...rest: unknown[]]>(
  connection: Connection,
  source: Source,
  after: number,
  last: number,
  size = PAGE,
): Generator<Row[]> {
  let from = after;
  let limit = size.rows;
  for (;;) {
    const most = { ...size, rows: Math.min(size.rows, limit * 2) };
    limit = fittingRows(connection, source, from, last, most);
    const page = connection.textOf(
      `SELECT json_group_array(${source.row}) AS "value" FROM (${next(source.columns ?? '*', source)})`,
      [from, last, limit],
    );
    const rows = JSON.parse(page) as Row[];
    yield rows;
    if (rows.length < limit) return;
    [from] = must(rows[rows.length - 1], 'the page is full');
  }
}

function fittingRows(
  connection: Connection,
  source: Source,
  from: number,
  last: number,
  most: PageSize,
): number {
  for (let limit = most.rows; limit > 1; limit = Math.ceil(limit / 2)) {
    const bytes = connection.numberOf(
      `SELECT total("bytes") AS "value" FROM (${next(`${source.bytes} AS "bytes"`, source)})`,
      [from, last, limit],
    );
    if (bytes <= most.bytes) return limit;
  }
  return 1;
}

function next(columns: string, { table, key }: Source): string {
  return `SELECT ${columns} FROM "${table}" WHERE ${key} > ? AND ${key} <= ? ORDER BY ${key} LIMIT ?`;
}
