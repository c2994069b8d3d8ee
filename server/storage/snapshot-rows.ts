/**
 * The applied state as rows: saving it, reading it back in pieces for a follower
 * that lacks it, and staging the pieces that come from a leader. Staged rows lie
 * beyond the applied state in the same tables; installing a snapshot moves the
 * applied state over them, and copies nothing.
 *
 * Rows reach from the horizon to `reach` without a gap. Everything here is synchronous and
 * throws; the store that calls it fails for good then.
 */
import type { FieldFloor, KvChanges, KvHeader, Mark, SessionRow } from '../kv/types.ts';
import type { Rows, SnapshotPiece, SnapshotRest } from '../ports/node-storage.ts';
import type { LogIndex, SnapshotEnd } from '../raft/types.ts';
import { decodeSnapshotState } from '../ports/durable-state.ts';
import { tallied } from '../ports/version-tally.ts';
import type { VersionTally } from '../ports/version-tally.ts';
import type { Connection } from './connection.ts';
import { StorageError } from './errors.ts';
import { placeAt } from '../base/position.ts';
import { MARKS, parseResult, VERSIONS, versionOf } from './rows.ts';
import type { Source, VersionRow } from './rows.ts';
import type { VersionPacks } from './version-packs.ts';
import { appliedStatements, dropStatements, rowStatements } from './statements.ts';

/** Rows of a table in a piece at most, and their text, unless a single revision has more. */
const PIECE_ROWS = 4096;
const PIECE_BYTES = 1024 * 1024;

export class SnapshotRows {
  private readonly connection: Connection;
  private readonly epoch: number;
  private readonly packs: VersionPacks;
  private kv: KvHeader;
  private tally: VersionTally;
  /** The last revision that has rows. */
  private reach: LogIndex;

  constructor(
    connection: Connection,
    epoch: number,
    kv: KvHeader,
    tally: VersionTally,
    packs: VersionPacks,
  ) {
    this.connection = connection;
    this.epoch = epoch;
    this.kv = kv;
    this.tally = tally;
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
    const tally = tallied(this.tally, changes.versions, changes.dropped);
    const applied = appliedStatements(changes, tally);
    this.connection.transact('save', this.epoch, [...staged, ...applied, ...packed]);
    this.tally = tally;
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
    const marks = this.page<[number, number]>(MARKS, after, upTo).map(
      ([revision, stamp]): Mark => ({ revision, stamp }),
    );
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

  installed({ base, state }: SnapshotEnd): void {
    const { header, kept, tally } = decodeSnapshotState(state);
    this.tally = tally;
    this.kv = { lastApplied: base.index, lastStamp: base.stamp, ...header };
    this.packs.installed(kept.upTo);
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
    return { sessions: this.sessions(), floors: this.floors(), kept, tally: this.tally };
  }

  private floors(): readonly FieldFloor[] {
    const text = this.connection.textOf(
      `SELECT json_group_array(json_array("key", "field", "timestamp", "revision", "op")) AS "value" FROM "field_floors"`,
      [],
    );
    const rows = JSON.parse(text) as [string, string, number, number, number][];
    return rows.map(([key, field, timestamp, revision, op]) => ({
      key,
      field,
      oldest: { timestamp, revision, op },
    }));
  }

  private sessions(): readonly SessionRow[] {
    const text = this.connection.textOf(
      `SELECT json_group_array(json_array("client", "sequence", "asked", "stamp", "clock", "result")) AS "value" FROM (SELECT * FROM "sessions" ORDER BY "stamp")`,
      [],
    );
    const rows = JSON.parse(text) as [string, number, number, number, number, string][];
    return rows.map(([client, sequence, asked, stamp, clock, result]) => ({
      client,
      sequence,
      asked,
      stamp,
      clock,
      result: parseResult(client, result),
    }));
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
