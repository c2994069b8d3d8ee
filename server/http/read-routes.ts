/** Queries on the store: `/api/v1/kv`, `/api/v1/records`, `/api/v1/history`, `/api/v1/diff`, `/api/v1/changes`. */
import type { FastifyInstance, FastifyRequest } from 'fastify';
import * as z from 'zod';
import { LIMITS, Revision, TimestampMs } from '../../contracts/kv.ts';
import type { Consistency, FieldView, HistoryVersion, VersionView } from '../../contracts/kv.ts';
import { reads } from '../../contracts/operations/reads.ts';
import type { KeysQuery } from '../../contracts/operations/reads.ts';
import type { KvService, ReadOutcome } from '../cluster/kv-service.ts';
import type { Supervisor } from '../cluster/supervisor.ts';
import type { Coordinates, FoundField, FoundVersion, Query, QueryAnswer } from '../kv/queries.ts';
import type { Version } from '../kv/types.ts';
import { checkSame, decodeCursor, encodeCursor } from './cursor.ts';
import type { Question } from './cursor.ts';
import { HttpError } from './errors.ts';
import { cellOf, checkName, checkScope, checkText, isWellFormed, timeoutOf } from './input.ts';
import { kvError, readError } from './kv-problems.ts';
import { route } from './route.ts';
import { valueView } from './value-view.ts';

const DEFAULT_KEYS = 100;

interface Asker {
  readonly consistency?: Consistency | undefined;
  readonly node?: string | undefined;
}

/** Cursors: the view, then where the page starts. */
const Name = z
  .string()
  .refine((name) => isWellFormed(name) && Buffer.byteLength(name) <= LIMITS.nameBytes);
const NamePlace = z.tuple([TimestampMs, Revision, Name]);
const VersionPlace = z.tuple([Revision, TimestampMs, Revision, z.number().int().min(0)]);
const CellPlace = z.tuple([TimestampMs, Revision, TimestampMs, Revision, Name, Name]);

export function readRoutes(app: FastifyInstance, kv: KvService, supervisor: Supervisor): void {
  route(app, reads.get, async ({ params, query: where }, request) => {
    const cell = cellOf(params);
    const query = { type: 'get', ...cell, ...coordinates(where) } as const;
    const { answer, ...provenance } = await read(request, query, where);
    const { found, absentBecause, at, asOf } = answer;
    return {
      ...cell,
      found: found !== null,
      value: found === null ? null : valueView(found.value),
      version: found === null ? null : versionView(found),
      absentBecause,
      at,
      asOf,
      ...provenance,
    };
  });

  route(app, reads.record, async ({ params, query: where }, request) => {
    const key = checkName(params.key, 'key');
    const question = ['scan', key, where.prefix];
    const { view, start } = pageOf(question, where);
    const { answer, ...provenance } = await read(
      request,
      {
        type: 'scan',
        key,
        ...texts(where, 'prefix'),
        ...(start !== null && { start }),
        limit: where.limit ?? LIMITS.pageSize,
        ...view,
      },
      where,
    );
    return {
      key,
      fields: answer.fields.map(fieldView),
      next: nextName(question, answer),
      at: answer.at,
      asOf: answer.asOf,
      ...provenance,
    };
  });

  route(app, reads.keys, async ({ query: where }, request) => {
    const question = ['keys', where.prefix, where.start, where.end];
    const query = { type: 'keys', ...keyRange(question, where) } as const;
    const { answer, ...provenance } = await read(request, query, where);
    return {
      keys: [...answer.keys],
      next: nextName(question, answer),
      at: answer.at,
      asOf: answer.asOf,
      ...provenance,
    };
  });

  route(app, reads.records, async ({ query: where }, request) => {
    const question = ['range', where.prefix, where.start, where.end];
    const query = { type: 'range', ...keyRange(question, where) } as const;
    const { answer, ...provenance } = await read(request, query, where);
    return {
      records: answer.records.map(({ key, fields, more }) => ({
        key,
        fields: fields.map(fieldView),
        more,
      })),
      next: nextName(question, answer),
      at: answer.at,
      asOf: answer.asOf,
      ...provenance,
    };
  });

  route(app, reads.history, async ({ params, query: where }, request) => {
    const cell = cellOf(params);
    const { from, to, cursor } = where;
    const descending = where.order === 'desc';
    const question = ['history', cell.key, cell.field, from, to, descending ? 'desc' : 'asc'];
    const place = cursor === undefined ? null : decodeCursor(VersionPlace, question, cursor);
    if (place !== null) checkSame(where.asOf, place[0], 'query.asOf');
    const asOf = place?.[0] ?? where.asOf;
    const { answer, ...provenance } = await read(
      request,
      {
        type: 'history',
        ...cell,
        ...(from !== undefined && { from }),
        ...(to !== undefined && { to }),
        ...(asOf !== undefined && { asOf }),
        descending,
        ...(place !== null && {
          after: { timestamp: place[1], revision: place[2], op: place[3] },
        }),
        limit: where.limit ?? LIMITS.pageSize,
      },
      where,
    );
    const { next } = answer;
    return {
      ...cell,
      clusterTime: answer.clusterTime,
      versions: answer.versions.map(historyVersion),
      horizon: answer.horizon,
      next:
        next === null
          ? null
          : encodeCursor(question, [answer.asOf, next.timestamp, next.revision, next.op]),
      asOf: answer.asOf,
      ...provenance,
    };
  });

  route(app, reads.diff, async ({ query: where }, request) => {
    const { key, field, prefix, cursor } = where;
    checkScope(where, 'query');
    const question = ['diff', key, field, prefix];
    const place = cursor === undefined ? null : decodeCursor(CellPlace, question, cursor);
    if (place !== null) {
      checkSame(where.beforeAt, place[0], 'query.beforeAt');
      checkSame(where.beforeAsOf, place[1], 'query.beforeAsOf');
      checkSame(where.afterAt, place[2], 'query.afterAt');
      checkSame(where.afterAsOf, place[3], 'query.afterAsOf');
    }
    const { answer, ...provenance } = await read(
      request,
      {
        type: 'diff',
        before: coordinates({
          at: place?.[0] ?? where.beforeAt,
          asOf: place?.[1] ?? where.beforeAsOf,
        }),
        after: coordinates({
          at: place?.[2] ?? where.afterAt,
          asOf: place?.[3] ?? where.afterAsOf,
        }),
        ...(key !== undefined && { key }),
        ...(field !== undefined && { field }),
        ...(prefix !== undefined && { prefix }),
        ...(place !== null && { start: { key: place[4], field: place[5] } }),
        limit: where.limit ?? DEFAULT_KEYS,
      },
      where,
    );
    const { before, after, changes, next } = answer;
    return {
      before,
      after,
      changes: changes.map((change) => ({
        key: change.key,
        field: change.field,
        before: sideOf(change.before),
        after: sideOf(change.after),
      })),
      next:
        next === null
          ? null
          : encodeCursor(question, [
              before.at,
              before.asOf,
              after.at,
              after.asOf,
              next.key,
              next.field,
            ]),
      ...provenance,
    };
  });

  route(app, reads.changes, async ({ query: where }, request) => {
    const { key, field, prefix, after } = where;
    checkScope(where, 'query');
    const limit = where.limit ?? DEFAULT_KEYS;
    const query = { type: 'changes', key, field, prefix, after, limit } as const;
    const { answer, ...provenance } = await read(request, query, where);
    const { batches, through } = answer;
    return { batches, through, ...provenance };
  });

  async function read<Q extends Query>(request: FastifyRequest, query: Q, asker: Asker) {
    const node = asker.consistency === 'local' ? nodeOf(asker) : null;
    if (node === null && asker.node !== undefined) {
      throw new HttpError(
        'BAD_REQUEST',
        "query.node goes with consistency=local: a linearizable read is the leader's",
        { path: 'query.node' },
      );
    }
    const outcome: ReadOutcome =
      node === null
        ? await kv.read(query, timeoutOf(request))
        : await kv.readLocal(node, query, timeoutOf(request));
    if (!outcome.ok) throw readError(outcome, node);
    if (!outcome.result.ok) throw kvError(outcome.result.error);
    const answer = outcome.result.answer as Extract<QueryAnswer, { type: Q['type'] }>;
    return {
      answer,
      node: outcome.node,
      consistency: asker.consistency ?? ('linearizable' as const),
      appliedRevision: outcome.appliedRevision,
    };
  }

  function nodeOf(asker: Asker): string {
    const node = asker.node ?? supervisor.nodes.find((id) => supervisor.node(id).isServing);
    if (node === undefined) throw new HttpError('NODE_DOWN', 'no node is running');
    if (!supervisor.has(node)) throw new HttpError('NODE_UNKNOWN', `there is no node ${node}`);
    return node;
  }
}

interface Paged {
  readonly at?: number | undefined;
  readonly asOf?: number | undefined;
  readonly cursor?: string | undefined;
}

/** A cursor has its view in it. */
function pageOf(
  question: Question,
  where: Paged,
): { readonly view: Coordinates; readonly start: string | null } {
  if (where.cursor === undefined) return { view: coordinates(where), start: null };
  const [at, asOf, start] = decodeCursor(NamePlace, question, where.cursor);
  checkSame(where.at, at, 'query.at');
  checkSame(where.asOf, asOf, 'query.asOf');
  return { view: { at, asOf }, start };
}

function keyRange(question: Question, where: KeysQuery) {
  const { view, start } = pageOf(question, where);
  return {
    ...texts(where, 'prefix'),
    ...(start === null ? texts(where, 'start') : { start }),
    ...texts(where, 'end'),
    limit: where.limit ?? DEFAULT_KEYS,
    ...view,
  };
}

/** The parameter, if it is there. */
function texts<Name extends string>(
  where: { readonly [N in Name]?: string | undefined },
  name: Name,
): { readonly [N in Name]?: string } {
  const text = where[name];
  if (text === undefined) return {};
  checkText(text, `query.${name}`);
  return { [name]: text } as { [N in Name]?: string };
}

function coordinates({ at, asOf }: Omit<Paged, 'cursor'>): Coordinates {
  return { ...(at !== undefined && { at }), ...(asOf !== undefined && { asOf }) };
}

function nextName(
  question: Question,
  page: { readonly at: number; readonly asOf: number; readonly next: string | null },
): string | null {
  return page.next === null ? null : encodeCursor(question, [page.at, page.asOf, page.next]);
}

function fieldView(found: FoundField): FieldView {
  return { field: found.field, value: valueView(found.value), version: versionView(found) };
}

function sideOf(found: FoundVersion | null) {
  return found === null ? null : { value: valueView(found.value), version: versionView(found) };
}

function versionView({ timestamp, revision, expiresAt, validTo }: FoundVersion): VersionView {
  return {
    timestamp,
    revision,
    ...(expiresAt !== null && { expiresAt }),
    ...(validTo !== null && { validTo }),
  };
}

function historyVersion({
  timestamp,
  revision,
  op,
  value,
  expiresAt,
  stamp,
}: Version): HistoryVersion {
  const kind = value === null ? 'delete' : typeof value === 'string' ? 'set' : 'list';
  return {
    timestamp,
    revision,
    op,
    kind,
    value: value === null ? null : valueView(value),
    expiresAt,
    stamp,
  };
}
