/**
 * Checksums of stored rows: CRC-32 over a row's text. A log row's continues
 * from the row before it, so that a row which is whole but out of place, or a
 * gap, shows too. SQLite's own checks notice neither (it returns a flipped byte
 * of a row as truth).
 */
import { crc32 } from 'node:zlib';
import type { Entry } from '../raft/types.ts';
import type { FieldFloor, Mark, SessionRow, Version } from '../kv/types.ts';
import { listMark, textOf } from './stored-value.ts';

/** Checksum of an entry that follows one with checksum `previous` (0 before the first). */
export function entryChecksum(entry: Entry, previous: number): number {
  return crc32(`${entry.index} ${entry.term} ${entry.stamp} ${entry.kind} ${entry.data}`, previous);
}

/** Lengths go in, so that no two rows of different columns read alike. */
export function versionChecksum(v: Version): number {
  return crc32(
    `${v.revision} ${v.op} ${v.timestamp} ${listMark(v.value)} ${v.expiresAt} ${v.stamp} ${v.key.length} ${v.field.length} ${v.key}${v.field}${textOf(v.value)}`,
  );
}

/** `result` is the text that is stored. */
export function sessionChecksum(
  { client, sequence, asked, stamp, clock }: Omit<SessionRow, 'result'>,
  result: string,
): number {
  return crc32(`${sequence} ${asked} ${stamp} ${clock} ${client.length} ${client}${result}`);
}

export function floorChecksum({ key, field, oldest }: FieldFloor): number {
  const { timestamp, revision, op } = oldest;
  return crc32(`${timestamp} ${revision} ${op} ${key.length} ${field.length} ${key}${field}`);
}

/** Prime: no single bit of a stamp makes a multiple of it. */
const MARK_MODULUS = 2_147_483_647;
const MARK_FACTOR = 1_000_003;

/** In arithmetic that SQL has too: some marks are made there ({@link markChecksumSql}). */
export function markChecksum({ revision, stamp }: Mark): number {
  return ((revision % MARK_MODULUS) * MARK_FACTOR + (stamp % MARK_MODULUS)) % MARK_MODULUS;
}

/** `revision` and `stamp` are SQL. */
export function markChecksumSql(revision: string, stamp: string): string {
  return `((${revision}) % ${MARK_MODULUS} * ${MARK_FACTOR} + (${stamp})) % ${MARK_MODULUS}`;
}

/** Of a row that stands alone, by its columns in a fixed order. */
export function rowChecksum(columns: readonly (string | number | null)[]): number {
  return crc32(JSON.stringify(columns));
}
