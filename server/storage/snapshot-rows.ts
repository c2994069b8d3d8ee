/**
 * The applied state as rows: saving it, reading it back in pieces for a follower
 * that lacks it, and staging the pieces that come from a leader. Staged rows lie
 * beyond the applied state in the same tables; installing a snapshot moves the
 * applied state over them, and copies nothing.
 *
 * Rows reach from 1 to `reach` without a gap. Everything here is synchronous and
 * throws; the store that calls it fails for good then.
 */
import type { KvChanges, KvHeader, Mark, SessionRow, Version } from '../kv/types.ts';
import type { Rows, SnapshotPiece } from '../ports/node-storage.ts';
import type { LogIndex, SnapshotEnd } from '../raft/types.ts';
import { decodeSnapshotState } from '../ports/durable-state.ts';
import type { Connection } from './connection.ts';
import { StorageError } from './errors.ts';
import { placeAt } from './position.ts';
import { MARKS, parseResult, VERSIONS, versionOf } from './rows.ts';
import type { Source, VersionRow } from './rows.ts';
import { appliedStatements, dropStatements, rowStatements } from './statements.ts';

/** Revisions in a piece at most, and their text, unless a single revision has more. */
const PIECE_REVISIONS = 4096;
const PIECE_BYTES = 1024 * 1024;

export class SnapshotRows {
  private readonly connection: Connection;
  private readonly epoch: number;
  private kv: KvHeader;
  /** The last revision that has rows. */
  private reach: LogIndex;

  constructor(connection: Connection, epoch: number, kv: KvHeader) {
    this.connection = connection;
    this.epoch = epoch;
    this.kv = kv;
    const version = placeAt(this.greatest(VERSIONS)).revision;
    this.reach = Math.max(kv.lastApplied, version, this.greatest(MARKS));
  }

  save(changes: KvChanges): void {
    const { lastApplied, lastStamp, stateHash } = changes;
    // What was staged of these revisions is the same; what lies beyond them stays staged.
    const staged =
      this.reach > this.kv.lastApplied ? dropStatements(this.kv.lastApplied, lastApplied) : [];
    this.connection.transact(this.epoch, [...staged, ...appliedStatements(changes)]);
    this.kv = { lastApplied, lastStamp, stateHash };
    this.reach = Math.max(this.reach, lastApplied);
  }

  /** A piece of the applied state after `after`. Throws StorageError `corrupt`. */
  read(after: LogIndex): SnapshotPiece {
    if (after >= this.kv.lastApplied)
      return {
        upTo: after,
        versions: [],
        marks: [],
        end: { kv: this.kv, sessions: this.sessions() },
      };
    const upTo = this.pieceEnd(after);
    const versions = this.page<VersionRow>(VERSIONS, after, upTo).map(versionOf);
    const marks = this.page<[number, number]>(MARKS, after, upTo).map(
      ([revision, stamp]): Mark => ({ revision, stamp }),
    );
    return { upTo, versions, marks, end: null };
  }

  /** Keeps rows that follow on what is here; says how far rows reach. */
  stage(after: LogIndex, { upTo, versions, marks }: Rows): LogIndex {
    if (after === this.reach && isWhole(after, upTo, versions, marks)) {
      this.connection.transact(this.epoch, rowStatements(versions, marks));
      this.reach = upTo;
    }
    return this.reach;
  }

  /** Throws StorageError `corrupt` when rows do not reach `index`. */
  verifyComplete(index: LogIndex): void {
    if (index > this.reach)
      throw new StorageError('corrupt', `versions: rows end at ${this.reach}, before ${index}`);
  }

  installed({ base, state }: SnapshotEnd): void {
    const { stateHash } = decodeSnapshotState(state);
    this.kv = { lastApplied: base.index, lastStamp: base.stamp, stateHash };
  }

  private pieceEnd(after: LogIndex): LogIndex {
    let revisions = Math.min(PIECE_REVISIONS, this.kv.lastApplied - after);
    while (revisions > 1) {
      const bytes = this.connection.numberOf(
        `SELECT total(${VERSIONS.bytes}) AS "value" FROM "versions" WHERE ${VERSIONS.key} > ? AND ${VERSIONS.key} <= ?`,
        [VERSIONS.lastOf(after), VERSIONS.lastOf(after + revisions)],
      );
      if (bytes <= PIECE_BYTES) break;
      revisions = Math.ceil(revisions / 2);
    }
    return after + revisions;
  }

  private page<Row>({ table, key, row, lastOf }: Source, after: LogIndex, upTo: LogIndex): Row[] {
    const text = this.connection.textOf(
      `SELECT json_group_array(${row}) AS "value" FROM (SELECT * FROM "${table}" WHERE ${key} > ? AND ${key} <= ? ORDER BY ${key})`,
      [lastOf(after), lastOf(upTo)],
    );
    return JSON.parse(text) as Row[];
  }

  private sessions(): readonly SessionRow[] {
    const text = this.connection.textOf(
      `SELECT json_group_array(json_array("client", "sequence", "asked", "stamp", "result")) AS "value" FROM (SELECT * FROM "sessions" ORDER BY "stamp")`,
      [],
    );
    const rows = JSON.parse(text) as [string, number, number, number, string][];
    return rows.map(([client, sequence, asked, stamp, result]) => ({
      client,
      sequence,
      asked,
      stamp,
      result: parseResult(client, result),
    }));
  }

  private greatest({ table, key }: Source): number {
    return this.connection.numberOf(`SELECT ifnull(max(${key}), 0) AS "value" FROM "${table}"`, []);
  }
}

/** Does every revision in (after, upTo] have rows, and none beside them? */
function isWhole(
  after: LogIndex,
  upTo: LogIndex,
  versions: readonly Version[],
  marks: readonly Mark[],
): boolean {
  const revisions = new Set([...versions, ...marks].map(({ revision }) => revision));
  const inside = [...revisions].every((revision) => revision > after && revision <= upTo);
  return inside && revisions.size === upTo - after;
}
