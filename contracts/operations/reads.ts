/** Queries on the store. */
import * as z from 'zod';
import { digits, RequestTimeout } from '../digits.ts';
import type { ErrorCode } from '../errors.ts';
import {
  Consistency,
  DiffAnswer,
  GetAnswer,
  HistoryAnswer,
  KeysAnswer,
  LIMITS,
  RecordAnswer,
  RecordsAnswer,
  Revision,
  TimestampMs,
} from '../kv.ts';
import { ChangesAnswer } from '../watch.ts';
import { operation } from './operation.ts';

const nameRule = `1 to ${LIMITS.nameBytes} bytes of UTF-8`;
export const KeyParam = z.string().meta({ description: `The key, ${nameRule}.`, minLength: 1 });
export const FieldParam = z.string().meta({ description: `The field, ${nameRule}.`, minLength: 1 });
export const CellParams = z.object({ key: KeyParam, field: FieldParam });
export type CellParams = z.infer<typeof CellParams>;

export const timeoutHeader = {
  'Request-Timeout-Ms': RequestTimeout.optional().describe(
    'How long the request may wait for the cluster, ms of cluster time; 5000 when left out.',
  ),
};

/** One field, a record, the keys with a prefix, or all. */
export const scope = {
  key: z.string().optional().describe('Only this key. Excludes `prefix`.'),
  field: z.string().optional().describe('Only this field of `key`.'),
  prefix: z.string().optional().describe('Only keys that begin with this.'),
};

const instant = (what: string) => digits.pipe(TimestampMs).optional().describe(what);
const revision = (what: string) => digits.pipe(Revision).optional().describe(what);

export const at = instant('Time in the world, ms since 1970. Left out: now, by cluster time.');
export const asOf = revision('Known as of this revision. Left out: all that is known.');

export const limit = digits
  .pipe(z.number().int().min(1).max(LIMITS.pageSize))
  .optional()
  .describe('Rows on a page at most.');
const cursor = z
  .string()
  .optional()
  .describe(
    '`next` of the answer before, with the other parameters as they were. It carries its view.',
  );
const paging = { limit, cursor };

const asker = {
  consistency: Consistency.optional().describe(
    '`linearizable`, when left out: sees every write acknowledged before it began. `local`: what one node has applied, which may lag.',
  ),
  node: z.string().optional().describe('Of a local read: the node that is asked.'),
};

const Where = z.strictObject({ ...asker, at, asOf });
const KeysQuery = z.strictObject({
  ...asker,
  at,
  asOf,
  prefix: scope.prefix,
  start: z.string().optional().describe('The first key at the earliest.'),
  end: z.string().optional().describe('Before this key.'),
  ...paging,
});
export type KeysQuery = z.infer<typeof KeysQuery>;

/** What may become of any linearizable read. */
export const readErrors = [
  'READ_TIMEOUT',
  'OVERLOADED',
  'SHUTTING_DOWN',
  'COMPACTED',
  'REVISION_NOT_YET',
] as const satisfies readonly ErrorCode[];
const errors = [...readErrors, 'NODE_DOWN', 'NODE_UNKNOWN'] as const;

export const reads = {
  get: operation({
    id: 'getField',
    method: 'GET',
    path: '/api/v1/kv/{key}/{field}',
    tag: 'Reads',
    summary: 'Read a field',
    description:
      'A field that is not there is no error: `found` is false, and `absentBecause` says why. The answer names its view: asked again with both `at` and `asOf`, it is the same for ever, or COMPACTED.',
    params: CellParams,
    query: Where,
    headers: timeoutHeader,
    answer: GetAnswer,
    errors,
  }),
  record: operation({
    id: 'getRecord',
    method: 'GET',
    path: '/api/v1/kv/{key}',
    tag: 'Reads',
    summary: 'Read the fields of a key',
    params: z.object({ key: KeyParam }),
    query: z.strictObject({
      ...Where.shape,
      prefix: z.string().optional().describe('Only fields that begin with this.'),
      ...paging,
    }),
    headers: timeoutHeader,
    answer: RecordAnswer,
    errors,
  }),
  keys: operation({
    id: 'listKeys',
    method: 'GET',
    path: '/api/v1/kv',
    tag: 'Reads',
    summary: 'List keys',
    description: 'In byte order, each with the number of its fields.',
    query: KeysQuery,
    headers: timeoutHeader,
    answer: KeysAnswer,
    errors,
  }),
  records: operation({
    id: 'listRecords',
    method: 'GET',
    path: '/api/v1/records',
    tag: 'Reads',
    summary: 'List keys with their fields',
    query: KeysQuery,
    headers: timeoutHeader,
    answer: RecordsAnswer,
    errors,
  }),
  history: operation({
    id: 'getHistory',
    method: 'GET',
    path: '/api/v1/history/{key}/{field}',
    tag: 'Reads',
    summary: 'All versions of a field',
    params: CellParams,
    query: z.strictObject({
      ...asker,
      from: instant('Versions of this time and later, ms.'),
      to: instant('Versions of this time and earlier, ms.'),
      asOf,
      order: z.enum(['asc', 'desc']).optional().describe('By time; `asc` when left out.'),
      ...paging,
    }),
    headers: timeoutHeader,
    answer: HistoryAnswer,
    errors,
  }),
  diff: operation({
    id: 'diffViews',
    method: 'GET',
    path: '/api/v1/diff',
    tag: 'Reads',
    summary: 'Compare two views',
    query: z.strictObject({
      ...asker,
      beforeAt: instant('Time of the first view, ms. Left out: now.'),
      beforeAsOf: revision('Revision of the first view. Left out: the latest.'),
      afterAt: instant('Time of the second view, ms. Left out: now.'),
      afterAsOf: revision('Revision of the second view. Left out: the latest.'),
      ...scope,
      ...paging,
    }),
    headers: timeoutHeader,
    answer: DiffAnswer,
    errors,
  }),
  changes: operation({
    id: 'listChanges',
    method: 'GET',
    path: '/api/v1/changes',
    tag: 'Watch',
    summary: 'What happened after a revision, a page at a time',
    query: z.strictObject({
      ...asker,
      after: digits.pipe(Revision).describe('Begins with the revision after this one.'),
      limit,
      ...scope,
    }),
    headers: timeoutHeader,
    answer: ChangesAnswer,
    errors,
  }),
};
