/**
 * The API from the caller's side: for the page, the bench and any program.
 * Answers and errors are data. A write whose answer never came is reported as
 * unknown, never as failed: it may have been committed.
 */
import type { LinkBody, LogAnswer, NodeActionAnswer } from '../contracts/control.ts';
import type { ErrorCode, Problem } from '../contracts/errors.ts';
import type {
  DeleteAnswer,
  GetAnswer,
  HistoryAnswer,
  KeysAnswer,
  RecordAnswer,
  SetAnswer,
  SetBody,
} from '../contracts/kv.ts';
import type { ClusterView, LinkView, NodeView } from '../contracts/view.ts';

export interface ApiFailure {
  readonly code: ErrorCode | 'UNREACHABLE';
  readonly message: string;
  readonly retryable: boolean;
  /** Where in the request, if it was the request. */
  readonly path?: string;
}

export type ApiResult<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly failure: ApiFailure };

export interface ReadOptions {
  readonly at?: number;
  readonly asOf?: number;
  /** A node to ask for what it has applied, instead of the leader with a quorum. */
  readonly localNode?: string;
}

export interface ClientOptions {
  /** "" for the page's own server. */
  readonly baseUrl?: string;
  readonly fetch?: typeof fetch;
  /** Longest wait for the server's answer, ms. */
  readonly timeoutMs?: number;
}

export class ChronoraftClient {
  private readonly baseUrl: string;
  private readonly fetch: typeof fetch;
  private readonly timeoutMs: number;

  constructor(options: ClientOptions = {}) {
    this.baseUrl = options.baseUrl ?? '';
    this.fetch = options.fetch ?? ((...request) => fetch(...request));
    this.timeoutMs = options.timeoutMs ?? 5000;
  }

  set(key: string, field: string, body: SetBody): Promise<ApiResult<SetAnswer>> {
    return this.write('PUT', cellPath('kv', key, field), body);
  }

  delete(key: string, field: string, timestamp?: number): Promise<ApiResult<DeleteAnswer>> {
    return this.write('DELETE', `${cellPath('kv', key, field)}${query({ timestamp })}`);
  }

  get(key: string, field: string, options: ReadOptions = {}): Promise<ApiResult<GetAnswer>> {
    return this.ask(`${cellPath('kv', key, field)}${query(readQuery(options))}`);
  }

  scan(
    key: string,
    prefix: string | undefined,
    options: ReadOptions = {},
  ): Promise<ApiResult<RecordAnswer>> {
    return this.ask(
      `/api/v1/kv/${encodeURIComponent(key)}${query({ prefix, ...readQuery(options) })}`,
    );
  }

  keys(page: {
    readonly prefix?: string;
    readonly start?: string;
    readonly limit?: number;
  }): Promise<ApiResult<KeysAnswer>> {
    return this.ask(`/api/v1/kv${query({ ...page })}`);
  }

  history(key: string, field: string): Promise<ApiResult<HistoryAnswer>> {
    return this.ask(cellPath('history', key, field));
  }

  cluster(): Promise<ApiResult<ClusterView>> {
    return this.ask('/api/v1/cluster');
  }

  node(id: string): Promise<ApiResult<NodeView>> {
    return this.ask(`/api/v1/nodes/${id}`);
  }

  nodeLog(id: string, from: number, limit: number): Promise<ApiResult<LogAnswer>> {
    return this.ask(`/api/v1/nodes/${id}/log${query({ from, limit })}`);
  }

  act(
    id: string,
    action: 'kill' | 'revive' | 'isolate' | 'reconnect' | 'campaign',
  ): Promise<ApiResult<NodeActionAnswer>> {
    return this.send('POST', `/api/v1/nodes/${id}/${action}`, undefined, 'INTERNAL');
  }

  setLink(from: string, to: string, rule: Partial<LinkBody>): Promise<ApiResult<LinkView>> {
    return this.send('PUT', `/api/v1/links/${from}/${to}`, rule, 'INTERNAL');
  }

  healAll(): Promise<ApiResult<unknown>> {
    return this.send('DELETE', '/api/v1/links', undefined, 'INTERNAL');
  }

  private ask<T>(path: string): Promise<ApiResult<T>> {
    return this.send('GET', path, undefined, 'READ_TIMEOUT');
  }

  private write<T>(method: 'PUT' | 'DELETE', path: string, body?: unknown): Promise<ApiResult<T>> {
    return this.send(method, path, body, 'OUTCOME_UNKNOWN');
  }

  /** `silence` is what it means when the request left and no answer came. */
  private async send<T>(
    method: string,
    path: string,
    body: unknown,
    silence: ErrorCode,
  ): Promise<ApiResult<T>> {
    try {
      const response = await this.fetch(`${this.baseUrl}${path}`, {
        method,
        headers: {
          'request-timeout-ms': String(this.timeoutMs),
          ...(body !== undefined && { 'content-type': 'application/json' }),
        },
        ...(body !== undefined && { body: JSON.stringify(body) }),
        // The server answers within its own time; this is for a line that has gone dead.
        signal: AbortSignal.timeout(this.timeoutMs + 2000),
      });
      const answer: unknown = await response.json();
      if (response.ok) return { ok: true, value: answer as T };
      const { code, message, retryable, path: where } = answer as Problem;
      return {
        ok: false,
        failure: { code, message, retryable, ...(where !== undefined && { path: where }) },
      };
    } catch {
      const uncertain = silence === 'OUTCOME_UNKNOWN';
      return {
        ok: false,
        failure: {
          code: uncertain ? silence : 'UNREACHABLE',
          message: uncertain
            ? 'the server did not answer; the write may or may not be committed'
            : 'the server did not answer',
          retryable: !uncertain,
        },
      };
    }
  }
}

function cellPath(area: 'kv' | 'history', key: string, field: string): string {
  return `/api/v1/${area}/${encodeURIComponent(key)}/${encodeURIComponent(field)}`;
}

function readQuery({ at, asOf, localNode }: ReadOptions) {
  return { at, asOf, ...(localNode !== undefined && { consistency: 'local', node: localNode }) };
}

function query(parameters: Readonly<Record<string, string | number | undefined>>): string {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(parameters)) {
    if (value !== undefined) search.set(name, String(value));
  }
  const text = search.toString();
  return text === '' ? '' : `?${text}`;
}
