/**
 * Rows as they travel to and from the database: a whole batch in one parameter
 * or one result, which is what makes a transaction of a thousand rows cost
 * little more than one of ten. The two busiest tables take packed rows of
 * fixed-width columns: SQLite cuts those apart several times faster than it
 * looks into JSON.
 */
import type { PrismaClient } from '../../prisma/generated/client.ts';
import { assert } from '../base/assert.ts';
import type { KvChanges, Mark, SessionRow, Version } from '../kv/types.ts';
import type { Entry } from '../raft/types.ts';
import { entryChecksum, versionChecksum } from './checksum.ts';
import { StorageError } from './errors.ts';

/** Rows read from the database at a time. */
const PAGE_ROWS = 20_000;

type LogRow = [number, number, number, Entry['kind'], string, number];
type VersionRow = [
  number,
  number,
  string,
  string,
  number,
  Version['kind'],
  string | null,
  number | null,
  number,
  number,
];

const LETTER = { command: 'c', noop: 'n', confChange: 'f' } as const;

/** An entry as the trigger `apply_log_write` takes it apart. */
export function packEntry(entry: Entry, checksum: number): string {
  return (
    pad(entry.term, 10) + pad(entry.stamp, 16) + pad(checksum, 10) + LETTER[entry.kind] + entry.data
  );
}

/** Versions as the trigger `apply_applied_write` takes them apart. */
export function versionRows(versions: readonly Version[]): string {
  return JSON.stringify(versions.map(packVersion));
}

function packVersion(v: Version): string {
  return (
    pad(v.revision, 16) +
    pad(v.op, 3) +
    pad(v.timestamp, 15) +
    (v.kind === 'delete' ? 'd' : 's') +
    (v.expiresAt === null ? BLANK : pad(v.expiresAt, 15)) +
    pad(v.stamp, 16) +
    pad(versionChecksum(v), 10) +
    pad(Buffer.byteLength(v.key), 4) +
    pad(Buffer.byteLength(v.field), 4) +
    v.key +
    v.field +
    (v.value ?? '')
  );
}

const BLANK = ' '.repeat(15);

function pad(value: number, width: number): string {
  const digits = String(value);
  assert(digits.length <= width, 'a number fits its column');
  return digits.padStart(width, ' ');
}

export function markRows(marks: KvChanges['marks']): string {
  return JSON.stringify(marks.map((mark) => [mark.revision, mark.stamp]));
}

export function sessionRows(sessions: KvChanges['sessions']): string {
  return JSON.stringify(
    sessions.map((row) => [row.client, row.sequence, row.stamp, JSON.stringify(row.result)]),
  );
}

/** Reads the log; throws StorageError `corrupt` for a gap or a checksum that does not continue. */
export async function readLog(
  prisma: PrismaClient,
): Promise<{ entries: Entry[]; checksums: number[] }> {
  const entries: Entry[] = [];
  const checksums: number[] = [];
  const sql = page(
    'json_array("index", "term", "stamp", "kind", "data", "checksum")',
    `SELECT * FROM "log_entries" WHERE "index" > ? ORDER BY "index" LIMIT ${PAGE_ROWS}`,
  );
  for (;;) {
    const last = entries[entries.length - 1];
    const rows = await readPage<LogRow>(prisma, sql, last?.index ?? 0);
    for (const [index, term, stamp, kind, data, checksum] of rows) {
      const entry: Entry = { index, term, stamp, kind, data };
      if (index !== entries.length + 1) {
        throw new StorageError('corrupt', `log_entries: row ${entries.length + 1} is missing`);
      }
      if (entryChecksum(entry, checksums[checksums.length - 1] ?? 0) !== checksum) {
        throw new StorageError('corrupt', `log_entries: checksum of row ${index} is wrong`);
      }
      entries.push(entry);
      checksums.push(checksum);
    }
    if (rows.length < PAGE_ROWS) return { entries, checksums };
  }
}

/** Reads every version in order of (revision, op); throws StorageError `corrupt`. */
export async function readVersions(prisma: PrismaClient): Promise<Version[]> {
  const versions: Version[] = [];
  const sql = page(
    'json_array("revision", "op", "key", "field", "timestamp", "kind", "value", "expires_at", "stamp", "checksum")',
    `SELECT * FROM "versions" WHERE ("revision", "op") > (?, ?) ORDER BY "revision", "op" LIMIT ${PAGE_ROWS}`,
  );
  for (;;) {
    const last = versions[versions.length - 1];
    const rows = await readPage<VersionRow>(prisma, sql, last?.revision ?? 0, last?.op ?? -1);
    for (const [
      revision,
      op,
      key,
      field,
      timestamp,
      kind,
      value,
      expiresAt,
      stamp,
      checksum,
    ] of rows) {
      const version: Version = {
        key,
        field,
        timestamp,
        revision,
        op,
        kind,
        value,
        expiresAt,
        stamp,
      };
      if (versionChecksum(version) !== checksum) {
        throw new StorageError(
          'corrupt',
          `versions: checksum of revision ${revision} op ${op} is wrong`,
        );
      }
      versions.push(version);
    }
    if (rows.length < PAGE_ROWS) return versions;
  }
}

export async function readMarks(prisma: PrismaClient): Promise<Mark[]> {
  const marks: Mark[] = [];
  const sql = page(
    'json_array("revision", "stamp")',
    `SELECT * FROM "marks" WHERE "revision" > ? ORDER BY "revision" LIMIT ${PAGE_ROWS}`,
  );
  for (;;) {
    const rows = await readPage<[number, number]>(
      prisma,
      sql,
      marks[marks.length - 1]?.revision ?? 0,
    );
    for (const [revision, stamp] of rows) marks.push({ revision, stamp });
    if (rows.length < PAGE_ROWS) return marks;
  }
}

export async function readSessions(prisma: PrismaClient): Promise<SessionRow[]> {
  const sql = page(
    'json_array("client", "sequence", "stamp", "result")',
    'SELECT * FROM "sessions" ORDER BY "stamp"',
  );
  const rows = await readPage<[string, number, number, string]>(prisma, sql);
  return rows.map(([client, sequence, stamp, result]) => ({
    client,
    sequence,
    stamp,
    result: JSON.parse(result) as SessionRow['result'],
  }));
}

function page(row: string, from: string): string {
  return `SELECT json_group_array(${row}) AS "page" FROM (${from})`;
}

async function readPage<Row>(
  prisma: PrismaClient,
  sql: string,
  ...after: (number | string)[]
): Promise<Row[]> {
  const [result] = await prisma.$queryRawUnsafe<{ page: string }[]>(sql, ...after);
  // json_array nests its JSON when it knows the value to be JSON: here every element is an array of scalars.
  return JSON.parse(result?.page ?? '[]') as Row[];
}
