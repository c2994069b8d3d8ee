/**
 * `GET /metrics` for Prometheus. The dashboard has a page of that name: a browser
 * that navigates there, which says that it takes HTML, and Next's own loading of
 * the page get that (docs/adr/0032).
 */
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { server } from '../../contracts/operations/server.ts';
import type { Metrics } from '../observe/metrics.ts';
import { handOver } from './page.ts';
import type { PageHandler } from './page.ts';
import { route } from './route.ts';

export function prometheusRoute(
  app: FastifyInstance,
  metrics: Metrics,
  page: PageHandler | null,
): void {
  route(app, server.prometheus, async (_input, request, reply) => {
    if (page !== null && wantsPage(request)) {
      reply.raw.setHeader('vary', 'accept, rsc');
      await handOver(page, request, reply);
      return reply;
    }
    void reply.header('content-type', metrics.contentType).header('vary', 'accept, rsc');
    return metrics.render();
  });
}

function wantsPage({ headers }: FastifyRequest): boolean {
  return headers['rsc'] !== undefined || (headers.accept ?? '').includes('text/html');
}
