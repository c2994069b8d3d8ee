/**
 * Reads the file of a backup and believes nothing of it: every checksum, the
 * order, and the limits of every name and value. A chunk is looked into when its
 * checksum is right, so that damage is told as damage, and where. Memory is
 * bounded by the longest chunk that a backup may have.
 */
import { isUtf8 } from 'node:buffer';
import { createReadStream } from 'node:fs';
import * as z from 'zod';
import { BackupHeader } from '../../contracts/backup.ts';
import { LIMITS } from '../../contracts/kv.ts';
import { compareCells } from '../kv/bytes-order.ts';
import type { Value, Version } from '../kv/types.ts';
import { BackupSums } from './backup-lines.ts';

/** A value of 1 MiB, each unit of it escaped in JSON as six characters, and its names. */
const MAX_LINE_BYTES = 8 * 1024 * 1024;
/** A page of an answer has 4 Mi characters and one value more, each three bytes or escaped as six. */
const MAX_CHUNK_BYTES = 64 * 1024 * 1024;
/** Taken from the file at once. */
const READ_BYTES = 256 * 1024;
const LINE_FEED = 0x0a;
const BRACKET = 0x5b;

/** The file is not a whole backup; the message says where and why. */
export class BackupFileError extends Error {
  override readonly name = 'BackupFileError';
  /** Counted from 1. */
  readonly line: number;

  constructor(line: number, why: string) {
    super(`line ${line}: ${why}`);
    this.line = line;
  }
}

/** A chunk of the file, in its order; never empty. */
export type Chunk = readonly Version[];

/** What the whole file was, known at its end. */
export interface Whole {
  readonly header: BackupHeader;
  readonly versions: number;
}

/** Gives the chunks, and ends when the file was whole. Throws {@link BackupFileError}. */
export async function* readBackup(file: string): AsyncGenerator<Chunk, Whole> {
  const reader = new Reader();
  for await (const lines of linesOf(file)) {
    for (const line of lines) {
      const chunk = reader.take(line);
      if (chunk !== null) yield chunk;
    }
  }
  return reader.finish();
}

/** The lines with their line feeds, some at a time. */
async function* linesOf(file: string): AsyncGenerator<readonly Buffer[]> {
  let rest: Buffer = Buffer.alloc(0);
  let count = 0;
  for await (const bytes of createReadStream(file, { highWaterMark: READ_BYTES })) {
    rest = rest.length === 0 ? (bytes as Buffer) : Buffer.concat([rest, bytes as Buffer]);
    const lines: Buffer[] = [];
    let start = 0;
    for (let end = rest.indexOf(LINE_FEED); end !== -1; end = rest.indexOf(LINE_FEED, start)) {
      lines.push(rest.subarray(start, end + 1));
      start = end + 1;
    }
    rest = rest.subarray(start);
    count += lines.length;
    yield lines;
    if (rest.length > MAX_LINE_BYTES) throw new BackupFileError(count + 1, 'is too long');
  }
  if (rest.length > 0) throw new BackupFileError(count + 1, 'is cut off: the file is incomplete');
}

class Reader {
  private line = 0;
  private header: BackupHeader | null = null;
  private readonly sums = new BackupSums();
  /** Lines of versions since the last mark. */
  private chunk: Buffer[] = [];
  private chunkBytes = 0;
  private previous: Version | null = null;
  private ended = false;

  take(line: Buffer): Chunk | null {
    this.line++;
    if (this.ended) throw this.wrong('the file goes on after its end');
    if (this.header === null) {
      this.header = this.readHeader(line);
      this.sums.add(line);
      return null;
    }
    if (line[0] === BRACKET) {
      this.sums.add(line);
      this.chunk.push(line);
      this.chunkBytes += line.length;
      if (this.chunk.length > LIMITS.pageSize || this.chunkBytes > MAX_CHUNK_BYTES)
        throw this.wrong('the chunk is too long');
      return null;
    }
    return this.takeMark(line, this.header);
  }

  finish(): Whole {
    if (this.header === null) throw new BackupFileError(1, 'the file is empty');
    if (!this.ended) throw new BackupFileError(this.line + 1, 'is missing: the file is incomplete');
    return { header: this.header, versions: this.sums.versions };
  }

  private takeMark(line: Buffer, header: BackupHeader): Chunk | null {
    const text = line.toString();
    if (text.startsWith('{"end"')) {
      if (this.chunk.length > 0) throw this.wrong('the mark of the last chunk is missing');
      if (text !== this.sums.end())
        throw this.wrong('the file as a whole is damaged: its checksum is another');
      this.ended = true;
      return null;
    }
    const number = this.sums.chunks + 1;
    const first = this.line - this.chunk.length;
    const mark = ChunkMark.safeParse(jsonOf(line));
    if (!mark.success) throw this.wrong('is no version, and no mark of a chunk');
    if (mark.data.chunk !== number)
      throw this.wrong(`chunk ${mark.data.chunk} stands where chunk ${number} belongs`);
    if (this.chunk.length === 0 || text !== this.sums.endChunk(this.chunk.length))
      throw this.wrong(
        `chunk ${number}, which begins at line ${first}, is damaged: its checksum is another`,
      );
    const versions = this.chunk.map((each, i) => this.readVersion(each, first + i, header));
    this.chunk = [];
    this.chunkBytes = 0;
    return versions;
  }

  private readHeader(line: Buffer): BackupHeader {
    const header = BackupHeader.safeParse(jsonOf(line));
    if (!header.success) throw this.wrong('is not the first line of a backup of version 1');
    const { prefix } = header.data;
    if (prefix !== null && !isWellFormed(prefix)) throw this.wrong('the prefix is not well-formed');
    return header.data;
  }

  private readVersion(line: Buffer, number: number, header: BackupHeader): Version {
    const version = versionOf(jsonOf(line));
    if (typeof version === 'string')
      throw new BackupFileError(number, `is no version: ${version} is not as it must be`);
    const why = whyWrong(version, header, this.previous);
    if (why !== null) throw new BackupFileError(number, why);
    this.previous = version;
    return version;
  }

  private wrong(why: string): BackupFileError {
    return new BackupFileError(this.line, why);
  }
}

const ChunkMark = z.strictObject({
  chunk: z.number().int(),
  versions: z.number().int(),
  sha256: z.string(),
});

/** The version, or which of its places is not as it must be. */
function versionOf(places: unknown): Version | string {
  if (!Array.isArray(places) || places.length !== 8) return 'its form';
  const [key, field, timestamp, revision, op, value, expiresAt, stamp] =
    places as readonly unknown[];
  if (!isName(key)) return 'key';
  if (!isName(field)) return 'field';
  if (!isCount(timestamp, LIMITS.timestampMs)) return 'timestamp';
  if (!isCount(revision)) return 'revision';
  if (!isCount(op)) return 'op';
  if (value !== null && !isValue(value)) return 'value';
  if (expiresAt !== null && !isCount(expiresAt, LIMITS.timestampMs)) return 'expiresAt';
  if (!isCount(stamp)) return 'stamp';
  return { key, field, timestamp, revision, op, value, expiresAt, stamp };
}

function isName(name: unknown): name is string {
  return typeof name === 'string' && name !== '' && isText(name, LIMITS.nameBytes);
}

function isCount(count: unknown, most: number = Number.MAX_SAFE_INTEGER): count is number {
  return Number.isSafeInteger(count) && (count as number) >= 0 && (count as number) <= most;
}

function isValue(value: unknown): value is Value {
  if (typeof value === 'string') return isText(value, LIMITS.valueBytes);
  if (!Array.isArray(value) || value.length > LIMITS.listItems) return false;
  let bytes = 0;
  for (const item of value as readonly unknown[]) {
    if (typeof item !== 'string' || !isText(item, LIMITS.valueBytes)) return false;
    bytes += Buffer.byteLength(item);
  }
  return bytes <= LIMITS.valueBytes;
}

function isText(text: string, mostBytes: number): boolean {
  return isWellFormed(text) && Buffer.byteLength(text) <= mostBytes;
}

/** What the line alone does not tell. */
function whyWrong(version: Version, header: BackupHeader, previous: Version | null): string | null {
  const { key, timestamp, revision, op, value, expiresAt } = version;
  if (!key.startsWith(header.prefix ?? '')) return 'its key does not begin with the prefix';
  if (revision < 1 || revision > header.asOf) return 'its revision is beyond that of the backup';
  if (value === null && expiresAt !== null) return 'a tombstone does not expire';
  if (expiresAt !== null && expiresAt < timestamp) return 'it expires before it begins';
  if (previous === null) return null;
  const order =
    compareCells(previous, version) ||
    previous.timestamp - timestamp ||
    previous.revision - revision ||
    previous.op - op;
  return order < 0 ? null : 'is not after the version before it';
}

/** Undefined for what is not JSON, or no UTF-8. */
function jsonOf(line: Buffer): unknown {
  if (!isUtf8(line)) return undefined;
  try {
    return JSON.parse(line.toString());
  } catch {
    return undefined;
  }
}

function isWellFormed(text: string): boolean {
  return !/\p{Surrogate}/u.test(text);
}
