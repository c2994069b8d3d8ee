/**
 * The store from a program's side. Reads are asked again while that may help; each
 * write is done once, under a name of its own, or its outcome is said to be unknown.
 * Answers are those of the API, with their coordinates; what else a call may end in
 * is thrown, a class a kind (errors.ts).
 */
import type {
  DiffAnswer,
  FieldView,
  FoundInstead,
  GetAnswer,
  HistoryAnswer,
  HistoryVersion,
  KeysAnswer,
  RecordAnswer,
  RecordsAnswer,
  Value,
} from '../../contracts/kv.ts';
import type { ClusterView } from '../../contracts/view.ts';
import type {
  AppendAnswer,
  CellCondition,
  DeleteAnswer,
  DeleteRecordAnswer,
  IncrementAnswer,
  RemoveAnswer,
  RestoreAnswer,
  SetAnswer,
  TransactionAnswer,
  TransactionBody,
} from '../../contracts/write.ts';
import type { ApiRequest } from '../api-request.ts';
import { batchesOf, withPlaceFrom } from './batch.ts';
import { read } from './calls.ts';
import type { CallContext, CallLimits } from './calls.ts';
import { AbortedError, ConditionFailedError } from './errors.ts';
import { Pages } from './pages.ts';
import { batchRequest, get, post, remove, setRequest } from './requests.ts';
import type { BatchWrite, Dated, Done, Extent, View } from './requests.ts';
import type { SessionPool } from './session-pool.ts';
import { Watch } from './watch.ts';
import type { WatchOptions } from './watch.ts';
import type { Form, Settled } from './write-run.ts';
import { Writes } from './writes.ts';

export interface ReadOptions extends View, CallLimits {}
export interface WriteOptions extends Dated, CallLimits {}

export interface TtlOptions extends WriteOptions {
  /** It expires so long after its timestamp, ms; left out: never. */
  readonly ttl?: number;
}
export interface SetOptions extends TtlOptions {
  /** Without it nothing is written: ConditionFailedError. */
  readonly if?: CellCondition;
}

/** `timeoutMs` holds for each page. */
export interface PageOptions extends ReadOptions {
  /** Rows on a page, 1 to 1000. */
  readonly pageSize?: number;
}
export interface KeyRange extends PageOptions {
  readonly prefix?: string;
  /** First key, inclusive. */
  readonly start?: string;
  /** First key that is not in it. */
  readonly end?: string;
}
export interface HistoryOptions extends Omit<PageOptions, 'at'> {
  /** Versions whose timestamp is from here on, ms, inclusive. */
  readonly from?: number;
  readonly to?: number;
  readonly order?: 'asc' | 'desc';
}
/** One side of a comparison; a coordinate left out is the latest. */
export interface DiffSide {
  readonly at?: number;
  readonly asOf?: number;
}
export interface DiffOptions extends Extent, Omit<PageOptions, 'at' | 'asOf'> {
  readonly before?: DiffSide;
  readonly after?: DiffSide;
}
/** What is brought back, and as it was when: at a time, as of a revision, or both. */
export interface RestoreOptions extends Extent, DiffSide, CallLimits {}

/** A record with all its fields, or all that begin with a prefix. */
export type WholeRecord = Omit<RecordAnswer, 'next'>;
export interface RecordOptions extends ReadOptions {
  /** Of the names of fields. */
  readonly prefix?: string;
}
/** A key with all its fields, in byte order. */
export interface ScannedRecord {
  readonly key: string;
  readonly fields: readonly FieldView[];
}

/** What must stand there for a swap: this value, nothing (null), or what was written at this revision. */
export type Expected = Value | null | { readonly revision: number };
export type SwapAnswer =
  | ({ readonly swapped: true } & SetAnswer)
  /** Nothing was written. `found`: what stood there; null: nothing did. */
  | { readonly swapped: false; readonly found: FoundInstead };

export type BatchResult = Settled<Done>;

/** Made by `connect`. Methods may be called side by side. */
export class KvClient {
  private readonly context: CallContext;
  private readonly pool: SessionPool;
  private readonly writes: Writes;
  private readonly stop: () => void;

  /** `stop` aborts `context.closing`. */
  constructor(context: CallContext, pool: SessionPool, stop: () => void) {
    this.context = context;
    this.pool = pool;
    this.writes = new Writes(context, pool);
    this.stop = stop;
  }

  // --- reads ---------------------------------------------------------------------

  get(key: string, field: string, options: ReadOptions = {}): Promise<GetAnswer> {
    return this.read(() => get('kv', { key, field }, viewOf(options)), options);
  }

  /** All fields of a record, in byte order; a record that is not there has none. */
  async getRecord(key: string, options: RecordOptions = {}): Promise<WholeRecord> {
    const fields: FieldView[] = [];
    for await (const { next, ...page } of this.fields(key, options).pages()) {
      fields.push(...page.fields);
      if (next === null) return { ...page, fields };
    }
    throw new Error('pages end with one that has no next');
  }

  /** The same page by page, for records of many fields. */
  fields(
    key: string,
    { prefix, ...options }: RecordOptions & PageOptions = {},
  ): Pages<FieldView, RecordAnswer> {
    const { pageSize: limit } = options;
    return new Pages(
      (cursor) =>
        this.read(() => get('kv', { key }, { prefix, limit, cursor, ...viewOf(options) }), options),
      ({ fields }) => fields,
    );
  }

  /** Keys in byte order, each with the number of its fields. */
  keys(options: KeyRange = {}): Pages<KeysAnswer['keys'][number], KeysAnswer> {
    return new Pages(
      (cursor) => this.read(() => get('kv', {}, rangeOf(options, cursor)), options),
      ({ keys }) => keys,
    );
  }

  /** Records in the byte order of their keys, each whole. */
  scan(options: KeyRange = {}): Pages<ScannedRecord, RecordsAnswer> {
    const all = (page: RecordsAnswer): AsyncIterable<ScannedRecord> => this.whole(page, options);
    return new Pages(
      (cursor) => this.read(() => get('records', {}, rangeOf(options, cursor)), options),
      all,
    );
  }

  /** All versions of a field by their timestamps, also those that were replaced or deleted. */
  history(
    key: string,
    field: string,
    options: HistoryOptions = {},
  ): Pages<HistoryVersion, HistoryAnswer> {
    const { from, to, order, pageSize: limit } = options;
    return new Pages(
      (cursor) =>
        this.read(
          () =>
            get('history', { key, field }, { from, to, order, limit, cursor, ...viewOf(options) }),
          options,
        ),
      ({ versions }) => versions,
    );
  }

  /** What is different between two views. */
  diff(options: DiffOptions): Pages<DiffAnswer['changes'][number], DiffAnswer> {
    const { before, after, key, field, prefix, pageSize: limit } = options;
    const sides = {
      beforeAt: before?.at,
      beforeAsOf: before?.asOf,
      afterAt: after?.at,
      afterAsOf: after?.asOf,
    };
    return new Pages(
      (cursor) =>
        this.read(
          () =>
            get('diff', {}, { ...sides, key, field, prefix, limit, cursor, ...viewOf(options) }),
          options,
        ),
      ({ changes }) => changes,
    );
  }

  /** The cluster as the server sees it: what each node believes, who is down, what is broken. */
  cluster(options: CallLimits = {}): Promise<ClusterView> {
    return this.read(() => get('cluster', {}, {}), options);
  }

  /** What happens from now on, or after a revision, as it happens. */
  watch(options: WatchOptions = {}): Watch {
    return new Watch(this.context, options);
  }

  // --- writes --------------------------------------------------------------------

  set(key: string, field: string, value: Value, options: SetOptions = {}): Promise<SetAnswer> {
    const { ttl, if: condition, timestamp } = options;
    const body = { value, ttl, if: condition, timestamp };
    return this.write(() => setRequest({ key, field }, body), options);
  }

  /** Of a value that expires `ttlMs` after its timestamp. */
  setWithTtl(
    key: string,
    field: string,
    value: Value,
    ttlMs: number,
    options: Omit<SetOptions, 'ttl'> = {},
  ): Promise<SetAnswer> {
    return this.set(key, field, value, { ...options, ttl: ttlMs });
  }

  /** Sets if what stands there is what is expected, and says what is there if not. */
  async compareAndSet(
    key: string,
    field: string,
    expected: Expected,
    value: Value,
    options: TtlOptions = {},
  ): Promise<SwapAnswer> {
    try {
      const answer = await this.set(key, field, value, { ...options, if: conditionOf(expected) });
      return { swapped: true, ...answer };
    } catch (error) {
      if (error instanceof ConditionFailedError) return { swapped: false, found: error.found };
      throw error;
    }
  }

  delete(key: string, field: string, options: WriteOptions = {}): Promise<DeleteAnswer> {
    return this.write(() => remove<DeleteAnswer>({ key, field }, options), options);
  }

  /** Deletes every field that the record has. */
  deleteRecord(key: string, options: WriteOptions = {}): Promise<DeleteRecordAnswer> {
    return this.write(() => remove<DeleteRecordAnswer>({ key }, options), options);
  }

  /** To the end of a list; a field that is not there becomes one. */
  append(
    key: string,
    field: string,
    items: readonly string[],
    options: TtlOptions = {},
  ): Promise<AppendAnswer> {
    const { ttl, timestamp } = options;
    const names = { key, field, action: 'append' };
    return this.write(() => post<AppendAnswer>('kv', names, { items, ttl, timestamp }), options);
  }

  /** All items of a list that equal `item`, or the first `count` of them. */
  remove(
    key: string,
    field: string,
    item: string,
    options: WriteOptions & { readonly count?: number } = {},
  ): Promise<RemoveAnswer> {
    const { count, timestamp } = options;
    const names = { key, field, action: 'remove' };
    return this.write(() => post<RemoveAnswer>('kv', names, { item, count, timestamp }), options);
  }

  /** Adds a whole number; a field that is not there counts as 0. */
  increment(
    key: string,
    field: string,
    by = 1,
    options: TtlOptions = {},
  ): Promise<IncrementAnswer> {
    const { ttl, timestamp } = options;
    const names = { key, field, action: 'increment' };
    return this.write(() => post<IncrementAnswer>('kv', names, { by, ttl, timestamp }), options);
  }

  /** `success` if every condition holds, else `failure`: all of it or nothing, at one revision and one timestamp. */
  txn(
    body: Omit<TransactionBody, 'clientId' | 'sequence'>,
    options: CallLimits = {},
  ): Promise<TransactionAnswer> {
    return this.write(() => post<TransactionAnswer>('txn', {}, body), options);
  }

  /** Writes what makes the present equal to an earlier view; nothing is lost by it. */
  restore(options: RestoreOptions): Promise<RestoreAnswer> {
    const { timeoutMs: _timeoutMs, signal: _signal, ...body } = options;
    return this.write(() => post<RestoreAnswer>('restore', {}, body), options);
  }

  /**
   * Many writes of their own, in few requests; each has a result of its own, in their order, and
   * nothing is thrown for them. What touches the same field is done in the order given, one request
   * after the other. `timeoutMs` is for each request.
   */
  async batch(
    writes: readonly BatchWrite[],
    options: CallLimits = {},
  ): Promise<readonly BatchResult[]> {
    const results: BatchResult[] = [];
    for (const part of batchesOf(writes, this.pool.size)) {
      const from = results.length;
      const settled = await this.writes.run(batchRequest(part), part.length, options);
      results.push(...settled.map((result) => withPlaceFrom(result, from)));
    }
    return results;
  }

  // --- its end -------------------------------------------------------------------

  /** Ends watches and reads (ClosedError) and takes nothing new; resolves when each write under way has its answer, at the latest at its deadline. */
  async close(): Promise<void> {
    this.stop();
    await this.writes.idle();
  }

  private async read<A>(request: () => ApiRequest, options: ReadOptions): Promise<A> {
    return read<A>(this.context, request(), options, options.consistency === 'local');
  }

  private async write<A>(form: () => Form<A>, options: CallLimits): Promise<A> {
    const [settled] = await this.writes.run(form(), 1, options);
    if (settled?.ok === true) return settled.value;
    const error = settled?.error;
    throw error instanceof AbortedError ? error.cause : error;
  }

  /** What a page shows of a large record is its beginning. */
  private async *whole(
    { records, at, asOf }: RecordsAnswer,
    { prefix: _prefix, start: _start, end: _end, ...asker }: KeyRange,
  ): AsyncGenerator<ScannedRecord, void, void> {
    const view = { ...asker, at, asOf };
    for (const { key, fields, more } of records) {
      yield { key, fields: more ? (await this.getRecord(key, view)).fields : fields };
    }
  }
}

function viewOf({
  at,
  asOf,
  consistency,
  node,
}: View): Record<string, string | number | undefined> {
  return { at, asOf, consistency, node };
}

function rangeOf(
  { prefix, start, end, pageSize: limit, ...view }: KeyRange,
  cursor: string | undefined,
): Record<string, string | number | undefined> {
  return { prefix, start, end, limit, cursor, ...viewOf(view) };
}

function conditionOf(expected: Expected): CellCondition {
  if (expected === null) return { is: 'absent' };
  if (typeof expected === 'object' && 'revision' in expected)
    return { is: 'revision', revision: expected.revision };
  return { is: 'value', value: expected };
}
