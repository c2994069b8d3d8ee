/**
 * Packs of a few versions each, of a node that forgets and of one that follows
 * it, by the log or by snapshots: whatever was saved, staged, installed, closed
 * and damaged before, what comes back is what the model of
 * server/ports/durable-state.ts holds.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { positionOf } from '../../server/base/position.ts';
import { must } from '../../server/base/assert.ts';
import { Random } from '../../server/base/random.ts';
import { KEEP_ALL } from '../../server/kv/types.ts';
import type { FieldFloor, KvChanges, Mark, Retention, Version } from '../../server/kv/types.ts';
import { versionsOf } from '../../server/kv/version-pack.ts';
import {
  applyKvChanges,
  applyLogWrite,
  emptyDurableState,
  encodeSnapshotState,
  restoredNode,
  savedVersions,
  stageRows as stageInModel,
} from '../../server/ports/durable-state.ts';
import type { LogWrite, RestoredNode } from '../../server/ports/node-storage.ts';
import { Connection } from '../../server/storage/connection.ts';
import { openPrismaStorage } from '../../server/storage/prisma-storage.ts';
import { readSnapshot, saveKv, stageRows, writeLog } from './calls.ts';
import type { OpenedStorage } from './calls.ts';
import { changes, entries, logWrite, OWNER, session, stampOf, TEXTS, version } from './rows.ts';
import { VOTERS } from './rows.ts';

const MIGRATIONS = path.resolve(import.meta.dirname, '../../prisma/migrations');
const folder = mkdtempSync(path.join(tmpdir(), 'chronoraft-random-packs-'));
let files = 0;

afterAll(() => rmSync(folder, { recursive: true, force: true }));

const PACK_ROWS = 6;
const STEPS = 120;

/** A store and its model. */
class Store {
  readonly model = emptyDurableState({ ...OWNER, storeId: 'model' }, VOTERS);
  private readonly file = path.join(folder, `store-${++files}.db`);
  private opened: OpenedStorage | null = null;

  get storage(): OpenedStorage['storage'] {
    return must(this.opened, 'the store is open').storage;
  }

  /** Opens it, and compares. */
  async open(): Promise<void> {
    this.opened = await openPrismaStorage({
      file: this.file,
      migrationsDir: MIGRATIONS,
      voters: VOTERS,
      storeId: null,
      packRows: PACK_ROWS,
      ...OWNER,
    });
    expect(inWords(this.opened.restored)).toEqual(inWords(restoredNode(this.model)));
  }

  async close(): Promise<void> {
    await this.storage.close();
    this.opened = null;
  }

  async log(write: LogWrite): Promise<void> {
    applyLogWrite(this.model, write);
    await writeLog(this.storage, write);
  }

  /** Saves it, with the entries of it that are not in the log. */
  async save(saved: KvChanges): Promise<void> {
    const { base, entries: held } = this.model;
    await this.log(logWrite(entries(base.index + held.length + 1, saved.lastApplied)));
    applyKvChanges(this.model, saved);
    await saveKv(this.storage, saved);
  }

  /** Does something to the packs, behind the store's back. */
  async tamper(sql: string): Promise<void> {
    await this.connection.script(sql);
  }

  private get connection(): Connection {
    const connection: unknown = Reflect.get(this.storage, 'connection');
    if (!(connection instanceof Connection)) throw new Error('a store has a connection');
    return connection;
  }

  /** After a start all is packed, but for less than a pack at the end; packs are in order, and none is empty. */
  async checkPacks(): Promise<void> {
    const { prisma } = this.connection;
    const packs = await prisma.versionPack.findMany({
      orderBy: { first: 'asc' },
      omit: { names: true, data: true },
    });
    let end = 0;
    let packed = 0;
    const positions = savedVersions(this.model).map(positionOf);
    for (const { first, last, versions } of packs) {
      expect(Number(first)).toBeGreaterThan(end);
      end = Number(last);
      const inside = positions.filter((each) => each >= first && each <= last).length;
      expect(inside).toBeGreaterThan(0);
      expect(inside).toBeLessThanOrEqual(versions);
      expect(versions).toBeLessThanOrEqual(PACK_ROWS);
      packed += inside;
    }
    expect(positions.length - packed).toBeLessThan(PACK_ROWS);
  }
}

function inWords(restored: RestoredNode) {
  const { versions, floors, sessions, identity: _, ...rest } = restored;
  const cells = floors.map((floor) => JSON.stringify(floor)).sort();
  return { ...rest, versions: [...versionsOf(versions)], floors: cells, sessions: [...sessions] };
}

/** What a leader saved, in order, and a follower that may be behind. */
class Course {
  private readonly random: Random;
  readonly leader = new Store();
  readonly follower = new Store();
  private readonly history: KvChanges[] = [];

  constructor(seed: number) {
    this.random = Random.fromSeed(seed);
  }

  async run(): Promise<void> {
    const { leader, follower, random } = this;
    for (const store of [leader, follower]) await store.open();
    for (let step = 0; step < STEPS; step++) {
      const draw = random.nextFloat();
      if (draw < 0.45) await this.write();
      else if (draw < 0.7) await this.follow();
      else if (draw < 0.8) await this.stage(random.nextInt(1, 3));
      else if (draw < 0.85) await this.install();
      else if (draw < 0.92) await random.pick([leader, follower]).tamper(this.damage());
      else await this.reopen(random.pick([leader, follower]));
    }
    for (const store of [leader, follower]) {
      await this.reopen(store);
      await store.close();
    }
  }

  /** The leader saves what it wrote, and forgot, since it did last. */
  private async write(): Promise<void> {
    const { leader, random } = this;
    const { kv } = leader.model;
    const first = kv.lastApplied + 1;
    const last = kv.lastApplied + random.nextInt(1, 4);
    const versions: Version[] = [];
    for (let revision = first; revision <= last; revision++) {
      const count = random.pick([0, 1, 1, 2, 3, 2 * PACK_ROWS + 1]);
      for (let op = 0; op < count; op++) versions.push(this.version(revision, op));
    }
    const forgets = random.chance(0.4);
    const share = random.pick([0.1, 0.5, 0.95]);
    const [from, to] = [random.nextInt(1, last), random.nextInt(1, last)];
    const dropped = [...savedVersions(leader.model), ...versions].filter(
      ({ revision }) => forgets && revision >= from && revision <= to && random.chance(share),
    );
    const retention = this.retention(last, dropped);
    const floor = this.floor(last);
    const saved = changes(last, {
      versions,
      dropped: dropped.map(({ revision, op }) => ({ revision, op })),
      marks: this.marks(first, last, { versions, dropped }, retention),
      retention,
      floors: random.chance(0.2) ? [floor] : [],
      droppedFloors: random.chance(0.1)
        ? [{ key: `k${(floor.oldest.op + 1) % 4}`, field: 'f' }]
        : [],
      sessions: random.chance(0.2) ? [session('c', first, last)] : [],
    });
    this.history.push(saved);
    await leader.save(saved);
  }

  /** The follower saves what the leader did after it. */
  private async follow(): Promise<void> {
    const { follower, history } = this;
    const { lastApplied } = follower.model.kv;
    const at = history.findIndex((saved) => saved.lastApplied > lastApplied);
    if (at >= 0) await follower.save(must(history[at], 'it was found'));
  }

  private async stage(pieces: number): Promise<void> {
    const { leader, follower } = this;
    for (let n = 0; n < pieces && follower.model.reach < leader.model.kv.lastApplied; n++) {
      const { reach } = follower.model;
      const piece = await readSnapshot(leader.storage, reach);
      const upTo = stageInModel(follower.model, reach, piece);
      expect(await stageRows(follower.storage, reach, piece)).toBe(upTo);
    }
  }

  private async install(): Promise<void> {
    const { leader, follower } = this;
    const index = leader.model.kv.lastApplied;
    if (index <= follower.model.kv.lastApplied) return;
    await this.stage(Number.POSITIVE_INFINITY);
    const end = must((await readSnapshot(leader.storage, index)).end, 'the state ends there');
    const { conf } = follower.model.base;
    const base = { index, term: 1, stamp: stampOf(index), conf };
    await follower.log(
      logWrite([], { install: { base, state: encodeSnapshotState(end.kv, end) } }),
    );
  }

  private async reopen(store: Store): Promise<void> {
    await store.close();
    await store.open();
    await store.checkPacks();
  }

  private damage(): string {
    const { random } = this;
    const one = `first = (SELECT first FROM version_packs ORDER BY first LIMIT 1 OFFSET ${random.nextInt(0, 5)})`;
    const by = random.pick([-131_072, -1, 1, 2, 131_072, 1_000_000]);
    return random.pick([
      `DELETE FROM version_packs WHERE ${one}`,
      'DELETE FROM version_packs WHERE random() % 2 = 0',
      `UPDATE version_packs SET checksum = checksum + 1 WHERE ${one}`,
      `UPDATE version_packs SET names = replace(names, '"k', '"l') WHERE ${one}`,
      `UPDATE version_packs SET data = zeroblob(length(data)) WHERE ${one}`,
      `UPDATE version_packs SET data = 5 WHERE ${one}`,
      `UPDATE OR IGNORE version_packs SET first = first + ${by} WHERE ${one}`,
      `UPDATE version_packs SET last = last + ${by} WHERE ${one}`,
      EXCHANGE,
    ]);
  }

  private version(revision: number, op: number): Version {
    const { random } = this;
    return version(revision, {
      op,
      key: `k${random.nextInt(0, 3)}`,
      field: random.pick(['f', 'é', '']),
      timestamp: random.nextInt(0, 1000),
      value: random.pick([null, [], ['é', ''], ...TEXTS.slice(0, -1)]),
      expiresAt: random.chance(0.1) ? random.nextInt(1000, 2000) : null,
    });
  }

  private retention(last: number, dropped: readonly Version[]): Retention {
    const { horizon, watchable } = this.leader.model.kv.retention;
    const moved = this.random.chance(0.1) ? this.random.nextInt(horizon.revision, last) : 0;
    const revision = Math.max(horizon.revision, moved);
    const upTo = dropped.reduce((most, each) => Math.max(most, each.revision), revision);
    return {
      ...KEEP_ALL,
      horizon: revision === 0 ? horizon : markOf(revision),
      watchable: upTo > watchable.revision ? markOf(upTo) : watchable,
    };
  }

  /** Of the revisions after the horizon that have no version, or have none any more. */
  private marks(
    first: number,
    last: number,
    { versions, dropped }: Pick<KvChanges, 'versions'> & { readonly dropped: readonly Version[] },
    { horizon }: Retention,
  ): readonly Mark[] {
    const gone = new Set(dropped);
    const all = [...savedVersions(this.leader.model), ...versions];
    const left = new Set(all.filter((each) => !gone.has(each)).map(({ revision }) => revision));
    const asked = new Set(dropped.map(({ revision }) => revision));
    for (let revision = first; revision <= last; revision++) asked.add(revision);
    return [...asked]
      .filter((revision) => revision > horizon.revision && !left.has(revision))
      .sort((a, b) => a - b)
      .map(markOf);
  }

  private floor(revision: number): FieldFloor {
    const op = this.random.nextInt(0, 3);
    return { key: `k${op}`, field: 'f', oldest: { timestamp: 1, revision, op } };
  }
}

/** The first two packs have each what belongs to the other. */
const EXCHANGE = `
  CREATE TEMP TABLE two AS SELECT * FROM version_packs ORDER BY first LIMIT 2;
  UPDATE version_packs SET (checksum, versions, names, data) =
    (SELECT checksum, versions, names, data FROM two WHERE two.first <> version_packs.first LIMIT 1)
    WHERE first IN (SELECT first FROM two) AND (SELECT count(*) FROM two) = 2;
  DROP TABLE two;`;

function markOf(revision: number): Mark {
  return { revision, stamp: stampOf(revision) };
}

describe('packs of versions, at random', () => {
  test.each([1, 2, 3, 7, 10])(
    '[P14] what comes back is what the rows say (seed %i)',
    async (seed) => {
      await new Course(seed).run();
    },
  );
});
