/** Rows and writes as the storage tests make them: each is a function of its index. */
import { KEEP_ALL } from '../../server/kv/types.ts';
import type { KvChanges, SessionRow, Version } from '../../server/kv/types.ts';
import type { LogWrite } from '../../server/ports/node-storage.ts';
import type { Entry } from '../../server/raft/types.ts';

export const VOTERS = ['n1', 'n2', 'n3'];
/** How the store of the first node is opened. */
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
  return { install: null, hardState: null, truncateFrom: null, append, base: null, ...rest };
}

export function version(revision: number, rest: Partial<Version> = {}): Version {
  return {
    key: 'key',
    field: 'field',
    timestamp: 1_790_000_000_000,
    revision,
    op: 0,
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
    sessionClock: lastApplied * 1000,
    retention: KEEP_ALL,
    versions: [],
    dropped: [],
    marks: [],
    floors: [],
    droppedFloors: [],
    sessions: [],
    droppedSessions: [],
    ...rest,
  };
}

export const EMOJI_AND_NUL = 'a\u0000b 😀 \u0000';
/** Text that a careless store, or a careless object, would change. */
export const TEXTS = [
  '',
  '\u0000',
  EMOJI_AND_NUL,
  '"quoted" \\ \b\f\n\r\t \u001f \u007f \u2028 \ufeff',
  "'; DROP TABLE log_entries; --",
  '__proto__',
  'constructor',
  '{"json":[1,null]}',
  '[1,2]',
  'null',
  '0123',
  '1e3',
  ' padded ',
  'é and e\u0301 are two',
  'x'.repeat(1024 * 1024),
];

export function session(client: string, sequence: number, revision: number): SessionRow {
  const stamp = stampOf(revision);
  const clock = stamp - 5;
  return {
    client,
    sequence,
    asked: Number.MAX_SAFE_INTEGER - sequence,
    stamp,
    clock,
    result: { ok: true, revision, timestamp: 1, stamp, outcome: { op: 'set', existed: false } },
  };
}
