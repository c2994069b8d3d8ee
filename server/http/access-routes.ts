/** Signing in and out, and who one is: `/api/v1/sign-in`, `/api/v1/sign-out`, `/api/v1/access`. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { AccessView } from '../../contracts/access.ts';
import { access as operations } from '../../contracts/operations/access.ts';
import { must } from '../base/assert.ts';
import { accessView } from '../access/access.ts';
import { callerOf } from '../access/address.ts';
import { HttpError } from './errors.ts';
import { refuseFlood, unknown } from './gate.ts';
import type { GateParts } from './gate.ts';
import { route } from './route.ts';

export function accessRoutes(
  app: FastifyInstance,
  { access, limits }: GateParts,
  tls: boolean,
): void {
  route(
    app,
    operations.access,
    (_input, request): AccessView => accessView(must(request.identity, 'the gate knows who asks')),
  );

  route(
    app,
    operations.signIn,
    async ({ body: { token } }, request, reply): Promise<AccessView> => {
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
    },
  );

  route(app, operations.signOut, (_input, request, reply) => {
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
