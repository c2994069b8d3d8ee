/** The conformance cases on a database that is closed and opened again and again between writes and reads. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { encodeCommand } from '../../server/kv/command.ts';
import { KvStore } from '../../server/kv/store.ts';
import type { ViewQuery } from '../../server/kv/queries.ts';
import type { Command, WriteCommand } from '../../server/kv/types.ts';
import type { Entry } from '../../server/raft/types.ts';
import { openPrismaStorage } from '../../server/storage/prisma-storage.ts';
import { CASES } from '../kv/conformance/cases.ts';
import { askAgain, runCase } from '../kv/conformance/run-case.ts';
import type { Repeat } from '../kv/conformance/run-case.ts';
import { nextQuery, refusalCode } from '../kv/conformance/subject.ts';
import type { ReadOutcome, Subject, Written } from '../kv/conformance/subject.ts';
import { saveKv, writeLog } from './calls.ts';
import type { OpenedStorage } from './calls.ts';
import { logWrite, OWNER, VOTERS } from './rows.ts';

/** A read after so many writes is of a store that was opened anew. */
const WRITES_A_RESTART = 12;

/**
 * What a node does with its disk: log first, then apply, then save. Every other
 * restart finds entries that were logged and applied, and not saved.
 */
class DatabaseSubject implements Subject {
  private readonly file: string;
  private opened: OpenedStorage | null = null;
  private store = KvStore.empty();
  /** Since the file was opened. */
  private writes = 0;
  private restarts = 0;

  constructor(file: string) {
    this.file = file;
  }

  async open(): Promise<string> {
    const result = await this.append({ op: 'session' }, 1);
    if (!result.ok || result.outcome.op !== 'session') throw new Error('a session is opened');
    return result.outcome.client;
  }

  async write(command: WriteCommand): Promise<Written> {
    const result = await this.append(command, 1);
    if (result.ok) return result;
    const { code, operation } = result.error;
    return { ok: false, code: refusalCode(code), operation };
  }

  async read(query: ViewQuery, cursor?: unknown): Promise<ReadOutcome> {
    if (this.writes >= WRITES_A_RESTART) await this.restart();
    const result = this.store.query((cursor as ViewQuery | undefined) ?? query);
    return result.ok
      ? { ok: true, answer: result.answer, next: nextQuery(query, result.answer) }
      : { ok: false, code: refusalCode(result.error.code) };
  }

  latest(): Promise<number> {
    return Promise.resolve(this.store.lastApplied);
  }

  async pass(ms: number): Promise<void> {
    await this.append({ op: 'tick' }, ms * 1000);
  }

  async restart(): Promise<void> {
    const hash = this.store.stateHash;
    const changes = this.store.takeChanges(Number.MAX_SAFE_INTEGER);
    const saves = this.restarts++ % 2 === 0;
    if (changes !== null && saves) await saveKv(this.storage, changes);
    await this.close();
    await this.start();
    expect(this.store.stateHash).toBe(hash);
  }

  async start(): Promise<void> {
    this.opened = await openPrismaStorage({
      file: this.file,
      migrationsDir: path.resolve(import.meta.dirname, '../../prisma/migrations'),
      voters: VOTERS,
      storeId: null,
      ...OWNER,
    });
    const { kv, entries, ...rows } = this.opened.restored;
    this.store = KvStore.restore(kv, rows);
    for (const entry of entries) if (entry.index > kv.lastApplied) this.store.apply(entry);
    this.writes = 0;
  }

  async close(): Promise<void> {
    await this.opened?.storage.close();
    this.opened = null;
  }

  private async append(command: Command, micros: number) {
    const entry: Entry = {
      index: this.store.lastApplied + 1,
      term: 1,
      stamp: Math.max(this.store.lastStamp, 1_000_000_000) + micros,
      kind: 'command',
      data: encodeCommand(command),
    };
    const hardState = { term: 1, votedFor: OWNER.nodeId, commit: entry.index };
    await writeLog(this.storage, logWrite([entry], { hardState }));
    this.writes++;
    return this.store.apply(entry);
  }

  private get storage(): OpenedStorage['storage'] {
    if (this.opened === null) throw new Error('the database is open');
    return this.opened.storage;
  }
}

describe('a database', () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'chronoraft-conformance-'));
  const subject = new DatabaseSubject(path.join(folder, 'store.db'));

  beforeAll(() => subject.start());
  afterAll(async () => {
    await subject.close();
    rmSync(folder, { recursive: true, force: true });
  });

  const asked: Repeat[] = [];

  for (const [i, each] of CASES.entries()) {
    test(each.title, async () => {
      asked.push(...(await runCase(each, subject, `case ${i}/`)));
    });
  }

  test('[T4] after a last restart every read of every case says what it said', async () => {
    expect(asked.length).toBeGreaterThan(CASES.length);
    for (let i = 0; i < 2; i++) await subject.restart();
    await askAgain(subject, asked);
  });
});
