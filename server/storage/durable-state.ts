/**
 * What a node's disk holds, as plain data, and what each write does to it. It
 * says in a page what the database must do: the memory store is made of it, the
 * contract suite compares the database with it, and a simulated disk can keep
 * one per crash point.
 */
import { assert } from '../base/assert.ts';
import type { KvChanges, KvHeader, Mark, SessionRow, Version } from '../kv/types.ts';
import type { LogWrite, RestoredNode, StoreIdentity } from '../ports/node-storage.ts';
import type { Entry, HardState } from '../raft/types.ts';

/** `stateHash` of a store that was told nothing yet. */
export const EMPTY_STATE_HASH = '9e3779b985ebca6b';

/** Rows are immutable and shared; the arrays and the map are this state's own. */
export interface DurableState {
  identity: StoreIdentity;
  hardState: HardState;
  /** Entry with index i at position i - 1. */
  entries: Entry[];
  kv: KvHeader;
  versions: Version[];
  marks: Mark[];
  sessions: Map<string, SessionRow>;
}

/** A store that was just made and never opened: boot epoch 0. */
export function emptyDurableState(owner: Omit<StoreIdentity, 'bootEpoch'>): DurableState {
  return {
    identity: { ...owner, bootEpoch: 0 },
    hardState: { term: 0, votedFor: null, commit: 0 },
    entries: [],
    kv: { lastApplied: 0, lastStamp: 0, stateHash: EMPTY_STATE_HASH },
    versions: [],
    marks: [],
    sessions: new Map(),
  };
}

/** Truncation first, then the entries, then the hard state: one atomic change. */
export function applyLogWrite(state: DurableState, write: LogWrite): void {
  if (write.truncateFrom !== null) {
    assert(write.truncateFrom >= 1, 'the first entry is 1');
    state.entries.length = Math.min(state.entries.length, write.truncateFrom - 1);
  }
  for (const entry of write.append) {
    assert(entry.index === state.entries.length + 1, 'the stored log has no holes');
    state.entries.push(entry);
  }
  state.hardState = write.hardState ?? state.hardState;
}

/** Rows, sessions and the revision that they reach: one atomic change. */
export function applyKvChanges(state: DurableState, changes: KvChanges): void {
  for (const version of changes.versions) state.versions.push(version);
  for (const mark of changes.marks) state.marks.push(mark);
  for (const client of changes.droppedSessions) state.sessions.delete(client);
  for (const session of changes.sessions) state.sessions.set(session.client, session);
  const { lastApplied, lastStamp, stateHash } = changes;
  state.kv = { lastApplied, lastStamp, stateHash };
}

/** What a node that opens this store reads back; a copy. */
export function restoredNode(state: DurableState): RestoredNode {
  return {
    identity: state.identity,
    hardState: state.hardState,
    entries: [...state.entries],
    kv: state.kv,
    versions: [...state.versions],
    marks: [...state.marks],
    sessions: [...state.sessions.values()].sort((a, b) => a.stamp - b.stamp),
  };
}
