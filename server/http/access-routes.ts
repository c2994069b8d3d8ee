/** Signing in and out, and who one is: `/api/v1/sign-in`, `/api/v1/sign-out`, `/api/v1/access`. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { SignInBody } from '../../contracts/access.ts';
import type { AccessView } from '../../contracts/access.ts';
import { must } from '../base/assert.ts';
import { accessView } from '../access/access.ts';
import { callerOf } from '../access/address.ts';
import { HttpError } from './errors.ts';
import { refuseFlood, unknown } from './gate.ts';
import type { GateParts } from './gate.ts';
import { checkNoBody, checkNoQuery, parse } from './input.ts';

export function accessRoutes(
  app: FastifyInstance,
  { access, limits }: GateParts,
  tls: boolean,
): void {
  app.get('/api/v1/access', (request): AccessView => {
    checkNoQuery(request.query);
    return accessView(must(request.identity, 'the gate knows who asks'));
  });

  app.post('/api/v1/sign-in', async (request, reply): Promise<AccessView> => {
    checkNoQuery(request.query);
    const { token } = parse(SignInBody, request.body, 'body');
    if (!access.isRequired) throw new HttpError('CONFLICT', 'nobody needs to sign in here');
    const opened = access.signIn(token);
    if (opened === null) {
      refuseFlood(await limits.wrongToken(callerOf(request.socket.remoteAddress)));
      throw unknown('wrong');
    }
    const { secret, identity } = opened;
    request.identity = identity;
    const seconds = Math.floor((must(identity.expiresAtMs, 'sessions end') - Date.now()) / 1000);
    setCookie(request, reply, secret, seconds);
    return accessView(identity);
  });

  app.post('/api/v1/sign-out', (request, reply) => {
    checkNoQuery(request.query);
    checkNoBody(request.body);
    access.signOut(must(request.identity, 'the gate knows who asks'));
    setCookie(request, reply, '', 0);
    return {};
  });

  /** No script can read it, and no other site's page can have it sent. */
  function setCookie(
    request: FastifyRequest,
    reply: FastifyReply,
    value: string,
    seconds: number,
  ): void {
    // Only the one who asks is harmed by a header that lies.
    const secure = tls || request.headers['x-forwarded-proto'] === 'https';
    const parts = [`${access.cookieName}=${value}`, 'Path=/', `Max-Age=${seconds}`, 'HttpOnly'];
    void reply.header(
      'set-cookie',
      [...parts, 'SameSite=Strict', ...(secure ? ['Secure'] : [])].join('; '),
    );
  }
}
