/** The data folder: who it belongs to, and that only one server uses it. */
import { randomUUID } from 'node:crypto';
import {
  existsSync,
  linkSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import * as z from 'zod';

/** The folder cannot be used; the message is one line for a person. */
export class DataDirError extends Error {
  override readonly name = 'DataDirError';
}

const ClusterFile = z.object({
  clusterId: z.string().min(1),
  /** The voters that founded the cluster: fixed when the folder is made. */
  nodes: z.array(z.string()).min(1),
  /** Nodes that have a database here and run: founders that were not removed, and those added since. */
  members: z.array(z.string()).min(1).optional(),
  /** Number of the last node made. Names are never used again: an empty disk must not pass for a full one. */
  lastNode: z.number().int().min(1).optional(),
  /** The store that each node was first seen with: see {@link DataDir.storeOf}. */
  stores: z.record(z.string(), z.string()).optional(),
});
type ClusterFile = z.infer<typeof ClusterFile>;

/** Whose lock it is: a process, and when it began, since process ids are used again. */
const LockFile = z.object({ pid: z.number().int().min(1), startedAt: z.string() });
type LockFile = z.infer<typeof LockFile>;

/** Folders that this very process has open. */
const openHere = new Set<string>();

export class DataDir {
  readonly path: string;
  private cluster: ClusterFile;

  private constructor(dir: string, cluster: ClusterFile) {
    this.path = dir;
    this.cluster = cluster;
  }

  /** Makes or opens the folder and locks it. Throws {@link DataDirError}. */
  static open(dir: string, nodes: readonly string[]): DataDir {
    try {
      makeFolder(dir);
      lock(dir);
    } catch (error) {
      throw asDataDirError(dir, error);
    }
    try {
      return new DataDir(dir, openCluster(dir, nodes));
    } catch (error) {
      unlock(dir);
      throw asDataDirError(dir, error);
    }
  }

  get clusterId(): string {
    return this.cluster.clusterId;
  }

  /** The voters of the cluster's first configuration. */
  get founders(): readonly string[] {
    return this.cluster.nodes;
  }

  /** Nodes that run here. */
  get nodes(): readonly string[] {
    return this.cluster.members ?? this.cluster.nodes;
  }

  /** Notes one more node, which is to join, and returns its name. */
  addNode(): string {
    const lastNode = (this.cluster.lastNode ?? this.cluster.nodes.length) + 1;
    const id = `n${lastNode}`;
    this.note({ ...this.cluster, members: [...this.nodes, id], lastNode });
    return id;
  }

  /** Notes that the node runs no more. Its database stays in the folder, unused. */
  removeNode(id: string): void {
    this.note({ ...this.cluster, members: this.nodes.filter((member) => member !== id) });
  }

  /**
   * The store that belongs to the node: one with another name is not the one
   * that left, has forgotten whom the node voted for and what it acknowledged,
   * and must not take part. Null while the node was never seen.
   */
  storeOf(id: string): string | null {
    return this.cluster.stores?.[id] ?? null;
  }

  /** Notes the store that the node came up with, once. */
  noteStore(id: string, storeId: string): void {
    if (this.storeOf(id) !== null) return;
    this.note({ ...this.cluster, stores: { ...this.cluster.stores, [id]: storeId } });
  }

  private note(cluster: ClusterFile): void {
    writeCluster(path.join(this.path, CLUSTER_FILE), cluster);
    this.cluster = cluster;
  }

  databaseFile(node: string): string {
    return path.join(this.path, `${node}.db`);
  }

  close(): void {
    unlock(this.path);
  }
}

/** Step by step: Node's own recursive mode never returns where nothing can be made, below /proc. */
function makeFolder(dir: string): void {
  if (existsSync(dir)) return;
  makeFolder(path.dirname(dir));
  try {
    mkdirSync(dir);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
}

function asDataDirError(dir: string, error: unknown): DataDirError {
  if (error instanceof DataDirError) return error;
  return new DataDirError(`cannot use the data folder ${dir}: ${(error as Error).message}`);
}

// --- the lock --------------------------------------------------------------------

function lockFile(dir: string): string {
  return path.join(dir, 'server.pid');
}

/** A server that was just killed may take this long to be gone, ms. */
const DYING_WITHIN_MS = 1000;
const LOOK_EVERY_MS = 50;

/** The lock of a process that is gone is taken over. */
function lock(dir: string): void {
  if (openHere.has(dir)) throw inUse(dir, process.pid);
  const deadlineMs = performance.now() + DYING_WITHIN_MS;
  for (;;) {
    const holder = tryLock(dir);
    if (holder === null) return;
    if (performance.now() > deadlineMs) throw inUse(dir, holder.pid);
    // A start has nothing else to do.
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, LOOK_EVERY_MS);
  }
}

/** Takes the lock and returns null, or returns who holds it. */
function tryLock(dir: string): LockFile | null {
  const file = lockFile(dir);
  // Written whole and then linked, so that nobody ever reads half a lock.
  const draft = `${file}.${process.pid}`;
  writeFileSync(draft, ownLock());
  try {
    for (;;) {
      try {
        linkSync(draft, file);
        openHere.add(dir);
        return null;
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
      }
      const found = readText(file);
      const holder = found === null ? null : parseLock(found);
      if (holder !== null && isRunning(holder)) return holder;
      if (found !== null) putAside(file, found);
    }
  } finally {
    rmSync(draft, { force: true });
  }
}

/**
 * Removes the lock that says `stale`, and only that one: another server may have
 * taken it over since we read it. Moving is atomic, so one of many does it.
 */
function putAside(file: string, stale: string): void {
  const aside = `${file}.${process.pid}.stale`;
  try {
    renameSync(file, aside);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return;
    throw error;
  }
  try {
    if (readText(aside) !== stale) linkSync(aside, file);
  } finally {
    rmSync(aside, { force: true });
  }
}

function ownLock(): string {
  return JSON.stringify({ pid: process.pid, startedAt: startOf(process.pid) } satisfies LockFile);
}

/** Gives up our lock; another's is left as it is. */
function unlock(dir: string): void {
  if (!openHere.delete(dir)) return;
  if (readText(lockFile(dir)) === ownLock()) rmSync(lockFile(dir), { force: true });
}

function inUse(dir: string, pid: number): DataDirError {
  return new DataDirError(`the data folder ${dir} is in use by another server (process ${pid})`);
}

/** Null for a file that is not there. */
function readText(file: string): string | null {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}

/** Null for a lock that cannot be understood: no server of ours wrote it. */
function parseLock(text: string): LockFile | null {
  try {
    return LockFile.parse(JSON.parse(text));
  } catch {
    return null;
  }
}

function isRunning({ pid, startedAt }: LockFile): boolean {
  if (pid === process.pid) return false;
  try {
    process.kill(pid, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EPERM') return false;
  }
  return startOf(pid) === startedAt;
}

/**
 * When a process began, in the kernel's own count; "" where there is no /proc, and
 * then the id alone decides. A process that has ended and only waits for its
 * parent to notice began never.
 */
function startOf(pid: number): string {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The name in brackets may hold anything; the third field is the first after it.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return fields[0] === 'Z' || fields[0] === 'X' ? 'ended' : (fields[19] ?? '');
  } catch {
    return '';
  }
}

// --- the cluster -----------------------------------------------------------------

function openCluster(dir: string, nodes: readonly string[]): ClusterFile {
  const file = path.join(dir, CLUSTER_FILE);
  const known = readCluster(file);
  if (known !== null) {
    if (known.nodes.join() === nodes.join()) return known;
    throw new DataDirError(
      `the data folder ${dir} holds a cluster of ${known.nodes.length}, so NODES=${nodes.length} cannot be used with it`,
    );
  }
  const cluster: ClusterFile = { clusterId: randomUUID(), nodes: [...nodes] };
  writeCluster(file, cluster);
  return cluster;
}

/** All of it or nothing. */
function writeCluster(file: string, cluster: ClusterFile): void {
  writeFileSync(`${file}.new`, `${JSON.stringify(cluster)}\n`, { flush: true });
  renameSync(`${file}.new`, file);
}

const CLUSTER_FILE = 'cluster.json';

/** Null when there is none yet. */
function readCluster(file: string): ClusterFile | null {
  try {
    return ClusterFile.parse(JSON.parse(readFileSync(file, 'utf8')));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw new DataDirError(`${file} is damaged: it must hold the cluster's id and its nodes`);
  }
}
