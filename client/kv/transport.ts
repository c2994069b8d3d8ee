/**
 * One attempt after another: each goes to one of the addresses, with a limit of its
 * own and a request id. After an attempt to which the server did not answer, the
 * next one goes to the next address.
 */
import type { ApiRequest } from '../api-request.ts';
import { ChronoraftClient } from '../http-client.ts';
import type { ApiFailure, ApiResult } from '../api-failure.ts';
import type { Random } from './retry.ts';
import { Scope } from './time.ts';
import type { Clock } from './time.ts';

export interface TransportOptions {
  /** At least one, without a slash at the end; "" is the page's own server. */
  readonly urls: readonly string[];
  readonly token: string | null;
  /** Longest wait for one attempt, ms. */
  readonly attemptTimeoutMs: number;
  readonly fetch: typeof fetch;
  readonly clock: Clock;
  readonly random: Random;
}

export type Reply<T> = ApiResult<T> & { readonly requestId: string };

/** Kept for the answer to come back in, at most, ms: the server's own word says more than silence. */
const WAY_BACK_MS = 500;
/** The server waits no longer than this, ms. */
const MOST_TIMEOUT_MS = 60_000;

export class Transport {
  private readonly options: TransportOptions;
  private readonly endpoints: readonly ChronoraftClient[];
  /** The address that is in use. */
  private current = 0;

  constructor(options: TransportOptions) {
    this.options = options;
    this.endpoints = options.urls.map(
      (baseUrl) => new ChronoraftClient({ baseUrl, fetch: options.fetch }),
    );
  }

  /** One attempt, which ends within `remainingMs`, or when the signal does: UNREACHABLE. */
  async attempt<T>(
    request: ApiRequest,
    remainingMs: number,
    signal: AbortSignal,
  ): Promise<Reply<T>> {
    const { attemptTimeoutMs, clock } = this.options;
    const withinMs = Math.min(remainingMs, attemptTimeoutMs);
    const scope = new Scope(signal);
    scope.abortAfter(clock, withinMs);
    const reply = await this.send(withinMs, (endpoint, headers) =>
      endpoint.call<T>(request, { headers, signal: scope.signal }),
    );
    scope.end();
    return reply;
  }

  /** An answer without an end, whose head comes within the limit of an attempt. It goes on until the signal ends it. */
  async stream(
    request: ApiRequest,
    signal: AbortSignal,
  ): Promise<Reply<ReadableStream<Uint8Array>>> {
    const { attemptTimeoutMs, clock } = this.options;
    const scope = new Scope(signal);
    const cancel = clock.after(attemptTimeoutMs, () => scope.abort(NO_HEAD));
    const reply = await this.send(attemptTimeoutMs, (endpoint, headers) =>
      endpoint.stream(request, { headers, signal: scope.signal }),
    );
    cancel();
    // What ends the signal must end the stream for as long as that goes on.
    if (!reply.ok) scope.end();
    return reply;
  }

  private async send<T>(
    withinMs: number,
    run: (
      endpoint: ChronoraftClient,
      headers: Readonly<Record<string, string>>,
    ) => Promise<ApiResult<T>>,
  ): Promise<Reply<T>> {
    const { token, random } = this.options;
    const at = this.current;
    const endpoint = this.endpoints[at];
    if (endpoint === undefined) throw new Error('there is at least one address');
    const requestId = drawId(random);
    const result = await run(endpoint, {
      'request-timeout-ms': String(serverTimeoutMs(withinMs)),
      'x-request-id': requestId,
      ...(token !== null && { authorization: `Bearer ${token}` }),
    });
    // Others may have moved on already.
    if (!result.ok && isElsewhere(result.failure) && this.current === at)
      this.current = (at + 1) % this.endpoints.length;
    return { ...result, requestId };
  }
}

const NO_HEAD = new Error('no stream came in time');

/** Nobody is there, or not for long. */
function isElsewhere({ code }: ApiFailure): boolean {
  return code === 'UNREACHABLE' || code === 'SHUTTING_DOWN';
}

function serverTimeoutMs(withinMs: number): number {
  const wayBackMs = Math.min(WAY_BACK_MS, withinMs / 4);
  return Math.max(1, Math.min(MOST_TIMEOUT_MS, Math.floor(withinMs - wayBackMs)));
}

const ID_DIGITS = 16;

function drawId(random: Random): string {
  return Array.from({ length: ID_DIGITS }, () => Math.floor(random() * 16).toString(16)).join('');
}
