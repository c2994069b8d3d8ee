/** Requests to a real server, answered as they should be, or with a problem of the contract. */
import { expect } from 'vitest';
import { Problem } from '../../contracts/errors.ts';
import { SessionAnswer } from '../../contracts/write.ts';
import { openApiDocument } from '../../server/http/openapi.ts';
import { ApiDocument } from './document.ts';

/** A machine that is busy with other things may take its time. */
const PATIENT = { 'request-timeout-ms': '60000' };

export interface Reply {
  readonly status: number;
  readonly headers: Headers;
  readonly body: unknown;
}

const API = new ApiDocument(openApiDocument('test'));

/** Every answer is held against the OpenAPI document, too. */
export class Requests {
  private readonly server: { readonly url: string };

  constructor(server: { readonly url: string }) {
    this.server = server;
  }

  /** Text and bytes go as they are, all else as JSON. */
  async call(
    method: string,
    path: string,
    body?: unknown,
    headers: Readonly<Record<string, string>> = {},
  ): Promise<Reply> {
    const raw = typeof body === 'string' || Buffer.isBuffer(body);
    const response = await fetch(`${this.server.url}${path}`, {
      method,
      headers: {
        ...PATIENT,
        ...(body !== undefined && { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(body !== undefined && { body: raw ? body : JSON.stringify(body) }),
    });
    const text = await response.text();
    const asked = API.find(method, path);
    const told = { status: response.status, headers: response.headers, text };
    if (asked !== null) expect(API.faultOf(asked, told), `${method} ${path}`).toBeNull();
    return { ...told, body: JSON.parse(text) as unknown };
  }

  /** The body of an answer with status 200. */
  async ok(
    method: string,
    path: string,
    body?: unknown,
    headers?: Readonly<Record<string, string>>,
  ): Promise<unknown> {
    const reply = await this.call(method, path, body, headers);
    expect(reply.status, `${method} ${path}: ${JSON.stringify(reply.body).slice(0, 300)}`).toBe(
      200,
    );
    return reply.body;
  }

  /** The name of a session that is open now. */
  async openSession(): Promise<string> {
    const { body } = await this.call('POST', '/api/v1/sessions');
    return SessionAnswer.parse(body).clientId;
  }

  /** The problem that is the answer. */
  async problem(
    method: string,
    path: string,
    body?: unknown,
    headers?: Readonly<Record<string, string>>,
  ): Promise<Problem> {
    const reply = await this.call(method, path, body, headers);
    const answer = Problem.parse(reply.body);
    expect(answer.status).toBe(reply.status);
    return answer;
  }
}
