/** Each request, as operators see it: counted, logged and, if they want it, traced. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Logger } from '../logger.ts';
import type { HttpMetrics } from '../observe/http-metrics.ts';
import type { RequestTrace, Tracing } from '../observe/tracing.ts';

declare module 'fastify' {
  interface FastifyRequest {
    /** Null unless it is traced. */
    trace: RequestTrace | null;
  }
  interface FastifyContextConfig {
    /** Its answer lasts as long as its reader wants: no duration of a request. */
    readonly stream?: boolean;
  }
}

export interface Observers {
  readonly logger: Logger;
  readonly metrics: { readonly http: HttpMetrics };
  /** Null: nothing is traced. */
  readonly tracing: Tracing | null;
}

/** The client went away before there was an answer; no status of HTTP, but what others write for it. */
const CLIENT_GONE = 499;
/** Of what no route takes. */
const NO_ROUTE: { readonly url?: string; readonly config: { readonly stream?: boolean } } = {
  config: {},
};

export function observeRequests(app: FastifyInstance, observers: Observers): void {
  app.decorateRequest('trace', null);
  app.addHook('onRequest', (request, reply, next) => {
    observe(request, reply, observers);
    next();
  });
}

/** To be called once a request, as early as it can be. */
export function observe(
  request: FastifyRequest,
  reply: FastifyReply,
  { logger, metrics: { http }, tracing }: Observers,
): void {
  const startedMs = performance.now();
  const { method } = request;
  // One that the router refuses comes without what requests are decorated with.
  request.trace = null;
  if (tracing !== null) {
    request.trace = tracing.begin(method, pathOf(request.url), request.headers);
    // Of the raw answer, so that streams and pages carry it too.
    if (request.trace !== null) reply.raw.setHeader('traceparent', request.trace.traceparent);
  }
  http.open++;
  reply.raw.once('close', () => {
    http.open--;
    const tookMs = performance.now() - startedMs;
    const status = reply.raw.headersSent ? reply.raw.statusCode : CLIENT_GONE;
    const { url: route = 'none', config } = request.is404 ? NO_ROUTE : request.routeOptions;
    http.ended(config, method, route, status, config.stream === true ? null : tookMs);
    request.trace?.end(method, route, status);
    if (logger.isLevelEnabled('info')) log(logger, request, { method, route, status, tookMs });
  });
}

interface Ended {
  readonly method: string;
  readonly route: string;
  readonly status: number;
  readonly tookMs: number;
}

/** The path itself, which names keys, and the headers, only for who looks closely. */
function log(logger: Logger, request: FastifyRequest, { tookMs, ...ended }: Ended): void {
  const { trace } = request;
  logger.info(
    {
      requestId: request.id,
      ...ended,
      durationMs: Math.round(tookMs * 1000) / 1000,
      ...(trace !== null && { traceId: trace.traceId }),
      ...(logger.isLevelEnabled('debug') && {
        path: pathOf(request.url),
        headers: request.headers,
      }),
    },
    'request',
  );
}

/** Without the query, in which there may be what is nobody's business. */
export function pathOf(url: string): string {
  const end = url.indexOf('?');
  return end === -1 ? url : url.slice(0, end);
}
