/** Rows and writes as the storage tests make them: each is a function of its index. */
import type { KvChanges, Version } from '../../server/kv/types.ts';
import type { LogWrite } from '../../server/ports/node-storage.ts';
import type { Entry } from '../../server/raft/types.ts';

export const OWNER = { clusterId: 'cluster-1', nodeId: 'n1' };

export function entry(index: number, data = `data ${index}`, term = 1): Entry {
  return { index, term, stamp: stampOf(index), kind: 'command', data };
}

/** Microseconds of today, beyond 32 bits. */
export function stampOf(index: number): number {
  return 1_790_000_000_000_000 + index * 1000;
}

export function entries(from: number, to: number, term = 1): Entry[] {
  return Array.from({ length: to - from + 1 }, (_, i) => entry(from + i, undefined, term));
}

export function logWrite(append: readonly Entry[], rest: Partial<LogWrite> = {}): LogWrite {
  return { hardState: null, truncateFrom: null, append, ...rest };
}

export function version(revision: number, rest: Partial<Version> = {}): Version {
  return {
    key: 'key',
    field: 'field',
    timestamp: 1_790_000_000_000,
    revision,
    op: 0,
    kind: 'set',
    value: `value ${revision}`,
    expiresAt: null,
    stamp: stampOf(revision),
    ...rest,
  };
}

export function changes(lastApplied: number, rest: Partial<KvChanges> = {}): KvChanges {
  return {
    lastApplied,
    lastStamp: stampOf(lastApplied),
    stateHash: lastApplied.toString(16).padStart(16, '0'),
    versions: [],
    marks: [],
    sessions: [],
    droppedSessions: [],
    ...rest,
  };
}
