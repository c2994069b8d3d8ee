/**
 * The driver's part of snapshots: rows out of the store for a follower, rows of
 * a leader into it, and an installed snapshot from the store into memory. While
 * one is being installed nothing else is saved, since it holds all that could
 * be, and what was made durable after it waits until it is loaded.
 */
import { failpoint } from '../base/failpoint.ts';
import { encodeSnapshotState } from '../ports/durable-state.ts';
import type { NodeStorage, SnapshotPiece } from '../ports/node-storage.ts';
import type { KvStore } from '../kv/store.ts';
import type { Mark, Version } from '../kv/types.ts';
import { packsOf } from '../kv/version-pack.ts';
import type { Effect, Input, LogIndex, NodeId } from '../raft/types.ts';
import { decodeRows, encodeRows } from './snapshot-rows.ts';

/** What it needs of its host. */
export interface TransferHost {
  input(input: Input): void;
  /** The state in memory is the snapshot's now. */
  onLoaded(): void;
  /** Runs it unless the node has stopped; what it throws ends the node. */
  guarded(run: () => void): void;
}

export class SnapshotTransfer {
  private readonly storage: NodeStorage;
  private readonly kv: KvStore;
  private readonly host: TransferHost;
  private installing = false;
  /** What waits for a snapshot to be loaded; null while none is. */
  private waiting: (() => void)[] | null = null;

  constructor(storage: NodeStorage, kv: KvStore, host: TransferHost) {
    this.storage = storage;
    this.kv = kv;
    this.host = host;
  }

  /** From the moment a snapshot is handed to the store until it is loaded. */
  get isInstalling(): boolean {
    return this.installing;
  }

  /** For follower `to`: a piece of the saved state, or its end. */
  read(to: NodeId, after: LogIndex): void {
    this.readPiece(after, (piece) => {
      failpoint('snapshot:read');
      const { upTo, end } = piece;
      this.host.input({
        type: 'snapshotRead',
        to,
        after,
        upTo,
        rows: upTo === after ? '' : encodeRows(piece),
        end: end && {
          index: end.kv.lastApplied,
          state: encodeSnapshotState(end.kv, end),
        },
      });
    });
  }

  /** Rows that are not whole, or none, only ask how far the store has come. */
  stage({ leader, after, upTo, rows }: Extract<Effect, { type: 'stageSnapshot' }>): void {
    const decoded = rows === '' ? null : decodeRows(rows);
    const piece = decoded === null ? NO_ROWS : { upTo, ...decoded };
    this.storage.stageRows(decoded === null ? -1 : after, piece, (error, reached) =>
      this.host.guarded(() => {
        if (error !== null) throw error;
        this.host.input({ type: 'snapshotStaged', leader, upTo: reached });
      }),
    );
  }

  /** A snapshot is on its way into the store. */
  expect(): void {
    this.installing = true;
  }

  /** The store has installed it: takes its rows into memory, a piece at a time, and then lets the core go on. */
  load(then: () => void): void {
    this.waiting = [];
    failpoint('snapshot:load');
    this.loadAfter(this.kv.lastApplied, { versions: [], marks: [] }, then);
  }

  /** Runs at once, or once the snapshot is loaded. */
  afterLoading(run: () => void): void {
    if (this.waiting === null) run();
    else this.waiting.push(run);
  }

  private loadAfter(after: LogIndex, loaded: Loaded, then: () => void): void {
    this.readPiece(after, ({ upTo, versions, marks, end }) => {
      for (const version of versions) loaded.versions.push(version);
      for (const mark of marks) loaded.marks.push(mark);
      if (end === null) {
        this.loadAfter(upTo, loaded, then);
        return;
      }
      const { kv, kept, tally, ...rest } = end;
      const { versions: rows, marks: passed } = loaded;
      this.kv.installSnapshot(kv, { versions: packsOf(rows), marks: passed, ...rest }, kept);
      if (this.kv.versionCount !== tally.count)
        throw new Error(
          `the snapshot is not whole: ${this.kv.versionCount} versions of ${tally.count}`,
        );
      this.installing = false;
      this.host.onLoaded();
      const waiting = this.waiting ?? [];
      this.waiting = null;
      then();
      for (const run of waiting) run();
    });
  }

  private readPiece(after: LogIndex, use: (piece: SnapshotPiece) => void): void {
    this.storage.readSnapshot(after, (error, piece) =>
      this.host.guarded(() => {
        if (piece === null) throw error ?? new Error('nothing was read');
        use(piece);
      }),
    );
  }
}

interface Loaded {
  readonly versions: Version[];
  readonly marks: Mark[];
}

const NO_ROWS = { upTo: 0, horizon: 0, versions: [], marks: [] };
