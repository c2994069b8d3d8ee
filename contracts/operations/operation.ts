/**
 * One operation of the HTTP API as data: where it is, what it takes, what it
 * answers and with which errors. The server registers its routes from these, checks
 * requests with their schemas, and makes the OpenAPI document of them; so that the
 * three cannot differ.
 */
import type * as z from 'zod';
import type { ErrorCode } from '../errors.ts';

export const tags = {
  Reads: 'Reading the store: now, as it was at a time, and as it was known at a revision.',
  Writes:
    'Changing the store. Every write may bring a timestamp, and the name under which it is done once: `clientId`, of an open session, with `sequence`, which rises by one for each write.',
  Watch: 'What happens, as it happens or page by page.',
  Files: 'Backups, restores, and what may be forgotten.',
  Cluster: 'Nodes, members, logs, and what must hold of them together.',
  Faults: 'Breaking links, nodes, disks and clocks for real, and mending them.',
  Laboratory: 'The speed of the cluster, its recording, and chaos runs.',
  Server: 'Health, version, and this document.',
} as const;
export type Tag = keyof typeof tags;

/** An answer that is no JSON, or not of status 200. */
export interface OtherAnswer {
  readonly status: number;
  readonly type: string;
  readonly description: string;
  readonly schema?: z.ZodType;
  /** Of JSON lines: each. */
  readonly line?: z.ZodType;
  /** Of server-sent events: the data of each kind, as JSON. */
  readonly events?: { readonly [event: string]: z.ZodType };
}

export interface Operation {
  /** Stable: clients are generated with it as a name. */
  readonly id: string;
  readonly method: 'GET' | 'PUT' | 'PATCH' | 'POST' | 'DELETE';
  /** With parameters in braces. */
  readonly path: `/${string}`;
  readonly tag: Tag;
  readonly summary: string;
  readonly description?: string;
  readonly params?: z.ZodObject;
  /** Left out: the query must be empty. */
  readonly query?: z.ZodObject;
  readonly headers?: { readonly [name: string]: z.ZodType };
  /** Left out: there must be no body but an empty object. */
  readonly body?: z.ZodType;
  /** Longest body, bytes, where nobody need be known to send one; left out: that of any request. */
  readonly maxBodyBytes?: number;
  /** Left out: the body must be there. */
  readonly bodyMayBeAbsent?: boolean;
  /** A body that is no JSON. */
  readonly file?: { readonly type: string; readonly description: string };
  /** JSON, with status 200 or `status`. */
  readonly answer?: z.ZodType;
  readonly status?: 201;
  readonly otherAnswers?: readonly OtherAnswer[];
  /** Beside those that any request may get: {@link anyErrors}. */
  readonly errors: readonly ErrorCode[];
}

/** What may be answered to any request. */
export const anyErrors = [
  'BAD_REQUEST',
  'BAD_ENCODING',
  'TOO_LARGE',
  'FORBIDDEN',
  'UNAUTHENTICATED',
  'NOT_ALLOWED',
  'RATE_LIMITED',
  'REQUEST_TIMEOUT',
  'INTERNAL',
] as const satisfies readonly ErrorCode[];

/** The operation as it is, with all that is known of its types. */
export function operation<const O extends Operation>(it: O): O {
  return it;
}

type Parsed<S> = S extends z.ZodType ? z.output<S> : Record<never, never>;

/** A request that was checked. */
export interface Input<O extends Operation> {
  readonly params: Parsed<O['params']>;
  readonly query: Parsed<O['query']>;
  readonly body: O['body'] extends z.ZodType ? z.output<O['body']> : undefined;
}

/** What is answered as JSON; `unknown` where the answer is something else. */
export type AnswerOf<O extends Operation> = O['answer'] extends z.ZodType
  ? z.output<O['answer']>
  : unknown;
