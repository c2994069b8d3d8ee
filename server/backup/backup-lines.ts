/**
 * The file of a backup, version 1: lines of JSON that a person can read.
 *
 *     {"format":"chronoraft-backup","version":1,…,"at":…,"asOf":…}    see `BackupHeader`
 *     [key, field, timestamp, revision, op, value, expiresAt, stamp]  one for each version
 *     …
 *     {"chunk":1,"versions":1000,"sha256":…}                          after each chunk of them
 *     …
 *     {"end":true,"chunks":7,"versions":6200,"sha256":…}              the last line
 *
 * A value is text or a list of texts, null in a tombstone; `expiresAt` is null
 * where it never does. Versions are sorted by the UTF-8 of key and field, then by
 * timestamp, revision, op; a chunk has at most 1,000. Its sum is that of all lines
 * since the mark before it, of the first one since the beginning; the last line's
 * is of all before it. So damage is found and located, and a file that was cut has
 * no end.
 */
import { createHash } from 'node:crypto';
import type { BackupHeader } from '../../contracts/backup.ts';
import type { Version } from '../kv/types.ts';

/** The checksums of a file as its lines go by, of those written and of those read. */
export class BackupSums {
  chunks = 0;
  versions = 0;
  private readonly whole = createHash('sha256');
  private chunk = createHash('sha256');

  /** A line, or several, with the line feeds. */
  add(text: string | Buffer): void {
    this.whole.update(text);
    this.chunk.update(text);
  }

  /** Ends the chunk with its mark, which belongs to the whole alone. */
  endChunk(versions: number): string {
    this.chunks++;
    this.versions += versions;
    const mark = { chunk: this.chunks, versions, sha256: this.chunk.digest('hex') };
    this.chunk = createHash('sha256');
    const line = lineOf(mark);
    this.whole.update(line);
    return line;
  }

  /** The last line. */
  end(): string {
    const { chunks, versions } = this;
    return lineOf({ end: true, chunks, versions, sha256: this.whole.digest('hex') });
  }
}

export function headerLine(header: BackupHeader): string {
  return lineOf(header);
}

export function versionLine(version: Version): string {
  const { key, field, timestamp, revision, op, value, expiresAt, stamp } = version;
  return lineOf([key, field, timestamp, revision, op, value, expiresAt, stamp]);
}

function lineOf(content: object): string {
  return `${JSON.stringify(content)}\n`;
}
