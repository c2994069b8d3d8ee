/**
 * What a node's disk holds, as plain data, and what each write does to it. It
 * says in a page what the database must do: the memory store is made of it, the
 * contract suite compares the database with it, and a simulated disk keeps it.
 */
import { assert } from '../base/assert.ts';
import type { KvChanges, KvHeader, Mark, SessionRow, Version } from '../kv/types.ts';
import type { Entry, HardState, LogBase, LogIndex, NodeId, SnapshotEnd } from '../raft/types.ts';
import type { LogWrite, RestoredNode, Rows, SnapshotPiece, StoreIdentity } from './node-storage.ts';

/** `stateHash` of a store that was told nothing yet. */
export const EMPTY_STATE_HASH = '9e3779b985ebca6b';

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
  marks: Mark[];
  sessions: Map<string, SessionRow>;
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
    kv: { lastApplied: 0, lastStamp: 0, stateHash: EMPTY_STATE_HASH },
    versions: [],
    marks: [],
    sessions: new Map(),
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
  assert(rowsReach(state) >= base.index, 'all rows of the snapshot are staged');
  const { stateHash, sessions } = decodeSnapshotState(text);
  state.kv = { lastApplied: base.index, lastStamp: base.stamp, stateHash };
  state.sessions = new Map(sessions.map((row) => [row.client, row]));
  state.base = base;
  state.entries = [];
}

/** What a snapshot says besides its rows, as the text that travels with it. */
export function encodeSnapshotState(stateHash: string, sessions: readonly SessionRow[]): string {
  return JSON.stringify({ stateHash, sessions });
}

export function decodeSnapshotState(text: string): {
  readonly stateHash: string;
  readonly sessions: readonly SessionRow[];
} {
  return JSON.parse(text) as { stateHash: string; sessions: SessionRow[] };
}

/** The last revision that has rows; staged ones count. */
export function rowsReach({ versions, marks }: DurableState): LogIndex {
  const last = (rows: readonly { readonly revision: LogIndex }[]): LogIndex =>
    rows[rows.length - 1]?.revision ?? 0;
  return Math.max(last(versions), last(marks));
}

/** Adds staged rows if they follow on what is there; says how far rows reach. */
export function stageRows(state: DurableState, after: LogIndex, rows: Rows): LogIndex {
  if (after === rowsReach(state)) {
    state.versions.push(...rows.versions);
    state.marks.push(...rows.marks);
  }
  return rowsReach(state);
}

/** At most `most` revisions of the saved state after `after`. */
export function readPiece(state: DurableState, after: LogIndex, most: number): SnapshotPiece {
  const { kv } = state;
  const upTo = Math.max(after, Math.min(kv.lastApplied, after + most));
  const inside = <Row extends { readonly revision: LogIndex }>(rows: readonly Row[]): Row[] =>
    rows.filter(({ revision }) => revision > after && revision <= upTo);
  const end = upTo === after ? { kv, sessions: sortedSessions(state) } : null;
  return { upTo, versions: inside(state.versions), marks: inside(state.marks), end };
}

function sortedSessions({ sessions }: DurableState): readonly SessionRow[] {
  return [...sessions.values()].sort((a, b) => a.stamp - b.stamp);
}

/** Rows, sessions and the revision that they reach: one atomic change. */
export function applyKvChanges(state: DurableState, changes: KvChanges): void {
  if (rowsReach(state) > state.kv.lastApplied) {
    // What was staged of these revisions is the same; what lies beyond them stays staged.
    const isElsewhere = ({ revision }: { readonly revision: LogIndex }): boolean =>
      revision <= state.kv.lastApplied || revision > changes.lastApplied;
    state.versions = [...state.versions.filter(isElsewhere), ...changes.versions];
    state.marks = [...state.marks.filter(isElsewhere), ...changes.marks];
    state.versions.sort((a, b) => a.revision - b.revision || a.op - b.op);
    state.marks.sort((a, b) => a.revision - b.revision);
  } else {
    for (const version of changes.versions) state.versions.push(version);
    for (const mark of changes.marks) state.marks.push(mark);
  }
  for (const client of changes.droppedSessions) state.sessions.delete(client);
  for (const session of changes.sessions) state.sessions.set(session.client, session);
  const { lastApplied, lastStamp, stateHash } = changes;
  state.kv = { lastApplied, lastStamp, stateHash };
}

/** What a node that opens this store reads back; a copy. */
export function restoredNode(state: DurableState): RestoredNode {
  const saved = ({ revision }: { readonly revision: LogIndex }): boolean =>
    revision <= state.kv.lastApplied;
  return {
    base: state.base,
    identity: state.identity,
    hardState: state.hardState,
    entries: [...state.entries],
    kv: state.kv,
    versions: state.versions.filter(saved),
    marks: state.marks.filter(saved),
    sessions: sortedSessions(state),
  };
}
