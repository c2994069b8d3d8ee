/** The database keeps the contract, and what only a file on a disk can be asked. */
import { createHash } from 'node:crypto';
import {
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { must } from '../../server/base/assert.ts';
import { encodeCommand } from '../../server/kv/command.ts';
import { KvStore } from '../../server/kv/store.ts';
import { KEEP_ALL } from '../../server/kv/types.ts';
import { versionsOf } from '../../server/kv/version-pack.ts';
import { Connection } from '../../server/storage/connection.ts';
import { openPrismaStorage, type PrismaStorage } from '../../server/storage/prisma-storage.ts';
import { saveKv, writeLog } from './calls.ts';
import { describeStorage } from './contract.ts';
import { changes, entries, entry, logWrite, OWNER, stampOf, version, VOTERS } from './rows.ts';

const MIGRATIONS = path.resolve(import.meta.dirname, '../../prisma/migrations');
const folder = mkdtempSync(path.join(tmpdir(), 'chronoraft-storage-'));
let files = 0;

afterAll(() => rmSync(folder, { recursive: true, force: true }));

function newFile(): string {
  return path.join(folder, `store-${++files}.db`);
}

function open(file: string, owner: typeof OWNER & { readonly storeId?: string } = OWNER) {
  return openPrismaStorage({
    file,
    migrationsDir: MIGRATIONS,
    voters: VOTERS,
    storeId: null,
    ...owner,
  });
}

/** The store's own connection: what it promises cannot be seen from another. */
function connectionOf(storage: unknown): Connection {
  const connection: unknown = Reflect.get(storage as object, 'connection');
  if (!(connection instanceof Connection)) throw new Error('a store has a connection');
  return connection;
}

async function pragma(storage: unknown, setting: string): Promise<unknown> {
  const rows = await connectionOf(storage).prisma.$queryRawUnsafe<Record<string, unknown>[]>(
    `PRAGMA ${setting}`,
  );
  const value = Object.values(rows[0] ?? {})[0];
  return typeof value === 'bigint' ? Number(value) : value;
}

/** Does something to the file as any other program could: on a connection of its own. */
async function tamper(file: string, statement: string): Promise<void> {
  const other = await Connection.open(file);
  await other.script(statement);
  await other.close();
}

/** A closed store of four entries, of which three are applied: two versions and a mark. */
async function writtenFile(): Promise<string> {
  const file = newFile();
  const { storage } = await open(file);
  await fillIn(storage);
  await storage.close();
  return file;
}

async function fillIn(storage: PrismaStorage): Promise<void> {
  await writeLog(
    storage,
    logWrite(entries(1, 4), { hardState: { term: 1, votedFor: 'n1', commit: 3 } }),
  );
  const result = KvStore.empty().apply(entry(1));
  await saveKv(
    storage,
    changes(3, {
      versions: [version(1), version(3)],
      marks: [{ revision: 2, stamp: stampOf(2) }],
      sessions: [{ client: 'c1', sequence: 1, asked: 7, stamp: stampOf(1), clock: 1, result }],
    }),
  );
}

/** Revisions up to 3 are before the horizon: of them the versions of 2 are kept, and that of 1 is gone. */
async function trimmedFile(): Promise<string> {
  const file = newFile();
  const { storage } = await open(file);
  await writeLog(storage, logWrite(entries(1, 5)));
  const ofOne = [version(5), version(5, { op: 1 })];
  const versions = [version(1), version(2), version(3), version(4), ...ofOne];
  await saveKv(storage, changes(5, { versions }));
  await storage.close();
  await tamper(file, 'CREATE TABLE forgotten AS SELECT * FROM versions WHERE position < 262144');
  const { storage: again } = await open(file);
  const to = { revision: 3, stamp: stampOf(3) };
  const retention = { ...KEEP_ALL, horizon: to, watchable: to };
  await writeLog(again, logWrite([entry(6)]));
  const dropped = [
    { revision: 1, op: 0 },
    { revision: 3, op: 0 },
  ];
  await saveKv(again, changes(6, { versions: [version(6)], dropped, retention }));
  await again.close();
  return file;
}

async function makeTables(_from: string, to: string): Promise<void> {
  const { storage } = await open(to);
  await storage.close();
  await tamper(to, 'DELETE FROM node_state');
  await tamper(to, 'DELETE FROM applied_state');
  rmSync(`${to}-mark`);
}

describeStorage(
  'database',
  () => {
    const file = newFile();
    return {
      open: (owner = OWNER) => open(file, owner),
      fill: async (storage) => (storage as PrismaStorage).setFull(true),
      empty: async (storage) => (storage as PrismaStorage).setFull(false),
    };
  },
  2,
);

describe('database: durability', () => {
  test('[P9] the connection that writes synchronises each commit, also after its first', async () => {
    const { storage } = await open(newFile());
    for (let i = 1; i <= 3; i++) {
      await writeLog(storage, logWrite([entry(i)]));
      expect(await pragma(storage, 'synchronous')).toBe(2);
      expect(await pragma(storage, 'journal_mode')).toBe('wal');
    }
    await storage.close();
  });

  test('[P7] a full disk is named in the failure', async () => {
    const { storage } = await open(newFile());
    await pragma(storage, 'max_page_count = 1');
    await expect(writeLog(storage, logWrite([entry(1, 'x'.repeat(100_000))]))).rejects.toThrow(
      'writing the log failed: database or disk is full (SQLITE_FULL)',
    );
    await storage.close();
  });

  test('[P1] closing leaves everything in the one file', async () => {
    const file = await writtenFile();
    expect(() => readFileSync(`${file}-wal`)).toThrow('ENOENT');
    const { storage, restored } = await open(file);
    expect(restored.entries).toEqual(entries(1, 4));
    await storage.close();
  });

  test('[P1] more rows than one page, and more text than one page, come back', async () => {
    const file = newFile();
    const { storage } = await open(file);
    const large = 'é'.repeat(512 * 1024);
    const log = [
      ...entries(1, 20_001),
      ...entries(20_002, 20_035).map((e) => ({ ...e, data: large })),
    ];
    const versions = Array.from({ length: 34 }, (_, at) => version(at + 1, { value: large }));
    const marks = Array.from({ length: 20_001 }, (_, at) => ({
      revision: 35 + at,
      stamp: stampOf(35 + at),
    }));
    await writeLog(storage, logWrite(log));
    await saveKv(storage, changes(log.length, { versions, marks }));
    await storage.close();
    const { storage: again, restored } = await open(file);
    expect(restored.entries).toEqual(log);
    expect([...versionsOf(restored.versions)]).toEqual(versions);
    expect(restored.marks).toEqual(marks);
    await again.close();
  }, 120_000);
});

describe('database: damage', () => {
  const damages: readonly (readonly [string, string, RegExp])[] = [
    [
      'data of an entry',
      `UPDATE log_entries SET data = 'dato 2' WHERE "index" = 2`,
      /log_entries: checksum of row 2/,
    ],
    [
      'term of an entry',
      `UPDATE log_entries SET term = 2 WHERE "index" = 3`,
      /log_entries: checksum of row 3/,
    ],
    [
      'stamp of an entry',
      `UPDATE log_entries SET stamp = stamp + 1 WHERE "index" = 1`,
      /log_entries: checksum of row 1/,
    ],
    [
      'kind of an entry',
      `UPDATE log_entries SET kind = 'noop' WHERE "index" = 1`,
      /log_entries: checksum of row 1/,
    ],
    ['an entry lost', `DELETE FROM log_entries WHERE "index" = 2`, /log_entries: row 2 is missing/],
    [
      'the tail of the log lost',
      `DELETE FROM log_entries WHERE "index" >= 3`,
      /log_entries: the log ends at 2, not at 4/,
    ],
    [
      'an entry in the place of another',
      `UPDATE log_entries SET (data, checksum) = (SELECT data, checksum FROM log_entries WHERE "index" = 3) WHERE "index" = 2`,
      /log_entries: checksum of row 2/,
    ],
    [
      'value of a version',
      `UPDATE versions SET value = 'value l' WHERE position = 1 * 131072`,
      /versions: checksum of revision 1 op 0/,
    ],
    [
      'a version made a tombstone',
      `UPDATE versions SET value = NULL WHERE position = 1 * 131072`,
      /versions: checksum of revision 1 op 0/,
    ],
    [
      'timestamp of a version',
      `UPDATE versions SET timestamp = timestamp + 1 WHERE position = 3 * 131072`,
      /versions: checksum of revision 3 op 0/,
    ],
    [
      'expiry of a version',
      `UPDATE versions SET expires_at = 0 WHERE position = 3 * 131072`,
      /versions: checksum of revision 3 op 0/,
    ],
    [
      'a text made a list',
      `UPDATE versions SET is_list = 1 WHERE position = 1 * 131072`,
      /versions: checksum of revision 1 op 0/,
    ],
    [
      'a version lost',
      `DELETE FROM versions WHERE position = 1 * 131072`,
      /versions: revision 1 is missing/,
    ],
    ['stamp of a mark', `UPDATE marks SET stamp = stamp + 1`, /marks: checksum of revision 2/],
    ['a mark lost', `DELETE FROM marks`, /versions: revision 2 is missing/],
    [
      'stamp of the applied state',
      `UPDATE applied_state SET last_stamp = last_stamp + 1`,
      /applied_state: checksum of its row/,
    ],
    [
      'answer of a session',
      `UPDATE sessions SET result = substr(result, 2)`,
      /sessions: checksum of row "c1"/,
    ],
  ];

  test.each(damages)('[P10] %s: refused, and named', async (_what, statement, says) => {
    const file = await writtenFile();
    await tamper(file, statement);
    await expect(open(file)).rejects.toMatchObject({
      code: 'corrupt',
      message: expect.stringMatching(says),
    });
    await expect(open(file)).rejects.toMatchObject({ code: 'corrupt' });
  });

  test.each([
    [
      'before the horizon',
      'DELETE FROM versions WHERE position = 2 * 131072',
      /there are 4 rows of 5/,
    ],
    [
      'one of several of its revision',
      'DELETE FROM versions WHERE position = 5 * 131072',
      /there are 4 rows of 5/,
    ],
    [
      'and another is back that was forgotten',
      'DELETE FROM versions WHERE position = 2 * 131072; INSERT INTO versions SELECT * FROM forgotten',
      /of 5 rows, some are not those kept/,
    ],
  ])('[P10] a version lost, %s: refused', async (_where, statements, says) => {
    const file = await trimmedFile();
    const { storage, restored } = await open(file);
    expect([...versionsOf(restored.versions)].map(({ revision }) => revision)).toEqual([
      2, 4, 5, 5, 6,
    ]);
    await storage.close();
    for (const statement of statements.split('; ')) await tamper(file, statement);
    await expect(open(file)).rejects.toMatchObject({
      code: 'corrupt',
      message: expect.stringMatching(says),
    });
  });

  test.each([
    ['is empty', async (_from: string, to: string) => writeFileSync(to, '')],
    // Nothing is in the main file then.
    [
      'has no write-ahead log before its first checkpoint',
      async (from, to) => copyFileSync(from, to),
    ],
    ['has its tables alone', makeTables],
  ])(
    '[X28] a database that %s is not taken for a new one, where the node had one',
    async (_what, damage) => {
      const file = newFile();
      const { storage, restored } = await open(file);
      await fillIn(storage);
      const damaged = newFile();
      await damage(file, damaged);
      await storage.close();
      const { storeId } = restored.identity;
      for (let start = 1; start <= 2; start++)
        await expect(open(damaged, { ...OWNER, storeId })).rejects.toMatchObject({
          code: 'lost',
          message: expect.stringContaining('what it promised is forgotten'),
        });
      const { storage: fresh } = await open(damaged);
      await fresh.close();
    },
  );

  test('[P10] one bit of the file, which SQLite itself does not notice', async () => {
    for (const [needle, says] of [
      ['data 2', /log_entries: checksum of row 2/],
      ['value 3', /versions: checksum of revision 3/],
    ] as const) {
      const file = await writtenFile();
      const bytes = readFileSync(file);
      const at = bytes.indexOf(needle);
      expect(at).toBeGreaterThan(0);
      bytes.writeUInt8(bytes.readUInt8(at) ^ 1, at);
      writeFileSync(file, bytes);
      await expect(open(file)).rejects.toThrow(says);
    }
  });

  test('[P10] a file that is no database', async () => {
    const file = newFile();
    writeFileSync(file, 'x'.repeat(10_000));
    await expect(open(file)).rejects.toMatchObject({
      code: 'corrupt',
      message: expect.stringContaining('file is not a database'),
    });
  });
});

describe('database: whose it is', () => {
  test('[P6] the database of another program is refused, and left as it is', async () => {
    const file = newFile();
    await tamper(file, 'CREATE TABLE recipes (name TEXT)');
    const before = readFileSync(file);
    await expect(open(file)).rejects.toMatchObject({ code: 'foreign' });
    expect(readFileSync(file).equals(before)).toBe(true);
  });

  test('[P11] what an earlier version stored without counting it is opened, and counted from then on', async () => {
    const file = await trimmedFile();
    await tamper(file, 'ALTER TABLE applied_state DROP COLUMN version_count');
    await tamper(file, 'ALTER TABLE applied_state DROP COLUMN version_sum');
    await tamper(file, `DELETE FROM _prisma_migrations WHERE migration_name LIKE '%version_tally'`);
    const { storage } = await open(file);
    await storage.close();
    await tamper(file, 'DELETE FROM versions WHERE position = 2 * 131072');
    await expect(open(file)).rejects.toMatchObject({
      code: 'corrupt',
      message: expect.stringMatching('there are 4 rows of 5'),
    });
  });

  test('[P11] a database with a migration of the future, or another format, is refused', async () => {
    const migrated = await writtenFile();
    await tamper(
      migrated,
      `INSERT INTO _prisma_migrations (id, checksum, migration_name) VALUES ('1', '', '29990101000000_future')`,
    );
    await expect(open(migrated)).rejects.toMatchObject({
      code: 'newer',
      message: expect.stringContaining('29990101000000_future'),
    });
    const formatted = await writtenFile();
    await tamper(formatted, 'UPDATE node_state SET format_version = 999');
    await expect(open(formatted)).rejects.toMatchObject({ code: 'newer' });
    await tamper(formatted, 'UPDATE node_state SET format_version = 1');
    const before = readFileSync(formatted);
    await expect(open(formatted)).rejects.toMatchObject({
      code: 'older',
      message: expect.stringMatching(/^the database has format 1; this program knows \d+ alone$/),
    });
    expect(readFileSync(formatted).equals(before)).toBe(true);
  });

  test('[P11] migrations are applied once, and recorded as Prisma records them', async () => {
    const file = await writtenFile();
    const { storage } = await open(file);
    await storage.close();
    const other = await Connection.open(file);
    const records = await other.prisma.$queryRawUnsafe('SELECT * FROM _prisma_migrations');
    await other.close();
    const names = readdirSync(MIGRATIONS).filter((name) => /^\d/.test(name));
    expect(names.length).toBeGreaterThan(0);
    expect(records).toEqual(
      names.sort().map((name) => ({
        id: expect.stringMatching(/^[0-9a-f-]{36}$/),
        checksum: createHash('sha256')
          .update(readFileSync(path.join(MIGRATIONS, name, 'migration.sql')))
          .digest('hex'),
        finished_at: expect.any(Date),
        migration_name: name,
        logs: null,
        rolled_back_at: null,
        started_at: expect.any(Date),
        applied_steps_count: 1n,
      })),
    );
  });

  test('[P12] a place where no file can be says so', async () => {
    const missing = path.join(folder, 'missing', 'n1.db');
    await expect(open(missing)).rejects.toMatchObject({
      code: 'unavailable',
      message: expect.stringContaining('the directory does not exist'),
    });
    const directory = newFile();
    mkdirSync(directory);
    await expect(open(directory)).rejects.toMatchObject({
      code: 'unavailable',
      message: expect.stringContaining('unable to open database file'),
    });
  });

  test('[P12] a file that another program holds is waited for, but not for ever', async () => {
    const file = await writtenFile();
    const { storage } = await open(file);
    const holder = await Connection.open(file);
    await holder.script('BEGIN IMMEDIATE');
    await expect(open(file)).rejects.toMatchObject({
      code: 'unavailable',
      message: expect.stringContaining('database is locked'),
    });
    await expect(writeLog(storage, logWrite([entry(5)]))).rejects.toMatchObject({
      code: 'write-failed',
      message: expect.stringContaining('database is locked'),
    });
    await holder.script('COMMIT');
    await holder.close();
    await storage.close();
  });

  test('[P12] a reader beside the node disturbs nothing', async () => {
    const file = newFile();
    const { storage } = await open(file);
    const reader = await Connection.open(file);
    await fillIn(storage);
    expect(await reader.prisma.logEntry.count()).toBe(4);
    await reader.script('BEGIN; SELECT count(*) FROM log_entries');
    await writeLog(storage, logWrite([entry(5)]));
    await reader.script('COMMIT');
    expect(await reader.prisma.logEntry.count()).toBe(5);
    await reader.close();
    await storage.close();
  });

  test('[P15] a full disk refuses the first write that needs room, and what was there before stays', async () => {
    const file = newFile();
    const { storage } = await open(file);
    storage.setFull(true);
    const large = { ...entry(1), data: 'x'.repeat(20_000) };
    await expect(writeLog(storage, logWrite([large]))).rejects.toThrow(
      'database or disk is full (SQLITE_FULL)',
    );
    storage.setFull(false);
    await expect(writeLog(storage, logWrite([entry(1)]))).rejects.toThrow('SQLITE_FULL');
    await storage.close();
    const again = await open(file);
    expect(again.restored.entries).toEqual([]);
    await writeLog(again.storage, logWrite([large]));
    await again.storage.close();
  });

  test('[P8] the status tells the size on the disk, the log of changes included', async () => {
    const file = newFile();
    const { storage } = await open(file);
    const before = storage.status();
    expect(before.name).toBe(path.basename(file));
    await writeLog(storage, logWrite([entry(1, 'x'.repeat(1024 * 1024))]));
    expect(storage.status().sizeBytes).toBeGreaterThan(before.sizeBytes + 1024 * 1024);
    await storage.close();
  });
});

test('[P13] a node that starts from the database goes on where it was', async () => {
  const file = newFile();
  const kv = KvStore.empty();
  const commands = [
    { op: 'set', key: 'k', field: 'f', value: 'one', session: { client: 'c', sequence: 1 } },
    { op: 'tick' },
    { op: 'set', key: 'k', field: 'f', value: 'two', ttl: 5 },
    { op: 'delete', key: 'k', field: 'f' },
  ] as const;
  const log = commands.map((command, at) => entry(at + 1, encodeCommand(command)));
  const { storage } = await open(file);
  await writeLog(storage, logWrite(log));
  for (const each of log) kv.apply(each);
  await saveKv(storage, must(kv.takeChanges(3), 'three entries were applied'));
  await storage.close();
  const { storage: again, restored } = await open(file);
  const back = KvStore.restore(restored.kv, restored);
  expect(back.lastApplied).toBe(3);
  for (const each of restored.entries.slice(back.lastApplied)) back.apply(each);
  expect(back.stateHash).toBe(kv.stateHash);
  expect(back.query({ type: 'history', key: 'k', field: 'f' })).toEqual(
    kv.query({ type: 'history', key: 'k', field: 'f' }),
  );
  await again.close();
});
