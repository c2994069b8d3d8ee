/**
 * What a node's disk holds, as plain data, and what each write does to it. It
 * says in a page what the database must do: the memory store is made of it, the
 * contract suite compares the database with it, and a simulated disk keeps it.
 */
import { assert } from '../base/assert.ts';
import { positionOf } from '../base/position.ts';
import { cellName } from '../kv/cell-name.ts';
import { KEEP_ALL } from '../kv/types.ts';
import type {
  FieldFloor,
  KeptVersions,
  KvChanges,
  KvHeader,
  Mark,
  Retention,
  SessionRow,
  Stamp,
  Version,
} from '../kv/types.ts';
import { packsOf } from '../kv/version-pack.ts';
import type { Entry, HardState, LogBase, LogIndex, NodeId, SnapshotEnd } from '../raft/types.ts';
import type {
  LogWrite,
  RestoredNode,
  Rows,
  SnapshotPiece,
  SnapshotRest,
  StoreIdentity,
} from './node-storage.ts';
import { NO_VERSIONS, tallied } from './version-tally.ts';
import type { VersionTally } from './version-tally.ts';

/** That of a store that was told nothing yet. */
export const EMPTY_HEADER: KvHeader = {
  lastApplied: 0,
  lastStamp: 0,
  stateHash: '9e3779b985ebca6b',
  sessionClock: 0,
  retention: KEEP_ALL,
};

/** Rows are immutable and shared; the arrays and the map are this state's own. */
export interface DurableState {
  identity: StoreIdentity;
  hardState: HardState;
  base: LogBase;
  /** Entry with index i at position i - 1 - base.index. */
  entries: Entry[];
  kv: KvHeader;
  /** By revision; those after `kv.lastApplied` are staged: a snapshot's that is not installed. */
  versions: Version[];
  /** Of those that are not staged. */
  tally: VersionTally;
  marks: Mark[];
  /** By key and field. */
  floors: Map<string, FieldFloor>;
  sessions: Map<string, SessionRow>;
  /** Rows are here up to this revision. */
  reach: LogIndex;
}

/** A store that was just made and never opened: boot epoch 0. `voters` found the cluster; none: it waits to be added to one. */
export function emptyDurableState(
  owner: Omit<StoreIdentity, 'bootEpoch'>,
  voters: readonly NodeId[],
): DurableState {
  return {
    base: firstBase(voters),
    identity: { ...owner, bootEpoch: 0 },
    hardState: { term: 0, votedFor: null, commit: 0 },
    entries: [],
    kv: EMPTY_HEADER,
    versions: [],
    tally: NO_VERSIONS,
    marks: [],
    floors: new Map(),
    sessions: new Map(),
    reach: 0,
  };
}

/** Where the log of a new store begins. */
export function firstBase(voters: readonly NodeId[]): LogBase {
  const conf = { voters: [...voters].sort(), votersOutgoing: [], learners: [] };
  return { index: 0, term: 0, stamp: 0, conf };
}

/** Snapshot, truncation, entries, hard state, compaction: one atomic change. */
export function applyLogWrite(state: DurableState, write: LogWrite): void {
  const { install, truncateFrom, append, base } = write;
  if (install !== null) installSnapshot(state, install);
  if (truncateFrom !== null) {
    assert(truncateFrom > state.base.index, 'the first entry follows the base');
    const keep = truncateFrom - 1 - state.base.index;
    state.entries.length = Math.min(state.entries.length, keep);
  }
  for (const entry of append) {
    const next = state.base.index + state.entries.length + 1;
    assert(entry.index === next, 'the stored log has no holes');
    state.entries.push(entry);
  }
  state.hardState = write.hardState ?? state.hardState;
  if (base !== null) {
    assert(base.index <= state.kv.lastApplied, 'only what is saved is forgotten');
    state.entries = state.entries.slice(base.index - state.base.index);
    state.base = base;
  }
}

function installSnapshot(state: DurableState, { base, state: text }: SnapshotEnd): void {
  assert(base.index > state.kv.lastApplied, 'a snapshot takes nothing back');
  assert(state.reach >= base.index, 'all rows of the snapshot are staged');
  const { header, sessions, floors, kept, tally } = decodeSnapshotState(text);
  forget(state, header.retention, kept);
  state.tally = tally;
  state.kv = { lastApplied: base.index, lastStamp: base.stamp, ...header };
  state.sessions = new Map(sessions.map((row) => [row.client, row]));
  state.floors = new Map(floors.map((floor) => [cellName(floor), floor]));
  state.base = base;
  state.entries = [];
}

/** Of what was written up to `kept.upTo`, nothing else stays; revisions after the horizon leave a mark. */
function forget(
  state: DurableState,
  { horizon }: Retention,
  { upTo, positions }: KeptVersions,
): void {
  const stays = new Set(positions);
  const gone = new Map<LogIndex, Stamp>();
  state.versions = state.versions.filter((version) => {
    if (version.revision > upTo || stays.has(positionOf(version))) return true;
    gone.set(version.revision, version.stamp);
    return false;
  });
  for (const { revision } of state.versions) gone.delete(revision);
  for (const [revision, stamp] of gone) state.marks.push({ revision, stamp });
  state.marks = state.marks
    .filter(({ revision }) => revision > horizon.revision)
    .sort((a, b) => a.revision - b.revision);
}

type Header = Omit<KvHeader, 'lastApplied' | 'lastStamp'>;

/** What a snapshot says besides its rows, as the text that travels with it. */
export function encodeSnapshotState(
  { stateHash, sessionClock, retention }: Header,
  { sessions, floors, kept, tally }: SnapshotRest,
): string {
  // Positions as steps from one to the next: most are short.
  let before = 0;
  const steps = kept.positions.map((position) => {
    const step = position - before;
    before = position;
    return step;
  });
  const header: Header = { stateHash, sessionClock, retention };
  return JSON.stringify({ header, sessions, floors, kept: { upTo: kept.upTo, steps }, tally });
}

export function decodeSnapshotState(text: string): { readonly header: Header } & SnapshotRest {
  const { kept, ...rest } = JSON.parse(text) as { header: Header } & SnapshotRest & {
      kept: { upTo: LogIndex; steps: number[] };
    };
  let position = 0;
  const positions = kept.steps.map((step) => (position += step));
  return { ...rest, kept: { upTo: kept.upTo, positions } };
}

/** Adds staged rows if they follow on what is there; says how far rows reach. */
export function stageRows(state: DurableState, after: LogIndex, rows: Rows): LogIndex {
  if (after === state.reach) {
    state.versions.push(...rows.versions);
    state.marks.push(...rows.marks);
    state.reach = Math.max(after, rows.upTo);
  }
  return state.reach;
}

/** At most `most` revisions of the saved state after `after`. */
export function readPiece(state: DurableState, after: LogIndex, most: number): SnapshotPiece {
  const { kv } = state;
  const horizon = kv.retention.horizon.revision;
  // What is forgotten takes no pieces.
  const upTo = Math.max(after, Math.min(kv.lastApplied, Math.max(after, horizon) + most));
  const inside = <Row extends { readonly revision: LogIndex }>(rows: readonly Row[]): Row[] =>
    rows.filter(({ revision }) => revision > after && revision <= upTo);
  return {
    upTo,
    horizon,
    versions: inside(state.versions),
    marks: inside(state.marks),
    end: upTo === after ? { kv, ...restOf(state) } : null,
  };
}

function restOf(state: DurableState): SnapshotRest {
  const upTo = state.kv.retention.watchable.revision;
  const positions = state.versions.filter(({ revision }) => revision <= upTo).map(positionOf);
  return {
    sessions: sortedSessions(state),
    floors: [...state.floors.values()],
    kept: { upTo, positions },
    tally: state.tally,
  };
}

function sortedSessions({ sessions }: DurableState): readonly SessionRow[] {
  return [...sessions.values()].sort((a, b) => a.stamp - b.stamp);
}

/** Rows, sessions and the revision that they reach: one atomic change. */
export function applyKvChanges(state: DurableState, changes: KvChanges): void {
  if (state.reach > state.kv.lastApplied) {
    // What was staged of these revisions is the same; what lies beyond them stays staged.
    const isElsewhere = (revision: LogIndex): boolean =>
      revision <= state.kv.lastApplied || revision > changes.lastApplied;
    state.versions = state.versions.filter(({ revision }) => isElsewhere(revision));
    state.marks = state.marks.filter(({ revision }) => isElsewhere(revision));
    state.versions.push(...changes.versions);
    state.marks.push(...changes.marks);
    state.versions.sort((a, b) => a.revision - b.revision || a.op - b.op);
    state.marks.sort((a, b) => a.revision - b.revision);
  } else {
    for (const version of changes.versions) state.versions.push(version);
    for (const mark of changes.marks) state.marks.push(mark);
  }
  drop(state, changes);
  state.tally = tallied(state.tally, changes.versions, changes.dropped);
  for (const client of changes.droppedSessions) state.sessions.delete(client);
  for (const session of changes.sessions) state.sessions.set(session.client, session);
  const { lastApplied, lastStamp, stateHash, sessionClock, retention } = changes;
  state.kv = { lastApplied, lastStamp, stateHash, sessionClock, retention };
  state.reach = Math.max(state.reach, lastApplied);
}

function drop(state: DurableState, changes: KvChanges): void {
  const { dropped, floors, droppedFloors, retention } = changes;
  if (dropped.length > 0) {
    const gone = new Set(dropped.map(positionOf));
    state.versions = state.versions.filter((version) => !gone.has(positionOf(version)));
    // Revisions that have no version left are marks now.
    state.marks.sort((a, b) => a.revision - b.revision);
  }
  const { revision: horizon } = retention.horizon;
  if (horizon > state.kv.retention.horizon.revision)
    state.marks = state.marks.filter(({ revision }) => revision > horizon);
  for (const cell of droppedFloors) state.floors.delete(cellName(cell));
  for (const floor of floors) state.floors.set(cellName(floor), floor);
}

/** The versions of the saved state: those that are staged are not part of it. */
export function savedVersions({ versions, kv }: DurableState): readonly Version[] {
  return versions.filter(({ revision }) => revision <= kv.lastApplied);
}

/** What a node that opens this store reads back; a copy. */
export function restoredNode(state: DurableState): RestoredNode {
  return {
    base: state.base,
    identity: state.identity,
    hardState: state.hardState,
    entries: [...state.entries],
    kv: state.kv,
    versions: packsOf(savedVersions(state)),
    marks: state.marks.filter(({ revision }) => revision <= state.kv.lastApplied),
    floors: [...state.floors.values()],
    sessions: sortedSessions(state),
  };
}
