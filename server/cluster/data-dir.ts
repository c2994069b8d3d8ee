/** The data folder: who it belongs to, and that only one server uses it. */
import { randomUUID } from 'node:crypto';
import { closeSync, mkdirSync, openSync, readFileSync, renameSync, rmSync, writeFileSync, writeSync } from 'node:fs';
import path from 'node:path';
import * as z from 'zod';

/** The folder cannot be used; the message is one line for a person. */
export class DataDirError extends Error {
  override readonly name = 'DataDirError';
}

const ClusterFile = z.object({ clusterId: z.string().min(1) });

export class DataDir {
  readonly path: string;
  readonly clusterId: string;

  private constructor(dir: string, clusterId: string) {
    this.path = dir;
    this.clusterId = clusterId;
  }

  /** Makes or opens the folder and locks it. Throws {@link DataDirError}. */
  static open(dir: string): DataDir {
    try {
      mkdirSync(dir, { recursive: true });
      lock(dir);
      return new DataDir(dir, clusterIdOf(dir));
    } catch (error) {
      if (error instanceof DataDirError) throw error;
      throw new DataDirError(`cannot use the data folder ${dir}: ${(error as Error).message}`);
    }
  }

  databaseFile(node: string): string {
    return path.join(this.path, `${node}.db`);
  }

  close(): void {
    rmSync(lockFile(this.path), { force: true });
  }
}

function lockFile(dir: string): string {
  return path.join(dir, 'server.pid');
}

/** The lock of a process that is gone is taken over. */
function lock(dir: string): void {
  const file = lockFile(dir);
  for (let attempt = 0; attempt < 2; attempt++) {
    try {
      const handle = openSync(file, 'wx');
      writeSync(handle, String(process.pid));
      closeSync(handle);
      return;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
    const holder = Number(readFileSync(file, 'utf8'));
    if (holder !== process.pid && isAlive(holder)) {
      throw new DataDirError(`the data folder ${dir} is in use by another server (process ${holder})`);
    }
    rmSync(file, { force: true });
  }
  throw new DataDirError(`the data folder ${dir} is being opened by another server`);
}

function isAlive(pid: number): boolean {
  if (!Number.isSafeInteger(pid) || pid <= 0) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

function clusterIdOf(dir: string): string {
  const file = path.join(dir, 'cluster.json');
  try {
    return ClusterFile.parse(JSON.parse(readFileSync(file, 'utf8'))).clusterId;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') {
      throw new DataDirError(`${file} is damaged: it must hold the cluster's id`);
    }
  }
  const clusterId = randomUUID();
  writeFileSync(`${file}.new`, `${JSON.stringify({ clusterId })}\n`);
  renameSync(`${file}.new`, file);
  return clusterId;
}
