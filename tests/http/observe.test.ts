/** What operators see of a real cluster: metrics, traces and logs, with a real receiver of traces. */
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { must } from '../../server/base/assert.ts';
import { createLogger } from '../../server/logger.ts';
import { OPEN_LINK, SOUND_WORLD } from '../../server/node/control.ts';
import { keyOf, named, parseExposition, sumOf } from '../observe/exposition.ts';
import type { Exposition } from '../observe/exposition.ts';
import { OtlpReceiver } from '../observe/otlp-receiver.ts';
import type { SentSpan } from '../observe/otlp-receiver.ts';
import { makeDataDir, startTestServer } from '../server.ts';
import type { TestServer } from '../server.ts';
import { Requests } from './requests.ts';
import type { Reply } from './requests.ts';

/** The kind of a span, as OTLP numbers it. */
const SERVER = 2;
const SLOW_MACHINE_MS = 180_000;
/** Of the specification of W3C Trace Context. */
const TRACE_ID = '4bf92f3577b34da6a3ce929d0e0e4736';
const CALLER_SPAN = '00f067aa0ba902b7';

type Line = Readonly<Record<string, unknown>>;

describe('what operators see', { timeout: SLOW_MACHINE_MS }, () => {
  const receiver = new OtlpReceiver();
  const lines: string[] = [];
  let server: TestServer;
  let requests: Requests;

  beforeAll(async () => {
    const endpoint = await receiver.listen();
    const logger = createLogger('debug', { write: (line) => void lines.push(line) });
    const env = { OTEL_EXPORTER_OTLP_ENDPOINT: endpoint, OTEL_SERVICE_NAME: 'shop' };
    server = await startTestServer(makeDataDir(), env, logger);
    requests = new Requests(server);
  }, SLOW_MACHINE_MS);
  afterAll(async () => {
    await server.destroy();
    await receiver.close();
  });

  async function scrape(): Promise<Exposition> {
    const response = await fetch(`${server.url}/metrics`);
    expect(response.headers.get('content-type')).toMatch(/^text\/plain; version=0\.0\.4/);
    return parseExposition(await response.text());
  }

  /** The sum of such series, sooner or later; 0 while there is none. */
  async function becomes(
    name: string,
    isSo: (sum: number) => boolean,
    labels: Readonly<Record<string, string>> = {},
  ): Promise<void> {
    await expect
      .poll(async () => sumOf(await scrape(), name, labels) ?? 0, { message: name })
      .toSatisfy(isSo);
  }

  function logged(wanted: Line): Line[] {
    return lines
      .map((line) => JSON.parse(line) as Line)
      .filter((line) => Object.entries(wanted).every(([name, value]) => line[name] === value));
  }

  async function leader(): Promise<string> {
    await expect.poll(leads).not.toBeNull();
    return leads() ?? leader();
  }

  /** By its own word, the leader of the highest term that serves. */
  function leads(): string | null {
    const nodes = server.supervisor.nodes
      .map((id) => server.fold.nodeView(id))
      .filter(({ state, role }) => state === 'serving' && role === 'leader')
      .sort((a, b) => b.term - a.term);
    return nodes[0]?.id ?? null;
  }

  // --- metrics -------------------------------------------------------------------

  test('[O1] /metrics is the text format of Prometheus, each metric with help, type and a name by its conventions', async () => {
    await requests.ok('PUT', '/api/v1/kv/o/x', { value: '1' });
    const { series, types, helps } = await scrape();
    expect(types.size).toBeGreaterThan(40);
    expect(series.some(({ name }) => name === 'process_resident_memory_bytes')).toBe(true);
    const ours = [...types].filter(([name]) => !/^(?:process|nodejs)_/.test(name));
    for (const [name, type] of ours) {
      expect(name).toMatch(/^chronoraft_[a-z_]+$/);
      expect(helps.get(name)).toMatch(/^[A-Z].*\.$/);
      expect(name.endsWith('_total'), name).toBe(type === 'counter');
      expect(name).not.toMatch(/_(?:ms|millis|milliseconds|kb|mb|mib|percent)(?:_|$)/);
      if (type === 'histogram') expect(name).toMatch(/_seconds$/);
    }
    for (const { name, value } of series.filter((one) => one.name.startsWith('chronoraft_')))
      expect(value, name).not.toBeNaN();
  });

  test('[O2] a histogram is cumulative, ends with all, and no write is left out of it', async () => {
    const before = sumOf(await scrape(), 'chronoraft_writes_total', { outcome: 'committed' }) ?? 0;
    const writes = Array.from({ length: 600 }, (_, n) => ({
      op: 'set',
      key: 'o',
      field: `f${n}`,
      value: '1',
    }));
    await requests.ok('POST', '/api/v1/batch', { writes });
    await requests.ok('GET', '/api/v1/kv/o/x');
    const after = await scrape();
    expect(sumOf(after, 'chronoraft_writes_total', { outcome: 'committed' })).toBe(before + 600);
    // More than a report samples.
    await becomes('chronoraft_commit_duration_seconds_count', (count) => count >= before + 600);
    await becomes('chronoraft_read_duration_seconds_count', (count) => count >= 1);
    const exposition = await scrape();
    expect(sumOf(exposition, 'chronoraft_commit_duration_seconds_count')).toBe(
      sumOf(exposition, 'chronoraft_proposals_applied_total'),
    );
    const histograms = [...exposition.types].filter(([, type]) => type === 'histogram');
    for (const [name] of histograms.filter(([of]) => of.startsWith('chronoraft_'))) {
      const counts = named(exposition, `${name}_count`);
      expect(counts.length, name).toBeGreaterThan(0);
      for (const { labels, value } of counts) {
        const buckets = named(exposition, `${name}_bucket`, labels);
        expect(buckets.at(-1)).toMatchObject({ labels: { le: '+Inf' }, value });
        expect(buckets.map((bucket) => bucket.value)).toEqual(
          buckets.map((bucket) => bucket.value).sort((a, b) => a - b),
        );
        expect(sumOf(exposition, `${name}_sum`, labels)).toBeGreaterThanOrEqual(0);
      }
    }
    await becomes('chronoraft_store_versions', (versions) => versions >= 3 * 601);
  });

  test('[O3] writes, reads and requests are counted by how they ended, and routes by their pattern', async () => {
    const of = (all: Exposition, outcome: string): number =>
      sumOf(all, 'chronoraft_writes_total', { outcome }) ?? Number.NaN;
    const before = await scrape();
    expect((await requests.call('POST', '/api/v1/kv/o/x/append', { items: ['a'] })).status).toBe(
      409,
    );
    const late: Reply[] = [];
    do {
      // Where the leader has stepped down before it was asked, as on a busy machine, nobody took it.
      const reply = await askInVain(await leader());
      expect(['NO_LEADER', 'OUTCOME_UNKNOWN']).toContain(codeOf(reply));
      late.push(reply);
    } while (codeOf(late.at(-1)) === 'NO_LEADER');
    expect((await requests.call('GET', '/api/v1/nowhere?token=s3cret')).status).toBe(404);
    const none = { method: 'GET', route: 'none', status: '404' };
    await becomes('chronoraft_http_requests_total', (count) => count === 1, none);
    await becomes('chronoraft_http_requests_open', (count) => count === 1);
    const after = await scrape();
    expect(of(after, 'refused') - of(before, 'refused')).toBe(1);
    expect(of(after, 'unknown') - of(before, 'unknown')).toBe(1);
    expect(of(after, 'no_leader') - of(before, 'no_leader')).toBe(late.length - 1);
    for (const outcome of ['overloaded', 'shutting_down']) expect(of(after, outcome)).toBe(0);
    const put = { method: 'PUT', route: '/api/v1/kv/:key/:field' };
    expect(sumOf(after, 'chronoraft_http_requests_total', { ...put, status: '200' })).toBe(1);
    const unknown = { ...put, status: String(late.at(-1)?.status) };
    expect(sumOf(after, 'chronoraft_http_requests_total', unknown)).toBe(1);
    const routes = new Set(
      after.series.flatMap(({ labels: { route } }) => (route === undefined ? [] : [route])),
    );
    expect(
      [...routes].filter((route) => route.includes('nowhere') || route.includes('/o/')),
    ).toEqual([]);
  });

  function codeOf(reply: Reply | undefined): unknown {
    return (reply?.body as { readonly code?: unknown } | undefined)?.code;
  }

  /** A write that a leader takes of which nothing leaves, and of which nothing would be durable for long. */
  async function askInVain(leading: string): Promise<Reply> {
    server.supervisor.isolate(leading);
    for (const id of server.supervisor.nodes)
      server.supervisor.setWorld(id, { ...SOUND_WORLD, diskDelayMs: 5000 });
    const headers = { 'request-timeout-ms': '200' };
    const reply = await requests.call('PUT', '/api/v1/kv/o/late', { value: '2' }, headers);
    for (const id of server.supervisor.nodes) server.supervisor.setWorld(id, SOUND_WORLD);
    server.supervisor.healAll();
    return reply;
  }

  test('[O3] a stream is counted while it is open and when it ends, and its length is no duration of a request', async () => {
    const abort = new AbortController();
    const watch = await fetch(`${server.url}/api/v1/watch`, { signal: abort.signal });
    expect(watch.status).toBe(200);
    await becomes('chronoraft_watchers', (count) => count === 1);
    await becomes('chronoraft_http_requests_open', (count) => count === 2);
    abort.abort();
    await becomes('chronoraft_watchers', (count) => count === 0);
    const route = { route: '/api/v1/watch' };
    await becomes('chronoraft_http_requests_total', (count) => count === 1, route);
    await becomes('chronoraft_http_requests_open', (count) => count === 1);
    const after = await scrape();
    expect(sumOf(after, 'chronoraft_http_request_duration_seconds_count', route)).toBe(0);
  });

  test('[O4] what is wrong with a link or a clock is measured', async () => {
    const from = await leader();
    const to = must(
      server.supervisor.nodes.find((id) => id !== from),
      'there are others',
    );
    server.supervisor.setLink(from, to, { ...OPEN_LINK, loss: 0.5 });
    server.supervisor.setWorld(to, { ...SOUND_WORLD, clockOffsetMs: -3000 });
    await expect
      .poll(async () => sumOf(await scrape(), 'chronoraft_messages_dropped_total', { node: from }))
      .toBeGreaterThan(0);
    await expect
      .poll(async () => sumOf(await scrape(), 'chronoraft_clock_offset_seconds', { node: to }))
      .toBeCloseTo(-3, 1);
    server.supervisor.setLink(from, to, OPEN_LINK);
    server.supervisor.setWorld(to, SOUND_WORLD);
    await expect
      .poll(async () => sumOf(await scrape(), 'chronoraft_clock_offset_seconds', { node: to }))
      .toBeCloseTo(0, 1);
  });

  test('[O5] of a dead node is told that it is down, and what rises never falls, through its death and its next life', async () => {
    const node = await leader();
    const before = await scrape();
    await server.supervisor.kill(node);
    const dead = await scrape();
    expect(sumOf(dead, 'chronoraft_node_up', { node })).toBe(0);
    for (const gauge of ['is_leader', 'term', 'commit_index', 'report_age_seconds', 'store_keys'])
      expect(sumOf(dead, `chronoraft_${gauge}`, { node }), gauge).toBeNull();
    await expect.poll(leads).not.toBeNull();
    // Of what the dead one lacks the new leader tells.
    await requests.ok('PUT', '/api/v1/kv/o/without', { value: '1' });
    await expect
      .poll(async () => sumOf(await scrape(), 'chronoraft_replication_lag_entries', { node }))
      .toBeGreaterThan(0);
    await server.supervisor.revive(node);
    const again = await scrape();
    expect(sumOf(again, 'chronoraft_node_up', { node })).toBe(1);
    expect(sumOf(again, 'chronoraft_node_starts_total', { node })).toBe(2);
    expect(sumOf(again, 'chronoraft_leader_changes_total')).toBeGreaterThan(0);
    expect(sumOf(again, 'chronoraft_node_failures_total')).toBe(0);
    for (const [earlier, later] of [
      [before, dead],
      [dead, again],
    ] as const) {
      const values = new Map(later.series.map((series) => [keyOf(series), series.value]));
      for (const series of earlier.series.filter(({ name }) => rises(earlier, name))) {
        const fell = `${keyOf(series)} fell`;
        expect(values.get(keyOf(series)), fell).toBeGreaterThanOrEqual(series.value);
      }
    }
  });

  test('[O6] every metric that an alert, the dashboard or the guide names is measured', async () => {
    const { series, types } = await scrape();
    const known = new Set([...types.keys(), ...series.map(({ name }) => name)]);
    for (const file of [
      'ops/prometheus/chronoraft.rules.yml',
      'ops/grafana/chronoraft.json',
      'docs/guides/operate.md',
    ]) {
      const names = readFileSync(file, 'utf8').match(/\b(?:chronoraft|process|nodejs)_[a-z_]+/g);
      expect(names?.length, file).toBeGreaterThan(10);
      expect([...new Set(names)].filter((name) => !known.has(name))).toEqual([]);
    }
  });

  // --- traces --------------------------------------------------------------------

  test("[O7] a write's spans are sent by OTLP under the caller's trace: request, propose, persist, commit, apply", async () => {
    const index = await tracedWrite();
    const spans = await spansOf(TRACE_ID);
    expect([...receiver.paths]).toEqual(['/v1/traces']);
    const request = must(
      spans.find(({ kind }) => kind === SERVER),
      'there is a span of the server',
    );
    expect(request).toMatchObject({
      name: 'PUT /api/v1/kv/:key/:field',
      parentSpanId: CALLER_SPAN,
    });
    expect(attribute(request, 'http.response.status_code')).toBe(200);
    const stages = spans.filter((span) => span !== request);
    const names = stages.map(({ name }) => name);
    // A leader that is slower than both others has not persisted it when it is answered.
    expect(names.filter((name) => name !== 'chronoraft.persist').sort()).toEqual([
      'chronoraft.apply',
      'chronoraft.commit',
      'chronoraft.propose',
    ]);
    for (const span of stages) {
      expect(span.parentSpanId).toBe(request.spanId);
      expect(attribute(span, 'chronoraft.index')).toBe(index);
      expect(times(span)[0]).toBeGreaterThanOrEqual(times(request)[0]);
      expect(times(span)[1]).toBeGreaterThanOrEqual(times(span)[0]);
      expect(times(span)[1]).toBeLessThanOrEqual(times(request)[1]);
    }
    const at = (name: string): readonly [number, number] =>
      times(
        must(
          stages.find((span) => span.name === `chronoraft.${name}`),
          name,
        ),
      );
    expect(at('commit')[0]).toBe(at('propose')[1]);
    expect(at('apply')[0]).toBe(at('commit')[1]);
    const [resource] = receiver.resources;
    expect(attribute({ attributes: resource ?? [] }, 'service.name')).toBe('shop');
  });

  test('[O7] a request without a trace begins one and says which; who is not sampled by its caller is not traced', async () => {
    const own = await requests.call('GET', '/api/v1/kv/o/x');
    const [, traceId = ''] = must(own.headers.get('traceparent'), 'it is told').split('-');
    const [span] = await spansOf(traceId);
    expect(span).toMatchObject({ name: 'GET /api/v1/kv/:key/:field' });
    expect(span?.parentSpanId ?? '').toBe('');
    const unwanted = `00-${'a'.repeat(32)}-${CALLER_SPAN}-00`;
    const { headers } = await requests.call('GET', '/api/v1/kv/o/x', undefined, {
      traceparent: unwanted,
    });
    expect(headers.get('traceparent')).toBeNull();
    // What is no traceparent begins a trace of its own.
    const odd = await requests.call('GET', '/api/v1/kv/o/x', undefined, { traceparent: '00-x' });
    const [, oddId = ''] = must(odd.headers.get('traceparent'), 'it is told').split('-');
    await spansOf(oddId);
    expect(receiver.spans.filter((sent) => sent.traceId === 'a'.repeat(32))).toEqual([]);
  });

  /** Its index. */
  async function tracedWrite(): Promise<number> {
    const traceparent = `00-${TRACE_ID}-${CALLER_SPAN}-01`;
    const reply = await requests.call(
      'PUT',
      '/api/v1/kv/o/traced',
      { value: '1' },
      { traceparent, 'x-request-id': 'traced-1' },
    );
    expect(reply.status).toBe(200);
    expect(reply.headers.get('traceparent')).toMatch(
      new RegExp(`^00-${TRACE_ID}-[0-9a-f]{16}-01$`),
    );
    return (reply.body as { readonly revision: number }).revision;
  }

  /** All of them: the span of the request, which ends last, is there. */
  async function spansOf(traceId: string): Promise<SentSpan[]> {
    const found = (): SentSpan[] => receiver.spans.filter((span) => span.traceId === traceId);
    await expect.poll(() => found().filter(({ kind }) => kind === SERVER).length).toBe(1);
    return found();
  }

  // --- logs ----------------------------------------------------------------------

  test('[O8] each request is a line with its id, method, route, status, duration and trace', async () => {
    await expect.poll(() => logged({ requestId: 'traced-1' }).length).toBe(1);
    expect(logged({ requestId: 'traced-1' })).toMatchObject([
      {
        level: 30,
        msg: 'request',
        method: 'PUT',
        route: '/api/v1/kv/:key/:field',
        status: 200,
        traceId: TRACE_ID,
      },
    ]);
    expect(logged({ requestId: 'traced-1' })[0]?.['durationMs']).toBeGreaterThan(0);
    const headers = { 'x-request-id': 'bad-1' };
    expect((await requests.call('GET', '/api/v1/kv/%ff/x', undefined, headers)).status).toBe(400);
    await expect.poll(() => logged({ requestId: 'bad-1', status: 400 }).length).toBe(1);
  });

  test('[O9] that a node starts, leads, steps down or dies is a line with node, term and index', async () => {
    const elected = logged({ event: 'leader-elected' });
    expect(elected.length).toBeGreaterThanOrEqual(2);
    for (const line of elected) {
      expect(line).toMatchObject({ level: 30, node: expect.stringMatching(/^n[123]$/) });
      expect(line['term']).toBeGreaterThan(0);
      expect(line['index']).toBeGreaterThan(0);
    }
    expect(logged({ event: 'node-killed' })).toMatchObject([{ reason: 'killed' }]);
    const deposed = await loseQuorum();
    await expect
      .poll(() => logged({ event: 'stepped-down', node: deposed })[0])
      .toMatchObject({ level: 30 });
    expect(logged({ event: 'quorum-lost', node: deposed })[0]?.['level']).toBe(40);
    // A full disk stops a node.
    const full = must(
      server.supervisor.nodes.find((id) => id !== deposed),
      'there are others',
    );
    server.supervisor.setWorld(full, { ...SOUND_WORLD, diskFull: true });
    let n = 0;
    await expect
      .poll(async () => {
        await requests.call('PUT', '/api/v1/kv/o/big', { value: 'x'.repeat(200_000) + n++ });
        return logged({ event: 'node-failed', node: full }).length;
      })
      .toBe(1);
    const [failed] = logged({ event: 'node-failed', node: full });
    expect(failed).toMatchObject({ level: 50, reason: expect.stringMatching(/full/) });
    expect([failed?.['term'], failed?.['index']]).toEqual([expect.any(Number), expect.any(Number)]);
    const dead = await scrape();
    expect(sumOf(dead, 'chronoraft_node_failures_total', { node: full })).toBe(1);
    server.supervisor.setWorld(full, SOUND_WORLD);
    await server.supervisor.revive(full);
  });

  /** Parts all nodes until one that led says that its quorum is lost; gives its name. */
  async function loseQuorum(): Promise<unknown> {
    const lost = (): readonly Line[] => logged({ event: 'quorum-lost' });
    const before = lost().length;
    // One that steps down at that very moment for another reason says nothing of it.
    while (lost().length === before) {
      await expect.poll(leads).not.toBeNull();
      for (const id of server.supervisor.nodes) server.supervisor.isolate(id);
      await expect.poll(leads).toBeNull();
      server.supervisor.healAll();
    }
    return lost()[before]?.['node'];
  }

  test('[O10] no secret of a request is in the log, whatever the level', async () => {
    const headers = {
      authorization: 'Bearer s3cret-a',
      cookie: 'session=s3cret-b',
      'x-api-key': 's3cret-c',
      'proxy-authorization': 'Basic s3cret-d',
      'x-request-id': 'secret-1',
    };
    await requests.call('GET', '/api/v1/kv/o/x?token=s3cret-e', undefined, headers);
    await expect.poll(() => logged({ requestId: 'secret-1' }).length).toBe(1);
    expect(logged({ requestId: 'secret-1' })[0]).toMatchObject({
      path: '/api/v1/kv/o/x',
      headers: { authorization: '[redacted]', cookie: '[redacted]', 'x-api-key': '[redacted]' },
    });
    expect(lines.filter((line) => line.includes('s3cret'))).toEqual([]);
  });
});

/** Whether the series counts something. */
function rises({ types }: Exposition, name: string): boolean {
  const histogram = name.replace(/_(?:bucket|count|sum)$/, '');
  return (
    name.startsWith('chronoraft_') &&
    (types.get(name) === 'counter' || types.get(histogram) === 'histogram')
  );
}

function attribute(
  { attributes }: Pick<SentSpan, 'attributes'>,
  key: string,
): string | number | undefined {
  const value = attributes.find((one) => one.key === key)?.value;
  return value?.stringValue ?? value?.intValue;
}

/** Nanoseconds; fractions of a microsecond are lost, alike in both. */
function times({ startTimeUnixNano, endTimeUnixNano }: SentSpan): readonly [number, number] {
  return [Number(startTimeUnixNano), Number(endTimeUnixNano)];
}
