/**
 * Reading the tables back: a page of thousands of rows comes as one JSON text,
 * which costs a fraction of what as many rows of a result would; what was read
 * is checked against its checksums.
 */
import type { PrismaClient } from '../../prisma/generated/client.ts';
import { must } from '../base/assert.ts';
import type { FieldFloor, Mark, SessionRow, Version } from '../kv/types.ts';
import type { Entry, LogBase, LogIndex } from '../raft/types.ts';
import { StorageError } from './errors.ts';
import { lastPositionOf, placeAt } from '../base/position.ts';
import { valueOf } from './stored-value.ts';
import { verifyEntry, verifyVersion, wrongVersion } from './verify.ts';

/** Rows read from the database at a time, at most. */
const PAGE_ROWS = 20_000;
/** Text in one page, unless a single row has more: a page is one string, and those end at some hundred MiB. */
const PAGE_BYTES = 32 * 1024 * 1024;

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
  row: 'json_array("revision", "stamp")',
  bytes: '0',
};

/** Reads the log, which continues the `base` of that checksum; throws StorageError `corrupt` for a gap or a checksum that does not continue. */
export async function readLog(
  prisma: PrismaClient,
  base: LogBase,
  baseChecksum: number,
): Promise<{ entries: Entry[]; checksums: number[] }> {
  const entries: Entry[] = [];
  const checksums: number[] = [];
  for await (const rows of pages<LogRow>(prisma, LOG, base.index, Number.MAX_SAFE_INTEGER)) {
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

/** Reads every version of the revisions up to `upTo`, in order of (revision, op); throws StorageError `corrupt`. */
export async function readVersions(prisma: PrismaClient, upTo: LogIndex): Promise<Version[]> {
  const versions: Version[] = [];
  for await (const rows of pages<VersionRow>(prisma, VERSIONS, 0, upTo)) {
    for (const row of rows) versions.push(versionOf(row));
  }
  return versions;
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

export async function readMarks(prisma: PrismaClient, upTo: LogIndex): Promise<Mark[]> {
  const marks: Mark[] = [];
  for await (const rows of pages<[number, number]>(prisma, MARKS, 0, upTo))
    for (const [revision, stamp] of rows) marks.push({ revision, stamp });
  return marks;
}

export async function readFloors(prisma: PrismaClient): Promise<FieldFloor[]> {
  const rows = await prisma.fieldFloor.findMany({ orderBy: [{ key: 'asc' }, { field: 'asc' }] });
  return rows.map(({ key, field, timestamp, revision, op }) => ({
    key,
    field,
    oldest: { timestamp: Number(timestamp), revision, op },
  }));
}

export async function readSessions(prisma: PrismaClient): Promise<SessionRow[]> {
  const rows = await prisma.session.findMany({ orderBy: [{ stamp: 'asc' }, { client: 'asc' }] });
  return rows.map(({ client, sequence, asked, stamp, clock, result }) => ({
    client,
    sequence: Number(sequence),
    asked: Number(asked),
    stamp: Number(stamp),
    clock: Number(clock),
    result: parseResult(client, result),
  }));
}

export function parseResult(client: string, text: string): SessionRow['result'] {
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
  /** One row as JSON, in SQL. */
  readonly row: string;
  /** Length of the text in a row, in SQL, without reading it. */
  readonly bytes: string;
}

/** All rows of the revisions in (after, upTo], in pages of at most PAGE_ROWS rows and, while a row fits at all, PAGE_BYTES. */
async function* pages<Row extends readonly [key: number, ...rest: unknown[]]>(
  prisma: PrismaClient,
  source: Source,
  after: LogIndex,
  upTo: LogIndex,
): AsyncGenerator<Row[]> {
  const last = source.lastOf(upTo);
  let from = source.lastOf(after);
  let limit = PAGE_ROWS;
  for (;;) {
    limit = await fittingRows(prisma, source, from, last, Math.min(PAGE_ROWS, limit * 2));
    const [result] = await prisma.$queryRawUnsafe<{ page: string }[]>(
      `SELECT json_group_array(${source.row}) AS "page" FROM (${next('*', source, limit)})`,
      from,
      last,
    );
    const rows = JSON.parse(must(result, 'an aggregate has one row').page) as Row[];
    yield rows;
    if (rows.length < limit) return;
    [from] = must(rows[rows.length - 1], 'the page is full');
  }
}

async function fittingRows(
  prisma: PrismaClient,
  source: Source,
  from: number,
  last: number,
  most: number,
): Promise<number> {
  for (let limit = most; limit > 1; limit = Math.ceil(limit / 2)) {
    const [sum] = await prisma.$queryRawUnsafe<{ bytes: number }[]>(
      `SELECT total("bytes") AS "bytes" FROM (${next(`${source.bytes} AS "bytes"`, source, limit)})`,
      from,
      last,
    );
    if (must(sum, 'an aggregate has one row').bytes <= PAGE_BYTES) return limit;
  }
  return 1;
}

function next(columns: string, { table, key }: Source, limit: number): string {
  return `SELECT ${columns} FROM "${table}" WHERE ${key} > ? AND ${key} <= ? ORDER BY ${key} LIMIT ${limit}`;
}
