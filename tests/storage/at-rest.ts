/**
 * A store with something in every table, as files: closed in order, or as a
 * process that was killed leaves it. Copies of it are damaged, and opened.
 */
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { must } from '../../server/base/assert.ts';
import { encodeCommand } from '../../server/kv/command.ts';
import { KvStore } from '../../server/kv/store.ts';
import type { Command } from '../../server/kv/types.ts';
import { versionsOf } from '../../server/kv/version-pack.ts';
import { cellName } from '../../server/kv/cell-name.ts';
import { applyKvChanges, emptyDurableState } from '../../server/ports/durable-state.ts';
import type { RestoredNode } from '../../server/ports/node-storage.ts';
import type { Entry } from '../../server/raft/types.ts';
import { Connection } from '../../server/storage/connection.ts';
import type { StorageErrorCode } from '../../server/storage/errors.ts';
import { StorageError } from '../../server/storage/errors.ts';
import { openPrismaStorage } from '../../server/storage/prisma-storage.ts';
import { saveKv, writeLog } from './calls.ts';
import type { OpenedStorage } from './calls.ts';
import { logWrite, OWNER, stampOf, VOTERS } from './rows.ts';

const MIGRATIONS = path.resolve(import.meta.dirname, '../../prisma/migrations');
export const PARTS = ['', '-wal', '-shm', '-mark'] as const;
export type Part = (typeof PARTS)[number];

/** How a store is opened here, by the node that had it. */
interface Asked {
  readonly nodeId?: string;
  readonly clusterId?: string;
  readonly storeId?: string | null;
  readonly bootEpoch?: number;
}

export function openFile(file: string, asked: Asked = {}): Promise<OpenedStorage> {
  return openPrismaStorage({
    file,
    migrationsDir: MIGRATIONS,
    voters: VOTERS,
    storeId: null,
    packRows: 16,
    ...OWNER,
    ...asked,
  });
}

/** A node's disk and its store, driven as a node drives them. */
export class Written {
  readonly folder = mkdtempSync(path.join(tmpdir(), 'chronoraft-at-rest-'));
  readonly file = path.join(this.folder, 'n1.db');
  private opened: OpenedStorage | null = null;
  private kv = KvStore.empty();
  private term = 1;

  get storage(): OpenedStorage['storage'] {
    if (this.opened === null) throw new Error('the store is open');
    return this.opened.storage;
  }

  async open(): Promise<OpenedStorage> {
    this.opened = await openFile(this.file);
    return this.opened;
  }

  async close(): Promise<void> {
    await this.storage.close();
    this.opened = null;
  }

  async vote(term: number, votedFor: string): Promise<void> {
    this.term = term;
    const hardState = { term, votedFor, commit: this.kv.lastApplied };
    await writeLog(this.storage, logWrite([], { hardState }));
  }

  /** Logs and applies; nothing is saved. */
  async write(command: Command) {
    const entry = this.entry(this.kv.lastApplied + 1, encodeCommand(command));
    const hardState = { term: this.term, votedFor: 'n2', commit: entry.index - 1 };
    await writeLog(this.storage, logWrite([entry], { hardState }));
    return this.kv.apply(entry);
  }

  async save(): Promise<void> {
    const changes = this.kv.takeChanges(Number.MAX_SAFE_INTEGER);
    if (changes !== null) await saveKv(this.storage, changes);
  }

  async forgetLogTo(index: number): Promise<void> {
    const conf = { voters: VOTERS, votersOutgoing: [], learners: [] };
    const base = { index, term: 1, stamp: stampOf(index), conf };
    await writeLog(this.storage, logWrite([], { base }));
  }

  /** All parts as they are now, in a folder of their own: a process that is killed here leaves them so. */
  copy(): Image {
    const folder = mkdtempSync(path.join(this.folder, 'image-'));
    copyParts(this.file, path.join(folder, 'n1.db'));
    return new Image(path.join(folder, 'n1.db'));
  }

  async end(): Promise<void> {
    await this.opened?.storage.close();
    rmSync(this.folder, { recursive: true, force: true });
  }

  private entry(index: number, data: string): Entry {
    return { index, term: this.term, stamp: stampOf(index), kind: 'command', data };
  }
}

/** 90 entries in two lives of the process: sessions, versions of which some are forgotten, floors, marks. */
export async function fill(disk: Written, onFirstClosed: () => void): Promise<void> {
  await disk.open();
  const clients: string[] = [];
  for (let i = 0; i < 3; i++) {
    const result = await disk.write({ op: 'session' });
    if (!result.ok || result.outcome.op !== 'session') throw new Error('a session is opened');
    clients.push(result.outcome.client);
  }
  const some = async (from: number, to: number): Promise<void> => {
    for (let i = from; i < to; i++) {
      const client = clients[i % 3] ?? '';
      const value = i % 7 === 0 ? [`é ${i}`, 'two'] : `value ${i} ${'x'.repeat(i % 50)}`;
      const session = { client, sequence: Math.floor(i / 3) + 1 };
      if (i % 9 === 8) await disk.write({ op: 'tick' });
      else await disk.write({ op: 'set', key: `key ${i % 4}`, field: 'field', value, session });
      if (i % 10 === 9) await disk.save();
    }
  };
  await some(0, 40);
  await disk.write({ op: 'retention', maxAgeMs: null, maxVersions: 3 });
  await disk.write({ op: 'compact', by: 'versions', asOf: 30 });
  await disk.save();
  await disk.forgetLogTo(20);
  await disk.close();
  onFirstClosed();
  await disk.open();
  await disk.vote(2, 'n2');
  await some(40, 70);
  await disk.write({ op: 'compact', by: 'versions', asOf: 60 });
  await disk.save();
  await disk.forgetLogTo(40);
  await some(70, 84);
  await disk.vote(3, 'n3');
}

export class Image {
  readonly file: string;

  constructor(file: string) {
    this.file = file;
  }

  copy(): Image {
    const folder = mkdtempSync(path.join(path.dirname(this.file), 'copy-'));
    copyParts(this.file, path.join(folder, 'n1.db'));
    return new Image(path.join(folder, 'n1.db'));
  }

  has(part: Part): boolean {
    return existsSync(this.file + part);
  }

  bytes(part: Part): Buffer {
    return readFileSync(this.file + part);
  }

  put(part: Part, bytes: Buffer): void {
    writeFileSync(this.file + part, bytes);
  }

  remove(part: Part): void {
    rmSync(this.file + part, { force: true });
  }

  flip(part: Part, byte: number, bit: number): void {
    const bytes = this.bytes(part);
    bytes.writeUInt8(bytes.readUInt8(byte) ^ (1 << bit), byte);
    this.put(part, bytes);
  }

  makeFolder(part: Part): void {
    this.remove(part);
    mkdirSync(this.file + part);
  }

  /** Does something to the rows, as any other program could. */
  async tamper(sql: string): Promise<void> {
    const other = await Connection.open(this.file);
    await other.script(sql);
    await other.close();
  }

  async rows<Row>(sql: string): Promise<readonly Row[]> {
    const other = await Connection.open(this.file);
    const rows = await other.prisma.$queryRawUnsafe<Row[]>(sql);
    await other.close();
    return rows;
  }

  drop(): void {
    rmSync(path.dirname(this.file), { recursive: true, force: true });
  }
}

function copyParts(from: string, to: string): void {
  for (const part of PARTS) if (existsSync(from + part)) copyFileSync(from + part, to + part);
}

/** All that a node may promise or answer from: what its log says is applied to what was saved. */
export function truthOf({ identity, hardState, base, entries, kv, ...rows }: RestoredNode) {
  const store = KvStore.restore(kv, rows);
  const state = {
    ...emptyDurableState(identity, VOTERS),
    kv,
    versions: [...versionsOf(rows.versions)],
    marks: [...rows.marks],
    floors: new Map(rows.floors.map((floor) => [cellName(floor), floor])),
    sessions: new Map(rows.sessions.map((row) => [row.client, row])),
    reach: kv.lastApplied,
  };
  for (const entry of entries) if (entry.index > kv.lastApplied) store.apply(entry);
  const changes = store.takeChanges(Number.MAX_SAFE_INTEGER);
  if (changes !== null) applyKvChanges(state, changes);
  const texts = (all: Iterable<unknown>): string[] => [...all].map((row) => JSON.stringify(row));
  return {
    owner: { ...identity, bootEpoch: 0 },
    hardState,
    base,
    entries,
    hash: store.stateHash,
    kv: state.kv,
    versions: texts(state.versions),
    marks: texts(state.marks),
    floors: texts(state.floors.values()).sort(),
    sessions: texts(state.sessions.values()).sort(),
  };
}

/** What an image that nobody touched holds, with another log if need be. */
export async function truthIn(
  image: Image,
  log: (entries: readonly Entry[]) => readonly Entry[] = (entries) => entries,
): Promise<Truth> {
  const { storage, restored } = await openFile(image.file);
  await storage.close();
  return truthOf({ ...restored, entries: log(restored.entries) });
}

export type Truth = ReturnType<typeof truthOf>;

export type Verdict =
  | { readonly is: 'refused'; readonly code: StorageErrorCode; readonly why: string }
  | { readonly is: 'exact' }
  | { readonly is: 'wrong'; readonly found: unknown };

/** Opens it, writes on where it can be opened, and opens it again: what does the node do with it? */
export async function judge(image: Image, truth: Truth, asked: Asked = {}): Promise<Verdict> {
  let opened: OpenedStorage;
  try {
    opened = await openFile(image.file, asked);
  } catch (error) {
    if (!(error instanceof StorageError)) return { is: 'wrong', found: error };
    return { is: 'refused', code: error.code, why: error.message };
  }
  await opened.storage.close();
  const found = truthOf(opened.restored);
  return JSON.stringify(found) === JSON.stringify(truth) ? { is: 'exact' } : { is: 'wrong', found };
}

/** The entry that {@link writeOn} writes. */
export function entryAfter(entries: readonly Entry[]): Entry {
  const last = must(entries.at(-1), 'the log has entries');
  const data = encodeCommand({ op: 'set', key: 'key 1', field: 'field', value: 'after' });
  const { index, term, stamp } = last;
  return { index: index + 1, term, stamp: stamp + 1000, kind: 'command', data };
}

/** Opens a store that was found exact, writes an entry and saves, and opens it again: `after` is the truth then. */
export async function writeOn(image: Image, after: Truth): Promise<Verdict> {
  const { storage, restored } = await openFile(image.file);
  const { kv, entries, ...rows } = restored;
  const store = KvStore.restore(kv, rows);
  const next = entryAfter(entries);
  for (const entry of [...entries, next]) if (entry.index > kv.lastApplied) store.apply(entry);
  try {
    await writeLog(storage, logWrite([next]));
    await saveKv(storage, must(store.takeChanges(Number.MAX_SAFE_INTEGER), 'it was changed'));
    await storage.close();
  } catch (error) {
    await storage.close();
    // The node stops there, and finds at its next start what it finds.
    return { is: 'refused', code: 'write-failed', why: String(error) };
  }
  return judge(image, after);
}
