/** Sessions and floors as they are stored: each with its checksum, and a session's result as text. */
import type { FieldFloor, KeptVersions, KvHeader, SessionRow } from '../kv/types.ts';
import { decodeSnapshotState } from '../ports/durable-state.ts';
import type { VersionTally } from '../ports/version-tally.ts';
import { floorChecksum, sessionChecksum } from './checksum.ts';
import { tallyRows } from './row-tally.ts';
import type { RowTally } from './row-tally.ts';
import type { SnapshotEnd } from '../raft/types.ts';

export interface StoredSession extends Omit<SessionRow, 'result'> {
  readonly result: string;
  readonly checksum: number;
}

export interface StoredFloor extends FieldFloor {
  readonly checksum: number;
}

/** Which rows belong to the applied state, by table. Marks have none: a revision without rows is missed. */
export interface StateTallies {
  readonly versions: VersionTally;
  readonly sessions: RowTally;
  readonly floors: RowTally;
}

export function storedSession(session: SessionRow): StoredSession {
  const result = JSON.stringify(session.result);
  return { ...session, result, checksum: sessionChecksum(session, result) };
}

export function storedFloor(floor: FieldFloor): StoredFloor {
  return { ...floor, checksum: floorChecksum(floor) };
}

export function checksumsOf(rows: readonly { readonly checksum: number }[]): readonly number[] {
  return rows.map(({ checksum }) => checksum);
}

/** The state that a snapshot makes of the staged rows. */
export interface Installed {
  readonly kv: KvHeader;
  readonly kept: KeptVersions;
  readonly sessions: readonly StoredSession[];
  readonly floors: readonly StoredFloor[];
  readonly tallies: StateTallies;
}

export function installedState({ base, state }: SnapshotEnd): Installed {
  const { header, kept, tally, ...rest } = decodeSnapshotState(state);
  const sessions = rest.sessions.map(storedSession);
  const floors = rest.floors.map(storedFloor);
  return {
    kv: { lastApplied: base.index, lastStamp: base.stamp, ...header },
    kept,
    sessions,
    floors,
    tallies: {
      versions: tally,
      sessions: tallyRows(checksumsOf(sessions)),
      floors: tallyRows(checksumsOf(floors)),
    },
  };
}
