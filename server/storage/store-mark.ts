/**
 * How far a store had come, noted beside its file. SQLite opens an older state
 * of a database as if nothing was missing: it drops what follows the first
 * damaged frame of its write-ahead log, it does without a log that is gone, and
 * an old copy is a database like any other. None of these may vote, as it has
 * forgotten what it promised. So each log write, once it is durable, is counted
 * here; a file that has fewer of them is refused.
 *
 * What stands here was durable in the database before, so it costs no wait for
 * the disk: a process that is killed loses nothing of it, and a machine that
 * goes down the last moments, after which the mark asks for a little less
 * than it could. It lies in two places, written in turn: one is always whole.
 */
import {
  closeSync,
  existsSync,
  fdatasync,
  fsyncSync,
  openSync,
  readFileSync,
  renameSync,
  writeSync,
} from 'node:fs';
import path from 'node:path';
import { crc32 } from 'node:zlib';
import { StorageError } from './errors.ts';

export interface Marked {
  readonly storeId: string;
  readonly bootEpoch: number;
  /** Log writes since the store was made. */
  readonly writes: number;
}

/** What a reader of the database finds in it. */
export interface Found extends Marked {
  readonly nodeId: string;
}

/** Far enough apart that no sector of a disk has both. */
const PLACE_BYTES = 4096;
/** The disk is asked to keep what stands here so often at most, ms. */
const SYNC_EVERY_MS = 1000;

export function markFile(databaseFile: string): string {
  return `${databaseFile}-mark`;
}

/** Null when there is none; throws StorageError `rolled-back` when it cannot be read. */
export function readMark(databaseFile: string): Marked | null {
  const file = markFile(databaseFile);
  if (!existsSync(file)) return null;
  const bytes = readFileSync(file);
  const places = [0, 1].map((place) =>
    parse(bytes.subarray(place * PLACE_BYTES, (place + 1) * PLACE_BYTES).toString('latin1')),
  );
  const [newest = null] = places
    .filter((found) => found !== null)
    .sort((a, b) => b.bootEpoch - a.bootEpoch || b.writes - a.writes);
  if (newest === null)
    throw new StorageError(
      'rolled-back',
      `${path.basename(file)} is damaged, which says how far the database had come: whether it has forgotten something cannot be told`,
    );
  return newest;
}

/** Is the database as new as the mark says? Throws StorageError `lost` or `rolled-back`. */
export function verifyMark(mark: Marked | null, found: Found, databaseFile: string): void {
  if (mark === null) {
    if (found.writes === 0) return;
    throw new StorageError(
      'rolled-back',
      `${path.basename(markFile(databaseFile))} is gone, which says how far the database had come: whether it has forgotten something cannot be told`,
    );
  }
  if (mark.storeId !== found.storeId)
    throw new StorageError(
      'lost',
      `this is not the database that ${found.nodeId} had: what it promised is forgotten, so it may not take part`,
    );
  if (found.bootEpoch < mark.bootEpoch || found.writes < mark.writes)
    throw new StorageError(
      'rolled-back',
      `the database is older than it was: it has ${found.writes} log writes and ${found.bootEpoch} starts, and had ${mark.writes} and ${mark.bootEpoch}; its write-ahead log is damaged or gone, or an old copy was put in its place`,
    );
}

/** The file is there, and says nothing of its node any more. */
export function emptied(nodeId: string, { writes }: Marked): StorageError {
  return new StorageError(
    'rolled-back',
    `nothing of ${nodeId} is left in the database, which had ${writes} log writes; its write-ahead log is damaged or gone, or another file was put in its place`,
  );
}

export class StoreMark {
  private readonly descriptor: number;
  private readonly before: string;
  private readonly buffer = Buffer.alloc(256);
  private place = 0;
  private syncing: Promise<void> | null = null;
  private syncedAtMs = Number.NEGATIVE_INFINITY;

  private constructor(descriptor: number, { storeId, bootEpoch }: Marked) {
    this.descriptor = descriptor;
    this.before = `${storeId} ${bootEpoch} `;
  }

  /** Notes a database that was found whole; durable when this returns. Later notes are of this start. */
  static begin(databaseFile: string, marked: Marked): StoreMark {
    const file = markFile(databaseFile);
    // Under its name there is never a file whose content a loss of power could take.
    const unnamed = `${file}-new`;
    const mark = new StoreMark(openSync(unnamed, 'w'), marked);
    for (const _place of [0, 1]) mark.write(marked.writes);
    fsyncSync(mark.descriptor);
    renameSync(unnamed, file);
    syncFolder(path.dirname(file));
    return mark;
  }

  /** So many log writes are durable. Throws when it cannot be noted. */
  note(writes: number, nowMs: number): void {
    this.write(writes);
    if (this.syncing !== null || nowMs - this.syncedAtMs < SYNC_EVERY_MS) return;
    this.syncedAtMs = nowMs;
    this.syncing = new Promise((resolve) => {
      // One that fails is tried again: meanwhile the mark asks for less than it could.
      fdatasync(this.descriptor, () => {
        this.syncing = null;
        resolve();
      });
    });
  }

  async close(): Promise<void> {
    await this.syncing;
    fsyncSync(this.descriptor);
    closeSync(this.descriptor);
  }

  private write(writes: number): void {
    const text = `${this.before}${writes}`;
    const length = this.buffer.write(`${text} ${crc32(text).toString(16)}\n`, 'latin1');
    writeSync(this.descriptor, this.buffer, 0, length, this.place * PLACE_BYTES);
    this.place = 1 - this.place;
  }
}

function parse(text: string): Marked | null {
  const [, storeId, bootEpoch, writes, checksum] =
    /^(\S+) (\d+) (\d+) ([0-9a-f]+)\n/.exec(text) ?? [];
  if (storeId === undefined || crc32(`${storeId} ${bootEpoch} ${writes}`).toString(16) !== checksum)
    return null;
  return { storeId, bootEpoch: Number(bootEpoch), writes: Number(writes) };
}

/** So that the file itself is found after a loss of power; not every system lets a folder be opened. */
function syncFolder(folder: string): void {
  let descriptor: number;
  try {
    descriptor = openSync(folder, 'r');
  } catch {
    return;
  }
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}
