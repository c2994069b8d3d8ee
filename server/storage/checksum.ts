/**
 * Checksums of stored rows: CRC-32 over a row's text. A log row's continues
 * from the row before it, so that a row which is whole but out of place, or a
 * gap, shows too. SQLite's own checks notice neither (it returns a flipped byte
 * of a row as truth).
 */
import { crc32 } from 'node:zlib';
import type { Entry } from '../raft/types.ts';
import type { Version } from '../kv/types.ts';
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
