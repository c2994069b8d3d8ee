/** Versions packed by the thousand, beside their rows: whatever happens to either, what comes back is what the rows say. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { KEEP_ALL } from '../../server/kv/types.ts';
import type { KvChanges, Version } from '../../server/kv/types.ts';
import { MAX_ROWS } from '../../server/kv/version-columns.ts';
import { packsOf, versionsOf } from '../../server/kv/version-pack.ts';
import { encodeSnapshotState } from '../../server/ports/durable-state.ts';
import { Connection } from '../../server/storage/connection.ts';
import { decodePack, encodePack } from '../../server/storage/pack-bytes.ts';
import { openPrismaStorage } from '../../server/storage/prisma-storage.ts';
import { readSnapshot, saveKv, stageRows, writeLog } from './calls.ts';
import type { OpenedStorage } from './calls.ts';
import { changes, entries, logWrite, OWNER, stampOf, TEXTS, version, VOTERS } from './rows.ts';

const MIGRATIONS = path.resolve(import.meta.dirname, '../../prisma/migrations');
const folder = mkdtempSync(path.join(tmpdir(), 'chronoraft-packs-'));
let files = 0;

afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Versions of one entry: enough of them make a pack of few revisions. */
const AN_ENTRY = 1024;
const PACK_ENTRIES = MAX_ROWS / AN_ENTRY;

interface Found {
  readonly first: number;
  readonly last: number;
  readonly versions: number;
}

class Disk {
  private readonly file = path.join(folder, `store-${++files}.db`);

  open(): Promise<OpenedStorage> {
    return openPrismaStorage({
      file: this.file,
      migrationsDir: MIGRATIONS,
      voters: VOTERS,
      storeId: null,
      ...OWNER,
    });
  }

  async reopened(): Promise<readonly Version[]> {
    const { storage, restored } = await this.open();
    await storage.close();
    return [...versionsOf(restored.versions)];
  }

  async packs(): Promise<readonly Found[]> {
    const connection = await Connection.open(this.file);
    const rows = await connection.prisma.versionPack.findMany({ orderBy: { first: 'asc' } });
    await connection.close();
    return rows.map(({ first, last, versions }) => ({
      first: revisionOf(first),
      last: revisionOf(last),
      versions,
    }));
  }

  async tamper(sql: string): Promise<void> {
    const connection = await Connection.open(this.file);
    await connection.script(sql);
    await connection.close();
  }
}

function revisionOf(position: bigint): number {
  return Number(position / 131_072n);
}

function versionsAt(revision: number): readonly Version[] {
  return Array.from({ length: AN_ENTRY }, (_, op) =>
    version(revision, { op, key: `key ${op % 100}`, value: `value ${revision} ${op}` }),
  );
}

function versionsFrom(from: number, to: number): readonly Version[] {
  const all: Version[] = [];
  for (let revision = from; revision <= to; revision++) all.push(...versionsAt(revision));
  return all;
}

/** Saves the entries one by one, as a node that is not busy does. */
async function save(
  { storage }: OpenedStorage,
  from: number,
  to: number,
  rest: (revision: number) => Partial<KvChanges> = () => ({}),
): Promise<void> {
  await writeLog(storage, logWrite(entries(from, to)));
  for (let revision = from; revision <= to; revision++)
    await saveKv(storage, changes(revision, { versions: versionsAt(revision), ...rest(revision) }));
}

/** A closed store of that many revisions. */
async function written(revisions: number): Promise<Disk> {
  const disk = new Disk();
  const opened = await disk.open();
  await save(opened, 1, revisions);
  await opened.storage.close();
  return disk;
}

function forgetting(dropped: readonly Version[]): Partial<KvChanges> {
  const mark = (revision: number) => ({ revision, stamp: stampOf(revision) });
  const marks = dropped.filter(({ op }) => op === 0).map(({ revision }) => mark(revision));
  return { dropped, marks, retention: { ...KEEP_ALL, watchable: mark(1) } };
}

describe('packs of versions', () => {
  test('[P14] what was saved is packed when there is enough of it, and comes back in order', async () => {
    const disk = await written(2 * PACK_ENTRIES + 1);
    const full = [
      { first: 1, last: PACK_ENTRIES, versions: MAX_ROWS },
      { first: PACK_ENTRIES + 1, last: 2 * PACK_ENTRIES, versions: MAX_ROWS },
    ];
    expect(await disk.packs()).toEqual(full);
    expect(await disk.reopened()).toEqual(versionsFrom(1, 2 * PACK_ENTRIES + 1));
    // What waits for its pack goes on waiting after a restart.
    const opened = await disk.open();
    await save(opened, 2 * PACK_ENTRIES + 2, 3 * PACK_ENTRIES);
    await opened.storage.close();
    const third = { first: 2 * PACK_ENTRIES + 1, last: 3 * PACK_ENTRIES, versions: MAX_ROWS };
    expect(await disk.packs()).toEqual([...full, third]);
    expect(await disk.reopened()).toEqual(versionsFrom(1, 3 * PACK_ENTRIES));
  });

  test('[P14] a start reads the packs, not their rows', async () => {
    const disk = await written(PACK_ENTRIES + 1);
    await disk.tamper(
      `UPDATE versions SET value = 'another', checksum = 1 WHERE position < 500000`,
    );
    expect(await disk.reopened()).toEqual(versionsFrom(1, PACK_ENTRIES + 1));
  });

  test.each([
    ['is missing', 'DELETE FROM version_packs WHERE first < 500000'],
    ['has another checksum', 'UPDATE version_packs SET checksum = checksum + 1'],
    [
      'has another byte',
      `UPDATE version_packs SET data = CAST(substr(data, 1, length(data) - 10) || x'2a' || substr(data, length(data) - 8) AS BLOB)`,
    ],
    ['ends too soon', 'UPDATE version_packs SET data = substr(data, 1, 70000)'],
    ['is empty', `UPDATE version_packs SET data = x''`],
    ['is a number', 'UPDATE version_packs SET data = 5'],
    ['reaches beyond what is applied', `UPDATE version_packs SET last = last + 131072 * 1000`],
  ])('[P14] a pack that %s: its rows are read, and packed anew', async (_what, sql) => {
    const disk = await written(2 * PACK_ENTRIES + 1);
    const before = await disk.packs();
    await disk.tamper(sql);
    expect(await disk.reopened()).toEqual(versionsFrom(1, 2 * PACK_ENTRIES + 1));
    expect(await disk.packs()).toEqual(before);
    expect(await disk.reopened()).toEqual(versionsFrom(1, 2 * PACK_ENTRIES + 1));
  });

  test('[P14] a pack that says that it reaches further brings nothing back that is forgotten', async () => {
    const disk = await written(2 * PACK_ENTRIES);
    // As many rows as it has versions: one less of its own, and one more of the next.
    await disk.tamper(`
      DELETE FROM versions WHERE position = 131072 + 5;
      UPDATE applied_state SET version_count = version_count - 1, version_sum = (version_sum + 4294967296 - 131077) % 4294967296, checksum = NULL;
      UPDATE version_packs SET last = ${PACK_ENTRIES + 1} * 131072 WHERE first = 131072;`);
    const goes = ({ revision, op }: Version): boolean => revision === 1 && op === 5;
    const left = versionsFrom(1, 2 * PACK_ENTRIES).filter((each) => !goes(each));
    expect(await disk.reopened()).toEqual(left);
  });

  test('[P14] damaged rows are refused where there is no pack of them', async () => {
    const disk = await written(PACK_ENTRIES);
    await disk.tamper(`UPDATE versions SET value = 'another' WHERE position < 131080`);
    expect(await disk.reopened()).toHaveLength(MAX_ROWS);
    await disk.tamper('DELETE FROM version_packs');
    await expect(disk.open()).rejects.toMatchObject({ code: 'corrupt' });
  });

  test('[P14] a store of many versions that were never packed is packed at its start', async () => {
    const disk = await written(3 * PACK_ENTRIES + 2);
    const before = await disk.packs();
    await disk.tamper('DELETE FROM version_packs');
    expect(await disk.reopened()).toEqual(versionsFrom(1, 3 * PACK_ENTRIES + 2));
    expect(await disk.packs()).toEqual(before);
  });

  test('[P14] what is forgotten does not come back from a pack, nor from what waits for one', async () => {
    const disk = new Disk();
    const opened = await disk.open();
    const goes = ({ op }: Version): boolean => op % 3 > 0;
    const dropped = [
      ...versionsAt(2).filter(goes),
      // Of the tail, and of the very save that forgets.
      ...versionsAt(PACK_ENTRIES + 1).filter(goes),
      ...versionsAt(PACK_ENTRIES + 2).filter(goes),
    ];
    await save(opened, 1, PACK_ENTRIES + 2, (revision) =>
      revision === PACK_ENTRIES + 2 ? { ...forgetting(dropped), marks: [] } : {},
    );
    const left = versionsFrom(1, PACK_ENTRIES + 2).filter((each) => !dropped.includes(each));
    const names = new Set(dropped.map(({ revision, op }) => `${revision} ${op}`));
    const stays = ({ revision, op }: Version): boolean => !names.has(`${revision} ${op}`);
    expect(left.filter(stays)).toHaveLength(left.length - dropped.length);
    await save(opened, PACK_ENTRIES + 3, 3 * PACK_ENTRIES);
    await opened.storage.close();
    const expected = versionsFrom(1, 3 * PACK_ENTRIES).filter(stays);
    expect(await disk.reopened()).toEqual(expected);
    const packs = await disk.packs();
    expect(packs[0]).toEqual({ first: 1, last: PACK_ENTRIES, versions: MAX_ROWS });
    expect(packs[1]?.versions).toBe(MAX_ROWS);
    // Two thirds of two entries were never packed.
    expect(packs[1]?.last).toBe(2 * PACK_ENTRIES + 2);
  });

  test('[P14] a pack that is half empty is made smaller, and one that is empty goes', async () => {
    const disk = new Disk();
    const opened = await disk.open();
    await save(opened, 1, 2 * PACK_ENTRIES);
    const dropped = [
      ...versionsFrom(1, PACK_ENTRIES - 1),
      ...versionsFrom(PACK_ENTRIES + 1, 2 * PACK_ENTRIES),
    ];
    await save(opened, 2 * PACK_ENTRIES + 1, 2 * PACK_ENTRIES + 2, (revision) =>
      revision === 2 * PACK_ENTRIES + 1 ? forgetting(dropped) : {},
    );
    await opened.storage.close();
    expect(await disk.packs()).toEqual([{ first: 1, last: PACK_ENTRIES, versions: AN_ENTRY }]);
    const expected = [
      ...versionsAt(PACK_ENTRIES),
      ...versionsFrom(2 * PACK_ENTRIES + 1, 2 * PACK_ENTRIES + 2),
    ];
    expect(await disk.reopened()).toEqual(expected);
    // What is left of it can be forgotten, too.
    const again = await disk.open();
    await save(again, 2 * PACK_ENTRIES + 3, 2 * PACK_ENTRIES + 4, (revision) =>
      revision === 2 * PACK_ENTRIES + 3
        ? { ...forgetting(versionsAt(PACK_ENTRIES)), dropped: versionsAt(PACK_ENTRIES) }
        : {},
    );
    await again.storage.close();
    expect(await disk.packs()).toEqual([
      { first: 2 * PACK_ENTRIES + 1, last: 2 * PACK_ENTRIES + 4, versions: MAX_ROWS },
    ]);
    expect(await disk.reopened()).toEqual(versionsFrom(2 * PACK_ENTRIES + 1, 2 * PACK_ENTRIES + 4));
  });

  /** Takes the state of the source, which reaches revision `upTo`, as a snapshot. */
  async function install(
    { storage }: OpenedStorage,
    source: OpenedStorage,
    from: number,
    upTo: number,
  ): Promise<void> {
    let reached = from;
    while (reached < upTo)
      reached = await stageRows(storage, reached, await readSnapshot(source.storage, reached));
    const { end } = await readSnapshot(source.storage, reached);
    if (end === null) throw new Error('the state ends there');
    const { conf } = source.restored.base;
    const base = { index: reached, term: 1, stamp: stampOf(reached), conf };
    const state = encodeSnapshotState(end.kv, end);
    await writeLog(storage, logWrite([], { install: { base, state } }));
  }

  test('[P14] rows that came with a snapshot are packed with the saves that follow', async () => {
    const source = await (await written(3 * PACK_ENTRIES)).open();
    const disk = new Disk();
    const opened = await disk.open();
    await save(opened, 1, 2);
    const reached = 3 * PACK_ENTRIES;
    await install(opened, source, 2, reached);
    expect(await disk.packs()).toEqual([]);
    await save(opened, reached + 1, reached + PACK_ENTRIES);
    await opened.storage.close();
    await source.storage.close();
    // One with each save: three of what came with the snapshot, and then what was saved since.
    expect(await disk.packs()).toEqual(
      [0, 1, 2, 3].map((pack) => ({
        first: 1 + pack * PACK_ENTRIES,
        last: (pack + 1) * PACK_ENTRIES,
        versions: MAX_ROWS,
      })),
    );
    expect(await disk.reopened()).toEqual(versionsFrom(1, 4 * PACK_ENTRIES));
  });

  test('[P14] what a snapshot takes away takes no room in packs after some saves', async () => {
    const source = await (await written(2 * PACK_ENTRIES)).open();
    const goes = versionsFrom(1, 2 * PACK_ENTRIES - 1);
    const last = 2 * PACK_ENTRIES + 1;
    const mark = { revision: last, stamp: stampOf(last) };
    await save(source, last, last, () => ({
      ...forgetting(goes),
      retention: { ...KEEP_ALL, watchable: mark },
    }));
    const disk = await written(2 * PACK_ENTRIES);
    const opened = await disk.open();
    await install(opened, source, 2 * PACK_ENTRIES, last);
    await save(opened, last + 1, last + 2);
    await opened.storage.close();
    await source.storage.close();
    const first = PACK_ENTRIES + 1;
    expect(await disk.packs()).toEqual([{ first, last: 2 * PACK_ENTRIES, versions: AN_ENTRY }]);
    expect(await disk.reopened()).toEqual(versionsFrom(2 * PACK_ENTRIES, last + 2));
  });

  test('[P14] a pack says of every version what was written', () => {
    const values: Version['value'][] = [...TEXTS, null, [], ['a', 'é'], TEXTS.slice(0, -1)];
    const all = values.flatMap((value, i) =>
      [null, 1_790_000_000_001 + i].map((expiresAt, op) =>
        version(i + 1, { op, value, expiresAt, key: TEXTS[i] ?? 'k', field: TEXTS[i + 1] ?? 'f' }),
      ),
    );
    // A wide text after a narrow one, a lone surrogate, the ends of the numbers.
    all.push(version(1000, { value: '\ud83d', timestamp: 0, stamp: Number.MAX_SAFE_INTEGER }));
    all.push(version(2 ** 36 - 1, { op: 2 ** 17 - 1, value: 'ÿ', timestamp: 253_402_300_799_999 }));
    const packs = packsOf(all);
    expect([...versionsOf(packs)]).toEqual(all);
    const ends = { first: 1, last: 2 };
    const decoded = packs.map((pack) => decodePack(ends, encodePack(ends, pack)));
    expect(decoded).not.toContain(null);
    expect([...versionsOf(decoded.flatMap((pack) => (pack === null ? [] : [pack])))]).toEqual(all);
  });
});
