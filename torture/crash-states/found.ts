/**
 * What a store has when it is opened, and which moments of the workload it is
 * the state of. Compared are texts that name every field; the judge's own rows
 * are made from nothing but their numbers.
 */
import { positionOf } from '../../server/base/position.ts';
import type { FieldFloor, Mark, SessionRow, Version } from '../../server/kv/types.ts';
import { versionsOf } from '../../server/kv/version-pack.ts';
import type { RestoredNode } from '../../server/ports/node-storage.ts';
import type { LogIndex } from '../../server/raft/types.ts';
import { marksLeft, versionsLeft } from './kv-rows.ts';
import type { AppliedState } from './kv-rows.ts';
import type { LogState, Workload } from './workload.ts';

/** What an opened store is, as far as the judge asks. */
export interface Found {
  readonly storeId: string;
  readonly bootEpoch: number;
  /** The log is what it was after each of these changes; none: it is that of no moment. */
  readonly logs: readonly number[];
  /** The same of the applied state. */
  readonly applied: readonly number[];
  readonly lastApplied: LogIndex;
  /** How far rows reach, staged ones too. */
  readonly reach: LogIndex;
  /** In words. */
  readonly log: string;
  readonly state: string;
}

export type AppliedRows = Pick<RestoredNode, 'kv' | 'marks' | 'floors' | 'sessions'> & {
  readonly versions: readonly Version[];
};

export class Moments {
  private readonly logs: ReadonlyMap<string, readonly number[]>;
  private readonly applied: ReadonlyMap<string, readonly number[]>;

  constructor({ logs, applied }: Workload) {
    this.logs = byText(logs.map(logText));
    this.applied = byText(applied.map((state) => appliedText(rowsOf(state))));
  }

  find(restored: RestoredNode, reach: LogIndex): Found {
    const { identity, hardState, base, entries, kv } = restored;
    const { storeId, bootEpoch } = identity;
    const { term, votedFor, commit } = hardState;
    const rows = { ...restored, versions: [...versionsOf(restored.versions)] };
    return {
      storeId,
      bootEpoch,
      logs: this.logs.get(logText(restored)) ?? [],
      applied: this.applied.get(appliedText(rows)) ?? [],
      lastApplied: kv.lastApplied,
      reach,
      log: `term ${term}, vote ${votedFor}, commit ${commit}, entries ${base.index + 1} to ${base.index + entries.length}`,
      state: `hash ${kv.stateHash}, applied up to ${kv.lastApplied}, ${rows.versions.length} versions, ${rows.marks.length} marks, ${rows.floors.length} floors, ${rows.sessions.length} sessions`,
    };
  }
}

/** The rows that a store must have in this state. */
function rowsOf({ header, forgotten, floors, sessions }: AppliedState): AppliedRows {
  const { lastApplied, retention } = header;
  return {
    kv: header,
    versions: versionsLeft(0, lastApplied, forgotten),
    marks: marksLeft(retention.horizon.revision, lastApplied, forgotten),
    floors: [...floors.values()],
    sessions: [...sessions.values()],
  };
}

export function logText({ hardState, base, entries }: LogState): string {
  const { conf } = base;
  return JSON.stringify([
    [hardState.term, hardState.votedFor, hardState.commit],
    [base.index, base.term, base.stamp, conf.voters, conf.votersOutgoing, conf.learners],
    entries.map(({ index, term, stamp, kind, data }) => [index, term, stamp, kind, data]),
  ]);
}

export function appliedText({ kv, versions, marks, floors, sessions }: AppliedRows): string {
  const { policy, horizon, counted, trimmed, watchable } = kv.retention;
  return JSON.stringify([
    [kv.lastApplied, kv.lastStamp, kv.stateHash, kv.sessionClock],
    [policy.maxAgeMs, policy.maxVersions, counted, trimmed],
    [horizon.revision, horizon.stamp, watchable.revision, watchable.stamp],
    versions.map(versionParts),
    marks.map(({ revision, stamp }: Mark) => [revision, stamp]),
    floors.map(floorParts).sort(),
    sessions.map(sessionParts).sort(),
  ]);
}

function versionParts(version: Version): readonly unknown[] {
  const { key, field, timestamp, value, expiresAt, stamp } = version;
  return [positionOf(version), key, field, timestamp, value, expiresAt, stamp];
}

function floorParts({ key, field, oldest }: FieldFloor): string {
  return JSON.stringify([key, field, oldest.timestamp, oldest.revision, oldest.op]);
}

function sessionParts({ client, sequence, asked, stamp, clock, result }: SessionRow): string {
  return JSON.stringify([client, sequence, asked, stamp, clock, result]);
}

function byText(texts: readonly string[]): ReadonlyMap<string, readonly number[]> {
  const found = new Map<string, number[]>();
  for (const [number, text] of texts.entries()) {
    const same = found.get(text);
    if (same === undefined) found.set(text, [number]);
    else same.push(number);
  }
  return found;
}
