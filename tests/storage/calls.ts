/** Calls of a store as promises, and what the suites ask of a disk. */
import type { KvChanges } from '../../server/kv/types.ts';
import type {
  LogWrite,
  NodeStorage,
  RestoredNode,
  Rows,
  SnapshotPiece,
} from '../../server/ports/node-storage.ts';

export interface OpenedStorage {
  readonly storage: NodeStorage & { close(): Promise<void> };
  readonly restored: RestoredNode;
}

export interface ContractDisk {
  open(owner?: { clusterId: string; nodeId: string }): Promise<OpenedStorage>;
  /** From now on the disk takes no more; `storage` is the store that is open on it. */
  fill(storage: NodeStorage): Promise<void>;
  /** It has room again. */
  empty(storage: NodeStorage): Promise<void>;
}

/** Resolves when the write is durable, rejects with what `done` was told. */
export function writeLog(storage: NodeStorage, write: LogWrite): Promise<void> {
  return new Promise((resolve, reject) => {
    storage.writeLog(write, (error) => (error === null ? resolve() : reject(error)));
  });
}

export function saveKv(storage: NodeStorage, saved: KvChanges): Promise<void> {
  return new Promise((resolve, reject) => {
    storage.saveKv(saved, (error) => (error === null ? resolve() : reject(error)));
  });
}

export function readSnapshot(storage: NodeStorage, after: number): Promise<SnapshotPiece> {
  return new Promise((resolve, reject) => {
    storage.readSnapshot(after, (error, piece) =>
      piece === null ? reject(error) : resolve(piece),
    );
  });
}

export function stageRows(storage: NodeStorage, after: number, rows: Rows): Promise<number> {
  return new Promise((resolve, reject) => {
    storage.stageRows(after, rows, (error, upTo) =>
      error === null ? resolve(upTo) : reject(error),
    );
  });
}
