/** Histories of chaos runs, made by hand. */
import type { ChaosOperation } from '../../contracts/chaos.ts';

export const KEY = 'chaos/r/register-01';
export const COUNTER = 'chaos/r/counter-04';

type Times = readonly [call: number, returned: number | null];

export function read(found: string | null, [callMs, returnedMs]: Times, key = KEY): ChaosOperation {
  return { op: 'read', client: 'r', key, callMs, returnedMs, outcome: 'ok', found };
}

/** Null as its return: unknown. */
export function set(value: string, [callMs, returnedMs]: Times): ChaosOperation {
  const outcome = returnedMs === null ? 'unknown' : 'ok';
  return { op: 'set', client: 'w', key: KEY, callMs, returnedMs, value, outcome, existed: null };
}

export function failed(operation: ChaosOperation): ChaosOperation {
  return { ...operation, outcome: 'failed' };
}

/** `instead`: what stood there where it was not written. */
export function swap(
  expected: string,
  value: string,
  [callMs, returnedMs]: Times,
  instead: string | null = null,
): ChaosOperation {
  const told = returnedMs === null ? null : instead === null;
  return {
    op: 'compareAndSet',
    client: 's',
    key: KEY,
    callMs,
    returnedMs,
    expected,
    value,
    outcome: returnedMs === null ? 'unknown' : 'ok',
    swapped: told,
    found: instead,
  };
}

export function increment(result: number | null, [callMs, returnedMs]: Times): ChaosOperation {
  const outcome = returnedMs === null ? 'unknown' : 'ok';
  return { op: 'increment', client: 'i', key: COUNTER, callMs, returnedMs, outcome, result };
}
