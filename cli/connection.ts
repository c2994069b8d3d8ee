/**
 * The way to a server: its address, the token, the client. It also knows what
 * the client cannot: whether a request that failed ever left. One that found
 * nobody at the address did nothing, and is not an unknown outcome.
 */
import { ChronoraftClient } from '../client/http-client.ts';
import type { ApiFailure, ApiResult } from '../client/api-failure.ts';
import { CliError, errorOf, usageError } from './failure.ts';
import { EXIT } from './exit-codes.ts';
import { inert } from './text.ts';

const DEFAULT_URL = 'http://127.0.0.1:3000';

/** Nobody took the connection, so nothing was sent. */
const NEVER_SENT: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'nobody listens there',
  ENOTFOUND: 'there is no host of that name',
  EAI_AGAIN: 'the name cannot be looked up now',
  EHOSTUNREACH: 'there is no way to that host',
  ENETUNREACH: 'there is no way to that network',
  // Ports that browsers, and with them this platform, send no HTTP to.
  'bad port': 'nothing is ever sent to that port',
  UND_ERR_CONNECT_TIMEOUT: 'it did not take the connection in time',
  ERR_SSL_WRONG_VERSION_NUMBER: 'what listens there does not speak TLS',
  ...Object.fromEntries(
    [
      'DEPTH_ZERO_SELF_SIGNED_CERT',
      'SELF_SIGNED_CERT_IN_CHAIN',
      'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
      'UNABLE_TO_GET_ISSUER_CERT',
      'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
      'CERT_HAS_EXPIRED',
      'CERT_NOT_YET_VALID',
      'CERT_REVOKED',
      'CERT_UNTRUSTED',
      'ERR_TLS_CERT_ALTNAME_INVALID',
    ].map((code) => [
      code,
      `its certificate is not to be trusted (${code}); if it is your own, name its file in NODE_EXTRA_CA_CERTS`,
    ]),
  ),
};

export interface ConnectionOptions {
  readonly url: string | undefined;
  readonly token: string | undefined;
  readonly timeoutMs: number;
  /** Requests end with it. */
  readonly interrupted: AbortSignal;
}

export class Connection {
  /** Without a slash at its end. */
  readonly url: string;
  readonly client: ChronoraftClient;
  /** Sent with every request. */
  readonly headers: Readonly<Record<string, string>>;
  private readonly interrupted: AbortSignal;
  /** Why the last request was not sent, or what answered in the server's place; null when neither. */
  private notSent: string | null = null;
  private stranger: string | null = null;

  constructor({ url, token, timeoutMs, interrupted }: ConnectionOptions) {
    this.url = addressOf(url ?? DEFAULT_URL);
    this.headers = token === undefined ? {} : { authorization: `Bearer ${checkedToken(token)}` };
    this.interrupted = interrupted;
    this.client = new ChronoraftClient({
      baseUrl: this.url,
      timeoutMs,
      fetch: (input, init) => this.fetch(input as string, init),
    });
  }

  /** As the platform's own, with the token, ended by Ctrl-C. */
  async fetch(url: string, init: RequestInit = {}): Promise<Response> {
    this.notSent = null;
    this.stranger = null;
    const headers = new Headers(init.headers);
    for (const [name, value] of Object.entries(this.headers)) headers.set(name, value);
    const signals = [
      this.interrupted,
      ...(init.signal instanceof AbortSignal ? [init.signal] : []),
    ];
    try {
      const response = await fetch(url, { ...init, headers, signal: AbortSignal.any(signals) });
      if (!/json/.test(response.headers.get('content-type') ?? ''))
        this.stranger = `status ${response.status} and no answer of Chronoraft's`;
      return response;
    } catch (error) {
      this.notSent = NEVER_SENT[causeOf(error)] ?? null;
      throw error;
    }
  }

  /** The value of an answer. Throws what a person is told instead. */
  unwrap<T>(result: ApiResult<T>): T {
    if (result.ok) return result.value;
    throw this.errorOf(result.failure);
  }

  errorOf(failure: ApiFailure): CliError {
    const { code } = failure;
    const isSilence = code === 'UNREACHABLE' || code === 'OUTCOME_UNKNOWN';
    if (isSilence && this.notSent !== null) return this.nobodyThere(this.notSent);
    if (code === 'UNREACHABLE') {
      const what = this.stranger ?? 'it did not answer in time, or the line broke';
      return this.nobodyThere(what);
    }
    return errorOf(failure);
  }

  nobodyThere(why: string): CliError {
    return new CliError(
      EXIT.unreachable,
      'UNREACHABLE',
      `cannot reach ${inert(this.url)}: ${why}`,
      'start it with `chronoraft start`, or say where it is with --url',
    );
  }
}

function addressOf(text: string): string {
  const withScheme = /^[a-z][a-z\d+.-]*:\/\//i.test(text) ? text : `http://${text}`;
  const url = URL.canParse(withScheme) ? new URL(withScheme) : null;
  // What was typed may hold a password.
  if (url !== null && (url.username !== '' || url.password !== ''))
    throw usageError(
      'the URL may hold no user and no password',
      'give a token with CHRONORAFT_TOKEN',
    );
  if (url === null || !/^https?:$/.test(url.protocol) || url.search !== '' || url.hash !== '')
    throw usageError(`--url "${text}" is no address of a server`, 'try http://127.0.0.1:3000');
  return `${url.origin}${url.pathname.replace(/\/+$/, '')}`;
}

/** Never part of a message. */
function checkedToken(token: string): string {
  const trimmed = token.trim();
  if (!/^[\x21-\x7E]+$/.test(trimmed))
    throw usageError('the token is empty, or holds what no header can carry');
  return trimmed;
}

function causeOf(error: unknown): string {
  const cause = error instanceof Error ? error.cause : null;
  if (!(cause instanceof Error)) return '';
  return 'code' in cause && typeof cause.code === 'string' ? cause.code : cause.message;
}
