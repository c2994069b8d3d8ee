/** The store alone, in this thread: what it costs a version, and how fast it answers, now and in the past, at every depth. */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { encodeCommand } from '../server/kv/command.ts';
import { KvStore } from '../server/kv/store.ts';
import type { Query } from '../server/kv/queries.ts';
import { percentile } from './closed-loop.ts';
import { deepKey, FIELD } from './scale-workload.ts';
import type { ScaleWorkload } from './scale-workload.ts';
import type { Figure } from './table.ts';

const FIRST_STAMP = 1_790_000_000_000_000;
/** The leader's clock between two transactions, µs. */
const STEP = 1000;
/** Entries whose changes are dropped together, as a node that has saved them does. */
const SAVE_EVERY = 64;

export function measureStore(workload: ScaleWorkload, reads: number): readonly Figure[] {
  const before = heapBytes();
  const startedMs = performance.now();
  const store = build(workload);
  const seconds = (performance.now() - startedMs) / 1000;
  const bytes = (heapBytes() - before) / workload.versions;
  const figures: Figure[] = [
    { what: 'store: versions applied', value: workload.versions / seconds, unit: 'a second' },
    { what: 'store: memory', value: bytes, unit: 'bytes a version' },
  ];
  for (const { what, query } of pointReads(workload, store)) {
    for (let i = 0; i < Math.min(reads, 20_000); i++) ask(store, query(i));
    const began = performance.now();
    for (let i = 0; i < reads; i++) ask(store, query(i));
    const value = (reads / (performance.now() - began)) * 1000;
    figures.push({ what: `store: ${what}`, value, unit: 'reads a second' });
    const tookMs = timeEach(store, query, reads);
    for (const share of [0.5, 0.99]) {
      const took = percentile(tookMs, share) * 1000;
      figures.push({ what: `store: ${what}, p${share * 100}`, value: took, unit: 'µs' });
    }
  }
  return figures;
}

function build(workload: ScaleWorkload): KvStore {
  const store = KvStore.empty();
  for (let at = 0; at < workload.transactions; at++) {
    const data = encodeCommand(workload.transaction(at));
    const result = store.apply({
      index: at + 1,
      stamp: FIRST_STAMP + at * STEP,
      kind: 'command',
      data,
    });
    if (!result.ok) throw new Error(result.error.message);
    if (at % SAVE_EVERY === 0) store.takeChanges(Number.MAX_SAFE_INTEGER);
  }
  store.takeChanges(Number.MAX_SAFE_INTEGER);
  return store;
}

interface Reads {
  readonly what: string;
  readonly query: (i: number) => Query;
}

function pointReads({ keys, depths }: ScaleWorkload, store: KvStore): readonly Reads[] {
  const lastMs = store.clusterTimeMs;
  const firstMs = Math.floor(FIRST_STAMP / 1000);
  // A step that shares no factor with a round number: keys and instants come in no order.
  const key = (i: number): string => `k${(i * 7919) % keys}`;
  const at = (i: number): number => firstMs + ((i * 104_729) % (lastMs - firstMs + 1));
  const asOf = (i: number): number => 1 + ((i * 15_485_863) % store.lastApplied);
  return [
    { what: 'now', query: (i) => ({ type: 'get', key: key(i), field: FIELD }) },
    { what: 'in the past', query: (i) => ({ type: 'get', key: key(i), field: FIELD, at: at(i) }) },
    {
      what: 'as of a revision',
      query: (i) => ({ type: 'get', key: key(i), field: FIELD, asOf: asOf(i) }),
    },
    ...depths.map(
      (depth): Reads => ({
        what: `in the past of ${depth.toLocaleString('en')}`,
        query: (i) => ({
          type: 'get',
          key: deepKey(depth),
          field: FIELD,
          at: at(i),
          asOf: asOf(i + 1),
        }),
      }),
    ),
  ];
}

function timeEach(store: KvStore, query: (i: number) => Query, reads: number): Float64Array {
  const tookMs = new Float64Array(reads);
  for (let i = 0; i < reads; i++) {
    const asked = query(i);
    const startedMs = performance.now();
    ask(store, asked);
    tookMs[i] = performance.now() - startedMs;
  }
  return tookMs.sort();
}

function ask(store: KvStore, query: Query): void {
  const result = store.query(query);
  if (!result.ok) throw new Error(result.error.message);
}

/** What is alive, once all that is not was collected. */
function heapBytes(): number {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  collect();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}
