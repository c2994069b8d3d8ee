/** `/api/v1/watch`: what happens, as it happens, as server-sent events. */
import type { FastifyInstance, FastifyRequest } from 'fastify';
import * as z from 'zod';
import { Revision } from '../../contracts/kv.ts';
import type { WatchHub } from '../watch/hub.ts';
import { EventStream } from './event-stream.ts';
import { checkScope, digits, parse, timeoutOf } from './input.ts';
import { watchRefused } from './kv-problems.ts';

const After = digits.pipe(Revision);
const WatchQuery = z.strictObject({
  key: z.string().optional(),
  field: z.string().optional(),
  prefix: z.string().optional(),
  /** Left out: from now on. */
  after: After.optional(),
});

export function watchRoutes(app: FastifyInstance, hub: WatchHub): void {
  // An answer without an end has no head of its own.
  const aStream = { exposeHeadRoute: false, config: { stream: true } };
  app.get('/api/v1/watch', aStream, async (request, reply) => {
    const { after, ...scope } = parse(WatchQuery, request.query, 'query');
    checkScope(scope, 'query');
    const from = lastEventId(request) ?? after ?? null;
    const opened = await hub.open(
      { scope, after: from },
      (watch) => {
        reply.hijack();
        return new EventStream(reply.raw, request.id, watch);
      },
      timeoutOf(request),
    );
    if (!opened.ok) throw watchRefused(opened);
    // It may have gone away before there was anything to tell it.
    if (reply.raw.destroyed) opened.watch.close();
  });
}

/** What a browser that was cut off sends: it knows more than the address that it was given first. */
function lastEventId(request: FastifyRequest): number | null {
  const id = request.headers['last-event-id'];
  return id === undefined ? null : parse(After, id, 'Last-Event-ID');
}
