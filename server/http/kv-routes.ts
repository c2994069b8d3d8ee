/** Commands and queries on the store: `/api/v1/kv` and `/api/v1/history`. */
import type { FastifyInstance, FastifyRequest } from 'fastify';
import * as z from 'zod';
import type {
  DeleteAnswer,
  GetAnswer,
  HistoryAnswer,
  KeysAnswer,
  RecordAnswer,
  SetAnswer,
  VersionView,
} from '../../contracts/kv.ts';
import { Consistency, LIMITS, Revision, SetBody, TimestampMs } from '../../contracts/kv.ts';
import { must, unreachable } from '../base/assert.ts';
import type { KvService, ReadOutcome, WriteOutcome, WriteRequest } from '../cluster/kv-service.ts';
import type { Supervisor } from '../cluster/supervisor.ts';
import type { FoundVersion, KvError, Query, QueryAnswer, SessionRef } from '../kv/types.ts';
import { HttpError } from './errors.ts';
import {
  checkClientId,
  checkName,
  checkNoBody,
  checkNoQuery,
  checkText,
  checkValue,
  parse,
} from './input.ts';

const DEFAULT_TIMEOUT_MS = 5000;
const MAX_TIMEOUT_MS = 60_000;
const DEFAULT_PAGE = 100;

/** Numbers in a query string: digits only, so that "1e3" and "" are refused and not guessed at. */
const digits = z
  .string()
  .regex(/^\d{1,16}$/, 'a whole number in digits')
  .transform(Number);

const Where = z.strictObject({
  at: digits.pipe(TimestampMs).optional(),
  asOf: digits.pipe(Revision).optional(),
  consistency: Consistency.optional(),
  node: z.string().optional(),
});
const ScanQuery = Where.extend({ prefix: z.string().optional() });
const KeysQuery = Where.extend({
  prefix: z.string().optional(),
  start: z.string().optional(),
  limit: digits.pipe(z.number().min(1).max(LIMITS.pageSize)).optional(),
});
const HistoryQuery = z.strictObject({
  from: digits.pipe(TimestampMs).optional(),
  to: digits.pipe(TimestampMs).optional(),
  asOf: digits.pipe(Revision).optional(),
  consistency: Consistency.optional(),
  node: z.string().optional(),
});
const DeleteQuery = z.strictObject({
  timestamp: digits.pipe(TimestampMs).optional(),
  clientId: z.string().min(1).max(128).optional(),
  sequence: digits.pipe(z.number().min(1).max(Number.MAX_SAFE_INTEGER)).optional(),
});
const TimeoutHeader = digits.pipe(z.number().min(1).max(MAX_TIMEOUT_MS));

interface KeyParams {
  readonly key: string;
}
interface CellParams extends KeyParams {
  readonly field: string;
}

export function kvRoutes(app: FastifyInstance, kv: KvService, supervisor: Supervisor): void {
  app.put<{ Params: CellParams }>('/api/v1/kv/:key/:field', async (request): Promise<SetAnswer> => {
    checkNoQuery(request.query);
    const body = parse(SetBody, request.body, 'body');
    const session = sessionOf(body.clientId, body.sequence);
    const { value, timestamp, ttl } = body;
    const done = await write(request, {
      op: 'set',
      ...cellOf(request.params),
      value: checkValue(value, 'body.value'),
      ...(timestamp !== undefined && { timestamp }),
      ...(ttl !== undefined && { ttl }),
      ...(session !== null && { session }),
    });
    return { ...done, revision: must(done.revision, 'a set writes') };
  });

  app.delete<{ Params: CellParams }>('/api/v1/kv/:key/:field', (request): Promise<DeleteAnswer> => {
    const { timestamp, clientId, sequence } = parse(DeleteQuery, request.query, 'query');
    checkNoBody(request.body);
    const session = sessionOf(clientId, sequence);
    return write(request, {
      op: 'delete',
      ...cellOf(request.params),
      ...(timestamp !== undefined && { timestamp }),
      ...(session !== null && { session }),
    });
  });

  app.get<{ Params: CellParams }>('/api/v1/kv/:key/:field', async (request): Promise<GetAnswer> => {
    const where = parse(Where, request.query, 'query');
    const cell = cellOf(request.params);
    const { answer, ...envelope } = await read(
      request,
      { type: 'get', ...cell, ...coordinates(where) },
      where,
    );
    return {
      ...cell,
      found: answer.found !== null,
      value: answer.found?.value ?? null,
      version: answer.found === null ? null : versionView(answer.found),
      absentBecause: answer.absentBecause,
      at: answer.at,
      asOf: answer.asOf,
      ...envelope,
    };
  });

  app.get<{ Params: KeyParams }>('/api/v1/kv/:key', async (request): Promise<RecordAnswer> => {
    const where = parse(ScanQuery, request.query, 'query');
    const key = checkName(request.params.key, 'key');
    const query = { type: 'scan', key, ...prefixOf(where), ...coordinates(where) } as const;
    const { answer, ...envelope } = await read(request, query, where);
    return {
      key,
      fields: answer.fields.map((found) => ({
        field: found.field,
        value: found.value,
        version: versionView(found),
      })),
      at: answer.at,
      asOf: answer.asOf,
      ...envelope,
    };
  });

  app.get('/api/v1/kv', async (request): Promise<KeysAnswer> => {
    const where = parse(KeysQuery, request.query, 'query');
    if (where.start !== undefined) checkText(where.start, 'query.start');
    const { answer, ...envelope } = await read(
      request,
      {
        type: 'keys',
        ...prefixOf(where),
        ...(where.start !== undefined && { start: where.start }),
        limit: where.limit ?? DEFAULT_PAGE,
        ...coordinates(where),
      },
      where,
    );
    return {
      keys: [...answer.keys],
      next: answer.next,
      at: answer.at,
      asOf: answer.asOf,
      ...envelope,
    };
  });

  app.get<{ Params: CellParams }>(
    '/api/v1/history/:key/:field',
    async (request): Promise<HistoryAnswer> => {
      const where = parse(HistoryQuery, request.query, 'query');
      const cell = cellOf(request.params);
      const { answer, ...envelope } = await read(
        request,
        {
          type: 'history',
          ...cell,
          ...(where.from !== undefined && { from: where.from }),
          ...(where.to !== undefined && { to: where.to }),
          ...(where.asOf !== undefined && { asOf: where.asOf }),
        },
        where,
      );
      return {
        ...cell,
        clusterTime: answer.clusterTime,
        versions: answer.versions.map(
          ({ timestamp, revision, op, kind, value, expiresAt, stamp }) => ({
            timestamp,
            revision,
            op,
            kind,
            value,
            expiresAt,
            stamp,
          }),
        ),
        asOf: answer.asOf,
        ...envelope,
      };
    },
  );

  async function write(request: FastifyRequest, command: WriteRequest): Promise<DeleteAnswer> {
    const outcome = await kv.write(command, timeoutOf(request));
    if (!outcome.ok) throw writeError(outcome);
    const { result, term, leader } = outcome;
    if (!result.ok) throw kvError(result.error);
    const { revision, timestamp, stamp, existed } = result;
    return { outcome: 'committed', revision, timestamp, stamp, term, leader, existed };
  }

  async function read<Q extends Query>(
    request: FastifyRequest,
    query: Q,
    where: z.infer<typeof Where>,
  ) {
    const outcome = await answerRead(request, query, where);
    if (!outcome.ok) throw readError(outcome, where);
    if (!outcome.result.ok) throw kvError(outcome.result.error);
    const answer = outcome.result.answer as Extract<QueryAnswer, { type: Q['type'] }>;
    return {
      answer,
      node: outcome.node,
      consistency: where.consistency ?? ('linearizable' as const),
      appliedRevision: outcome.appliedRevision,
    };
  }

  function answerRead(
    request: FastifyRequest,
    query: Query,
    where: z.infer<typeof Where>,
  ): Promise<ReadOutcome> {
    if (where.consistency !== 'local') {
      if (where.node !== undefined) {
        throw new HttpError(
          'BAD_REQUEST',
          "query.node goes with consistency=local: a linearizable read is the leader's",
          {
            path: 'query.node',
          },
        );
      }
      return kv.read(query, timeoutOf(request));
    }
    const node = where.node ?? supervisor.nodes.find((id) => supervisor.node(id).isServing);
    if (node === undefined) throw new HttpError('NODE_DOWN', 'no node is running');
    if (!supervisor.has(node)) throw new HttpError('NODE_UNKNOWN', `there is no node ${node}`);
    return kv.readLocal(node, query, timeoutOf(request));
  }
}

function cellOf({ key, field }: CellParams): CellParams {
  return { key: checkName(key, 'key'), field: checkName(field, 'field') };
}

function prefixOf(where: { readonly prefix?: string | undefined }): { readonly prefix?: string } {
  if (where.prefix === undefined) return {};
  checkText(where.prefix, 'query.prefix');
  return { prefix: where.prefix };
}

function coordinates(where: {
  readonly at?: number | undefined;
  readonly asOf?: number | undefined;
}) {
  return {
    ...(where.at !== undefined && { at: where.at }),
    ...(where.asOf !== undefined && { asOf: where.asOf }),
  };
}

function sessionOf(clientId: string | undefined, sequence: number | undefined): SessionRef | null {
  if (clientId === undefined && sequence === undefined) return null;
  if (clientId === undefined || sequence === undefined) {
    const path = clientId === undefined ? 'clientId' : 'sequence';
    throw new HttpError('BAD_REQUEST', 'clientId and sequence go together', { path });
  }
  return { client: checkClientId(clientId), sequence };
}

function timeoutOf(request: FastifyRequest): number {
  const header = request.headers['request-timeout-ms'];
  return header === undefined
    ? DEFAULT_TIMEOUT_MS
    : parse(TimeoutHeader, header, 'Request-Timeout-Ms');
}

function versionView(found: FoundVersion): VersionView {
  const { timestamp, revision, expiresAt, validTo } = found;
  return {
    timestamp,
    revision,
    ...(expiresAt !== null && { expiresAt }),
    ...(validTo !== null && { validTo }),
  };
}

function writeError(outcome: Extract<WriteOutcome, { ok: false }>): HttpError {
  const { code, leader } = outcome;
  switch (code) {
    case 'NO_LEADER':
      return new HttpError(
        code,
        'no leader in time; no node took the write, so it will not happen',
        { leader },
      );
    case 'OUTCOME_UNKNOWN':
      return new HttpError(
        code,
        'the write may or may not be committed, now or later; read to find out, or send it again with the same clientId and sequence',
        { leader },
      );
    case 'OVERLOADED':
      return new HttpError(code, 'too many requests are under way; nothing was written', {
        leader,
      });
    case 'SHUTTING_DOWN':
      return new HttpError(code, 'the server is stopping; nothing was written', { leader });
    default:
      return unreachable(code);
  }
}

function readError(
  outcome: Extract<ReadOutcome, { ok: false }>,
  { consistency, node }: z.infer<typeof Where>,
): HttpError {
  const { code, leader } = outcome;
  switch (code) {
    case 'READ_TIMEOUT':
      return new HttpError(
        code,
        consistency === 'local'
          ? 'the node did not answer in time'
          : 'no quorum confirmed the read in time',
        { leader },
      );
    case 'NODE_DOWN':
      return new HttpError(code, `node ${node ?? ''} is not running`, { leader });
    case 'OVERLOADED':
      return new HttpError(code, 'too many requests are under way', { leader });
    case 'SHUTTING_DOWN':
      return new HttpError(code, 'the server is stopping', { leader });
    default:
      return unreachable(code);
  }
}

function kvError({ code, message }: KvError): HttpError {
  switch (code) {
    case 'SESSION_STALE':
    case 'REVISION_NOT_YET':
      return new HttpError(code, message);
    case 'OUT_OF_RANGE':
      return new HttpError('BAD_REQUEST', message, { path: 'body.ttl' });
    case 'BAD_COMMAND':
      return new HttpError('INTERNAL', message);
    default:
      return unreachable(code);
  }
}
