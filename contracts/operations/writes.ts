/** Commands on the store. */
import * as z from 'zod';
import { digits } from '../digits.ts';
import type { ErrorCode } from '../errors.ts';
import { TimestampMs } from '../kv.ts';
import * as write from '../write.ts';
import { operation } from './operation.ts';
import { CellParams, KeyParam, timeoutHeader } from './reads.ts';

/** A delete has its envelope in the query. */
const DeleteQuery = z.strictObject({
  timestamp: digits
    .pipe(TimestampMs)
    .optional()
    .describe('From when on it is gone, ms. Left out: the time of the write.'),
  clientId: write.clientId.optional(),
  sequence: digits
    .pipe(write.sequence)
    .optional()
    .describe('Rises by one for each write of the session. Goes with `clientId`.'),
});

/** What may become of any write. */
export const writeErrors = [
  'NO_LEADER',
  'OUTCOME_UNKNOWN',
  'OVERLOADED',
  'SHUTTING_DOWN',
  'SESSION_STALE',
  'SESSION_EXPIRED',
  'COMPACTED',
] as const satisfies readonly ErrorCode[];

const once =
  'Sent again with the same `clientId` and `sequence` it gets the first answer, and nothing more is written.';

export const writes = {
  set: operation({
    id: 'setField',
    method: 'PUT',
    path: '/api/v1/kv/{key}/{field}',
    tag: 'Writes',
    summary: 'Set a field',
    description: `To text or to a list of texts, from its timestamp on, for \`ttl\` if that is given; under a condition, or under none. ${once}`,
    params: CellParams,
    headers: timeoutHeader,
    body: write.SetBody,
    answer: write.SetAnswer,
    errors: [...writeErrors, 'CONDITION_FAILED', 'OUT_OF_RANGE'],
  }),
  remove: operation({
    id: 'deleteField',
    method: 'DELETE',
    path: '/api/v1/kv/{key}/{field}',
    tag: 'Writes',
    summary: 'Delete a field',
    description: `From the timestamp on. Its past stays. ${once}`,
    params: CellParams,
    query: DeleteQuery,
    headers: timeoutHeader,
    answer: write.DeleteAnswer,
    errors: writeErrors,
  }),
  removeRecord: operation({
    id: 'deleteRecord',
    method: 'DELETE',
    path: '/api/v1/kv/{key}',
    tag: 'Writes',
    summary: 'Delete all fields of a key',
    description: once,
    params: z.object({ key: KeyParam }),
    query: DeleteQuery,
    headers: timeoutHeader,
    answer: write.DeleteRecordAnswer,
    errors: writeErrors,
  }),
  append: operation({
    id: 'appendItems',
    method: 'POST',
    path: '/api/v1/kv/{key}/{field}/append',
    tag: 'Writes',
    summary: 'Append items to a list',
    description: `A field that is not there becomes a list. ${once}`,
    params: CellParams,
    headers: timeoutHeader,
    body: write.AppendBody,
    answer: write.AppendAnswer,
    errors: [...writeErrors, 'WRONG_KIND', 'OUT_OF_RANGE'],
  }),
  removeItems: operation({
    id: 'removeItems',
    method: 'POST',
    path: '/api/v1/kv/{key}/{field}/remove',
    tag: 'Writes',
    summary: 'Remove items from a list',
    description: `All that equal \`item\`, or the first \`count\` of them. ${once}`,
    params: CellParams,
    headers: timeoutHeader,
    body: write.RemoveBody,
    answer: write.RemoveAnswer,
    errors: [...writeErrors, 'WRONG_KIND', 'OUT_OF_RANGE'],
  }),
  increment: operation({
    id: 'incrementField',
    method: 'POST',
    path: '/api/v1/kv/{key}/{field}/increment',
    tag: 'Writes',
    summary: 'Add to a counter',
    description: `A field that is not there counts from 0. ${once}`,
    params: CellParams,
    headers: timeoutHeader,
    body: write.IncrementBody,
    bodyMayBeAbsent: true,
    answer: write.IncrementAnswer,
    errors: [...writeErrors, 'WRONG_KIND', 'NOT_AN_INTEGER', 'OUT_OF_RANGE'],
  }),
  txn: operation({
    id: 'transact',
    method: 'POST',
    path: '/api/v1/txn',
    tag: 'Writes',
    summary: 'Many operations, all or nothing',
    description: `If every condition holds \`success\` is done, else \`failure\`, at one revision and one timestamp; each operation sees those before it. ${once}`,
    headers: timeoutHeader,
    body: write.TransactionBody,
    answer: write.TransactionAnswer,
    errors: [...writeErrors, 'WRONG_KIND', 'NOT_AN_INTEGER', 'OUT_OF_RANGE'],
  }),
  batch: operation({
    id: 'batch',
    method: 'POST',
    path: '/api/v1/batch',
    tag: 'Writes',
    summary: 'Many writes of their own',
    description:
      'Each has an outcome of its own, in the order of the request: some may have failed, or be unknown, in an answer of status 200.',
    headers: timeoutHeader,
    body: write.BatchBody,
    answer: write.BatchAnswer,
    errors: [],
  }),
  restore: operation({
    id: 'restoreView',
    method: 'POST',
    path: '/api/v1/restore',
    tag: 'Writes',
    summary: 'Bring an earlier view back',
    description: `One field, a key, the keys with a prefix, or all, as they were \`at\` a time, \`asOf\` a revision, or both; as new versions, so that nothing is lost by it. ${once}`,
    headers: timeoutHeader,
    body: write.RestoreBody,
    answer: write.RestoreAnswer,
    errors: [...writeErrors, 'REVISION_NOT_YET', 'OUT_OF_RANGE'],
  }),
  session: operation({
    id: 'openSession',
    method: 'POST',
    path: '/api/v1/sessions',
    tag: 'Writes',
    summary: 'Open a session, under which writes are done once',
    description:
      'Number the writes of a session 1, 2, 3…, one under way at a time. A write that is sent again, with the `sequence` that it had, gets the first answer. An older sequence is SESSION_STALE; once the session has ended, after `idleMs` without a write, SESSION_EXPIRED. Neither runs anything.',
    headers: timeoutHeader,
    answer: write.SessionAnswer,
    status: 201,
    errors: ['NO_LEADER', 'OUTCOME_UNKNOWN', 'OVERLOADED', 'SHUTTING_DOWN'],
  }),
};
