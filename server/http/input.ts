/** Reading requests: parameters and bodies become typed values, or one clear error that names the place. */
import { isUtf8 } from 'node:buffer';
import type { FastifyRequest } from 'fastify';
import * as z from 'zod';
import { DEFAULT_TIMEOUT_MS, RequestTimeout } from '../../contracts/digits.ts';
import { LIMITS } from '../../contracts/kv.ts';
import type { CellParams } from '../../contracts/operations/reads.ts';
import { HttpError } from './errors.ts';

/** Methods that change nothing. */
export const SAFE_METHODS: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS']);

/** False: the page's. The route tells it where there is one, since the router reads an address in more than one spelling. */
export function isApi({ url, is404, routeOptions }: FastifyRequest): boolean {
  const path = is404 ? url : (routeOptions.url ?? url);
  return path.startsWith('/api/') || path === '/livez' || path === '/readyz';
}

export function cellOf({ key, field }: CellParams): CellParams {
  return { key: checkName(key, 'key'), field: checkName(field, 'field') };
}

/** How long the client waits, ms. */
export function timeoutOf(request: FastifyRequest): number {
  const header = request.headers['request-timeout-ms'];
  return header === undefined
    ? DEFAULT_TIMEOUT_MS
    : parse(RequestTimeout, header, 'Request-Timeout-Ms');
}

/** Parses with the contract's schema. `where` is the part of the request: "body", "query"; "" for parameters of the path. */
export function parse<T>(schema: z.ZodType<T>, value: unknown, where: string): T {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  const path = [...(where === '' ? [] : [where]), ...(issue?.path ?? [])].join('.');
  const excess = issue === undefined ? null : excessOf(issue);
  if (excess !== null)
    throw new HttpError('TOO_LARGE', `${path} has more than ${excess.limit} ${excess.of}`, {
      path,
      limit: excess.limit,
    });
  throw new HttpError('BAD_REQUEST', `${path}: ${issue?.message ?? 'not understood'}`, { path });
}

interface Excess {
  readonly limit: number;
  readonly of: 'items' | 'characters';
}

/** What is too long, rather than wrong; of alternatives, the one that only this speaks against. */
function excessOf(issue: z.core.$ZodIssue): Excess | null {
  if (issue.code === 'too_big') {
    const limit = Number(issue.maximum);
    if (issue.origin === 'array') return { limit, of: 'items' };
    return issue.origin === 'string' ? { limit, of: 'characters' } : null;
  }
  if (issue.code !== 'invalid_union') return null;
  for (const issues of issue.errors) {
    const [first] = issues;
    const excess = issues.length === 1 && first !== undefined ? excessOf(first) : null;
    if (excess !== null) return excess;
  }
  return null;
}

/** Bytes to JSON. Nothing for an empty body: an action without parameters needs none, whatever type is declared. */
export function parseJson(body: Buffer): unknown {
  if (body.length === 0) return undefined;
  // A decoder would put a replacement character where the bytes are wrong, and that would be stored.
  if (!isUtf8(body))
    throw new HttpError('BAD_ENCODING', 'the body is not valid UTF-8', { path: 'body' });
  try {
    return JSON.parse(body.toString());
  } catch {
    throw new HttpError('BAD_REQUEST', 'the body is not JSON', { path: 'body' });
  }
}

/** Where a query that is not valid percent-encoded UTF-8 names its bad parameter: the parser must not throw. */
export const BAD_QUERY = Symbol('bad query');

/** A name given twice becomes a list, which no schema takes. */
export function parseQuery(text: string): Record<string | symbol, unknown> {
  const query: Record<string | symbol, unknown> = Object.create(null);
  if (text === '') return query;
  for (const part of text.split('&')) {
    if (part === '') continue;
    const at = part.indexOf('=');
    const name = decode(at === -1 ? part : part.slice(0, at));
    const value = decode(at === -1 ? '' : part.slice(at + 1));
    if (name === null || value === null) query[BAD_QUERY] = name ?? '';
    else query[name] = name in query ? [query[name], value] : value;
  }
  return query;
}

const NOTHING = z.strictObject({});

/** Refuses parameters in the query of a request that takes none: what is ignored would be missed. */
export function checkNoQuery(query: unknown): Record<never, never> {
  return parse(NOTHING, query, 'query');
}

/** Likewise a body, other than an empty object. */
export function checkNoBody(body: unknown): void {
  if (body !== undefined && body !== null) parse(NOTHING, body, 'body');
}

function decode(text: string): string | null {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '));
  } catch {
    return null;
  }
}

/** A key or a field: well-formed, not empty, at most 1 KiB. */
export function checkName(name: string, path: string): string {
  checkText(name, path);
  if (name === '') throw new HttpError('BAD_REQUEST', `${path} is empty`, { path });
  if (Buffer.byteLength(name) > LIMITS.nameBytes) {
    throw new HttpError('TOO_LARGE', `${path} is longer than ${LIMITS.nameBytes} bytes`, {
      path,
      limit: LIMITS.nameBytes,
    });
  }
  return name;
}

interface Scope {
  readonly key?: string | undefined;
  readonly field?: string | undefined;
  readonly prefix?: string | undefined;
}

/** One field, a record, the keys with a prefix, or all. `where` is the part of the request. */
export function checkScope({ key, field, prefix }: Scope, where: string): void {
  if (key === undefined && field !== undefined)
    throw new HttpError('BAD_REQUEST', 'a field goes with its key', { path: `${where}.field` });
  if (key !== undefined && prefix !== undefined)
    throw new HttpError('BAD_REQUEST', 'prefix and key exclude each other', {
      path: `${where}.prefix`,
    });
  if (key !== undefined) checkName(key, `${where}.key`);
  if (field !== undefined) checkName(field, `${where}.field`);
  if (prefix !== undefined) checkText(prefix, `${where}.prefix`);
}

export function checkValue(value: string, path: string): string {
  checkText(value, path);
  if (Buffer.byteLength(value) > LIMITS.valueBytes) {
    throw new HttpError('TOO_LARGE', `${path} is longer than ${LIMITS.valueBytes} bytes`, {
      path,
      limit: LIMITS.valueBytes,
    });
  }
  return value;
}

export function checkText(text: string, path: string): void {
  if (!isWellFormed(text)) {
    throw new HttpError('BAD_ENCODING', `${path} holds half of a surrogate pair`, { path });
  }
}

export function checkClientId(clientId: string): string {
  checkText(clientId, 'clientId');
  return clientId;
}

export function isWellFormed(text: string): boolean {
  return !/[\uD800-\uDBFF](?![\uDC00-\uDFFF])|(?<![\uD800-\uDBFF])[\uDC00-\uDFFF]/.test(text);
}
