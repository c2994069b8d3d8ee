/**
 * Answers that last, as watches and files do, and requests that are still coming in end with
 * the right to them: a token may expire, be taken back, or its session be ended meanwhile.
 */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Access } from '../access/access.ts';
import type { HttpError } from './errors.ts';
import { unknown } from './gate.ts';

declare module 'fastify' {
  interface FastifyRequest {
    /** Tells the reader of an answer that lasts why it ends, and ends it; null: its line is cut. */
    dismiss: ((why: HttpError) => void) | null;
  }
}

const LOOK_EVERY_MS = 1000;

/** To be called after the gate's hook, which says who asks. */
export function endLostAnswers(app: FastifyInstance, access: Access): void {
  app.decorateRequest('dismiss', null);
  if (!access.isRequired) return;
  const open = new Map<FastifyRequest, FastifyReply>();
  app.addHook('onRequest', (request, reply, next) => {
    open.set(request, reply);
    reply.raw.once('close', () => open.delete(request));
    next();
  });
  const timer = setInterval(() => {
    for (const [request, { raw }] of open) {
      const { identity, dismiss } = request;
      // What has come in whole and is not answered yet was asked for by someone who might.
      const isAsked = request.raw.complete && !raw.headersSent;
      const lost = identity === null || isAsked ? null : access.lost(identity);
      if (lost === null || raw.writableEnded) continue;
      if (dismiss === null) raw.destroy();
      else dismiss(unknown(lost));
    }
  }, LOOK_EVERY_MS);
  timer.unref();
  app.addHook('onClose', () => clearInterval(timer));
}
