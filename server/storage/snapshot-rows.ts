/**
 * The applied state as rows: saving it, reading it back in pieces for a follower
 * that lacks it, and staging the pieces that come from a leader. Staged rows lie
 * beyond the applied state in the same tables; installing a snapshot moves the
 * applied state over them, and copies nothing.
 *
 * Rows reach from the horizon to `reach` without a gap. Everything here is synchronous and
 * throws; the store that calls it fails for good then.
 */
import type { KvChanges, KvHeader } from '../kv/types.ts';
import type { Rows, SnapshotPiece, SnapshotRest } from '../ports/node-storage.ts';
import type { LogIndex } from '../raft/types.ts';
import { tallied } from '../ports/version-tally.ts';
import type { Connection } from './connection.ts';
import { StorageError } from './errors.ts';
import { placeAt } from '../base/position.ts';
import { MARKS, markOf, readFloors, readSessions, VERSIONS, versionOf } from './rows.ts';
import type { MarkRow, Source, VersionRow } from './rows.ts';
import { tallyAfter, tallyRows } from './row-tally.ts';
import type { RowTally } from './row-tally.ts';
import { checksumsOf, storedFloor, storedSession } from './stored-rows.ts';
import type { Installed, StateTallies } from './stored-rows.ts';
import type { VersionPacks } from './version-packs.ts';
import { appliedStatements, dropStatements, rowStatements } from './statements.ts';

/** Rows of a table in a piece at most, and their text, unless a single revision has more. */
const PIECE_ROWS = 4096;
const PIECE_BYTES = 1024 * 1024;

const SESSION_CHECKSUM = 'SELECT "checksum" FROM "sessions" WHERE "client" = ?';
const FLOOR_CHECKSUM = 'SELECT "checksum" FROM "field_floors" WHERE "key" = ? AND "field" = ?';

export class SnapshotRows {
  private readonly connection: Connection;
  private readonly epoch: number;
  private readonly packs: VersionPacks;
  private kv: KvHeader;
  private tallies: StateTallies;
  /** The last revision that has rows. */
  private reach: LogIndex;

  constructor(
    connection: Connection,
    epoch: number,
    kv: KvHeader,
    tallies: StateTallies,
    packs: VersionPacks,
  ) {
    this.connection = connection;
    this.epoch = epoch;
    this.kv = kv;
    this.tallies = tallies;
    this.packs = packs;
    const version = placeAt(this.greatest(VERSIONS)).revision;
    this.reach = Math.max(kv.lastApplied, version, this.greatest(MARKS));
  }

  save(changes: KvChanges): void {
    const { lastApplied, lastStamp, stateHash, sessionClock, retention } = changes;
    // What was staged of these revisions is the same; what lies beyond them stays staged.
    const staged =
      this.reach > this.kv.lastApplied ? dropStatements(this.kv.lastApplied, lastApplied) : [];
    const packed = this.packs.statements(this.kv.lastApplied, changes);
    const sessions = changes.sessions.map(storedSession);
    const floors = changes.floors.map(storedFloor);
    const tallies: StateTallies = {
      versions: tallied(this.tallies.versions, changes.versions, changes.dropped),
      sessions: tallyAfter(
        this.tallies.sessions,
        this.tallyOf(SESSION_CHECKSUM, [
          ...changes.droppedSessions.map((client) => [client]),
          ...sessions.map(({ client }) => [client]),
        ]),
        tallyRows(checksumsOf(sessions)),
      ),
      floors: tallyAfter(
        this.tallies.floors,
        this.tallyOf(
          FLOOR_CHECKSUM,
          [...changes.droppedFloors, ...floors].map(({ key, field }) => [key, field]),
        ),
        tallyRows(checksumsOf(floors)),
      ),
    };
    const applied = appliedStatements(changes, sessions, floors, tallies);
    this.connection.transact('save', this.epoch, [...staged, ...applied, ...packed]);
    this.tallies = tallies;
    this.kv = { lastApplied, lastStamp, stateHash, sessionClock, retention };
    this.reach = Math.max(this.reach, lastApplied);
  }

  /** A piece of the applied state after `after`. Throws StorageError `corrupt`. */
  read(after: LogIndex): SnapshotPiece {
    const { kv } = this;
    const horizon = kv.retention.horizon.revision;
    if (after >= kv.lastApplied)
      return { ...NO_ROWS, upTo: after, horizon, end: { kv, ...this.rest() } };
    const upTo = this.pieceEnd(after);
    const versions = this.page<VersionRow>(VERSIONS, after, upTo).map(versionOf);
    const marks = this.page<MarkRow>(MARKS, after, upTo).map(markOf);
    return { upTo, horizon, versions, marks, end: null };
  }

  /** Keeps rows that follow on what is here; says how far rows reach. */
  stage(after: LogIndex, rows: Rows): LogIndex {
    if (after === this.reach && isWhole(after, rows)) {
      this.connection.transact('stage', this.epoch, rowStatements(rows));
      this.reach = rows.upTo;
    }
    return this.reach;
  }

  /** Throws StorageError `corrupt` when rows do not reach `index`. */
  verifyComplete(index: LogIndex): void {
    if (index > this.reach)
      throw new StorageError('corrupt', `versions: rows end at ${this.reach}, before ${index}`);
  }

  /** Throws StorageError `corrupt` when what was staged is not what the snapshot says; it is found so at the next start too. */
  installed({ kv, kept, tallies }: Installed): void {
    const { count, sum } = tallies.versions;
    const found = this.connection.rowOf<{ readonly count: bigint; readonly sum: bigint }>(
      'SELECT count(*) AS "count", ifnull(sum("position" % 4294967296), 0) % 4294967296 AS "sum" FROM "versions" WHERE "position" <= ?',
      [VERSIONS.lastOf(kv.lastApplied)],
    );
    if (Number(found?.count) !== count || Number(found?.sum) !== sum)
      throw new StorageError(
        'corrupt',
        `versions: there are ${found?.count} rows of ${count} that a snapshot has, or others`,
      );
    this.tallies = tallies;
    this.kv = kv;
    this.packs.installed(kept.upTo);
  }

  /** Of the stored rows with these keys. */
  private tallyOf(sql: string, keys: readonly (readonly string[])[]): RowTally {
    const checksums: number[] = [];
    for (const key of keys) {
      const row = this.connection.rowOf<{ readonly checksum: bigint }>(sql, key);
      if (row !== null) checksums.push(Number(row.checksum));
    }
    return tallyRows(checksums);
  }

  /** Where a piece ends that has so many rows and so much text, at least one revision; the revisions between may have none. */
  private pieceEnd(after: LogIndex): LogIndex {
    const fits = (upTo: LogIndex): boolean =>
      this.connection.numberOf(
        `SELECT total(${VERSIONS.bytes}) AS "value" FROM "versions" WHERE ${VERSIONS.key} > ? AND ${VERSIONS.key} <= ?`,
        [VERSIONS.lastOf(after), VERSIONS.lastOf(upTo)],
      ) <= PIECE_BYTES;
    let upTo = this.kv.lastApplied;
    for (const source of [VERSIONS, MARKS])
      upTo = Math.min(upTo, this.revisionOfRow(source, after, PIECE_ROWS));
    while (upTo > after + 1 && !fits(upTo)) upTo = after + Math.ceil((upTo - after) / 2);
    return upTo;
  }

  /** Revision of the nth row after a revision; without end when there are fewer. */
  private revisionOfRow({ table, key, lastOf, revisionOf }: Source, after: LogIndex, nth: number) {
    const found = this.connection.numberOf(
      `SELECT ifnull((SELECT ${key} FROM "${table}" WHERE ${key} > ? ORDER BY ${key} LIMIT 1 OFFSET ?), -1) AS "value"`,
      [lastOf(after), nth - 1],
    );
    return found === -1 ? Number.POSITIVE_INFINITY : Math.max(after + 1, revisionOf(found));
  }

  private page<Row>({ table, key, row, lastOf }: Source, after: LogIndex, upTo: LogIndex): Row[] {
    const text = this.connection.textOf(
      `SELECT json_group_array(${row}) AS "value" FROM (SELECT * FROM "${table}" WHERE ${key} > ? AND ${key} <= ? ORDER BY ${key})`,
      [lastOf(after), lastOf(upTo)],
    );
    return JSON.parse(text) as Row[];
  }

  private rest(): SnapshotRest {
    const upTo = this.kv.retention.watchable.revision;
    const positions = this.connection.textOf(
      `SELECT json_group_array("position") AS "value" FROM (SELECT "position" FROM "versions" WHERE "position" <= ? ORDER BY "position")`,
      [upTo === 0 ? 0 : VERSIONS.lastOf(upTo)],
    );
    const kept = { upTo, positions: JSON.parse(positions) as number[] };
    const { sessions, floors, versions: tally } = this.tallies;
    return {
      sessions: readSessions(this.connection, sessions),
      floors: readFloors(this.connection, floors),
      kept,
      tally,
    };
  }

  private greatest({ table, key }: Source): number {
    return this.connection.numberOf(`SELECT ifnull(max(${key}), 0) AS "value" FROM "${table}"`, []);
  }
}

/** Does every revision in (after, upTo] have rows that is after the horizon, and none beside them? */
function isWhole(after: LogIndex, { upTo, horizon, versions, marks }: Rows): boolean {
  const revisions = new Set([...versions, ...marks].map(({ revision }) => revision));
  const inside = [...revisions].every((revision) => revision > after && revision <= upTo);
  const from = Math.max(after, horizon);
  const kept = [...revisions].filter((revision) => revision > from);
  return inside && kept.length === Math.max(0, upTo - from);
}

const NO_ROWS = { versions: [], marks: [] };
