/** Commands on the store: `/api/v1/kv`, `/api/v1/txn`, `/api/v1/batch`, `/api/v1/restore`, `/api/v1/sessions`. */
import type { FastifyInstance, FastifyRequest } from 'fastify';
import type * as z from 'zod';
import { LIMITS } from '../../contracts/kv.ts';
import type { FoundInstead, Value } from '../../contracts/kv.ts';
import { writes } from '../../contracts/operations/writes.ts';
import type { BatchAnswer, CellCondition, Condition, Operation } from '../../contracts/write.ts';
import { must } from '../base/assert.ts';
import { isReserved } from '../base/reserved.ts';
import type { KvService, WriteOutcome } from '../cluster/kv-service.ts';
import type {
  ApplyResult,
  FailedCondition,
  OperationOutcome,
  Outcome,
  SessionRef,
  WriteCommand,
} from '../kv/types.ts';
import { HttpError } from './errors.ts';
import {
  cellOf,
  checkClientId,
  checkName,
  checkScope,
  checkText,
  checkValue,
  timeoutOf,
} from './input.ts';
import { kvError, sessionError, writeError } from './kv-problems.ts';
import { route } from './route.ts';
import { valueView } from './value-view.ts';

type AnyOperation = z.output<typeof Operation>;
type Cell = ReturnType<typeof cellOf>;
type Applied = Extract<ApplyResult, { ok: true }>;

interface Envelope {
  readonly timestamp?: number | undefined;
  readonly clientId?: string | undefined;
  readonly sequence?: number | undefined;
}

export function writeRoutes(app: FastifyInstance, kv: KvService): void {
  route(app, writes.set, async ({ params, body }, request) => {
    const { if: condition, value, ttl, ...envelope } = body;
    const cell = writable(cellOf(params));
    const set = { op: 'set', ...cell, value: checkList(value, 'body.value'), ttl } as const;
    if (condition === undefined) {
      const { done, ...committed } = await write(request, set, envelope);
      return {
        ...committed,
        revision: must(committed.revision, 'a set writes'),
        existed: of('set', done).existed,
      };
    }
    const conditions = [{ ...checkCondition(condition, 'body.if'), ...cell }];
    const txn = { op: 'txn', conditions, success: [set], failure: [] } as const;
    const { done, ...committed } = await write(request, txn, envelope);
    const { failed, outcomes } = of('txn', done);
    if (failed !== null)
      throw new HttpError('CONDITION_FAILED', `the field is not as the condition wants it`, {
        found: found(failed.found),
      });
    return {
      ...committed,
      revision: must(committed.revision, 'a set writes'),
      existed: of('set', must(outcomes[0], 'the set was done')).existed,
    };
  });

  route(app, writes.remove, async ({ params, query: envelope }, request) => {
    const operation = { op: 'delete', ...writable(cellOf(params)) } as const;
    const { done, ...committed } = await write(request, operation, envelope);
    return { ...committed, existed: of('delete', done).existed };
  });

  route(app, writes.removeRecord, async ({ params, query: envelope }, request) => {
    const operation = {
      op: 'deleteRecord',
      key: writableKey(checkName(params.key, 'key'), 'key'),
    } as const;
    const { done, ...committed } = await write(request, operation, envelope);
    return { ...committed, fields: of('deleteRecord', done).fields };
  });

  route(app, writes.append, async ({ params, body }, request) => {
    const { items, ttl, ...envelope } = body;
    checkList(items, 'body.items');
    const operation = { op: 'append', ...writable(cellOf(params)), items, ttl } as const;
    const { done, ...committed } = await write(request, operation, envelope);
    return { ...committed, length: of('append', done).length };
  });

  route(app, writes.removeItems, async ({ params, body }, request) => {
    const { item, count, ...envelope } = body;
    checkValue(item, 'body.item');
    const operation = { op: 'remove', ...writable(cellOf(params)), item, count } as const;
    const { done, ...committed } = await write(request, operation, envelope);
    const { removed, length } = of('remove', done);
    return { ...committed, removed, length };
  });

  route(app, writes.increment, async ({ params, body }, request) => {
    const { by, ttl, ...envelope } = body;
    const operation = { op: 'increment', ...writable(cellOf(params)), by, ttl } as const;
    const { done, ...committed } = await write(request, operation, envelope);
    return { ...committed, value: of('increment', done).value };
  });

  route(app, writes.txn, async ({ body }, request) => {
    const { if: conditions, success, failure, ...envelope } = body;
    const txn = {
      op: 'txn',
      conditions: conditions.map((condition, i) => checkedCondition(condition, `body.if.${i}`)),
      success: success.map((operation, i) => checkedOperation(operation, `body.success.${i}`)),
      failure: failure.map((operation, i) => checkedOperation(operation, `body.failure.${i}`)),
    } as const;
    const { done, ...committed } = await write(request, txn, envelope);
    const { succeeded, failed, outcomes } = of('txn', done);
    return {
      ...committed,
      succeeded,
      failed: failed === null ? null : { index: failed.index, found: found(failed.found) },
      outcomes: [...outcomes],
    };
  });

  route(app, writes.batch, async ({ body }, request) => {
    const { writes: asked } = body;
    const checked = asked.map(({ timestamp, clientId, sequence, ...operation }, i) => {
      const path = `body.writes.${i}`;
      const envelope = { timestamp, clientId, sequence };
      return commandOf(checkedOperation(operation, path), envelope);
    });
    const outcomes = kv.writeAll(checked, timeoutOf(request), request.trace?.write());
    const results = await Promise.all(
      outcomes.map(async (outcome): Promise<BatchAnswer['results'][number]> => {
        try {
          const { done, ...committed } = committedOf(await outcome);
          if (!isOfOperation(done))
            throw new HttpError('INTERNAL', 'the answer is of another operation');
          return { ok: true, ...committed, done };
        } catch (error) {
          if (error instanceof HttpError) return { ok: false, problem: error.problem(request.id) };
          throw error;
        }
      }),
    );
    return { results };
  });

  route(app, writes.restore, async ({ body }, request) => {
    const { clientId, sequence, ...restore } = body;
    if (restore.at === undefined && restore.asOf === undefined)
      throw new HttpError('BAD_REQUEST', 'a restore names a time or a revision', {
        path: 'body.at',
      });
    checkScope(restore, 'body');
    if (restore.key !== undefined) writableKey(restore.key, 'body.key');
    const operation = { op: 'restore', ...restore } as const;
    const { done, ...committed } = await write(request, operation, { clientId, sequence });
    return { ...committed, fields: of('restore', done).fields };
  });

  route(app, writes.session, async (_input, request) => {
    const outcome = await kv.openSession(timeoutOf(request));
    if (!outcome.ok) throw sessionError(outcome);
    const { done, ...committed } = committedOf(outcome);
    const { client: clientId, idleMs } = of('session', done);
    const revision = must(committed.revision, 'an opening is a revision');
    return { ...committed, revision, clientId, idleMs };
  });

  function write(
    request: FastifyRequest,
    operation: WriteCommand,
    envelope: Envelope,
  ): Promise<Committed> {
    return commit(request, commandOf(operation, envelope));
  }

  /** Rejects with an HttpError that says what became of it. */
  async function commit(request: FastifyRequest, command: WriteCommand): Promise<Committed> {
    return committedOf(await kv.write(command, timeoutOf(request), request.trace?.write()));
  }
}

/** Throws an HttpError that says what became of it. */
function committedOf(outcome: WriteOutcome): Committed {
  if (!outcome.ok) throw writeError(outcome);
  const { result, term, leader } = outcome;
  if (!result.ok) throw kvError(result.error);
  const { revision, timestamp, stamp, outcome: done } = result;
  return { outcome: 'committed', revision, timestamp, stamp, term, leader, done };
}

/** Not what a single operation comes to. */
interface Committed extends Pick<Applied, 'revision' | 'timestamp' | 'stamp'> {
  readonly outcome: 'committed';
  readonly term: number;
  readonly leader: string;
  readonly done: Outcome;
}

/** The outcome, which must be of this operation: a repeat of a session is of the same request. */
function of<Op extends Outcome['op']>(op: Op, outcome: Outcome): Extract<Outcome, { op: Op }> {
  if (outcome.op !== op) throw new HttpError('INTERNAL', 'the answer is of another operation');
  return outcome as Extract<Outcome, { op: Op }>;
}

function isOfOperation(outcome: Outcome): outcome is OperationOutcome {
  return !WHOLE_WRITES.has(outcome.op);
}

/** What no batch is made of. */
const WHOLE_WRITES = new Set<Outcome['op']>([
  'txn',
  'restore',
  'import',
  'importHistory',
  'retention',
  'session',
  'tick',
]);

/** The operation with its time and its name. */
function commandOf(operation: WriteCommand, envelope: Envelope): WriteCommand {
  const session = sessionOf(envelope);
  return {
    ...operation,
    ...(envelope.timestamp !== undefined && { timestamp: envelope.timestamp }),
    ...(session !== null && { session }),
  };
}

function sessionOf({ clientId, sequence }: Envelope): SessionRef | null {
  if (clientId === undefined && sequence === undefined) return null;
  if (clientId === undefined || sequence === undefined) {
    const path = clientId === undefined ? 'clientId' : 'sequence';
    throw new HttpError('BAD_REQUEST', 'clientId and sequence go together', { path });
  }
  return { client: checkClientId(clientId), sequence };
}

function writable(cell: Cell): Cell {
  writableKey(cell.key, 'key');
  return cell;
}

/** The server's own keys are read by all, and written by itself alone. */
function writableKey(key: string, path: string): string {
  if (isReserved(key))
    throw new HttpError('BAD_REQUEST', `${path}: keys that begin so are the server's own`, {
      path,
    });
  return key;
}

function checkList(value: Value, path: string): Value {
  if (typeof value === 'string') return checkValue(value, path);
  let bytes = 0;
  for (const [i, item] of value.entries()) {
    checkText(item, `${path}.${i}`);
    bytes += Buffer.byteLength(item);
  }
  if (bytes > LIMITS.valueBytes)
    throw new HttpError('TOO_LARGE', `${path} is longer than ${LIMITS.valueBytes} bytes`, {
      path,
      limit: LIMITS.valueBytes,
    });
  return value;
}

function checkCondition<C extends CellCondition | Condition>(condition: C, path: string): C {
  if (condition.is === 'value') checkList(condition.value, `${path}.value`);
  return condition;
}

function checkedCondition(condition: Condition, path: string): Condition {
  checkName(condition.key, `${path}.key`);
  checkName(condition.field, `${path}.field`);
  return checkCondition(condition, path);
}

function checkedOperation(operation: AnyOperation, path: string): AnyOperation {
  writableKey(checkName(operation.key, `${path}.key`), `${path}.key`);
  if (operation.op === 'deleteRecord') return operation;
  checkName(operation.field, `${path}.field`);
  if (operation.op === 'set') checkList(operation.value, `${path}.value`);
  if (operation.op === 'append') checkList(operation.items, `${path}.items`);
  if (operation.op === 'remove') checkValue(operation.item, `${path}.item`);
  return operation;
}

/** A copy, as the contract has it. */
function found(there: FailedCondition['found']): FoundInstead {
  if (there === null) return null;
  const { value, revision } = there;
  return { value: value === null ? null : valueView(value), revision };
}
