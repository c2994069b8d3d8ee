/** Reads from the living store all that was ever written under a run's prefix. */
import { assert } from '../base/assert.ts';
import type { KvService } from '../cluster/kv-service.ts';
import type { Coordinates, Query, QueryAnswer } from '../kv/queries.ts';
import type { VersionAddress } from '../kv/types.ts';
import type { Written } from './final-state.ts';

const PAGE = 1000;
const PAGE_WITHIN_MS = 10_000;

export type ReadBack =
  | { readonly ok: true; readonly written: Written }
  /** A sentence. */
  | { readonly ok: false; readonly why: string };

export async function readWritten(
  kv: KvService,
  keys: readonly string[],
  prefix: string,
  signal: AbortSignal,
): Promise<ReadBack> {
  const retention = await ask(kv, { type: 'retention' });
  if (retention === null) return { ok: false, why: NO_ANSWER };
  assert(retention.type === 'retention', 'an answer is of the kind of its query');
  const { maxAgeMs, maxVersions } = retention.policy;
  if (maxAgeMs !== null || maxVersions !== null)
    return {
      ok: false,
      why: 'The store is set to forget old versions, so they were not compared.',
    };
  const written = new Map<string, string[]>(keys.map((key) => [key, []]));
  let view: Coordinates = {};
  let start: VersionAddress | null = null;
  do {
    const query: Query = {
      type: 'versions',
      prefix,
      limit: PAGE,
      ...view,
      ...(start !== null && { start }),
    };
    const page: QueryAnswer | null = signal.aborted ? null : await ask(kv, query);
    if (page === null) return { ok: false, why: NO_ANSWER };
    assert(page.type === 'versions', 'an answer is of the kind of its query');
    view = { at: page.at, asOf: page.asOf };
    for (const { key, value } of page.versions)
      if (typeof value === 'string') written.get(key)?.push(value);
    start = page.next;
  } while (start !== null);
  return { ok: true, written };
}

const NO_ANSWER = 'The store did not answer in the end, so what it holds was not compared.';

async function ask(kv: KvService, query: Query): Promise<QueryAnswer | null> {
  const outcome = await kv.read(query, PAGE_WITHIN_MS);
  return outcome.ok && outcome.result.ok ? outcome.result.answer : null;
}
