/**
 * N versions over K keys, as transactions of 128 operations: most go round the
 * keys, and a few fields get a history of their own depth, spread over the
 * whole run. Every value is another one, of 100 bytes.
 */
import type { Transaction } from '../server/kv/types.ts';

/** Operations in a transaction: as many as the store takes. */
const OPERATIONS = 128;
const VALUE_BYTES = 100;
const DEPTHS = [1, 10, 100, 1000, 10_000];

export const FIELD = 'f';

export interface ScaleWorkload {
  readonly versions: number;
  readonly keys: number;
  readonly transactions: number;
  /** Histories of their own depth, shallow first; only those that fit into so many versions. */
  readonly depths: readonly number[];
  transaction(at: number): Transaction;
  keyOf(version: number): string;
}

export function scaleWorkload(versions: number, keys: number): ScaleWorkload {
  const depths = DEPTHS.filter((depth) => depth * 10 <= versions);
  const deep = depths
    .flatMap((depth) => Array.from({ length: depth }, (_, i) => ({ depth, at: (i + 0.5) / depth })))
    .sort((a, b) => a.at - b.at)
    .map(({ depth }) => deepKey(depth));
  const stride = Math.floor(versions / Math.max(1, deep.length));
  const keyOf = (version: number): string =>
    (version % stride === 0 ? deep[version / stride] : undefined) ?? `k${version % keys}`;
  return {
    versions,
    keys,
    depths,
    transactions: Math.ceil(versions / OPERATIONS),
    keyOf,
    transaction: (at) => {
      const from = at * OPERATIONS;
      const count = Math.min(OPERATIONS, versions - from);
      const success = Array.from({ length: count }, (_, i) => ({
        op: 'set' as const,
        key: keyOf(from + i),
        field: FIELD,
        value: valueOf(from + i),
      }));
      return { op: 'txn', conditions: [], success, failure: [] };
    },
  };
}

export function deepKey(depth: number): string {
  return `deep-${depth}`;
}

export function valueOf(version: number): string {
  return `${version} `.padEnd(VALUE_BYTES, 'v');
}
