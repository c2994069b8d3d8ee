/** `/api/v1/watch`: what happens, as it happens, as server-sent events. */
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { files } from '../../contracts/operations/files.ts';
import type { WatchHub } from '../watch/hub.ts';
import { EventStream } from './event-stream.ts';
import { checkScope, parse, timeoutOf } from './input.ts';
import { watchRefused } from './kv-problems.ts';
import { route } from './route.ts';

export function watchRoutes(app: FastifyInstance, hub: WatchHub): void {
  route(app, files.watch, async ({ query: { after, ...scope } }, request, reply) => {
    checkScope(scope, 'query');
    const from = lastEventId(request) ?? after ?? null;
    const opened = await hub.open(
      { scope, after: from },
      (watch) => {
        reply.hijack();
        const stream = new EventStream(reply.raw, reply.getHeaders(), request.id, watch);
        request.dismiss = (why) => stream.dismiss(why);
        return stream;
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
  return parse(files.watch.headers['Last-Event-ID'], id, 'Last-Event-ID') ?? null;
}
