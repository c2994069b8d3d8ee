/** The data folder: who it belongs to, and that only one server uses it. */
import { randomUUID } from 'node:crypto';
import {
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import * as z from 'zod';
import { DataDirError } from '../base/start-errors.ts';
import { FileLock } from '../storage/file-lock.ts';
import { endLeftovers } from './leftovers.ts';

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
  /** How often each store was opened, at least: see {@link DataDir.startsOf}. */
  starts: z.record(z.string(), z.number().int()).optional(),
});
type ClusterFile = z.infer<typeof ClusterFile>;

/** A server that was just killed may take this long to be gone, ms. */
const DYING_WITHIN_MS = 1000;

export class DataDir {
  readonly path: string;
  private readonly lock: FileLock;
  private cluster: ClusterFile;

  private constructor(dir: string, lock: FileLock, cluster: ClusterFile) {
    this.path = dir;
    this.lock = lock;
    this.cluster = cluster;
  }

  /** Makes or opens the folder and locks it for this process, for as long as it lives. Throws {@link DataDirError}. */
  static async open(dir: string, nodes: readonly string[]): Promise<DataDir> {
    let lock: FileLock | null = null;
    try {
      makeFolder(dir);
      lock = await FileLock.take(path.join(dir, 'server.lock'), DYING_WITHIN_MS);
      if (lock === null) throw inUse(dir);
      writeFileSync(pidFile(dir), `${process.pid}\n`);
      endLeftovers(dir);
      return new DataDir(dir, lock, openCluster(dir, nodes));
    } catch (error) {
      await lock?.release();
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

  /** How often the node's store was opened, at least: one that says less is an old copy. */
  startsOf(id: string): number {
    return this.cluster.starts?.[id] ?? 0;
  }

  /** Notes the store that the node came up with, once, and each start of it. */
  noteStore(id: string, storeId: string, starts: number): void {
    if (this.storeOf(id) === null) {
      const stores = { ...this.cluster.stores, [id]: storeId };
      this.note({ ...this.cluster, stores });
    }
    if (this.storeOf(id) === storeId && this.startsOf(id) < starts)
      this.note({ ...this.cluster, starts: { ...this.cluster.starts, [id]: starts } });
  }

  private note(cluster: ClusterFile): void {
    writeCluster(path.join(this.path, CLUSTER_FILE), cluster);
    this.cluster = cluster;
  }

  databaseFile(node: string): string {
    return path.join(this.path, `${node}.db`);
  }

  async close(): Promise<void> {
    rmSync(pidFile(this.path), { force: true });
    await this.lock.release();
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

/** Says whose the lock is, to a person; the lock itself needs no words. */
function pidFile(dir: string): string {
  return path.join(dir, 'server.pid');
}

function inUse(dir: string): DataDirError {
  const file = pidFile(dir);
  const who = existsSync(file) ? ` (process ${readFileSync(file, 'utf8').trim()})` : '';
  return new DataDirError(`the data folder ${dir} is in use by another server${who}`);
}

// --- the cluster -----------------------------------------------------------------

function openCluster(dir: string, nodes: readonly string[]): ClusterFile {
  const file = path.join(dir, CLUSTER_FILE);
  const known = readCluster(file);
  if (known !== null) {
    if (known.nodes.join() === nodes.join()) return known;
    throw new DataDirError(
      `the data folder ${dir} holds a cluster of ${known.nodes.length} nodes, and cannot be used for one of ${nodes.length}`,
    );
  }
  // It is on the disk before the first database is made.
  const databases = readdirSync(dir).filter((name) => DATABASE.test(name));
  if (databases.length > 0)
    throw new DataDirError(
      `${file} is gone, which says whose databases are there (${databases.join(', ')}): put it back, or use another folder`,
    );
  const cluster: ClusterFile = { clusterId: randomUUID(), nodes: [...nodes] };
  writeCluster(file, cluster);
  return cluster;
}

/** All of it or nothing, and on the disk when this returns. */
function writeCluster(file: string, cluster: ClusterFile): void {
  writeFileSync(`${file}.new`, `${JSON.stringify(cluster)}\n`, { flush: true });
  renameSync(`${file}.new`, file);
  syncFolder(path.dirname(file));
}

/** Names are on the disk for certain only when their folder is. */
function syncFolder(dir: string): void {
  // Windows opens no folders.
  if (process.platform === 'win32') return;
  const folder = openSync(dir, 'r');
  try {
    fsyncSync(folder);
  } finally {
    closeSync(folder);
  }
}

const CLUSTER_FILE = 'cluster.json';
const DATABASE = /^n\d+\.db$/;

/** Null when there is none yet. */
function readCluster(file: string): ClusterFile | null {
  try {
    return ClusterFile.parse(JSON.parse(readFileSync(file, 'utf8')));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw new DataDirError(`${file} is damaged: it must hold the cluster's id and its nodes`);
  }
}
