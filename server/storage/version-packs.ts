/**
 * The versions a second time, some thousand in one row, so that a node reads a
 * million of them in a moment. The rows of the table of versions are the truth:
 * a pack stands for those between its ends, less those that are gone from
 * there, and where one is missing or damaged they are read in its place. Packs
 * follow the saves: what was saved last waits until a pack is full.
 */
import { positionOf } from '../base/position.ts';
import type { KvChanges } from '../kv/types.ts';
import { MAX_ROWS } from '../kv/version-columns.ts';
import { filterPack, isFull, PackBuilder, packsOf, versionsOf } from '../kv/version-pack.ts';
import type { VersionPack } from '../kv/version-pack.ts';
import type { LogIndex } from '../raft/types.ts';
import type { Connection, Statement } from './connection.ts';
import { decodePack, encodePack } from './pack-bytes.ts';
import type { Ends, PackBytes } from './pack-bytes.ts';
import { VERSIONS, versionRows } from './rows.ts';

/** A stored pack. */
interface Stored extends Ends {
  readonly versions: number;
  /** Those that are not forgotten. */
  live: number;
}

const ROWS_BETWEEN = 'FROM "versions" WHERE "position" BETWEEN ? AND ?';

/** Packs made at a start go into the database so many at a time. */
const PACKS_A_TRANSACTION = 16;
/** Text read back at a time: about a pack. */
const READ_BACK_BYTES = 4 * 1024 * 1024;

export class VersionPacks {
  private readonly connection: Connection;
  private readonly epoch: number;
  /** Versions in one pack, at most. */
  private readonly most: number;
  /** In order. */
  private stored: Stored[] = [];
  /** Less than half of each is left. */
  private sparse = new Set<Stored>();
  /** What was saved after the last pack; null: it must be read back first. */
  private tail: PackBuilder | null = null;

  constructor(connection: Connection, epoch: number, most = MAX_ROWS) {
    this.connection = connection;
    this.epoch = epoch;
    this.most = most;
  }

  // --- at a start ----------------------------------------------------------------

  /** All saved versions, which end with revision `upTo`, in order; packs them where that was not done. Throws StorageError `corrupt`. */
  read(upTo: LogIndex): readonly VersionPack[] {
    const found: VersionPack[] = [];
    const made: VersionPack[] = [];
    const wrong: number[] = [];
    for (const ends of this.list()) {
      const opened = this.open(ends);
      if (opened === null) wrong.push(ends.first);
      else {
        const between = this.packsBetween(this.end, ends.first - 1);
        found.push(...between, opened.pack);
        made.push(...between);
        this.keep({ ...ends, versions: opened.versions, live: opened.pack.columns.length });
      }
    }
    const rest = this.packsBetween(this.end, VERSIONS.lastOf(upTo));
    found.push(...rest);
    made.push(...rest.filter(({ columns }) => isFull(columns, this.most)));
    this.tail = new PackBuilder(this.most);
    for (const version of versionsOf(rest.filter(({ columns }) => !isFull(columns, this.most))))
      this.tail.add(version);
    this.store(made, wrong);
    return found;
  }

  private packsBetween(after: number, last: number): readonly VersionPack[] {
    return packsOf(versionRows(this.connection, after, last), this.most);
  }

  private store(made: readonly VersionPack[], wrong: readonly number[]): void {
    if (wrong.length > 0) this.connection.transact('pack', this.epoch, wrong.map(remove));
    // Made into bytes when their turn comes: all at once would take as much memory again.
    for (let at = 0; at < made.length; at += PACKS_A_TRANSACTION) {
      const some = made.slice(at, at + PACKS_A_TRANSACTION);
      this.connection.transact(
        'pack',
        this.epoch,
        some.map((pack) => this.add(pack)),
      );
    }
    this.stored.sort((a, b) => a.first - b.first);
  }

  private list(): readonly Ends[] {
    const text = this.connection.textOf(
      `SELECT json_group_array(json_array("first", "last")) AS "value" FROM (SELECT "first", "last" FROM "version_packs" ORDER BY "first")`,
      [],
    );
    return (JSON.parse(text) as [number, number][]).map(([first, last]) => ({ first, last }));
  }

  /** Null when it is of no use: the rows are, then. */
  private open({ first, last }: Ends): Opened | null {
    const live = this.countRows({ first, last });
    const pack = live === 0 ? null : this.load({ first, last });
    if (pack === null) return null;
    const versions = pack.columns.length;
    if (versions === live) return { pack, versions };
    const positions = this.connection.textOf(
      `SELECT json_group_array("position") AS "value" FROM (SELECT "position" ${ROWS_BETWEEN})`,
      [first, last],
    );
    const stays = new Set(JSON.parse(positions) as number[]);
    const left = filterPack(pack, (row) => stays.has(pack.columns.position(row)));
    return left?.columns.length === live ? { pack: left, versions } : null;
  }

  private countRows({ first, last }: Ends): number {
    return this.connection.numberOf(`SELECT count(*) AS "value" ${ROWS_BETWEEN}`, [first, last]);
  }

  private load(ends: Ends): VersionPack | null {
    const row = this.connection.rowOf<Omit<PackBytes, 'checksum'> & { readonly checksum: bigint }>(
      'SELECT "checksum", "names", "data" FROM "version_packs" WHERE "first" = ?',
      [ends.first],
    );
    // Another program may have taken it away meanwhile.
    return row && decodePack(ends, { ...row, checksum: Number(row.checksum) });
  }

  // --- with each save --------------------------------------------------------------

  /** What a save of the state after revision `before` is to do besides. */
  statements(before: LogIndex, { versions, dropped }: KvChanges): readonly Statement[] {
    const statements: Statement[] = [];
    this.squeezeOne(statements);
    const gone = new Set(dropped.map(positionOf));
    this.forget(gone, statements);
    if (this.tail === null) this.readBack(before, gone, statements);
    if (this.tail === null) return statements;
    for (const version of versions) {
      const full = gone.has(positionOf(version)) ? null : this.tail.add(version);
      if (full !== null) statements.push(this.add(full));
    }
    return statements;
  }

  /** The state is another: rows came in beside the saves, and some went of those up to revision `upTo`. */
  installed(upTo: LogIndex): void {
    this.tail = null;
    for (const stored of this.stored) {
      if (stored.first > VERSIONS.lastOf(upTo)) break;
      stored.live = this.countRows(stored);
      if (2 * stored.live < stored.versions) this.sparse.add(stored);
    }
  }

  private forget(gone: ReadonlySet<number>, statements: Statement[]): void {
    let isTailHit = false;
    for (const position of gone) {
      const stored = this.holding(position);
      if (stored === null) {
        isTailHit ||= position > this.end;
        continue;
      }
      stored.live--;
      if (2 * stored.live < stored.versions) this.sparse.add(stored);
      if (stored.live > 0) continue;
      statements.push(remove(stored.first));
      this.replace(stored, []);
    }
    if (!isTailHit || this.tail === null) return;
    const tail = this.tail.take();
    this.tail = new PackBuilder(this.most);
    const left = tail && filterPack(tail, (row) => !gone.has(tail.columns.position(row)));
    for (const version of versionsOf(left === null ? [] : [left])) this.tail.add(version);
  }

  /** Makes one that is half empty smaller: what is forgotten shall not take room for ever. */
  private squeezeOne(statements: Statement[]): void {
    const [stored] = this.sparse;
    if (stored === undefined) return;
    const opened = this.open(stored);
    if (opened === null) {
      statements.push(remove(stored.first));
      this.replace(stored, []);
      return;
    }
    const { first, last } = stored;
    const left = opened.pack.columns.length;
    const smaller = { first, last, versions: left, live: left };
    statements.push(put(smaller, opened.pack));
    this.replace(stored, [smaller]);
  }

  /** As many as one pack holds: the rest has time until the next saves. */
  private readBack(before: LogIndex, gone: ReadonlySet<number>, statements: Statement[]): void {
    const tail = new PackBuilder(this.most);
    const last = VERSIONS.lastOf(before);
    const page = { rows: this.most, bytes: READ_BACK_BYTES };
    for (const version of versionRows(this.connection, this.end, last, page)) {
      const full = gone.has(positionOf(version)) ? null : tail.add(version);
      if (full === null) continue;
      statements.push(this.add(full));
      return;
    }
    this.tail = tail;
  }

  // --- what is stored --------------------------------------------------------------

  /** Position of the last version that is packed. */
  private get end(): number {
    return this.stored[this.stored.length - 1]?.last ?? 0;
  }

  private add(pack: VersionPack): Statement {
    const { columns } = pack;
    const versions = columns.length;
    const [first, last] = [columns.position(0), columns.position(versions - 1)];
    const stored = { first, last, versions, live: versions };
    this.stored.push(stored);
    return put(stored, pack);
  }

  private keep(stored: Stored): void {
    this.stored.push(stored);
    if (2 * stored.live < stored.versions) this.sparse.add(stored);
  }

  private replace(stored: Stored, by: readonly Stored[]): void {
    this.sparse.delete(stored);
    this.stored.splice(this.stored.indexOf(stored), 1, ...by);
  }

  private holding(position: number): Stored | null {
    let low = 0;
    let high = this.stored.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.stored[middle] as Stored).last < position) low = middle + 1;
      else high = middle;
    }
    const found = this.stored[low];
    return found !== undefined && found.first <= position ? found : null;
  }
}

interface Opened {
  /** What is left of it: at least one version. */
  readonly pack: VersionPack;
  /** How many there were. */
  readonly versions: number;
}

function remove(first: number): Statement {
  return { sql: 'DELETE FROM "version_packs" WHERE "first" = ?', parameters: [first] };
}

function put({ first, last, versions }: Stored, pack: VersionPack): Statement {
  const { checksum, names, data } = encodePack({ first, last }, pack);
  return {
    sql: 'INSERT OR REPLACE INTO "version_packs" ("first", "last", "versions", "checksum", "names", "data") VALUES (?, ?, ?, ?, ?, ?)',
    parameters: [first, last, versions, checksum, names, data],
  };
}
