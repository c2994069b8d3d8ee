/** The conformance cases on a cluster of three, through its API alone. */
import { describe, expect, test } from 'vitest';
import { BackupHeader, BackupRestoreAnswer } from '../../contracts/backup.ts';
import { BACKUP_TYPE } from '../../contracts/backup-type.ts';
import type { RestoreMode } from '../../contracts/backup.ts';
import { Problem } from '../../contracts/errors.ts';
import * as kv from '../../contracts/kv.ts';
import * as writes from '../../contracts/write.ts';
import type { FoundVersion, ViewQuery, ViewAnswer } from '../../server/kv/queries.ts';
import type {
  Condition,
  Outcome,
  Transaction,
  Version,
  WriteCommand,
} from '../../server/kv/types.ts';
import { fileOf, HEADER } from '../backup/files.ts';
import { CASES } from '../kv/conformance/cases.ts';
import { DOOR_CASES } from '../kv/conformance/cases-views.ts';
import { askAgain, runCase } from '../kv/conformance/run-case.ts';
import type { Repeat } from '../kv/conformance/run-case.ts';
import type {
  Page,
  ReadOutcome,
  RefusalCode,
  Subject,
  Written,
} from '../kv/conformance/subject.ts';
import { sharedServer } from '../server.ts';

/** Whatever is expected happens soon; a machine that is busy with other things may take its time. */
const SLOW_MACHINE_MS = 120_000;
const PATIENT = { 'request-timeout-ms': '60000' };

type Reply =
  | { readonly ok: true; readonly body: unknown }
  | { readonly ok: false; readonly problem: Problem };

/** Where reads go: to the leader, or to what one node has applied. */
type Asker = { readonly consistency: 'local'; readonly node: string } | Record<string, never>;

class ApiSubject implements Subject {
  private readonly base: string;
  private readonly asker: Asker;

  constructor(base: string, asker: Asker = {}) {
    this.base = base;
    this.asker = asker;
  }

  // --- writes -----------------------------------------------------------------------

  async open(): Promise<string> {
    return writes.SessionAnswer.parse(await this.done('POST', '/api/v1/sessions')).clientId;
  }

  async write(command: WriteCommand): Promise<Written> {
    const { method, path, body, type, read } = requestOf(command);
    const reply = await this.ask(method, path, body, type);
    if (reply.ok) {
      const { revision, timestamp, outcome } = read(reply.body);
      return { ok: true, revision, timestamp, outcome };
    }
    const { problem } = reply;
    if (problem.code === 'CONDITION_FAILED') return conditionFailed(problem);
    return { ok: false, code: codeOf(problem), operation: problem.operation };
  }

  async latest(): Promise<number> {
    return kv.GetAnswer.parse(await this.done('GET', '/api/v1/kv/conformance/none')).asOf;
  }

  /** Cluster time is the stamp of what was written last. */
  async pass(ms: number): Promise<void> {
    const tick = async (): Promise<number> =>
      writes.SetAnswer.parse(await this.done('PUT', '/api/v1/kv/conformance/tick', { value: '' }))
        .timestamp;
    const until = (await tick()) + ms;
    while ((await tick()) < until);
  }

  // --- reads ------------------------------------------------------------------------

  async read(query: ViewQuery, cursor?: unknown): Promise<ReadOutcome> {
    if (query.type === 'versions') return this.backup(query);
    const page = typeof cursor === 'string' ? { cursor, at: undefined, asOf: undefined } : {};
    const parameters = { ...this.asker, ...parametersOf(query), ...page };
    const reply = await this.ask('GET', pathOf(query) + queryOf(parameters));
    return reply.ok
      ? { ok: true, ...pageOf(query, reply.body) }
      : { ok: false, code: codeOf(reply.problem) };
  }

  /** All versions come as a file, of which no page is asked for. */
  private async backup({ prefix, at, asOf }: Asked<'versions'>): Promise<ReadOutcome> {
    const path = `/api/v1/backup${queryOf({ prefix, at, asOf })}`;
    const text = await (await fetch(this.base + path, { headers: PATIENT })).text();
    const [header, ...lines] = text.split('\n').slice(0, -1);
    const view = BackupHeader.parse(JSON.parse(header ?? ''));
    const versions = lines
      .filter((line) => line.startsWith('['))
      .map((line) => versionOf(JSON.parse(line) as VersionPlaces));
    const answer = {
      type: 'versions',
      at: view.at,
      asOf: view.asOf,
      versions,
      next: null,
    } as const;
    return { ok: true, answer, next: null };
  }

  private async done(method: string, path: string, body?: unknown): Promise<unknown> {
    const reply = await this.ask(method, path, body);
    if (!reply.ok) throw new Error(`${method} ${path}: ${reply.problem.message}`);
    return reply.body;
  }

  private async ask(
    method: string,
    path: string,
    body?: unknown,
    type = 'application/json',
  ): Promise<Reply> {
    const response = await fetch(this.base + path, {
      method,
      headers: {
        ...PATIENT,
        ...(body !== undefined && { 'content-type': type }),
      },
      ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    });
    const answer: unknown = await response.json();
    return response.ok ? { ok: true, body: answer } : { ok: false, problem: Problem.parse(answer) };
  }
}

type Asked<Type extends ViewQuery['type']> = Extract<ViewQuery, { type: Type }>;
type VersionPlaces = [
  string,
  string,
  number,
  number,
  number,
  Version['value'],
  number | null,
  number,
];

function versionOf(places: VersionPlaces): Version {
  const [key, field, timestamp, revision, op, value, expiresAt, stamp] = places;
  return { key, field, timestamp, revision, op, value, expiresAt, stamp };
}

/** A set with a condition answers its failure as an error; the store calls it an outcome. */
function conditionFailed({ found }: Problem): Written {
  if (found === undefined) throw new Error('a failed condition says what was found');
  const failed = { index: 0, found };
  const outcome: Outcome = { op: 'txn', succeeded: false, failed, outcomes: [] };
  return { ok: true, revision: null, timestamp: 0, outcome };
}

/** The door tells too many operations by their limit; to the store's grammar they are no command. */
const BRANCHES = new Set(['body.if', 'body.success', 'body.failure']);

function codeOf({ code, message, path }: Problem): RefusalCode {
  switch (code) {
    case 'BAD_REQUEST':
      return 'REFUSED';
    case 'BAD_ENCODING':
    case 'SESSION_STALE':
    case 'SESSION_EXPIRED':
    case 'OUT_OF_RANGE':
    case 'REVISION_NOT_YET':
    case 'COMPACTED':
    case 'WRONG_KIND':
    case 'NOT_AN_INTEGER':
    case 'NOT_EMPTY':
      return code;
    case 'TOO_LARGE':
      return path !== undefined && BRANCHES.has(path) ? 'REFUSED' : code;
    default:
      throw new Error(`${code}: ${message}`);
  }
}

// --- commands as requests --------------------------------------------------------------

interface Request {
  readonly method: string;
  readonly path: string;
  readonly body?: unknown;
  /** Of a body that is text already. */
  readonly type?: string;
  /** What the answer says, in the store's terms. */
  read(answer: unknown): { revision: number | null; timestamp: number; outcome: Outcome };
}

function requestOf(command: WriteCommand): Request {
  const { session, timestamp, ...operation } = command;
  const envelope = { timestamp, clientId: session?.client, sequence: session?.sequence };
  switch (operation.op) {
    case 'set': {
      const { op, key, field, value, ttl } = operation;
      return {
        method: 'PUT',
        path: cellPath(key, field),
        body: { value, ttl, ...envelope },
        read: answered(writes.SetAnswer, ({ existed }) => ({ op, existed })),
      };
    }
    case 'delete': {
      const { op, key, field } = operation;
      return {
        method: 'DELETE',
        path: cellPath(key, field) + queryOf(envelope),
        read: answered(writes.DeleteAnswer, ({ existed }) => ({ op, existed })),
      };
    }
    case 'deleteRecord': {
      const { op, key } = operation;
      return {
        method: 'DELETE',
        path: `/api/v1/kv/${encodeURIComponent(key)}${queryOf(envelope)}`,
        read: answered(writes.DeleteRecordAnswer, ({ fields }) => ({ op, fields })),
      };
    }
    case 'append': {
      const { op, key, field, items, ttl } = operation;
      return {
        method: 'POST',
        path: `${cellPath(key, field)}/append`,
        body: { items, ttl, ...envelope },
        read: answered(writes.AppendAnswer, ({ length }) => ({ op, length })),
      };
    }
    case 'remove': {
      const { op, key, field, item, count } = operation;
      return {
        method: 'POST',
        path: `${cellPath(key, field)}/remove`,
        body: { item, count, ...envelope },
        read: answered(writes.RemoveAnswer, ({ removed, length }) => ({ op, removed, length })),
      };
    }
    case 'increment': {
      const { op, key, field, by, ttl } = operation;
      return {
        method: 'POST',
        path: `${cellPath(key, field)}/increment`,
        body: { by, ttl, ...envelope },
        read: answered(writes.IncrementAnswer, ({ value }) => ({ op, value })),
      };
    }
    case 'restore': {
      const { op, ...body } = operation;
      return {
        method: 'POST',
        path: '/api/v1/restore',
        body: { ...body, clientId: envelope.clientId, sequence: envelope.sequence },
        read: answered(writes.RestoreAnswer, ({ fields }) => ({ op, fields })),
      };
    }
    case 'retention':
      throw new Error('the cases share a cluster: none may forget what another one reads');
    case 'import': {
      const { op, prefix = '', fields } = operation;
      const rows = fields.map(({ key, field, value, ttl }) => {
        const expiresAt = ttl === undefined ? null : HEADER.at + ttl;
        return [key, field, HEADER.at, 1, 0, value, expiresAt, 1];
      });
      return restoreOf('present', prefix, rows, ({ written }) => {
        return { op, fields: written, settled: null };
      });
    }
    case 'importHistory': {
      const { op, prefix = '', versions } = operation;
      const rows = versions.map(({ key, field, timestamp, value, expiresAt }, i) => {
        return [key, field, timestamp, 1, i, value, expiresAt, 1];
      });
      return restoreOf('history', prefix, rows, ({ written }) => ({ op, versions: written }));
    }
    case 'txn':
      return conditionalSet(operation, envelope) ?? transaction(operation, envelope);
  }
}

/** An import comes as a file. */
function restoreOf(
  mode: RestoreMode,
  prefix: string,
  rows: readonly object[],
  outcomeOf: (answer: BackupRestoreAnswer) => Outcome,
): Request {
  const chunks = rows.length === 0 ? [] : [rows];
  return {
    method: 'POST',
    path: `/api/v1/backup/restore?mode=${mode}`,
    body: fileOf({ ...HEADER, prefix }, chunks),
    type: BACKUP_TYPE,
    read: (body) => {
      const answer = BackupRestoreAnswer.parse(body);
      const { lastRevision: revision, timestamp } = answer;
      return { revision, timestamp: timestamp ?? 0, outcome: outcomeOf(answer) };
    },
  };
}

function transaction({ op, conditions, success, failure }: Transaction, envelope: object): Request {
  return {
    method: 'POST',
    path: '/api/v1/txn',
    body: { if: conditions, success, failure, ...envelope },
    read: answered(writes.TransactionAnswer, ({ succeeded, failed, outcomes }) => ({
      op,
      succeeded,
      failed,
      outcomes,
    })),
  };
}

/** One condition and one set of the same field have a route of their own. */
function conditionalSet(
  { op, conditions, success, failure }: Transaction,
  envelope: object,
): Request | null {
  const [condition, set] = [conditions[0], success[0]];
  if (condition === undefined || set?.op !== 'set' || failure.length > 0) return null;
  if (conditions.length > 1 || success.length > 1) return null;
  if (condition.key !== set.key || condition.field !== set.field) return null;
  const { value, ttl } = set;
  return {
    method: 'PUT',
    path: cellPath(set.key, set.field),
    body: { value, ttl, if: withoutCell(condition), ...envelope },
    read: answered(writes.SetAnswer, ({ existed }) => ({
      op,
      succeeded: true,
      failed: null,
      outcomes: [{ op: 'set', existed }],
    })),
  };
}

function withoutCell({ key: _key, field: _field, ...condition }: Condition): object {
  return condition;
}

function answered<Answer extends { revision: number | null; timestamp: number }>(
  schema: { parse(answer: unknown): Answer },
  outcomeOf: (answer: Answer) => Outcome,
): Request['read'] {
  return (body) => {
    const answer = schema.parse(body);
    return { ...answer, outcome: outcomeOf(answer) };
  };
}

function cellPath(key: string, field: string): string {
  return `/api/v1/kv/${encodeURIComponent(key)}/${encodeURIComponent(field)}`;
}

function queryOf(parameters: Readonly<Record<string, string | number | undefined>>): string {
  const there = new URLSearchParams();
  for (const [name, value] of Object.entries(parameters))
    if (value !== undefined) there.set(name, String(value));
  return `?${there.toString()}`;
}

// --- queries as requests ---------------------------------------------------------------

type ApiQuery = Exclude<ViewQuery, { type: 'versions' }>;

function pathOf(query: ApiQuery): string {
  switch (query.type) {
    case 'get':
      return cellPath(query.key, query.field);
    case 'scan':
      return `/api/v1/kv/${encodeURIComponent(query.key)}`;
    case 'keys':
      return '/api/v1/kv';
    case 'range':
      return '/api/v1/records';
    case 'history':
      return cellPath(query.key, query.field).replace('/kv/', '/history/');
    case 'diff':
      return '/api/v1/diff';
  }
}

function parametersOf(query: ApiQuery): Readonly<Record<string, string | number | undefined>> {
  switch (query.type) {
    case 'get':
      return { at: query.at, asOf: query.asOf };
    case 'scan': {
      const { at, asOf, prefix, limit } = query;
      return { at, asOf, prefix, limit };
    }
    case 'keys':
    case 'range': {
      const { at, asOf, prefix, start, end, limit } = query;
      return { at, asOf, prefix, start, end, limit };
    }
    case 'history': {
      const { from, to, asOf, limit, descending } = query;
      return { from, to, asOf, limit, order: descending === true ? 'desc' : undefined };
    }
    case 'diff': {
      const { key, field, prefix, before, after, limit } = query;
      return {
        key,
        field,
        prefix,
        limit,
        beforeAt: before.at,
        beforeAsOf: before.asOf,
        afterAt: after.at,
        afterAsOf: after.asOf,
      };
    }
  }
}

/** The answer in the store's terms. Where the next page starts is the cursor's secret. */
function pageOf(query: ApiQuery, body: unknown): Page {
  const page = (answer: ViewAnswer, next: string | null): Page => ({ answer, next });
  switch (query.type) {
    case 'get': {
      const { at, asOf, value, version, absentBecause } = kv.GetAnswer.parse(body);
      const found = value === null || version === null ? null : foundOf({ value, version });
      return page({ type: 'get', at, asOf, found, absentBecause }, null);
    }
    case 'scan': {
      const { at, asOf, fields, next } = kv.RecordAnswer.parse(body);
      return page({ type: 'scan', at, asOf, fields: fields.map(fieldOf), next: null }, next);
    }
    case 'keys': {
      const { at, asOf, keys, next } = kv.KeysAnswer.parse(body);
      return page({ type: 'keys', at, asOf, keys, next: null }, next);
    }
    case 'range': {
      const { at, asOf, records, next } = kv.RecordsAnswer.parse(body);
      const found = records.map((record) => ({ ...record, fields: record.fields.map(fieldOf) }));
      return page({ type: 'range', at, asOf, records: found, next: null }, next);
    }
    case 'history': {
      const { key, field, asOf, clusterTime, versions, horizon, next } =
        kv.HistoryAnswer.parse(body);
      const found = versions.map(({ kind: _kind, ...version }) => ({ key, field, ...version }));
      return page(
        { type: 'history', asOf, clusterTime, versions: found, horizon, next: null },
        next,
      );
    }
    case 'diff': {
      const { before, after, changes, next } = kv.DiffAnswer.parse(body);
      const found = changes.map((change) => ({
        ...change,
        before: change.before === null ? null : foundOf(change.before),
        after: change.after === null ? null : foundOf(change.after),
      }));
      return page({ type: 'diff', before, after, changes: found, next: null }, next);
    }
  }
}

function foundOf({ value, version }: Pick<kv.FieldView, 'value' | 'version'>): FoundVersion {
  const { timestamp, revision, expiresAt = null, validTo = null } = version;
  return { value, timestamp, revision, expiresAt, validTo };
}

function fieldOf(view: kv.FieldView) {
  return { field: view.field, ...foundOf(view) };
}

describe('the API of a cluster', { timeout: SLOW_MACHINE_MS }, () => {
  const server = sharedServer();
  const asked: Repeat[] = [];

  for (const [i, each] of [...CASES, ...DOOR_CASES].entries()) {
    test(each.title, async () => {
      asked.push(...(await runCase(each, new ApiSubject(server.url), `case ${i}/`)));
    });
  }

  test('[T4] every node of the cluster says of every read what the leader said', async () => {
    expect(asked.length).toBeGreaterThan(CASES.length);
    for (const node of ['n1', 'n2', 'n3']) {
      await askAgain(new ApiSubject(server.url, { consistency: 'local', node }), asked);
    }
  });
});
