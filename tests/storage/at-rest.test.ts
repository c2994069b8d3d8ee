/**
 * What a node does with a disk that was damaged while it was down: for every
 * kind of damage and every part of a store, the exact truth or a refusal, and
 * never anything else. The table is the inventory.
 */
import { mkdirSync, rmSync, truncateSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { must } from '../../server/base/assert.ts';
import { encodeSnapshotState } from '../../server/ports/durable-state.ts';
import type { SnapshotPiece } from '../../server/ports/node-storage.ts';
import type { StorageErrorCode } from '../../server/storage/errors.ts';
import { readMark } from '../../server/storage/store-mark.ts';
import { fill, judge, openFile, PARTS, truthIn, truthOf, Written } from './at-rest.ts';
import type { Image, Truth } from './at-rest.ts';
import { readSnapshot, saveKv, stageRows, writeLog } from './calls.ts';
import { changes, entry, logWrite } from './rows.ts';

const disk = new Written();
/** Before its second start; as kill -9 leaves it; and closed in order. */
let early: Image;
let killed: Image;
let closed: Image;
let truth: Truth;

beforeAll(async () => {
  await fill(disk, () => {
    early = disk.copy();
  });
  killed = disk.copy();
  await disk.close();
  closed = disk.copy();
  truth = await truthIn(closed.copy());
});
afterAll(() => disk.end());

type Damage = (image: Image) => void | Promise<void>;
type Row = readonly [what: string, damage: Damage];

/** SQL by a program that knows nothing of checksums. */
function sql(statements: string): Damage {
  return (image) => image.tamper(statements);
}

/** Rows as they once were, each whole. */
function older(table: string, rows = `SELECT * FROM early."${table}"`): Damage {
  return (image) =>
    image.tamper(`ATTACH '${early.file}' AS early; REPLACE INTO main."${table}" ${rows}`);
}

async function expectRefused(image: Image, code: string, why: RegExp): Promise<void> {
  // A second start must not find it any better than the first.
  for (let start = 0; start < 2; start++)
    expect(await judge(image, truth)).toMatchObject({
      is: 'refused',
      code,
      why: expect.stringMatching(why),
    });
}

test('[P16] a store that nobody touched is what it was, killed or closed', async () => {
  expect(truth.sessions).toHaveLength(3);
  expect(truth.floors).toHaveLength(4);
  for (const table of [truth.marks, truth.versions, truth.entries])
    expect(table.length).toBeGreaterThan(30);
  for (const image of [killed, closed])
    expect(await judge(image.copy(), truth)).toEqual({ is: 'exact' });
});

describe('rows', () => {
  const node = (set: string): Row => [`node_state ${set}`, sql(`UPDATE node_state SET ${set}`)];
  test.each<Row>([
    node('term = term + 1'),
    node('term = term - 1'),
    node(`voted_for = 'n1'`),
    node('voted_for = NULL'),
    node('"commit" = "commit" + 1'),
    node('base_index = base_index - 1'),
    node('base_term = base_term + 1'),
    node('base_stamp = base_stamp + 1'),
    node(`base_conf = replace(base_conf, 'n3', 'n4')`),
    node('base_checksum = base_checksum + 1'),
    node('writes = writes + 100'),
    node('boot_epoch = boot_epoch + 100'),
    node('last_index = last_index - 1'),
    [
      'node_state twice',
      sql(
        'INSERT INTO node_state SELECT 2, * FROM (SELECT format_version, cluster_id, node_id, store_id, boot_epoch, term, voted_for, "commit", base_index, base_term, base_stamp, base_conf, base_checksum, writes, last_index, last_checksum, checksum FROM node_state)',
      ),
    ],
  ])('[P16] %s: refused', async (_what, damage) => {
    const image = closed.copy();
    await damage(image);
    await expectRefused(image, 'corrupt', /^node_state: /);
  });

  test('[P16] the row that says whose it is, gone: not a new store', async () => {
    const image = closed.copy();
    await image.tamper('DELETE FROM node_state');
    await expectRefused(
      image,
      'rolled-back',
      /^nothing of n1 is left in the database, which had \d+/,
    );
    image.remove('-mark');
    await expectRefused(image, 'corrupt', /node_state: there are 0 rows of 1/);
    expect(await judge(image, truth, { storeId: truth.owner.storeId })).toMatchObject({
      code: 'lost',
    });
  });

  const applied = (set: string): Row => [
    `applied_state ${set}`,
    sql(`UPDATE applied_state SET ${set}`),
  ];
  test.each<Row>([
    applied('last_applied = last_applied - 1'),
    applied(`state_hash = 'ffffffffffffffff'`),
    applied('session_clock = session_clock + 1'),
    applied(`retention = replace(retention, '3', '4')`),
    applied('version_count = version_count + 1'),
    applied('session_sum = session_sum + 1'),
    applied('floor_count = floor_count - 1'),
    ['applied_state gone', sql('DELETE FROM applied_state')],
    ['applied_state of an earlier time', older('applied_state')],
    [
      'a session that counts another write',
      sql(
        'UPDATE sessions SET sequence = sequence + 1 WHERE client = (SELECT min(client) FROM sessions)',
      ),
    ],
    ['a session of another age', sql('UPDATE sessions SET clock = clock + 1')],
    ['a session that asked something else', sql('UPDATE sessions SET asked = asked + 1')],
    [
      'a session with another answer',
      sql(`UPDATE sessions SET result = replace(result, 'true', 'false')`),
    ],
    [
      'a session gone',
      sql('DELETE FROM sessions WHERE client = (SELECT max(client) FROM sessions)'),
    ],
    ['a session as it was before', older('sessions', 'SELECT * FROM early.sessions LIMIT 1')],
    ['all sessions as they were before', older('sessions')],
    ['a floor moved', sql('UPDATE field_floors SET revision = revision - 1')],
    ['a floor gone', sql(`DELETE FROM field_floors WHERE "key" = 'key 2'`)],
    ['a floor as it was before', older('field_floors', 'SELECT * FROM early.field_floors LIMIT 1')],
    [
      'a mark with another stamp, of which the log has forgotten the entry',
      sql('UPDATE marks SET stamp = stamp + 1 WHERE revision = (SELECT min(revision) FROM marks)'),
    ],
    ['a mark gone', sql('DELETE FROM marks WHERE revision = (SELECT min(revision) FROM marks)')],
    ['a version that was forgotten, back', older('versions')],
    [
      'a version gone, and its pack',
      sql(
        'DELETE FROM versions WHERE position = (SELECT min(position) FROM versions); DELETE FROM version_packs',
      ),
    ],
    [
      'the end of the log gone',
      sql('DELETE FROM log_entries WHERE "index" = (SELECT max("index") FROM log_entries)'),
    ],
    ['the whole log gone', sql('DELETE FROM log_entries')],
    [
      'an entry more than there were',
      sql(
        `INSERT INTO log_entries SELECT "index" + 1, term, stamp, kind, data, checksum FROM log_entries ORDER BY "index" DESC LIMIT 1`,
      ),
    ],
    ['a table gone', sql('DROP TABLE sessions')],
    ['a column of another name', sql('ALTER TABLE marks RENAME COLUMN stamp TO stamq')],
    [
      'a text turned into bytes',
      sql('UPDATE versions SET field = CAST(field AS BLOB); DELETE FROM version_packs'),
    ],
  ])('[P17] %s: refused', async (_what, damage) => {
    const image = closed.copy();
    await damage(image);
    await expectRefused(image, 'corrupt', /./);
  });

  test('[P17] what is only a copy, or tells nothing, is made anew', async () => {
    for (const damage of [
      sql('DELETE FROM version_packs'),
      sql(`UPDATE version_packs SET names = replace(names, 'key', 'kez')`),
      sql(
        'UPDATE versions SET value = value || 1 WHERE position IN (SELECT first FROM version_packs)',
      ),
    ]) {
      const image = closed.copy();
      await damage(image);
      expect(await judge(image, truth)).toEqual({ is: 'exact' });
    }
  });
});

describe('an older state', () => {
  const FRAME = 24 + 4096;
  const frames = (image: Image): number => (image.bytes('-wal').length - 32) / FRAME;

  test('[P18] a bit of any frame of the write-ahead log: refused', async () => {
    const count = frames(killed);
    expect(count).toBeGreaterThan(60);
    for (let frame = 0; frame < count; frame += 7) {
      for (const at of [3, 5000 % FRAME, 9, 17]) {
        const image = killed.copy();
        image.flip('-wal', 32 + frame * FRAME + at, frame % 8);
        await expectRefused(image, 'rolled-back', /older than it was: it has \d+ log writes/);
        image.drop();
        if (frame % 3 !== 0) break;
      }
    }
  });

  const cut =
    (bytes: (length: number) => number): Damage =>
    (image) =>
      truncateSync(`${image.file}-wal`, bytes(image.bytes('-wal').length));
  test.each<Row>([
    ['write-ahead log gone', (image) => image.remove('-wal')],
    ['write-ahead log empty', cut(() => 0)],
    ['last frame of the write-ahead log gone', cut((length) => length - FRAME)],
    ['write-ahead log torn in its last frame', cut((length) => length - 1)],
    ['half of the write-ahead log gone', cut((length) => Math.floor(length / 2))],
    ['header of the write-ahead log damaged', (image) => image.flip('-wal', 17, 3)],
    [
      'database of an earlier time, without the log',
      (image) => {
        image.remove('-wal');
        image.put('', early.bytes(''));
      },
    ],
  ])('[P18] killed, and its %s: refused', async (_what, damage) => {
    const image = killed.copy();
    await damage(image);
    await expectRefused(image, 'rolled-back', /older than it was: .* its write-ahead log/);
  });

  test('[P18] closed in order, and an older copy put back: refused', async () => {
    const image = closed.copy();
    image.put('', early.bytes(''));
    await expectRefused(image, 'rolled-back', /older than it was/);
  });

  test('[P18] an older copy with its own mark: refused by who knows how often it was started', async () => {
    const image = early.copy();
    expect(await judge(image.copy(), truth, { bootEpoch: 1 })).toMatchObject({ is: 'wrong' });
    expect(await judge(image, truth, { bootEpoch: 2 })).toMatchObject({
      is: 'refused',
      code: 'rolled-back',
      why: expect.stringMatching(/it has 1 starts, and had 2/),
    });
  });

  test('[P19] the mark that tells it, damaged or gone: refused; one of its two places damaged, or an older mark: as it was', async () => {
    const [row] = await killed.copy().rows<{ writes: bigint }>('SELECT writes FROM node_state');
    expect(readMark(killed.file)).toMatchObject({ writes: Number(row?.writes), bootEpoch: 2 });
    const harmless: Damage[] = [
      (image) => image.flip('-mark', 3, 0),
      (image) => image.flip('-mark', 4096 + 30, 7),
      (image) => truncateSync(`${image.file}-mark`, 4096),
      (image) => image.put('-mark', early.bytes('-mark')),
    ];
    for (const damage of harmless) {
      const image = killed.copy();
      await damage(image);
      expect(await judge(image, truth)).toEqual({ is: 'exact' });
    }
    const refused: readonly (readonly [Damage, RegExp])[] = [
      [(image) => image.remove('-mark'), /n1.db-mark is gone/],
      [(image) => image.put('-mark', Buffer.alloc(0)), /n1.db-mark is damaged/],
      [
        (image) => {
          image.flip('-mark', 1, 1);
          image.flip('-mark', 4097, 1);
        },
        /n1.db-mark is damaged/,
      ],
    ];
    for (const [damage, why] of refused) {
      const image = killed.copy();
      await damage(image);
      await expectRefused(image, 'rolled-back', why);
    }
  });

  test('[P20] a loss of power takes the end of a mark back, and a kill its last note: neither is taken for damage', async () => {
    const image = killed.copy();
    const marks: Buffer[] = [];
    const { storage } = await openFile(image.file);
    marks.push(image.bytes('-mark'));
    for (let i = 91; i < 95; i++) {
      await writeLog(storage, logWrite([entry(i)]));
      marks.push(image.bytes('-mark'));
    }
    const copy = image.copy();
    await storage.close();
    for (const mark of marks) {
      const older = copy.copy();
      older.put('-mark', mark);
      const { storage: again, restored } = await openFile(older.file);
      expect(restored.entries.at(-1)?.index).toBe(94);
      await again.close();
    }
  });

  test('[P20] a store of an earlier version, which had neither checksums nor a mark, gets them', async () => {
    const image = closed.copy();
    await image.tamper(`
      ALTER TABLE node_state DROP COLUMN writes; ALTER TABLE node_state DROP COLUMN last_index;
      ALTER TABLE node_state DROP COLUMN last_checksum; ALTER TABLE node_state DROP COLUMN checksum;
      ALTER TABLE marks DROP COLUMN checksum; ALTER TABLE field_floors DROP COLUMN checksum;
      ALTER TABLE sessions DROP COLUMN checksum; ALTER TABLE applied_state DROP COLUMN checksum;
      ALTER TABLE applied_state DROP COLUMN session_count; ALTER TABLE applied_state DROP COLUMN session_sum;
      ALTER TABLE applied_state DROP COLUMN floor_count; ALTER TABLE applied_state DROP COLUMN floor_sum;
      DELETE FROM _prisma_migrations WHERE migration_name LIKE '%row_checksums'`);
    image.remove('-mark');
    expect(await judge(image, truth)).toEqual({ is: 'exact' });
    expect(image.has('-mark')).toBe(true);
    for (const damage of [
      'UPDATE node_state SET term = 4',
      'UPDATE sessions SET clock = clock + 1',
      `DELETE FROM field_floors WHERE "key" = 'key 2'`,
      'UPDATE marks SET stamp = stamp + 1 WHERE revision = (SELECT min(revision) FROM marks)',
    ]) {
      const copy = image.copy();
      await copy.tamper(damage);
      expect(await judge(copy, truth)).toMatchObject({ is: 'refused', code: 'corrupt' });
    }
  });
});

test.each([
  ['whose rows are all there is the state', 'SELECT 1', null],
  [
    'of which a row went while it came in is refused, then and at each start',
    'DELETE FROM versions WHERE position = (SELECT max(position) FROM versions)',
    /^versions: /,
  ],
])('[P25] a snapshot %s', async (_what, damage, why) => {
  const source = await openFile(closed.copy().file);
  const image = closed.copy();
  for (const part of PARTS) image.remove(part);
  const { storage } = await openFile(image.file);
  let end: SnapshotPiece['end'] = null;
  for (let reach = 0; end === null; ) {
    const piece = await readSnapshot(source.storage, reach);
    reach = await stageRows(storage, reach, piece);
    ({ end } = piece);
  }
  await image.tamper(damage);
  const { kv } = end;
  const base = { ...truth.base, index: kv.lastApplied, stamp: kv.lastStamp };
  const install = { base, state: encodeSnapshotState(kv, end) };
  const installed = writeLog(storage, logWrite([], { install }));
  await (why === null ? installed : expect(installed).rejects.toThrow(why));
  await storage.close();
  await source.storage.close();
  if (why !== null) {
    await expectRefused(image, 'corrupt', why);
    return;
  }
  const { storage: again, restored } = await openFile(image.file);
  const { versions, sessions, floors, marks, hash } = truthOf({ ...source.restored, entries: [] });
  expect(truthOf(restored)).toMatchObject({ versions, sessions, floors, marks, hash });
  await again.close();
});

describe('files', () => {
  test('[P21] another node’s, another cluster’s, another store’s, or files of two mixed: refused', async () => {
    expect(await judge(closed.copy(), truth, { nodeId: 'n2' })).toMatchObject({ code: 'foreign' });
    expect(await judge(closed.copy(), truth, { clusterId: 'cluster-2' })).toMatchObject({
      code: 'foreign',
    });
    const { storeId } = truth.owner;
    expect(await judge(closed.copy(), truth, { storeId })).toEqual({ is: 'exact' });
    const other = new Written();
    try {
      await fill(other, () => {});
      const otherKilled = other.copy();
      expect(await judge(otherKilled.copy(), truth, { storeId })).toMatchObject({ code: 'lost' });
      // Of one name, and of one cluster: what a disk that was wiped once looks like.
      for (const [parts, verdict] of [
        // Pages that the write-ahead log has as well are not read from the database.
        [[''], { is: 'exact' }],
        [['', '-wal'], { is: 'refused', code: 'lost' }],
        [['-mark'], { is: 'refused', code: 'lost' }],
        [['-wal'], { is: 'refused', code: 'lost' }],
      ] as const) {
        const image = killed.copy();
        for (const part of parts) image.put(part, otherKilled.bytes(part));
        expect(await judge(image, truth, { storeId })).toMatchObject(verdict);
        expect(await judge(image, truth)).toMatchObject(verdict);
      }
    } finally {
      await other.end();
    }
  });

  test.each<readonly [string, Damage, StorageErrorCode]>([
    ['gone', (image) => image.remove(''), 'lost'],
    [
      'gone, with its log',
      (image) => {
        image.remove('');
        image.remove('-wal');
      },
      'lost',
    ],
    [
      'gone, with all that belongs to it',
      (image) => {
        for (const part of ['', '-wal', '-shm', '-mark'] as const) image.remove(part);
      },
      'lost',
    ],
    [
      'empty',
      (image) => {
        image.put('', Buffer.alloc(0));
        image.remove('-wal');
      },
      'rolled-back',
    ],
    [
      'empty, and all else gone',
      (image) => {
        for (const part of ['-wal', '-shm', '-mark'] as const) image.remove(part);
        image.put('', Buffer.alloc(0));
      },
      'lost',
    ],
    [
      'full of zeros',
      (image) => {
        image.put('', Buffer.alloc(image.bytes('').length));
        image.remove('-wal');
      },
      'corrupt',
    ],
    [
      'cut in half',
      (image) => {
        image.remove('-wal');
        image.put('', closed.bytes('').subarray(0, 8 * 4096));
      },
      'corrupt',
    ],
    [
      'a folder',
      (image) => {
        image.makeFolder('');
      },
      'unavailable',
    ],
    [
      'with a log that is a folder',
      (image) => {
        image.makeFolder('-wal');
      },
      'unavailable',
    ],
    [
      'with a mark that is a folder',
      (image) => {
        image.makeFolder('-mark');
      },
      'unavailable',
    ],
    [
      'whose mark cannot be made anew',
      (image) => {
        mkdirSync(`${image.file}-mark-new`);
      },
      'unavailable',
    ],
  ])('[P22] the database %s: refused, by what it is', async (_what, damage, code) => {
    const image = killed.copy();
    await damage(image);
    const isThere = image.has('');
    const { storeId } = truth.owner;
    // Who does not know which store it was has the mark.
    for (const known of image.has('-mark') ? [storeId, null] : [storeId])
      for (let start = 0; start < 2; start++) {
        const verdict = await judge(image, truth, { storeId: known });
        expect(verdict).toMatchObject({ is: 'refused', code });
        expect(image.has('')).toBe(isThere);
      }
  });

  test('[P22] the index of the write-ahead log, damaged or gone: as it was', async () => {
    for (const damage of [
      (image: Image) => image.remove('-shm'),
      (image: Image) => image.put('-shm', Buffer.alloc(32768, 0xa5)),
      (image: Image) => image.flip('-shm', 20, 4),
    ]) {
      const image = killed.copy();
      damage(image);
      expect(await judge(image, truth)).toEqual({ is: 'exact' });
    }
  });
});

describe('pages', () => {
  const PAGE = 4096;

  /** Root page of each table. */
  async function roots(image: Image): Promise<ReadonlyMap<string, number>> {
    const rows = await image.rows<{ name: string; rootpage: bigint }>(
      'SELECT name, rootpage FROM sqlite_master',
    );
    return new Map(rows.map(({ name, rootpage }) => [name, Number(rootpage)]));
  }

  /** The page with the last rows of a table. */
  function lastLeaf(bytes: Buffer, root: number): number {
    const at = (root - 1) * PAGE;
    return bytes.readUInt8(at) === 5 ? lastLeaf(bytes, bytes.readUInt32BE(at + 8)) : at;
  }

  test.each(['node_state', 'applied_state', 'log_entries', 'marks', 'sessions', 'field_floors'])(
    '[P23] a page of %s that counts one row less, of which SQLite says nothing: refused',
    async (table) => {
      const image = closed.copy();
      const bytes = image.bytes('');
      const leaf = lastLeaf(bytes, must((await roots(image)).get(table), table));
      bytes.writeUInt16BE(bytes.readUInt16BE(leaf + 3) - 1, leaf + 3);
      image.put('', bytes);
      expect(await judge(image, truth)).toMatchObject({ is: 'refused' });
    },
  );

  test('[P23] tables that changed places: refused', async () => {
    const found = await roots(closed);
    for (const [a, b] of [
      ['node_state', 'applied_state'],
      ['log_entries', 'versions'],
      ['sessions', 'field_floors'],
      ['marks', 'log_entries'],
    ] as const) {
      const image = closed.copy();
      const bytes = image.bytes('');
      const [first, second] = [a, b].map((name) => (must(found.get(name), name) - 1) * PAGE);
      const page = Buffer.from(bytes.subarray(first, must(first, a) + PAGE));
      bytes.copy(bytes, first, second, must(second, b) + PAGE);
      page.copy(bytes, must(second, b));
      image.put('', bytes);
      expect(await judge(image, truth)).toMatchObject({ is: 'refused' });
    }
  });

  test('[P23] a list of free pages that names a page in use: what is written over it is missed at the next start', async () => {
    const image = closed.copy();
    await image.tamper(`CREATE TABLE junk AS SELECT zeroblob(40000); DROP TABLE junk`);
    const bytes = image.bytes('');
    const trunk = bytes.readUInt32BE(32);
    expect(bytes.readUInt32BE(36)).toBeGreaterThan(1);
    const sessions = must((await roots(image)).get('sessions'), 'sessions');
    bytes.writeUInt32BE(sessions, (trunk - 1) * PAGE + 8);
    image.put('', bytes);
    const { storage } = await openFile(image.file);
    for (let i = 91; i < 200; i++) await writeLog(storage, logWrite([entry(i, 'x'.repeat(500))]));
    await saveKv(storage, changes(91)).catch(() => {});
    await storage.close();
    expect(await judge(image, truth)).toMatchObject({ is: 'refused' });
    rmSync(path.dirname(image.file), { recursive: true });
  });
});
