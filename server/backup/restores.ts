/**
 * Restores of files, one at a time. A file is taken into the data folder first,
 * and checked as a whole before anything is written; it never outlives its
 * restore, nor the next start.
 */
import { createWriteStream, rmSync } from 'node:fs';
import { statfs } from 'node:fs/promises';
import path from 'node:path';
import { Transform } from 'node:stream';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { BackupRestoreAnswer, RestoreMode, RestoreProgress } from '../../contracts/backup.ts';
import type { KvService } from '../cluster/kv-service.ts';
import { readBackup } from './read-backup.ts';
import type { Whole } from './read-backup.ts';
import { FileRestore } from './restore-file.ts';

/** Left on the disk for the nodes, which stop when it is full. */
const RESERVE_BYTES = 256 * 1024 * 1024;
/** So often the disk is looked at. */
const LOOK_EVERY_BYTES = 16 * 1024 * 1024;
/** An upload of which nothing comes for so long is broken off, ms. */
const UPLOAD_IDLE_MS = 60_000;

/** Another restore runs. */
export class RestoreRunning extends Error {
  override readonly name = 'RestoreRunning';
}

/** The disk has no room for the file. */
export class NoSpace extends Error {
  override readonly name = 'NoSpace';
}

/** The file did not come whole. */
export class UploadBroken extends Error {
  override readonly name = 'UploadBroken';
}

export type LastRestore =
  | { readonly ok: true; readonly answer: BackupRestoreAnswer }
  | { readonly ok: false; readonly error: unknown };

export interface RestoresOptions {
  readonly kv: KvService;
  /** Where files are kept meanwhile: the data folder, which this server alone uses. */
  readonly folder: string;
  readonly reserveBytes?: number;
  readonly uploadIdleMs?: number;
}

export class Restores {
  last: LastRestore | null = null;
  private readonly kv: KvService;
  private readonly file: string;
  private readonly reserveBytes: number;
  private readonly uploadIdleMs: number;
  private running: Running | null = null;
  private readonly stop = new AbortController();

  constructor({ kv, folder, reserveBytes, uploadIdleMs }: RestoresOptions) {
    this.kv = kv;
    this.file = path.join(folder, 'restore.upload');
    this.reserveBytes = reserveBytes ?? RESERVE_BYTES;
    this.uploadIdleMs = uploadIdleMs ?? UPLOAD_IDLE_MS;
    this.removeFile();
  }

  get progress(): RestoreProgress | null {
    return this.running?.progress ?? null;
  }

  /**
   * Resolves when it is done, whether or not the one who sent it still listens.
   * Throws RestoreRunning, UploadBroken, NoSpace, BackupFileError or RestoreStopped.
   */
  async run(mode: RestoreMode, upload: Readable): Promise<BackupRestoreAnswer> {
    if (this.running !== null) throw new RestoreRunning('another restore is under way');
    const running = new Running(mode);
    this.running = running;
    try {
      const done = this.restore(mode, upload, running);
      running.ended = Promise.allSettled([done]);
      const answer = await done;
      this.last = { ok: true, answer };
      return answer;
    } catch (error) {
      this.last = { ok: false, error };
      throw error;
    } finally {
      this.removeFile();
      this.running = null;
    }
  }

  /** Breaks off an upload; a restore that writes ends with the service that it writes through. */
  async close(): Promise<void> {
    this.stop.abort();
    await this.running?.ended;
    this.removeFile();
  }

  private async restore(
    mode: RestoreMode,
    upload: Readable,
    running: Running,
  ): Promise<BackupRestoreAnswer> {
    await this.receive(upload, running);
    const { header, versions } = await this.check(running);
    const restore = new FileRestore(this.kv, this.file, header);
    running.writes(versions, restore.progress);
    return restore.run(mode, versions);
  }

  private async receive(upload: Readable, running: Running): Promise<void> {
    const idle = new AbortController();
    const timer = setTimeout(() => idle.abort(), this.uploadIdleMs);
    let lookAt = 0;
    const room = async (): Promise<void> => {
      const { bavail, bsize } = await statfs(path.dirname(this.file));
      if (bavail * bsize < this.reserveBytes) throw new NoSpace('the disk is too full for it');
    };
    const counted = new Transform({
      transform: (bytes: Buffer, _encoding, done) => {
        timer.refresh();
        running.receivedBytes += bytes.length;
        if (running.receivedBytes < lookAt) {
          done(null, bytes);
          return;
        }
        lookAt = running.receivedBytes + LOOK_EVERY_BYTES;
        room().then(() => done(null, bytes), done);
      },
    });
    const file = createWriteStream(this.file);
    try {
      const signal = AbortSignal.any([this.stop.signal, idle.signal]);
      await pipeline(upload, counted, file, { signal });
    } catch (cause) {
      if (cause instanceof NoSpace) throw cause;
      if ((cause as NodeJS.ErrnoException).code === 'ENOSPC')
        throw new NoSpace('the disk is full', { cause });
      throw new UploadBroken('the file did not come whole', { cause });
    } finally {
      clearTimeout(timer);
      // One that was broken off at once may be about to be made: it is to be there before it is removed.
      if (!file.closed) await new Promise<void>((resolve) => file.once('close', resolve));
    }
  }

  private async check(running: Running): Promise<Whole> {
    running.phase = 'checking';
    const chunks = readBackup(this.file);
    for (;;) {
      const { value, done } = await chunks.next();
      if (done === true) return value;
      if (this.stop.signal.aborted) throw new UploadBroken('the server is stopping');
      running.checked += value.length;
    }
  }

  private removeFile(): void {
    rmSync(this.file, { force: true });
  }
}

/** What is known of the restore that runs. */
class Running {
  readonly mode: RestoreMode;
  phase: RestoreProgress['phase'] = 'receiving';
  receivedBytes = 0;
  checked = 0;
  /** Resolves when it is over, well or not. */
  ended: Promise<unknown> = Promise.resolve();
  private versions: number | null = null;
  private writing: { readonly passed: number; readonly written: number } | null = null;

  constructor(mode: RestoreMode) {
    this.mode = mode;
  }

  writes(versions: number, writing: { readonly passed: number; readonly written: number }): void {
    this.phase = 'writing';
    this.versions = versions;
    this.writing = writing;
  }

  get progress(): RestoreProgress {
    const { mode, phase, receivedBytes, versions } = this;
    const passed = this.writing?.passed ?? this.checked;
    return { mode, phase, receivedBytes, versions, passed, written: this.writing?.written ?? 0 };
  }
}
