/**
 * Traces by OpenTelemetry: a span for each request, and under it one for each
 * stage of each write, with the times that the node itself took
 * (`node/write-stages.ts`); nothing is guessed. Packages are loaded only when
 * traces are wanted.
 */
import type { IncomingHttpHeaders } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import type * as OpenTelemetry from '@opentelemetry/api';
import type { Attributes, Context, Span, Tracer } from '@opentelemetry/api';
import type { W3CTraceContextPropagator } from '@opentelemetry/core';
import type { BasicTracerProvider } from '@opentelemetry/sdk-trace-base';
import type { OnStages } from '../cluster/node-handle.ts';
import type { Logger } from '../logger.ts';
import type { WriteStamps } from '../node/write-stages.ts';

export interface TracingSettings {
  /** Of an OTLP receiver by HTTP, without `/v1/traces`. */
  readonly endpoint: string;
  readonly serviceName: string;
  /** Of the traces that begin here, in [0, 1]; who sends a `traceparent` has decided already. */
  readonly share: number;
}

export interface TracingResource {
  readonly version: string;
  readonly clusterId: string;
}

/** An export that takes longer has failed, and so has the last one at a stop, ms. */
const EXPORT_WITHIN_MS = 2000;
/** Spans are sent this long after they ended at the latest, ms. */
const EXPORT_EVERY_MS = 1000;
/** A batch may have a thousand writes: the stages of its first are shown. */
const MAX_STAGED_WRITES = 64;
/** Spans that wait to be sent; beyond that they are dropped. */
const MAX_WAITING_SPANS = 4096;
const SERVER_KIND = 1;
const ERROR_STATUS = 2;

type Api = typeof OpenTelemetry;

/** Loads what traces need and begins to export. */
export async function startTracing(
  settings: TracingSettings,
  resource: TracingResource,
  logger: Logger,
): Promise<Tracing> {
  const [api, core, resources, sdk, otlp] = await Promise.all([
    import('@opentelemetry/api'),
    import('@opentelemetry/core'),
    import('@opentelemetry/resources'),
    import('@opentelemetry/sdk-trace-base'),
    import('@opentelemetry/exporter-trace-otlp-http'),
  ]);
  const say = (message: string): void => logger.warn({ event: 'tracing' }, message);
  const quiet = (): void => {};
  api.diag.setLogger(
    { error: say, warn: say, info: quiet, debug: quiet, verbose: quiet },
    { logLevel: api.DiagLogLevel.WARN, suppressOverrideMessage: true },
  );
  const provider = new sdk.BasicTracerProvider({
    resource: resources.resourceFromAttributes({
      'service.name': settings.serviceName,
      'service.version': resource.version,
      'service.instance.id': resource.clusterId,
    }),
    sampler: new sdk.ParentBasedSampler({
      root: new sdk.TraceIdRatioBasedSampler(settings.share),
    }),
    spanProcessors: [
      new sdk.BatchSpanProcessor(
        new otlp.OTLPTraceExporter({
          url: `${settings.endpoint.replace(/\/+$/, '')}/v1/traces`,
          timeoutMillis: EXPORT_WITHIN_MS,
        }),
        { scheduledDelayMillis: EXPORT_EVERY_MS, maxQueueSize: MAX_WAITING_SPANS },
      ),
    ],
  });
  return new Tracing(api, new core.W3CTraceContextPropagator(), provider);
}

export class Tracing {
  private readonly api: Api;
  private readonly propagator: W3CTraceContextPropagator;
  private readonly provider: BasicTracerProvider;
  private readonly tracer: Tracer;

  constructor(api: Api, propagator: W3CTraceContextPropagator, provider: BasicTracerProvider) {
    this.api = api;
    this.propagator = propagator;
    this.provider = provider;
    this.tracer = provider.getTracer('chronoraft');
  }

  /** A request has come; null when nobody wants its trace. `path` is without a query. */
  begin(method: string, path: string, headers: IncomingHttpHeaders): RequestTrace | null {
    const { api, tracer } = this;
    const parent = this.propagator.extract(api.ROOT_CONTEXT, headers, api.defaultTextMapGetter);
    const span = tracer.startSpan(
      method,
      {
        kind: SERVER_KIND,
        startTime: Date.now(),
        attributes: { 'http.request.method': method, 'url.path': path },
      },
      parent,
    );
    if (!span.isRecording()) return null;
    const context = api.trace.setSpan(parent, span);
    const passedOn: Record<string, string> = {};
    this.propagator.inject(context, passedOn, api.defaultTextMapSetter);
    return new RequestTrace(tracer, span, context, passedOn['traceparent'] ?? '');
  }

  /** Sends what is left, if that does not take long. */
  async close(): Promise<void> {
    const stopped = this.provider.shutdown().catch(() => {});
    await Promise.race([stopped, delay(EXPORT_WITHIN_MS, undefined, { ref: false })]);
  }
}

/** The trace of one request. */
export class RequestTrace {
  /** Of the request's span, as W3C Trace Context writes it: for whoever goes on with the trace. */
  readonly traceparent: string;
  private readonly tracer: Tracer;
  private readonly span: Span;
  private readonly context: Context;
  /** Wall time less the monotonic time that all threads share, as of this request, ms. */
  private readonly wallLead = Date.now() - monotonicMs();
  private stagedWrites = 0;

  constructor(tracer: Tracer, span: Span, context: Context, traceparent: string) {
    this.tracer = tracer;
    this.span = span;
    this.context = context;
    this.traceparent = traceparent;
  }

  get traceId(): string {
    return this.span.spanContext().traceId;
  }

  /** A write is handed over now; to be told of its stages. */
  write(): OnStages {
    const sinceMs = monotonicMs();
    return (node, stamps) => this.stages(sinceMs, node, stamps);
  }

  /** `status` is what was answered. */
  end(method: string, route: string, status: number): void {
    const { span } = this;
    span.updateName(`${method} ${route}`);
    span.setAttributes({ 'http.route': route, 'http.response.status_code': status });
    if (status >= 500) span.setStatus({ code: ERROR_STATUS });
    span.end(this.wallLead + monotonicMs());
  }

  private stages(sinceMs: number, node: string, stamps: WriteStamps): void {
    if (++this.stagedWrites > MAX_STAGED_WRITES) return;
    const { index, takenMs, appendedMs, persistedMs, committedMs, appliedMs } = stamps;
    const attributes = { 'chronoraft.node': node, 'chronoraft.index': index };
    const proposed = { ...attributes, 'chronoraft.queue_ms': takenMs - sinceMs };
    this.stage('chronoraft.propose', sinceMs, appendedMs, proposed);
    if (persistedMs !== null) this.stage('chronoraft.persist', appendedMs, persistedMs, attributes);
    this.stage('chronoraft.commit', appendedMs, committedMs, attributes);
    this.stage('chronoraft.apply', committedMs, appliedMs, attributes);
  }

  private stage(name: string, fromMs: number, toMs: number, attributes: Attributes): void {
    const startTime = this.wallLead + fromMs;
    this.tracer.startSpan(name, { startTime, attributes }, this.context).end(this.wallLead + toMs);
  }
}

/** As `node/worker.ts` measures. */
function monotonicMs(): number {
  return performance.timeOrigin + performance.now();
}
