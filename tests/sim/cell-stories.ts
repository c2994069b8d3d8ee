/**
 * Histories made by hand for the search. Whatever the search must not look at
 * is nonsense in them: revisions, stamps, and the times of answers.
 */
import type { FoundVersion } from '../../server/kv/queries.ts';
import type { ReadOp, WriteOp } from '../../sim/history.ts';

const KEY = 'k';
const FIELD = 'f';
const NONSENSE = { at: 0, asOf: 0 };

interface Told {
  readonly field?: string;
  readonly existed?: boolean;
  readonly timestamp?: number;
  readonly ttl?: number;
  readonly outcome?: WriteOp['outcome'];
}

let sequence = 0;

/** A set, or a delete when `value` is null, under way from `call` to `returned`. Without `existed` its answer says nothing. */
export function write(
  value: string | null,
  call: number,
  returned: number,
  { field = FIELD, existed, timestamp, ttl, outcome = 'ok' }: Told = {},
): WriteOp {
  const session = { client: `w${++sequence}`, sequence: 1 };
  const at = timestamp === undefined ? {} : { timestamp };
  const result = { ok: true, revision: 0, timestamp: 0, stamp: 0 } as const;
  return {
    kind: 'write',
    client: session.client,
    command:
      value === null
        ? { op: 'delete', key: KEY, field, ...at, session }
        : {
            op: 'set',
            key: KEY,
            field,
            value,
            ...at,
            ...(ttl !== undefined && { ttl }),
            session,
          },
    call,
    returned: outcome === 'unknown' ? Number.POSITIVE_INFINITY : returned,
    outcome,
    result:
      outcome === 'ok' && existed !== undefined
        ? { ...result, outcome: { op: value === null ? 'delete' : 'set', existed } }
        : null,
  };
}

/** A write of which nobody heard again. */
export function unknown(value: string | null, call: number, told: Told = {}): WriteOp {
  return write(value, call, call, { ...told, outcome: 'unknown' });
}

/** A get that saw `value`, or null: nothing. */
export function get(value: string | null, call: number, returned: number, field = FIELD): ReadOp {
  return read({
    call,
    returned,
    query: { type: 'get', key: KEY, field },
    answer: {
      type: 'get',
      ...NONSENSE,
      found: value === null ? null : version(value),
      absentBecause: value === null ? 'never' : null,
    },
  });
}

/** A scan that saw these values, by field. */
export function scan(
  values: Readonly<Record<string, string>>,
  call: number,
  returned: number,
  prefix?: string,
): ReadOp {
  return read({
    call,
    returned,
    query: { type: 'scan', key: KEY, ...(prefix !== undefined && { prefix }) },
    answer: {
      type: 'scan',
      ...NONSENSE,
      fields: Object.entries(values).map(([field, value]) => ({ field, ...version(value) })),
      next: null,
    },
  });
}

function read(told: Pick<ReadOp, 'call' | 'returned' | 'query' | 'answer'>): ReadOp {
  return { kind: 'read', client: 'r', outcome: 'ok', ...told };
}

function version(value: string): FoundVersion {
  return { value, timestamp: 0, revision: 0, expiresAt: null, validTo: null };
}
