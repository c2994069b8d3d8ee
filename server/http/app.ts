/** The HTTP side of the server: the API's routes, one way to answer errors, and everything else to the page. */
import { randomUUID } from 'node:crypto';
import { STATUS_CODES } from 'node:http';
import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { fastify } from 'fastify';
import type { FastifyError, FastifyInstance, FastifyReply } from 'fastify';
import type { Problem } from '../../contracts/errors.ts';
import { LIMITS } from '../../contracts/kv.ts';
import type { Restores } from '../backup/restores.ts';
import type { ClusterViewFold } from '../cluster/cluster-view.ts';
import type { FlightRecorder } from '../cluster/flight-recorder.ts';
import type { KvService } from '../cluster/kv-service.ts';
import type { LeaderTracker } from '../cluster/leader-tracker.ts';
import type { MessageTrace } from '../cluster/message-trace.ts';
import type { Membership } from '../cluster/membership.ts';
import type { Faults } from '../cluster/faults.ts';
import type { Supervisor } from '../cluster/supervisor.ts';
import type { Logger } from '../logger.ts';
import type { Metrics } from '../observe/metrics.ts';
import type { Tracing } from '../observe/tracing.ts';
import type { ChaosRuns } from '../lab/chaos-runs.ts';
import type { Audit } from '../access/audit.ts';
import { BodyBudget, expectBody, limitConnections } from './arrival.ts';
import { auditRoutes } from './audit-routes.ts';
import { backupRoutes } from './backup-routes.ts';
import { chaosRoutes } from './chaos-routes.ts';
import type { WatchHub } from '../watch/hub.ts';
import { clusterRoutes } from './cluster-routes.ts';
import { HttpError } from './errors.ts';
import { documentRoutes } from './document-routes.ts';
import { faultRoutes } from './fault-routes.ts';
import { healthRoutes } from './health-routes.ts';
import type { Build } from './health-routes.ts';
import { BAD_QUERY, isApi, parseJson, parseQuery } from './input.ts';
import type { ClusterPace } from '../cluster/cluster-pace.ts';
import type { Clock } from '../ports/clock.ts';
import { paceRoutes } from './pace-routes.ts';
import { metricsRoutes } from './metrics-routes.ts';
import { endLostAnswers } from './lost-answers.ts';
import { memberRoutes } from './member-routes.ts';
import { observe, observeRequests, pathOf } from './observed.ts';
import { handOver } from './page.ts';
import type { PageHandler } from './page.ts';
import { prometheusRoute } from './prometheus-route.ts';
import { recordingRoutes } from './recording-routes.ts';
import { traceRoutes } from './trace-routes.ts';
import { readRoutes } from './read-routes.ts';
import { retentionRoutes } from './retention-routes.ts';
import { watchRoutes } from './watch-routes.ts';
import { writeRoutes } from './write-routes.ts';
import { accessRoutes } from './access-routes.ts';
import { pass } from './gate.ts';
import type { GateParts } from './gate.ts';
import { apiHeaders } from './headers.ts';
import { refuseHost } from './origin.ts';
import type { OriginRules } from './origin.ts';

/** A value of 1 MiB, each unit of it escaped in JSON as six characters, and its envelope. */
const MAX_BODY_BYTES = 7 * 1024 * 1024;
const MAX_PARAM_CHARS = 16 * 1024;
/** A target with two such names, and headers. */
const MAX_HEADER_BYTES = 64 * 1024;
const MAX_REQUEST_ID = 128;
/** How often connections are looked at whose headers are late, ms. */
const LATE_HEADERS_LOOK_MS = 1000;
/** A live socket is a connection, and a browser has some more beside it. */
const CONNECTIONS_PER_SOCKET = 4;

export interface AppOptions extends OriginRules, GateParts {
  readonly audit: Audit;
  /** Headers, and then the body, arrive within it, ms. */
  readonly requestWithinMs: number;
  /** 0: no limit. */
  readonly socketsPerAddress: number;
  /** Null: plain HTTP. */
  readonly tls: { readonly cert: Buffer; readonly key: Buffer } | null;
  readonly clusterId: string;
  readonly kv: KvService;
  readonly supervisor: Supervisor;
  readonly faults: Faults;
  readonly fold: ClusterViewFold;
  readonly recorder: FlightRecorder;
  readonly trace: MessageTrace;
  readonly leaders: LeaderTracker;
  readonly membership: Membership;
  readonly pace: ClusterPace;
  /** Cluster time. */
  readonly clock: Clock;
  readonly restores: Restores;
  readonly chaos: ChaosRuns;
  readonly hub: WatchHub;
  /** Is told every route, as "GET /livez". */
  onRoute(route: string): void;
  readonly logger: Logger;
  readonly build: Build;
  readonly metrics: Metrics;
  /** Null: nothing is traced. */
  readonly tracing: Tracing | null;
  /** Null serves the API alone. */
  readonly page: PageHandler | null;
}

export function buildApp(options: AppOptions): FastifyInstance {
  const { tls } = options;
  const headers = apiHeaders(tls !== null);
  const settings = {
    maxHeaderSize: MAX_HEADER_BYTES,
    headersTimeout: options.requestWithinMs,
    connectionsCheckingInterval: LATE_HEADERS_LOOK_MS,
  };
  const app = fastify({
    bodyLimit: MAX_BODY_BYTES,
    genReqId: (request: IncomingMessage) => requestId(request),
    routerOptions: {
      // Longer than any name that is allowed, each byte as three characters, so that the answer can say so.
      maxParamLength: MAX_PARAM_CHARS,
      querystringParser: parseQuery,
    },
    // Refusing while we stop is the service's to do, in our own words.
    return503OnClosing: false,
    forceCloseConnections: true,
    // An HTTPS server is an HTTP server to all that stands behind it.
    ...(tls === null
      ? { http: settings }
      : { https: { ...settings, ...tls, handshakeTimeout: options.requestWithinMs } as never }),
    clientErrorHandler: (error, socket) => refuseBytes(error, socket as Socket, headers),
    frameworkErrors: (error, request, reply) => {
      void reply.header('x-request-id', request.id).headers(headers);
      observe(request, reply, options);
      sendProblem(reply, toHttpError(error).problem(request.id));
    },
  });

  observeRequests(app, options);
  app.addHook('onRequest', (request, reply, next) => {
    void reply.header('x-request-id', request.id).headers(headers);
    const badQuery = (request.query as { readonly [BAD_QUERY]?: string })[BAD_QUERY];
    if (badQuery !== undefined && isApi(request)) {
      next(
        new HttpError('BAD_ENCODING', 'the query is not valid percent-encoded UTF-8', {
          path: `query.${badQuery}`,
        }),
      );
      return;
    }
    const encoding = request.headers['content-encoding'];
    if (encoding !== undefined && encoding !== 'identity' && isApi(request)) {
      next(
        new HttpError('BAD_REQUEST', `a body in content-encoding ${encoding} is not understood`, {
          path: 'Content-Encoding',
        }),
      );
      return;
    }
    const refusal = refuseHost(request.raw, options);
    if (refusal === null) next();
    else next(new HttpError('FORBIDDEN', refusal));
  });
  app.addHook('onRoute', ({ method, url }) => {
    for (const one of [method].flat()) options.onRoute(`${one} ${url}`);
  });
  app.decorateRequest('identity', null);
  app.decorateRequest('from', 'unknown');
  app.addHook('onRequest', (request, reply) => pass(options, request, reply));
  endLostAnswers(app, options.access);
  const budget = new BodyBudget();
  app.addHook('onRequest', (request, reply, next) => {
    try {
      budget.take(request, reply);
    } catch (error) {
      next(error as HttpError);
      return;
    }
    expectBody(request, reply, options.requestWithinMs);
    next();
  });
  if (options.socketsPerAddress > 0)
    limitConnections(app.server, CONNECTIONS_PER_SOCKET * options.socketsPerAddress);

  app.setErrorHandler((error: FastifyError | HttpError, request, reply) => {
    const httpError = toHttpError(error, request.routeOptions.bodyLimit);
    if (httpError.code === 'INTERNAL') {
      options.logger.error(
        { err: error, requestId: request.id, path: pathOf(request.url) },
        'request failed',
      );
    }
    sendProblem(reply, httpError.problem(request.id));
  });

  app.removeAllContentTypeParsers();
  app.addContentTypeParser('application/json', { parseAs: 'buffer' }, (_request, body, done) => {
    try {
      done(null, parseJson(body as Buffer));
    } catch (error) {
      done(error as HttpError);
    }
  });

  accessRoutes(app, options, tls !== null);
  auditRoutes(app, options.audit);
  writeRoutes(app, options.kv);
  readRoutes(app, options.kv, options.supervisor);
  retentionRoutes(app, options.kv);
  backupRoutes(app, options);
  watchRoutes(app, options.hub);
  clusterRoutes(app, options.supervisor, options.fold, options.leaders, options.clock);
  faultRoutes(app, options.supervisor, options.faults);
  paceRoutes(app, options.pace);
  memberRoutes(app, options);
  recordingRoutes(app, options.recorder);
  traceRoutes(app, options.trace);
  chaosRoutes(app, options.chaos);
  metricsRoutes(app, options.fold);
  healthRoutes(app, {
    ...options,
    limits: { bodyBytes: MAX_BODY_BYTES, headerBytes: MAX_HEADER_BYTES },
  });
  documentRoutes(app, options.build.version);
  prometheusRoute(app, options.metrics, options.page);

  const { page } = options;
  app.setNotFoundHandler(async (request, reply) => {
    // "*" is of the server itself, and no address that the page could look at.
    if (page === null || isApi(request) || request.url === '*') {
      throw new HttpError(
        'NOT_FOUND',
        `there is no ${request.method} ${request.url.split('?')[0]}`,
      );
    }
    await handOver(page, request, reply);
  });
  return app;
}

/** `reply` as every route's: Fastify gives each its own type of answer. */
function sendProblem(reply: Pick<FastifyReply, 'header' | 'code'>, problem: Problem): void {
  const { status, retryable, retryAfterMs } = problem;
  const isLater = status === 429 || (status === 503 && retryable);
  if (isLater) {
    const seconds = Math.max(1, Math.ceil((retryAfterMs ?? 0) / 1000));
    void reply.header('retry-after', String(seconds));
  }
  if (status === 401) void reply.header('www-authenticate', 'Bearer realm="chronoraft"');
  void reply.header('content-type', 'application/problem+json').code(status).send(problem);
}

/**
 * Bytes that are not HTTP. Said in our own words, unless a request of this
 * connection is still unanswered: the client would take it for that answer.
 */
function refuseBytes(
  error: Error & { readonly code?: string },
  socket: Socket,
  headers: Readonly<Record<string, string>>,
): void {
  const open = (socket as Socket & { readonly _httpMessage?: unknown })._httpMessage;
  if (!socket.writable || (open !== undefined && open !== null)) {
    socket.destroy();
    return;
  }
  const id = randomUUID();
  const problem = (
    error.code === 'HPE_HEADER_OVERFLOW'
      ? new HttpError('TOO_LARGE', 'the target and the headers are too long', {
          path: 'url',
          limit: MAX_HEADER_BYTES,
        })
      : error.code === 'ERR_HTTP_REQUEST_TIMEOUT'
        ? new HttpError('REQUEST_TIMEOUT', 'the headers did not arrive in time')
        : new HttpError('BAD_REQUEST', 'this is not HTTP as the server understands it')
  ).problem(id);
  const body = JSON.stringify(problem);
  socket.end(
    [
      `HTTP/1.1 ${problem.status} ${STATUS_CODES[problem.status] ?? ''}`,
      ...Object.entries(headers).map(([name, value]) => `${name}: ${value}`),
      'content-type: application/problem+json',
      `content-length: ${Buffer.byteLength(body)}`,
      `x-request-id: ${id}`,
      'connection: close',
      '',
      body,
    ].join('\r\n'),
  );
}

/** The caller's own id when it is a plain one, else a new one. */
function requestId(request: IncomingMessage): string {
  const given = request.headers['x-request-id'];
  if (typeof given === 'string' && given.length <= MAX_REQUEST_ID && /^[\w.:-]+$/.test(given))
    return given;
  return randomUUID();
}

function toHttpError(error: FastifyError | HttpError, bodyLimit = MAX_BODY_BYTES): HttpError {
  if (error instanceof HttpError) return error;
  switch (error.code) {
    case 'FST_ERR_CTP_BODY_TOO_LARGE':
      return new HttpError('TOO_LARGE', 'the body is too large', {
        path: 'body',
        limit: bodyLimit,
      });
    case 'FST_ERR_MAX_PARAM_LENGTH':
      return new HttpError(
        'TOO_LARGE',
        `a name in the path is longer than ${LIMITS.nameBytes} bytes`,
        {
          path: 'url',
          limit: LIMITS.nameBytes,
        },
      );
    case 'FST_ERR_BAD_URL':
      return new HttpError('BAD_ENCODING', 'the path is not valid percent-encoded UTF-8', {
        path: 'url',
      });
    case 'FST_ERR_CTP_INVALID_MEDIA_TYPE':
      return new HttpError('BAD_REQUEST', 'the body must be application/json', { path: 'body' });
  }
  // The longest text that there can be is 512 MiB.
  if (error instanceof RangeError && error.message === 'Invalid string length') {
    return new HttpError('TOO_LARGE', 'the answer is too large: ask for less of it at a time');
  }
  if (error.statusCode !== undefined && error.statusCode >= 400 && error.statusCode < 500) {
    return new HttpError('BAD_REQUEST', error.message);
  }
  return new HttpError(
    'INTERNAL',
    "something is wrong on our side; the server's log has it under this request id",
  );
}
