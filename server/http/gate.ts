/**
 * What every request passes before anything of it is read: where it comes from,
 * who sends it, whether they reach so far, and how much they ask for.
 */
import type { FastifyReply, FastifyRequest } from 'fastify';
import { SIGN_IN_PATH } from '../../contracts/access.ts';
import type { Access, Identified, Identity, Unknown } from '../access/access.ts';
import { PROGRAM, whyUnknown } from '../access/access.ts';
import { callerOf } from '../access/address.ts';
import type { Limits } from '../access/limits.ts';
import { reaches, roleOfRoute } from '../access/roles.ts';
import { HttpError } from './errors.ts';
import { isInner } from './inner-line.ts';
import { isApi, SAFE_METHODS } from './input.ts';
import { refuseOrigin, refuseOtherSite, wantsOrigin } from './origin.ts';

declare module 'fastify' {
  interface FastifyRequest {
    /** Null until the gate let it in, and of what is public. */
    identity: Identity | null;
    /** The address that it came from; a line that was closed since does not tell it any more. */
    from: string;
  }
}

export interface GateParts {
  readonly access: Access;
  readonly limits: Limits;
}

/** Throws an HttpError for what may not pass, or has the reply sent. */
export async function pass(
  { access, limits }: GateParts,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<void> {
  const { method, headers, raw } = request;
  request.from = request.socket.remoteAddress ?? 'unknown';
  const isSafe = SAFE_METHODS.has(method);
  const ofApi = isApi(request);
  const foreign = isSafe ? ofApi && refuseOtherSite(raw) : refuseOrigin(raw);
  if (typeof foreign === 'string') throw new HttpError('FORBIDDEN', foreign);

  const isOwn = isOfProgram(request);
  const known: Identified = isOwn ? { ok: true, identity: PROGRAM } : access.identify(headers);
  if (!limits.isOff && !isOwn) {
    const caller =
      known.ok && known.identity.by !== 'nothing'
        ? `token ${known.identity.name}`
        : callerOf(request.from);
    refuseFlood(await limits.request(caller));
  }
  const needed = ofApi ? roleOfRoute(method, request.routeOptions.url ?? '') : roleOfPage(request);
  if (!known.ok) {
    if (needed === 'public') return;
    if (known.why === 'wrong') refuseFlood(await limits.wrongToken(callerOf(request.from)));
    const isPerson = (headers.accept ?? '').includes('text/html');
    if (ofApi || !isSafe || !isPerson) throw unknown(known.why);
    await reply.redirect(`${SIGN_IN_PATH}?next=${encodeURIComponent(request.url)}`, 303);
    return;
  }
  const { identity } = known;
  request.identity = identity;
  if (needed === 'public') return;
  if (identity.by === 'cookie' && !isSafe && wantsOrigin(raw))
    throw new HttpError('FORBIDDEN', 'a browser that is signed in says where its page is from');
  if (!reaches(identity.role, needed))
    throw new HttpError(
      'NOT_ALLOWED',
      `${identity.name} may read and watch; this takes an operator`,
    );
}

/** From within the process: it has the data and the tokens anyway. One that shows whose it is counts as theirs. */
function isOfProgram({ socket, headers }: FastifyRequest): boolean {
  return isInner(socket) && headers.authorization === undefined && headers.cookie === undefined;
}

export function unknown(why: Unknown): HttpError {
  return new HttpError('UNAUTHENTICATED', whyUnknown(why));
}

export function refuseFlood(waitMs: number | null): void {
  if (waitMs !== null)
    throw new HttpError('RATE_LIMITED', 'too many requests came from you; wait a little', {
      retryAfterMs: Math.ceil(waitMs),
    });
}

/** What the page to sign in is made of is for everyone, and nothing else of it. */
function roleOfPage({ method, url }: FastifyRequest): 'public' | 'viewer' | 'operator' {
  if (!SAFE_METHODS.has(method)) return 'operator';
  const [path = ''] = url.split('?', 1);
  const isPlain = !/\.\.|%|\\|\/\//.test(path.replaceAll(/%5b|%5d|%40/gi, ''));
  const isPublic =
    path === SIGN_IN_PATH || path === '/icon.svg' || (isPlain && path.startsWith('/_next/static/'));
  return isPublic ? 'public' : 'viewer';
}
