/** The HTTP API as these tests use it: answers parsed by the contract's own schemas. */
import type { GetAnswer, HistoryAnswer } from '../../contracts/kv.ts';
import * as kv from '../../contracts/kv.ts';
import { SetAnswer } from '../../contracts/write.ts';
import { LogAnswer } from '../../contracts/control.ts';
import { ClusterView } from '../../contracts/view.ts';

export interface Reply {
  readonly status: number;
  readonly body: unknown;
}

export class ApiClient {
  readonly url: string;

  constructor(url: string) {
    this.url = url.replace(/\/$/, '');
  }

  async request(
    method: string,
    path: string,
    body?: unknown,
    headers: Record<string, string> = {},
  ): Promise<Reply> {
    const response = await fetch(`${this.url}${path}`, {
      method,
      headers: body === undefined ? headers : { 'content-type': 'application/json', ...headers },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    return { status: response.status, body: await response.json() };
  }

  private async expectOk(method: string, path: string, body?: unknown): Promise<unknown> {
    const reply = await this.request(method, path, body);
    if (reply.status !== 200)
      throw new Error(`${method} ${path}: ${reply.status} ${JSON.stringify(reply.body)}`);
    return reply.body;
  }

  async set(key: string, field: string, value: string, extra: object = {}): Promise<SetAnswer> {
    return SetAnswer.parse(await this.expectOk('PUT', cell(key, field), { value, ...extra }));
  }

  async get(key: string, field: string, query = ''): Promise<GetAnswer> {
    return kv.GetAnswer.parse(await this.expectOk('GET', `${cell(key, field)}${query}`));
  }

  async history(key: string, field: string): Promise<HistoryAnswer> {
    const path = `/api/v1/history/${encodeURIComponent(key)}/${encodeURIComponent(field)}`;
    return kv.HistoryAnswer.parse(await this.expectOk('GET', path));
  }

  async cluster(): Promise<ClusterView> {
    return ClusterView.parse(await this.expectOk('GET', '/api/v1/cluster'));
  }

  async log(node: string, from = 1): Promise<LogAnswer> {
    return LogAnswer.parse(
      await this.expectOk('GET', `/api/v1/nodes/${node}/log?from=${from}&limit=500`),
    );
  }

  async kill(node: string): Promise<unknown> {
    return this.expectOk('POST', `/api/v1/nodes/${node}/kill`);
  }

  async revive(node: string): Promise<unknown> {
    return this.expectOk('POST', `/api/v1/nodes/${node}/revive`);
  }
}

function cell(key: string, field: string): string {
  return `/api/v1/kv/${encodeURIComponent(key)}/${encodeURIComponent(field)}`;
}
