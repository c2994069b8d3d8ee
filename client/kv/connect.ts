/** How a program comes by a client. */
import type { CallContext } from './calls.ts';
import { wrongArgument } from './errors.ts';
import { KvClient } from './kv-client.ts';
import type { Random } from './retry.ts';
import { SessionPool } from './session-pool.ts';
import { realClock } from './time.ts';
import type { Clock } from './time.ts';
import { Transport } from './transport.ts';

export interface ConnectOptions {
  /** Where the server is: "http://localhost:3000". Left out: in a browser, where the page is from. */
  readonly url?: string;
  /** Instead of `url`: several ways to the same cluster; the next one is taken when one does not answer. */
  readonly urls?: readonly string[];
  /** Sent as `Authorization: Bearer`. */
  readonly token?: string;
  /** Longest wait for an answer, with all attempts, ms; 10 000 by default. Each call may name its own. */
  readonly timeoutMs?: number;
  /** Longest wait for one attempt, ms; 5000 by default. */
  readonly attemptTimeoutMs?: number;
  /** Writes under way at once at most, 64 by default; others wait in turn. Each has a session of its own. */
  readonly maxParallelWrites?: number;
  /** One attempt a call: it must not repeat a request by itself. */
  readonly fetch?: typeof fetch;
  /** From 0 to below 1; of it come the waits between attempts, and the ids of requests. */
  readonly random?: Random;
  readonly clock?: Clock;
}

const TIMEOUT_MS = 10_000;
const ATTEMPT_TIMEOUT_MS = 5000;
const PARALLEL_WRITES = 64;
/** Writes in one batch, which the server takes. */
const MOST_PARALLEL_WRITES = 1000;

/** Nothing is sent before the first call. Throws InvalidRequestError for options that cannot be. */
export function connect(options: ConnectOptions = {}): KvClient {
  const {
    url,
    urls = [url ?? ''],
    token = null,
    timeoutMs = TIMEOUT_MS,
    attemptTimeoutMs = ATTEMPT_TIMEOUT_MS,
    maxParallelWrites = PARALLEL_WRITES,
    random = Math.random,
    clock = realClock,
  } = options;
  if (url !== undefined && options.urls !== undefined)
    throw wrongArgument('urls', 'url and urls exclude each other');
  if (urls.length === 0) throw wrongArgument('urls', 'there is no address');
  if (!(timeoutMs > 0)) throw wrongArgument('timeoutMs', `${timeoutMs} is no time above 0`);
  if (!(attemptTimeoutMs > 0))
    throw wrongArgument('attemptTimeoutMs', `${attemptTimeoutMs} is no time above 0`);
  if (
    !Number.isInteger(maxParallelWrites) ||
    maxParallelWrites < 1 ||
    maxParallelWrites > MOST_PARALLEL_WRITES
  )
    throw wrongArgument('maxParallelWrites', `1 to ${MOST_PARALLEL_WRITES} are possible`);
  // A byte outside of these would fail each request, in words of the platform's own.
  if (token !== null && !/^[\x21-\x7e]+$/.test(token))
    throw wrongArgument('token', 'a token is of visible ASCII characters');
  const end = new AbortController();
  const transport = new Transport({
    urls: urls.map(originOf),
    token,
    attemptTimeoutMs,
    fetch: options.fetch ?? ((...request) => fetch(...request)),
    clock,
    random,
  });
  const context: CallContext = { transport, clock, random, timeoutMs, closing: end.signal };
  return new KvClient(context, new SessionPool(maxParallelWrites), () => end.abort());
}

/** Without a slash at its end; "" is the page's own, which only a browser has. */
function originOf(url: string): string {
  if (url === '') {
    if ('location' in globalThis) return '';
    throw wrongArgument('url', 'where the server is must be said outside of a browser');
  }
  const parsed = URL.canParse(url) ? new URL(url) : null;
  const isPlain = parsed !== null && /^https?:$/.test(parsed.protocol);
  if (!isPlain || parsed.search !== '' || parsed.hash !== '' || parsed.username !== '')
    throw wrongArgument('url', `"${url}" is no address of a server`);
  return url.replace(/\/+$/, '');
}
