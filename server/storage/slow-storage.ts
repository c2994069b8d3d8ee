/**
 * A store on a slow disk: each durable write reaches the store beneath after a
 * delay, and completes so much later. Their order stays; the node's thread goes
 * on meanwhile, and writes of one moment still make one transaction. What waits
 * here when the thread ends was not written, and nobody was told that it was.
 * Reads are not slowed.
 */
import type { Clock, Timer } from '../ports/clock.ts';
import type {
  Done,
  LogWrite,
  NodeStorage,
  Rows,
  SnapshotPiece,
  StorageStatus,
} from '../ports/node-storage.ts';
import type { KvChanges } from '../kv/types.ts';
import type { LogIndex, MonoMs } from '../raft/types.ts';

interface WaitingWrite {
  readonly sinceMono: MonoMs;
  run(): void;
}

export class SlowStorage implements NodeStorage {
  private readonly inner: NodeStorage;
  private readonly clock: Clock;
  private delayMs: number;
  /** In the order in which they came. */
  private waiting: WaitingWrite[] = [];
  private timer: Timer | null = null;

  /** `clock` is that of the disk, not the node's. */
  constructor(inner: NodeStorage, clock: Clock, delayMs: number) {
    this.inner = inner;
    this.clock = clock;
    this.delayMs = delayMs;
  }

  /** Counts also for what waits already. */
  setDelay(delayMs: number): void {
    this.delayMs = delayMs;
    this.timer?.cancel();
    this.timer = null;
    this.pass();
  }

  writeLog(write: LogWrite, done: Done): void {
    this.later(() => this.inner.writeLog(write, done));
  }

  saveKv(changes: KvChanges, done: Done): void {
    this.later(() => this.inner.saveKv(changes, done));
  }

  stageRows(
    after: LogIndex,
    rows: Rows,
    done: (error: Error | null, upTo: LogIndex) => void,
  ): void {
    this.later(() => this.inner.stageRows(after, rows, done));
  }

  readSnapshot(
    after: LogIndex,
    done: (error: Error | null, piece: SnapshotPiece | null) => void,
  ): void {
    this.inner.readSnapshot(after, done);
  }

  status(): StorageStatus {
    return this.inner.status();
  }

  private later(run: () => void): void {
    if (this.delayMs === 0 && this.waiting.length === 0) {
      run();
      return;
    }
    this.waiting.push({ sinceMono: this.clock.now().mono, run });
    this.pass();
  }

  /** Hands on what has waited long enough; the rest waits for its first. */
  private pass(): void {
    while (this.timer === null) {
      const [first] = this.waiting;
      if (first === undefined) return;
      const leftMs = first.sinceMono + this.delayMs - this.clock.now().mono;
      if (leftMs > 0) {
        this.timer = this.clock.setTimer(leftMs, () => {
          this.timer = null;
          this.pass();
        });
        return;
      }
      this.waiting.shift();
      first.run();
    }
  }
}
