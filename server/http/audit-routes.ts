/** What operators did: noted with every answer, and read at `/api/v1/audit`. */
import { Readable } from 'node:stream';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import * as z from 'zod';
import type { AuditAnswer, AuditRecord } from '../../contracts/audit.ts';
import { access } from '../../contracts/operations/access.ts';
import type { Audit } from '../access/audit.ts';
import { roleOfRoute } from '../access/roles.ts';
import { decodeCursor, encodeCursor } from './cursor.ts';
import { HttpError } from './errors.ts';
import { isApi } from './input.ts';
import { route } from './route.ts';

const MAX_DETAIL_CHARS = 300;
const MAX_WHAT_CHARS = 300;
const DEFAULT_RECORDS = 50;

const Place = z.tuple([z.string().min(1).max(64)]);
const QUESTION = ['audit'];

/** Writes of data: the store itself says what they did. */
const DATA = /^\/api\/v1\/(?:kv\/|txn$|batch$|sessions$)/;
/** Its body is a secret. */
const SIGN_IN = '/api/v1/sign-in';
const SIGN_OUT = '/api/v1/sign-out';

declare module 'fastify' {
  interface FastifyRequest {
    /** Of the answer: its code, if it is a problem, and its revision, if it has one. */
    told: { readonly code?: unknown; readonly revision?: unknown } | null;
  }
}

export function auditRoutes(app: FastifyInstance, audit: Audit): void {
  if (audit.recorded !== 'off') noteAnswers(app, audit);

  route(app, access.audit, async ({ query }): Promise<AuditAnswer> => {
    const { limit = DEFAULT_RECORDS, cursor } = query;
    const start = cursor === undefined ? null : decodeCursor(Place, QUESTION, cursor)[0];
    const page = await audit.page(limit, start);
    if (page === null) throw new HttpError('READ_TIMEOUT', 'no node answered in time');
    return { ...page, next: page.next === null ? null : encodeCursor(QUESTION, [page.next]) };
  });
}

function noteAnswers(app: FastifyInstance, audit: Audit): void {
  app.decorateRequest('told', null);
  app.addHook('preSerialization', (request, _reply, payload, next) => {
    request.told = payload as FastifyRequest['told'];
    next();
  });
  // Before anything of the answer leaves: who hangs up meanwhile has done it all the same.
  app.addHook('onSend', (request, reply, payload, next) => {
    if (isNoted(request, reply.statusCode, audit)) {
      const { identity, method, told } = request;
      const [target = ''] = request.url.split('?', 1);
      audit.note({
        atMs: Date.now(),
        who: identity?.name ?? null,
        role: identity?.role ?? null,
        what: `${method} ${target}`.slice(0, MAX_WHAT_CHARS),
        detail: detailOf(request),
        from: request.from,
        status: reply.statusCode,
        outcome: outcomeOf(reply.statusCode, told?.code, payload),
        revision: typeof told?.revision === 'number' ? told.revision : null,
      });
    }
    next();
  });
}

function outcomeOf(status: number, code: unknown, payload: unknown): AuditRecord['outcome'] {
  if (typeof code === 'string') return code;
  if (status >= 400) return 'failed';
  return payload instanceof Readable ? 'begun' : 'done';
}

/**
 * What takes an operator; who tried without being one; and who came in or went
 * out. Of nobody only wrong tokens, which are limited: the trail is kept for ever.
 */
function isNoted(request: FastifyRequest, status: number, audit: Audit): boolean {
  if (!isApi(request)) return false;
  const { method, identity, routeOptions } = request;
  const route = routeOptions.url ?? '';
  if (route === SIGN_IN) return status < 400 || status === 401;
  if (identity === null || route === '') return false;
  if (route === SIGN_OUT) return true;
  if (roleOfRoute(method, route) !== 'operator') return false;
  return audit.recorded === 'all' || status === 403 || !DATA.test(route);
}

function detailOf({ body, routeOptions }: FastifyRequest): string | null {
  const route = routeOptions.url ?? '';
  const isPlain = typeof body === 'object' && body !== null && !('pipe' in body);
  if (!isPlain || route === SIGN_IN || DATA.test(route)) return null;
  try {
    return JSON.stringify(body).slice(0, MAX_DETAIL_CHARS);
  } catch {
    // Parsed it was, and it is nested too deeply to be written.
    return '…';
  }
}
