/**
 * A node's disk in virtual time. A write becomes durable after a drawn latency,
 * and only then is it acknowledged. A crash loses what was not yet durable, or
 * lets a prefix of it land unacknowledged: both may happen to a real disk. The
 * tail tears between writes, never inside one: each is a transaction, of which
 * the database finds all frames and their checksums in its WAL, or drops it.
 *
 * Rows at rest may be damaged, reads may fail, and all may be wiped. What is
 * opened passes the checks of the real store, whose it is and its checksums.
 * Left out: a disk that acknowledges and then forgets the end of what it was
 * given. A shorter log is a whole log; the real store counts its writes in a file beside it.
 */
import { assert } from '../server/base/assert.ts';
import type { Random } from '../server/base/random.ts';
import type { KvChanges, Version } from '../server/kv/types.ts';
import { packsOf } from '../server/kv/version-pack.ts';
import {
  applyKvChanges,
  applyLogWrite,
  emptyDurableState,
  readPiece,
  restoredNode,
  savedVersions,
  stageRows,
} from '../server/ports/durable-state.ts';
import type { DurableState } from '../server/ports/durable-state.ts';
import type {
  Done,
  LogWrite,
  NodeStorage,
  RestoredNode,
  SnapshotPiece,
} from '../server/ports/node-storage.ts';
import type { Entry, HardState, LogIndex, NodeId, Term } from '../server/raft/types.ts';
import { entryChecksum, versionChecksum } from '../server/storage/checksum.ts';
import { StorageError } from '../server/storage/errors.ts';
import {
  verifyApplied,
  verifyEntry,
  verifyOwner,
  verifyVersion,
  verifyVersions,
} from '../server/storage/verify.ts';
import type { Scheduler } from './scheduler.ts';

export interface DiskWeather {
  minWriteMs: number;
  maxWriteMs: number;
  /** Nothing is finished before this virtual instant. */
  stalledUntilMs: number;
  /** The next write fails, and its fate is unknown. */
  failNext: boolean;
  /** Before this virtual instant there is no room: writes fail, and what they would have written is nowhere. */
  fullUntilMs: number;
  /** Before this virtual instant nothing can be read. */
  unreadableUntilMs: number;
  /** The next crash tears: of what is under way, if it is more than one write, some lands and some is lost. */
  tearNext: boolean;
}

/** What a disk can tell that it did. */
type DiskFault = 'disk-stall' | 'disk-failure' | 'disk-full' | 'disk-unreadable' | 'torn-tail';

type Row = Entry | Version;

interface Pending {
  readonly apply: () => void;
  readonly done: Done;
}

/** A disk as it should be. */
export const CALM_DISK: Readonly<DiskWeather> = {
  minWriteMs: 0.2,
  maxWriteMs: 2,
  stalledUntilMs: 0,
  failNext: false,
  fullUntilMs: 0,
  unreadableUntilMs: 0,
  tearNext: false,
};
const CLUSTER = 'sim';

export class SimDisk {
  readonly weather: DiskWeather = { ...CALM_DISK };
  readonly counts = { writes: 0, lost: 0, landed: 0, failed: 0 };
  /** Who hears of each write, read or crash that the weather made go wrong. */
  readonly onStruck = new Map<DiskFault, () => void>();
  /** Called before each write that lands, and so before its node hears of it. */
  onLanding: () => void = () => {};
  /** Every vote that was ever durable here, before it was wiped too. */
  readonly votes = new Map<Term, NodeId>();
  private state: DurableState;
  /** What it held when it was wiped. */
  private wiped: DurableState | null = null;
  /** What is read in the place of a row that was stored; null for nothing. */
  private readonly damaged = new Map<Row, Row | null>();
  private readonly voters: readonly NodeId[];
  private readonly scheduler: Scheduler;
  private readonly random: Random;
  private failedEpoch = 0;
  private pending: Pending[] = [];

  /** `voters` of the configuration that the disk begins with; none for a node that is to be added. */
  constructor(id: NodeId, voters: readonly NodeId[], scheduler: Scheduler, random: Random) {
    this.voters = voters;
    this.state = emptyDurableState({ clusterId: CLUSTER, nodeId: id, storeId: id }, voters);
    this.scheduler = scheduler;
    this.random = random;
  }

  get hardState(): HardState {
    return this.state.hardState;
  }

  /** Tells this store from the one that was wiped. */
  get storeId(): string {
    return this.state.identity.storeId;
  }

  get baseIndex(): LogIndex {
    return this.state.base.index;
  }

  get lastIndex(): LogIndex {
    return this.state.base.index + this.state.entries.length;
  }

  /**
   * What is stored at `index`; 'compacted' when the state took its place, null
   * for nothing. What damage and wiping took still counts: nobody may ever vote
   * in the place of this disk.
   */
  entryAt(index: LogIndex): Entry | 'compacted' | null {
    return entryOf(this.state, index) ?? (this.wiped && entryOf(this.wiped, index));
  }

  private get bootEpoch(): number {
    return this.state.identity.bootEpoch;
  }

  /**
   * Opens the store for a new boot: what it answers to an older one is nothing.
   * `storeId` is the one it must be; null takes any. Throws StorageError, as the real one does.
   */
  open(storeId: string | null): { readonly storage: NodeStorage; readonly restored: RestoredNode } {
    assert(this.pending.length === 0, 'a crash settled what was under way');
    if (this.isUnreadable()) throw new StorageError('unavailable', 'the disk cannot be read');
    const { identity } = this.state;
    verifyOwner(identity, { clusterId: CLUSTER, nodeId: identity.nodeId, storeId });
    const epoch = this.bootEpoch + 1;
    this.state.identity = { ...this.state.identity, bootEpoch: epoch };
    const restored = this.read();
    const storage: NodeStorage = {
      writeLog: (write, done) => this.enqueue(epoch, () => this.applyLog(write), done),
      saveKv: (changes, done) => this.enqueue(epoch, () => this.applyKv(changes), done),
      readSnapshot: (after, done) => {
        let piece: SnapshotPiece | null = null;
        const read = (): void => {
          const stored = readPiece(this.state, after, REVISIONS_PER_PIECE);
          if (!this.isUnreadable() && !stored.versions.some((row) => this.damaged.has(row)))
            piece = stored;
        };
        this.enqueue(epoch, read, (error) =>
          done(error ?? (piece === null ? new Error('the disk failed: a read') : null), piece),
        );
      },
      stageRows: (after, rows, done) => {
        let upTo = 0;
        const stage = (): void => {
          upTo = stageRows(this.state, after, rows);
        };
        this.enqueue(epoch, stage, (error) => done(error, upTo));
      },
      status: () => ({
        name: 'sim',
        sizeBytes: 0,
        walBytes: 0,
        lastWriteMs: null,
        writes: this.counts.writes,
      }),
    };
    return { storage, restored };
  }

  /** The node is gone. Some prefix of what was under way may still land. */
  crash(): void {
    this.landSome();
    this.weather.tearNext = false;
  }

  /** A row at rest is not what was written any more, or is gone. False when there is none. */
  damage(): boolean {
    const { entries, versions } = this.state;
    const rows: readonly Row[] = this.random.chance(0.5) ? entries : versions;
    if (rows.length === 0) return false;
    const row = this.random.pick(rows);
    // That the last entry is missing would not show, and the sum over versions is each row's own.
    const isGone = this.random.chance(0.3) && row !== entries.at(-1) && row !== versions.at(-1);
    this.damaged.set(row, isGone ? null : this.altered(row));
    return true;
  }

  /** The disk of a node that is down is empty, as if it was never used. */
  wipe(): void {
    assert(this.pending.length === 0, 'a crash settled what was under way');
    const { identity } = this.state;
    const { clusterId, nodeId, storeId } = identity;
    this.wiped = this.state;
    this.state = emptyDurableState({ clusterId, nodeId, storeId: `${storeId}'` }, this.voters);
    // Whoever had the old one open gets nothing of this one.
    this.state.identity = { ...this.state.identity, bootEpoch: identity.bootEpoch };
  }

  private isUnreadable(): boolean {
    if (this.weather.unreadableUntilMs <= this.scheduler.nowMs) return false;
    this.onStruck.get('disk-unreadable')?.();
    return true;
  }

  /** What a node reads back, checked as in the real store. Throws StorageError `corrupt`. */
  private read(): RestoredNode {
    const stored = restoredNode(this.state);
    const restored = this.damaged.size > 0 ? { ...stored, ...this.readDamaged(stored) } : stored;
    const { base, kv, marks, entries, versions } = restored;
    verifyApplied(kv, base, entries, versions, marks);
    verifyVersions(versions, this.state.tally);
    return restored;
  }

  /** Of rows that were never damaged, the checksums need no second look. */
  private readDamaged({
    base,
    ...stored
  }: RestoredNode): Pick<RestoredNode, 'entries' | 'versions'> {
    const entries: Entry[] = [];
    let previous = 0;
    for (const entry of stored.entries) {
      const checksum = entryChecksum(entry, previous);
      const found = this.found(entry);
      if (found !== null) {
        verifyEntry(found, base.index + entries.length + 1, previous, checksum);
        entries.push(found);
      }
      previous = checksum;
    }
    const versions: Version[] = [];
    for (const version of savedVersions(this.state)) {
      const found = this.found(version);
      if (found === null) continue;
      if (found !== version) verifyVersion(found, versionChecksum(version));
      versions.push(found);
    }
    return { entries, versions: packsOf(versions) };
  }

  private found<R extends Row>(row: R): R | null {
    const found = this.damaged.get(row);
    return found === undefined ? row : (found as R | null);
  }

  /** One character of its text is another, or its stamp where it has no text. */
  private altered(row: Row): Row {
    const text = 'data' in row ? row.data : (row.value ?? '');
    if (text === '') return { ...row, stamp: row.stamp + 1 };
    const at = this.random.nextInt(0, text.length - 1);
    const other = text[at] === '7' ? '3' : '7';
    const changed = text.slice(0, at) + other + text.slice(at + 1);
    return 'data' in row ? { ...row, data: changed } : { ...row, value: changed };
  }

  /** Ends all that is under way: the first few writes land, the others are lost. */
  private landSome(): void {
    const most = this.pending.length;
    const tears = this.weather.tearNext && most > 1;
    if (tears) this.onStruck.get('torn-tail')?.();
    const landing = tears ? this.random.nextInt(1, most - 1) : this.random.nextInt(0, most);
    for (const [i, { apply }] of this.pending.entries()) {
      if (i < landing) {
        this.onLanding();
        apply();
        this.counts.landed++;
      } else this.counts.lost++;
    }
    this.pending = [];
  }

  private enqueue(epoch: number, apply: () => void, done: Done): void {
    this.counts.writes++;
    if (this.failedEpoch === epoch) {
      this.refuse(epoch, [done]);
      return;
    }
    if (this.weather.fullUntilMs > this.scheduler.nowMs) {
      this.onStruck.get('disk-full')?.();
      this.failAll(epoch, [done]);
      return;
    }
    const pending: Pending = { apply, done };
    this.pending.push(pending);
    if (this.weather.failNext) {
      this.weather.failNext = false;
      this.onStruck.get('disk-failure')?.();
      this.failAll(epoch, []);
      return;
    }
    this.finishLater(epoch, pending);
  }

  /**
   * The first failure is final: all that wait fail with it, though some prefix
   * may have landed. `refused` wait too, and land in no case.
   */
  private failAll(epoch: number, refused: readonly Done[]): void {
    this.counts.failed++;
    this.failedEpoch = epoch;
    const waiting = [...this.pending.map(({ done }) => done), ...refused];
    this.landSome();
    this.refuse(epoch, waiting);
  }

  private refuse(epoch: number, waiting: readonly Done[]): void {
    this.scheduler.after(this.weather.minWriteMs, () => {
      for (const done of waiting) if (epoch === this.bootEpoch) done(new Error('the disk failed'));
    });
  }

  private finishLater(epoch: number, pending: Pending): void {
    const { minWriteMs, maxWriteMs, stalledUntilMs } = this.weather;
    const latencyMs = minWriteMs + this.random.nextFloat() * (maxWriteMs - minWriteMs);
    if (this.scheduler.nowMs + latencyMs < stalledUntilMs) this.onStruck.get('disk-stall')?.();
    this.scheduler.at(Math.max(this.scheduler.nowMs + latencyMs, stalledUntilMs), () =>
      this.finish(epoch, pending),
    );
  }

  /** Strictly in order: one that is ready early waits for those before it. */
  private finish(epoch: number, pending: Pending): void {
    if (epoch !== this.bootEpoch || !this.pending.includes(pending)) return;
    while (this.pending.length > 0) {
      const next = this.pending.shift() as Pending;
      this.onLanding();
      next.apply();
      next.done(null);
      if (next === pending || epoch !== this.bootEpoch) return;
    }
  }

  private applyLog(write: LogWrite): void {
    const { hardState } = write;
    if (hardState !== null) {
      assert(hardState.term >= this.hardState.term, 'the durable term never goes back');
      if (hardState.votedFor !== null) {
        const before = this.votes.get(hardState.term);
        assert(before === undefined || before === hardState.votedFor, 'one durable vote a term');
        this.votes.set(hardState.term, hardState.votedFor);
      }
    }
    applyLogWrite(this.state, write);
  }

  private applyKv(changes: KvChanges): void {
    assert(changes.lastApplied >= this.state.kv.lastApplied, 'saved state never goes back');
    applyKvChanges(this.state, changes);
  }
}

const REVISIONS_PER_PIECE = 20;

function entryOf({ base, entries }: DurableState, index: LogIndex): Entry | 'compacted' | null {
  return index <= base.index ? 'compacted' : (entries[index - base.index - 1] ?? null);
}
