/**
 * The API from the caller's side: for the page, the bench and any program.
 * Answers and errors are data. A write whose answer never came is reported as
 * unknown, never as failed: it may have been committed.
 */
import type { DropAnswer, Pace, PaceView, StepAnswer } from '../contracts/pace.ts';
import { PacedTimeout } from './paced-timeout.ts';
import { BACKUP_TYPE } from '../contracts/backup-type.ts';
import type { AccessView } from '../contracts/access.ts';
import type { AuditAnswer } from '../contracts/audit.ts';
import type { BackupRestoreAnswer, RestoreMode, RestoreStatus } from '../contracts/backup.ts';
import type {
  AddMemberBody,
  LogAnswer,
  MemberAnswer,
  NodeActionAnswer,
} from '../contracts/control.ts';
import type { ErrorCode } from '../contracts/errors.ts';
import type { MetricsAnswer } from '../contracts/metrics.ts';
import type {
  DiffAnswer,
  GetAnswer,
  HistoryAnswer,
  KeysAnswer,
  RecordAnswer,
  RecordsAnswer,
} from '../contracts/kv.ts';
import type { InvariantsAnswer } from '../contracts/invariants.ts';
import type { ClusterView, NodeView } from '../contracts/view.ts';
import { failureIn, UNREACHABLE } from './api-failure.ts';
import type { ApiFailure, ApiResult } from './api-failure.ts';
import type { ApiRequest } from './api-request.ts';
import type { RetentionAnswer, RetentionBody } from '../contracts/retention.ts';
import type { ChangesAnswer } from '../contracts/watch.ts';
import type {
  AppendAnswer,
  AppendBody,
  DeleteAnswer,
  DeleteRecordAnswer,
  IncrementAnswer,
  IncrementBody,
  RestoreAnswer,
  RestoreBody,
  SessionAnswer,
  SetAnswer,
  SetBody,
  TransactionAnswer,
  TransactionBody,
} from '../contracts/write.ts';

export interface ReadOptions {
  readonly at?: number;
  readonly asOf?: number;
  /** A node to ask for what it has applied, instead of the leader with a quorum. */
  readonly localNode?: string;
}

export interface HistoryOptions {
  readonly from?: number;
  readonly to?: number;
  readonly asOf?: number;
  readonly order?: 'asc' | 'desc';
  readonly cursor?: string;
  readonly limit?: number;
  readonly localNode?: string;
}

export interface ScanOptions extends ReadOptions {
  /** `next` of the page before, instead of `at` and `asOf`. */
  readonly cursor?: string;
  readonly limit?: number;
}

/** One side of a comparison; a coordinate left out is the latest. */
export interface DiffSide {
  readonly at?: number;
  readonly asOf?: number;
}

export interface DiffOptions {
  readonly before?: DiffSide;
  readonly after?: DiffSide;
  readonly key?: string;
  readonly field?: string;
  /** Instead of a key. */
  readonly prefix?: string;
  /** `next` of the page before, instead of both sides. */
  readonly cursor?: string;
  readonly limit?: number;
}

export interface KeysOptions extends ReadOptions {
  readonly prefix?: string;
  /** First key, inclusive. */
  readonly start?: string;
  /** `next` of the page before, instead of `at` and `asOf`. */
  readonly cursor?: string;
  readonly limit?: number;
}

export interface ClientOptions {
  /** "" for the page's own server. */
  readonly baseUrl?: string;
  readonly fetch?: typeof fetch;
  /** Longest wait for the server's answer, ms. */
  readonly timeoutMs?: number;
}

/**
 * Names a write, so that it can be sent again when its outcome is unknown: the
 * same pair is applied once and answered alike. `clientId` is that of a session
 * which {@link ChronoraftClient.openSession} opened; `sequence` rises by one for
 * each write of it, of which one is under way at a time. SESSION_EXPIRED says that
 * the session has ended, and that this attempt did nothing: an earlier one may have.
 */
export interface WriteSession {
  readonly clientId: string;
  readonly sequence: number;
}

/** For programs that mind the time themselves. */
export interface CallOptions {
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
}

type DeleteOptions = { readonly timestamp?: number } & Partial<WriteSession>;

type Method = ApiRequest['method'];

/** A path, or why no path can carry these names. */
export type PathResult =
  | { readonly ok: true; readonly path: string }
  | { readonly ok: false; readonly failure: ApiFailure };

export class ChronoraftClient {
  private readonly baseUrl: string;
  private readonly fetch: typeof fetch;
  private readonly timeoutMs: number;
  /** The cluster's, as far as known: what it does in its time takes so much longer, and a paused one answers nobody. */
  pace: Pace = 1;

  constructor(options: ClientOptions = {}) {
    this.baseUrl = options.baseUrl ?? '';
    this.fetch = options.fetch ?? ((...request) => fetch(...request));
    this.timeoutMs = options.timeoutMs ?? 5000;
  }

  /** One request as it is, without any limit but the signal's; a write that nobody answered is UNREACHABLE. */
  call<T>(request: ApiRequest, options: CallOptions = {}): Promise<ApiResult<T>> {
    return this.request(request.path, initOf(request, options));
  }

  /** An answer that is read as it comes. */
  async stream(
    request: ApiRequest,
    options: CallOptions = {},
  ): Promise<ApiResult<ReadableStream<Uint8Array>>> {
    try {
      const response = await this.fetch(`${this.baseUrl}${request.path}`, initOf(request, options));
      if (!response.ok) return { ok: false, failure: await failureIn(response) };
      if (response.body !== null) return { ok: true, value: response.body };
      return { ok: false, failure: UNREACHABLE };
    } catch (cause) {
      return { ok: false, failure: { ...UNREACHABLE, cause } };
    }
  }

  signIn(token: string): Promise<ApiResult<AccessView>> {
    return this.send('POST', pathOf('sign-in'), { token });
  }

  signOut(): Promise<ApiResult<unknown>> {
    return this.send('POST', pathOf('sign-out'));
  }

  /** `cursor` of the page before; null for the newest. */
  audit(cursor: string | null): Promise<ApiResult<AuditAnswer>> {
    return this.ask(pathOf('audit', {}, { ...(cursor !== null && { cursor }) }));
  }

  openSession(): Promise<ApiResult<SessionAnswer>> {
    return this.write('POST', pathOf('sessions'));
  }

  set(key: string, field: string, body: SetBody): Promise<ApiResult<SetAnswer>> {
    return this.write('PUT', pathOf('kv', { key, field }), body);
  }

  delete(
    key: string,
    field: string,
    options: DeleteOptions = {},
  ): Promise<ApiResult<DeleteAnswer>> {
    const { timestamp, clientId, sequence } = options;
    return this.write('DELETE', pathOf('kv', { key, field }, { timestamp, clientId, sequence }));
  }

  append(key: string, field: string, body: AppendBody): Promise<ApiResult<AppendAnswer>> {
    return this.write('POST', pathOf('kv', { key, field, action: 'append' }), body);
  }

  increment(key: string, field: string, body: IncrementBody): Promise<ApiResult<IncrementAnswer>> {
    return this.write('POST', pathOf('kv', { key, field, action: 'increment' }), body);
  }

  /** All or nothing, at one revision. */
  transaction(body: TransactionBody): Promise<ApiResult<TransactionAnswer>> {
    return this.write('POST', pathOf('txn'), body);
  }

  /** Deletes every field that the record has. */
  deleteRecord(key: string, options: DeleteOptions = {}): Promise<ApiResult<DeleteRecordAnswer>> {
    const { timestamp, clientId, sequence } = options;
    return this.write('DELETE', pathOf('kv', { key }, { timestamp, clientId, sequence }));
  }

  /** Writes what makes the present of a field, a record, a prefix or all equal to the view that the body names. */
  restore(body: RestoreBody): Promise<ApiResult<RestoreAnswer>> {
    return this.write('POST', pathOf('restore'), body);
  }

  /** Where a backup of the keys with a prefix is to be had, whose view is at these coordinates. */
  backupUrl(prefix: string, view: DiffSide): string {
    const parts = { ...(prefix !== '' && { prefix }), ...view };
    const path = pathOf('backup', {}, parts);
    return path.ok ? `${this.baseUrl}${path.path}` : '';
  }

  /** Restores the file of a backup; answers when that is over, however long it takes. */
  async restoreFile(file: Blob, mode: RestoreMode): Promise<ApiResult<BackupRestoreAnswer>> {
    const path = pathOf('backup/restore', {}, { mode });
    if (!path.ok) return path;
    const headers = { 'content-type': BACKUP_TYPE };
    const result = await this.request<BackupRestoreAnswer>(path.path, {
      method: 'POST',
      headers,
      body: file,
    });
    return !result.ok && result.failure.code === 'UNREACHABLE'
      ? { ok: false, failure: UNKNOWN_OUTCOME }
      : result;
  }

  restoreStatus(): Promise<ApiResult<RestoreStatus>> {
    return this.ask(pathOf('backup/restore'));
  }

  retention(): Promise<ApiResult<RetentionAnswer>> {
    return this.ask(pathOf('retention'));
  }

  setRetention(policy: RetentionBody): Promise<ApiResult<RetentionAnswer>> {
    return this.write('PUT', pathOf('retention'), policy);
  }

  get(key: string, field: string, options: ReadOptions = {}): Promise<ApiResult<GetAnswer>> {
    return this.ask(pathOf('kv', { key, field }, readQuery(options)));
  }

  /** The fields of one record whose names begin with `prefix`. */
  scan(
    key: string,
    prefix: string | undefined,
    { cursor, limit, ...read }: ScanOptions = {},
  ): Promise<ApiResult<RecordAnswer>> {
    return this.ask(pathOf('kv', { key }, { prefix, cursor, limit, ...readQuery(read) }));
  }

  keys(options: KeysOptions = {}): Promise<ApiResult<KeysAnswer>> {
    return this.ask(pathOf('kv', {}, keysQuery(options)));
  }

  /** Like `keys`, each with the first of its fields. */
  records(options: KeysOptions = {}): Promise<ApiResult<RecordsAnswer>> {
    return this.ask(pathOf('records', {}, keysQuery(options)));
  }

  /** What is different between two views. */
  diff({
    before,
    after,
    key,
    field,
    prefix,
    cursor,
    limit,
  }: DiffOptions): Promise<ApiResult<DiffAnswer>> {
    const sides = {
      beforeAt: before?.at,
      beforeAsOf: before?.asOf,
      afterAt: after?.at,
      afterAsOf: after?.asOf,
    };
    return this.ask(pathOf('diff', {}, { ...sides, key, field, prefix, cursor, limit }));
  }

  history(
    key: string,
    field: string,
    options: HistoryOptions = {},
  ): Promise<ApiResult<HistoryAnswer>> {
    const { asOf, localNode, ...rest } = options;
    return this.ask(
      pathOf('history', { key, field }, { ...rest, ...readQuery({ asOf, localNode }) }),
    );
  }

  /** What happened after a revision, in order. */
  changes(after: number, limit: number): Promise<ApiResult<ChangesAnswer>> {
    return this.ask(pathOf('changes', {}, { after, limit }));
  }

  cluster(): Promise<ApiResult<ClusterView>> {
    return this.ask(pathOf('cluster'));
  }

  invariants(): Promise<ApiResult<InvariantsAnswer>> {
    return this.ask(pathOf('invariants'));
  }

  node(id: string): Promise<ApiResult<NodeView>> {
    return this.ask(pathOf('nodes', { id }));
  }

  /** The last seconds of the cluster's work, at most `METRICS_SECONDS`. */
  metrics(seconds: number): Promise<ApiResult<MetricsAnswer>> {
    return this.ask(pathOf('metrics', {}, { seconds }));
  }

  nodeLog(id: string, from: number, limit: number): Promise<ApiResult<LogAnswer>> {
    return this.ask(pathOf('nodes', { id, part: 'log' }, { from, limit }));
  }

  act(
    id: string,
    action: 'kill' | 'revive' | 'isolate' | 'reconnect' | 'campaign' | 'lead' | 'compact',
  ): Promise<ApiResult<NodeActionAnswer>> {
    return this.send('POST', pathOf('nodes', { id, action }));
  }

  /** Makes a node and adds it; answers when it is a member of that kind. */
  addMember(as: AddMemberBody['as']): Promise<ApiResult<MemberAnswer>> {
    return this.changeMembers('POST', pathOf('members'), { as });
  }

  promoteMember(id: string): Promise<ApiResult<MemberAnswer>> {
    return this.changeMembers('POST', pathOf('members', { id, action: 'promote' }));
  }

  /** Puts a new node in the place of `id`, in one joint change. */
  replaceMember(id: string): Promise<ApiResult<MemberAnswer>> {
    return this.changeMembers('POST', pathOf('members', { id, action: 'replace' }));
  }

  removeMember(id: string): Promise<ApiResult<MemberAnswer>> {
    return this.changeMembers('DELETE', pathOf('members', { id }));
  }

  /** Breaks the world, or mends it. */
  fault({ method, path, body }: ApiRequest): Promise<ApiResult<unknown>> {
    return this.send(method, { ok: true, path }, body);
  }

  /** Routes of chaos runs; chaos-client.ts gives them names. */
  chaos<T>(
    method: 'GET' | 'POST',
    names: Readonly<Record<string, string>>,
    body?: unknown,
  ): Promise<ApiResult<T>> {
    return this.send(method, pathOf('chaos', names), body);
  }

  /** May take long: a new node gets all the state first. */
  private changeMembers(
    method: 'POST' | 'DELETE',
    path: PathResult,
    body?: AddMemberBody,
  ): Promise<ApiResult<MemberAnswer>> {
    return this.send(method, path, body, MEMBERS_WITHIN_MS);
  }

  private ask<T>(path: PathResult): Promise<ApiResult<T>> {
    return this.send('GET', path);
  }

  setPace(pace: Pace): Promise<ApiResult<PaceView>> {
    return this.send('PUT', pathOf('pace'), { pace });
  }

  /** Lets one event of a paused cluster happen. */
  step(): Promise<ApiResult<StepAnswer>> {
    return this.send('POST', pathOf('pace/step'));
  }

  /** Loses a message on its way. */
  dropPacket(id: string): Promise<ApiResult<DropAnswer>> {
    return this.send('DELETE', pathOf('packets', { id }));
  }

  private async write<T>(
    method: 'PUT' | 'POST' | 'DELETE',
    path: PathResult,
    body?: unknown,
  ): Promise<ApiResult<T>> {
    const result = await this.send<T>(method, path, body);
    return !result.ok && result.failure.code === 'UNREACHABLE'
      ? { ok: false, failure: UNKNOWN_OUTCOME }
      : result;
  }

  private async send<T>(
    method: Method,
    path: PathResult,
    body?: unknown,
    timeoutMs = this.timeoutMs,
  ): Promise<ApiResult<T>> {
    if (!path.ok) return path;
    // The server answers within its own time; this is for a line that has gone dead.
    const limit = new PacedTimeout(timeoutMs + DEAD_LINE_MS, () => this.pace);
    const result = await this.request<T>(path.path, {
      method,
      headers: {
        'request-timeout-ms': String(this.timeoutMs),
        ...(body !== undefined && { 'content-type': 'application/json' }),
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
      signal: limit.signal,
    });
    limit.end();
    return result;
  }

  private async request<T>(path: string, init: RequestInit): Promise<ApiResult<T>> {
    try {
      const response = await this.fetch(`${this.baseUrl}${path}`, init);
      if (!response.ok) return { ok: false, failure: await failureIn(response) };
      return { ok: true, value: (await response.json()) as T };
    } catch (cause) {
      return { ok: false, failure: { ...UNREACHABLE, cause } };
    }
  }
}

function initOf({ method, body }: ApiRequest, { headers, signal }: CallOptions): RequestInit {
  return {
    method,
    headers: {
      ...headers,
      ...(body !== undefined && { 'content-type': 'application/json' }),
    },
    ...(body !== undefined && { body: JSON.stringify(body) }),
    ...(signal !== undefined && { signal }),
  };
}

/** The server gives a change of members up after this long, ms. */
const MEMBERS_WITHIN_MS = 60_000;
/** Waited beyond the server's own time before the line counts as dead, ms. */
const DEAD_LINE_MS = 2000;

const UNKNOWN_OUTCOME: ApiFailure = {
  code: 'OUTCOME_UNKNOWN',
  message: 'the server did not answer; the write may or may not be committed, now or later',
  retryable: false,
};

/**
 * Refuses names that no URL carries: an empty one vanishes between its slashes,
 * and browsers resolve `.` and `..`, however they are escaped, to other paths.
 */
export function pathOf(
  area: Area,
  names: Readonly<Record<string, string>> = {},
  parameters: Parameters = {},
): PathResult {
  let path = `/api/v1/${area}`;
  for (const [what, name] of Object.entries(names)) {
    const problem = nameProblem(name);
    if (problem !== null) {
      const message = `the ${what} ${problem.message}`;
      return { ok: false, failure: { code: problem.code, message, retryable: false, path: what } };
    }
    path += `/${encodeURIComponent(name)}`;
  }
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(parameters)) {
    if (value !== undefined) search.set(name, String(value));
  }
  const text = search.toString();
  return { ok: true, path: text === '' ? path : `${path}?${text}` };
}

type Area =
  | 'metrics'
  | 'kv'
  | 'records'
  | 'history'
  | 'diff'
  | 'restore'
  | 'txn'
  | 'batch'
  | 'watch'
  | 'sessions'
  | 'changes'
  | 'sign-in'
  | 'sign-out'
  | 'audit'
  | 'backup'
  | 'backup/restore'
  | 'retention'
  | 'cluster'
  | 'invariants'
  | 'nodes'
  | 'links'
  | 'members'
  | 'chaos'
  | 'pace'
  | 'pace/step'
  | 'packets';

type Parameters = Readonly<Record<string, string | number | undefined>>;

function nameProblem(name: string): { readonly code: ErrorCode; readonly message: string } | null {
  if (name === '') return { code: 'BAD_REQUEST', message: 'is empty' };
  if (name === '.' || name === '..') {
    return { code: 'BAD_REQUEST', message: `cannot be "${name}" in an address` };
  }
  if (HALF_A_PAIR.test(name)) {
    return { code: 'BAD_ENCODING', message: 'holds half of a surrogate pair' };
  }
  return null;
}

const HALF_A_PAIR = /\p{Surrogate}/u;

function readQuery({ at, asOf, localNode }: ReadQuery): Parameters {
  return { at, asOf, ...(localNode !== undefined && { consistency: 'local', node: localNode }) };
}

function keysQuery({ prefix, start, cursor, limit, ...read }: KeysOptions): Parameters {
  return { prefix, start, cursor, limit, ...readQuery(read) };
}

interface ReadQuery {
  readonly at?: number | undefined;
  readonly asOf?: number | undefined;
  readonly localNode?: string | undefined;
}
