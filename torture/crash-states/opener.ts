/**
 * Opens the files of a crash state with the store's own code, as a node that
 * starts does: looks at what is there, goes on with it, and opens it once more.
 * Whatever is refused is a fault: a crash is no damage.
 */
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { PrismaBetterSqlite3 } from '@prisma/adapter-better-sqlite3';
import type { Mark } from '../../server/kv/types.ts';
import { versionsOf } from '../../server/kv/version-pack.ts';
import type { KvChanges } from '../../server/kv/types.ts';
import type { LogWrite, NodeStorage, RestoredNode } from '../../server/ports/node-storage.ts';
import { openPrismaStorage } from '../../server/storage/prisma-storage.ts';
import type { Entry, LogIndex } from '../../server/raft/types.ts';
import { appliedText, logText } from './found.ts';
import type { Found, Moments } from './found.ts';
import { stampOf } from './kv-rows.ts';
import { FILE_NAME, openOptions } from './store-options.ts';

export interface OpenedState {
  readonly found: Found | null;
  /** Why it could not be opened, or what went wrong after; null when nothing did. */
  readonly complaint: string | null;
}

export interface OpenRequest {
  readonly files: ReadonlyMap<string, Uint8Array>;
  /** Who the store must be; null when nobody knows yet. */
  readonly storeId: string | null;
  /** Whether to go on with it and to open it once more, which takes as long again. */
  readonly again: boolean;
}

export class Opener {
  private readonly folder: string;
  private readonly migrationsDir: string;
  private readonly moments: Moments;

  /** `folder` is its own, for one state at a time. */
  constructor(folder: string, migrationsDir: string, moments: Moments) {
    this.folder = folder;
    this.migrationsDir = migrationsDir;
    this.moments = moments;
  }

  async open({ files, storeId, again }: OpenRequest): Promise<OpenedState> {
    rmSync(this.folder, { recursive: true, force: true });
    mkdirSync(this.folder, { recursive: true });
    for (const [name, bytes] of files) writeFileSync(path.join(this.folder, name), bytes);
    let found: Found | null = null;
    try {
      const { restored, storage } = await this.start(storeId);
      found = this.moments.find(restored, await reachOf(storage));
      const expected = again ? await goOn(storage, restored) : null;
      await storage.close();
      const differs = expected === null ? null : await this.compare(restored, expected);
      return { found, complaint: differs ?? (await this.integrity()) };
    } catch (error) {
      const text = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
      return { found, complaint: `${found === null ? 'refused' : 'unusable'}: ${text}` };
    } finally {
      rmSync(this.folder, { recursive: true, force: true });
    }
  }

  private start(storeId: string | null): ReturnType<typeof openPrismaStorage> {
    return openPrismaStorage(openOptions(this.folder, this.migrationsDir, storeId));
  }

  /** Opens it once more. */
  private async compare({ identity }: RestoredNode, expected: string): Promise<string | null> {
    const { restored, storage } = await this.start(identity.storeId);
    await storage.close();
    if (textOf(restored) !== expected) return 'opened again, it is not what was written';
    const { bootEpoch } = restored.identity;
    return bootEpoch === identity.bootEpoch + 1
      ? null
      : `opened again, its boot epoch is ${bootEpoch} after ${identity.bootEpoch}`;
  }

  /** SQLite's own check, which sees what no query of ours reads. */
  private async integrity(): Promise<string | null> {
    const file = path.join(this.folder, FILE_NAME);
    const adapter = await new PrismaBetterSqlite3({ url: `file:${file}` }).connect();
    try {
      const { rows } = await adapter.queryRaw({
        sql: 'PRAGMA integrity_check',
        args: [],
        argTypes: [],
      });
      const said = rows.map(String).join('; ');
      return said === 'ok' ? null : `integrity check: ${said}`;
    } finally {
      await adapter.dispose();
    }
  }
}

function reachOf(storage: NodeStorage): Promise<LogIndex> {
  const none = { upTo: 0, horizon: 0, versions: [], marks: [] };
  return new Promise((resolve, reject) => {
    // No rows are taken that follow on nothing.
    storage.stageRows(-1, none, (error, upTo) => (error === null ? resolve(upTo) : reject(error)));
  });
}

/** Another term, another entry, and all of the log applied; answers what must be found then. */
async function goOn(storage: NodeStorage, restored: RestoredNode): Promise<string> {
  const { base, entries, kv, hardState } = restored;
  const index = base.index + entries.length + 1;
  const term = hardState.term + 1;
  const entry: Entry = { index, term, stamp: stampOf(index), kind: 'noop', data: '' };
  const next = { term, votedFor: 'n2', commit: index };
  const nothing = { install: null, truncateFrom: null, base: null };
  const write: LogWrite = { ...nothing, hardState: next, append: [entry] };
  const marks: Mark[] = [...entries, entry]
    .filter((each) => each.index > kv.lastApplied)
    .map((each) => ({ revision: each.index, stamp: each.stamp }));
  const header = { ...kv, lastApplied: index, lastStamp: entry.stamp };
  const none = { versions: [], dropped: [], floors: [], droppedFloors: [] };
  const changes: KvChanges = { ...header, ...none, marks, sessions: [], droppedSessions: [] };
  await Promise.all([
    new Promise<void>((resolve, reject) => {
      storage.writeLog(write, (error) => (error === null ? resolve() : reject(error)));
    }),
    new Promise<void>((resolve, reject) => {
      storage.saveKv(changes, (error) => (error === null ? resolve() : reject(error)));
    }),
  ]);
  return textOf({
    ...restored,
    hardState: next,
    entries: [...entries, entry],
    kv: header,
    marks: [...restored.marks, ...marks],
  });
}

function textOf(restored: RestoredNode): string {
  const versions = [...versionsOf(restored.versions)];
  return `${logText(restored)} ${appliedText({ ...restored, versions })}`;
}
