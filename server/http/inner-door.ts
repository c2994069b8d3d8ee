/**
 * The API for the program that this server runs in: `fetch`, each request over
 * a line within the process. It goes the way of every other request, so that
 * what is checked, answered and recorded is the same; but nothing is listened
 * on, and the program itself needs no token (gate.ts).
 */
import { request as httpRequest } from 'node:http';
import type { IncomingMessage, Server } from 'node:http';
import type { Duplex } from 'node:stream';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { ReadableStream as BodyStream } from 'node:stream/web';
import { setTimeout as delay } from 'node:timers/promises';
import { innerLine } from './inner-line.ts';

/** A name that the server answers to; no name is looked up. */
const BASE = 'http://localhost';
/** Answers that have no body. */
const BODILESS = new Set([204, 205, 304]);
const LOOK_MS = 20;

export class InnerDoor {
  private readonly server: Server;
  private readonly event: 'connection' | 'secureConnection';
  private readonly open = new Set<Duplex>();
  private isClosed = false;

  /** `tls`: the server takes what comes over a line as if it had been decrypted. */
  constructor(server: Server, tls: boolean) {
    this.server = server;
    this.event = tls ? 'secureConnection' : 'connection';
  }

  /** As the platform's; of an address only path and query count, and redirects are not followed. Rejects as for a host that is not there when the server is closed. */
  readonly fetch: typeof fetch = async (input, init) => {
    const request = new Request(typeof input === 'string' ? new URL(input, BASE) : input, init);
    const whole = isStreamed(input, init) ? null : Buffer.from(await request.arrayBuffer());
    request.signal.throwIfAborted();
    if (this.isClosed) throw notThere();
    return this.send(request, whole);
  };

  /** Takes nothing new, and lets what is under way come to its end for so long. */
  async close(withinMs: number): Promise<void> {
    this.isClosed = true;
    const untilMs = performance.now() + withinMs;
    while (this.open.size > 0 && performance.now() < untilMs) await delay(LOOK_MS);
    for (const line of this.open) line.destroy();
  }

  /** `whole`: the body, which may be empty; null: it is read from the request. */
  private send(
    { url, method, headers, body, signal }: Request,
    whole: Buffer | null,
  ): Promise<Response> {
    const { pathname, search } = new URL(url);
    const sent = httpRequest({
      createConnection: () => this.connect(),
      path: `${pathname}${search}`,
      method,
      headers: {
        ...Object.fromEntries(headers),
        ...(whole !== null && whole.length > 0 && { 'content-length': whole.length }),
      },
      host: 'localhost',
      signal,
    });
    return new Promise((resolve, reject) => {
      // After the answer has begun, who reads it learns of its end.
      sent.on('error', (cause) => reject(signal.aborted ? signal.reason : failed(cause)));
      sent.once('response', (answer) => resolve(responseOf(answer, signal)));
      if (whole !== null) sent.end(whole);
      else if (body === null) sent.end();
      else pipeline(Readable.fromWeb(body as BodyStream), sent).catch(reject);
    });
  }

  private connect(): Duplex {
    const { near, far } = innerLine();
    this.open.add(near);
    near.once('close', () => this.open.delete(near));
    this.server.emit(this.event, far);
    return near;
  }
}

/** May be large, or not there yet. */
function isStreamed(input: string | URL | Request, init: RequestInit | undefined): boolean {
  const body = init?.body;
  return (
    body instanceof ReadableStream ||
    body instanceof Blob ||
    (input instanceof Request && input.body !== null && body === undefined)
  );
}

function responseOf(answer: IncomingMessage, signal: AbortSignal): Response {
  const { statusCode = 0, statusMessage = '', rawHeaders } = answer;
  const headers = new Headers();
  for (let at = 0; at + 1 < rawHeaders.length; at += 2)
    headers.append(rawHeaders[at] ?? '', rawHeaders[at + 1] ?? '');
  const init = { status: statusCode, statusText: statusMessage, headers };
  if (!BODILESS.has(statusCode)) return new Response(bodyOf(answer, signal), init);
  answer.resume();
  return new Response(null, init);
}

/** Read from the line when its reader asks, and no sooner. */
function bodyOf(answer: IncomingMessage, signal: AbortSignal): ReadableStream<Uint8Array> {
  const pieces = answer[Symbol.asyncIterator]() as AsyncIterator<Buffer>;
  return new ReadableStream<Uint8Array>(
    {
      pull: async (controller) => {
        try {
          const { done, value } = await pieces.next();
          if (done === true) controller.close();
          else controller.enqueue(value);
        } catch (cause) {
          controller.error(signal.aborted ? signal.reason : failed(cause));
        }
      },
      cancel: () => {
        answer.destroy();
      },
    },
    { highWaterMark: 0 },
  );
}

/** As the platform's `fetch` says it. */
function failed(cause: unknown): TypeError {
  return new TypeError('fetch failed', { cause });
}

function notThere(): TypeError {
  return failed(Object.assign(new Error('the server is closed'), { code: 'ECONNREFUSED' }));
}
