/**
 * The API under requests made of its own document, some of them hostile: each is answered, in time,
 * as the document says. `FUZZ_REQUESTS` asks for more of them, `FUZZ_SEED` and `FUZZ_PATH` repeat.
 */
import fc from 'fast-check';
import { Agent, request as httpRequest } from 'node:http';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { describe, expect, it } from 'vitest';
import { ClusterView } from '../../contracts/view.ts';
import { SessionAnswer } from '../../contracts/write.ts';
import { sharedServer } from '../server.ts';
import { ApiDocument } from './document.ts';
import type { Told } from './document.ts';
import { requests } from './fuzz-requests.ts';
import type { FuzzRequest } from './fuzz-requests.ts';

const USUAL_REQUESTS = 500;
const COUNT = Number(process.env['FUZZ_REQUESTS'] ?? USUAL_REQUESTS);
/** Whatever is answered comes much sooner; a machine that is busy with other things may take its time. */
const HANG_MS = 60_000;
/** What all requests together may leave behind. A cluster of three needs as much again at rest. */
const HEAP_BYTES = 64 * 1024 * 1024;
const TEST_MS = 240_000 + COUNT * 100;

/** After these the world is mended, so that those after them are answered. */
const BREAKING = new Set([
  'isolateNode',
  'setLink',
  'changeLink',
  'partition',
  'setDisk',
  'setClock',
  'setPace',
]);

describe('the API under fire', { timeout: TEST_MS }, () => {
  const server = sharedServer();
  const agent = new Agent({ keepAlive: true });

  it('[H65] whatever is asked is answered in time, as the document says, and does no harm', async () => {
    const api = await ApiDocument.of(server.url);
    const opened = await fetch(`${server.url}/api/v1/sessions`, { method: 'POST' });
    const { clientId } = SessionAnswer.parse(await opened.json());
    const world = { document: api.document, sessions: [clientId] };
    const statuses = new Map<number, number>();
    const reached = new Set<string>();
    const before = heapBytes();
    const property = fc.asyncProperty(
      requests(api.operations, world),
      async (asked: FuzzRequest) => {
        const described = api.named(asked.operationId);
        const told = await send(server.url, asked, agent);
        statuses.set(told.status, (statuses.get(told.status) ?? 0) + 1);
        if (told.status === 200) reached.add(asked.operationId);
        const fault =
          asked.method === described.method ? api.faultOf(described, told) : api.refusalFault(told);
        if (told.status < 300 && BREAKING.has(asked.operationId)) await mend(server.url);
        if (fault !== null) throw new Error(fault);
        if (told.status === 500) throw new Error(`an error of ours: ${told.text ?? ''}`);
      },
    );
    const { FUZZ_SEED: seed, FUZZ_PATH: path } = process.env;
    const outcome = await fc.check(property, {
      numRuns: COUNT,
      ...(seed !== undefined && { seed: Number(seed) }),
      ...(path !== undefined && { path, endOnFailure: true }),
    });
    const again = `FUZZ_SEED=${outcome.seed} FUZZ_PATH=${outcome.counterexamplePath ?? ''} FUZZ_REQUESTS=${COUNT} npx vitest run --project integration tests/http/fuzz.test.ts`;
    expect(
      outcome.failed,
      `${String(outcome.errorInstance)}\n${JSON.stringify(outcome.counterexample)}\nrepeat: ${again}`,
    ).toBe(false);

    await mend(server.url);
    await expect.poll(async () => (await fetch(`${server.url}/readyz`)).status).toBe(200);
    const { nodes, invariants } = ClusterView.parse(
      await (await fetch(`${server.url}/api/v1/cluster`)).json(),
    );
    expect(nodes.map(({ id }) => id)).toEqual(['n1', 'n2', 'n3']);
    expect(invariants.filter(({ status }) => status === 'fail')).toEqual([]);
    expect({}).not.toHaveProperty('polluted');
    if (path === undefined && COUNT >= USUAL_REQUESTS) {
      // Else little was tried.
      expect([...statuses.keys()]).toEqual(expect.arrayContaining([200, 400, 404]));
      expect(reached.size).toBeGreaterThan(20);
    }
    expect(heapBytes() - before).toBeLessThan(HEAP_BYTES);
  });
});

/** Sends it as it is; of a stream without end only the beginning is awaited. */
function send(url: string, asked: FuzzRequest, agent: Agent): Promise<Told> {
  const { method, target, headers, body } = asked;
  const { hostname, port } = new URL(url);
  return new Promise((resolve, reject) => {
    const what = `${method} ${target.slice(0, 200)}`;
    const sent = httpRequest({
      hostname,
      port,
      method,
      path: target,
      agent,
      headers: { ...headers, ...(body !== null && { 'content-length': body.length }) },
    });
    const late = setTimeout(
      () => sent.destroy(new Error(`${what} was not answered in ${HANG_MS} ms`)),
      HANG_MS,
    );
    const end = (told: Told): void => {
      clearTimeout(late);
      resolve(told);
    };
    sent.on('error', (error) => {
      clearTimeout(late);
      reject(error);
    });
    sent.on('response', (response) => {
      const told = {
        status: response.statusCode ?? 0,
        headers: new Headers(response.headers as Record<string, string>),
      };
      if ((told.headers.get('content-type') ?? '').startsWith('text/event-stream')) {
        sent.destroy();
        end({ ...told, text: null });
        return;
      }
      const pieces: Buffer[] = [];
      response.on('data', (piece: Buffer) => pieces.push(piece));
      response.on('end', () => end({ ...told, text: Buffer.concat(pieces).toString() }));
    });
    sent.end(body === null ? undefined : Buffer.from(body, 'latin1'));
  });
}

/** Full speed, no faults, and every node up. */
async function mend(url: string): Promise<void> {
  const json = { 'content-type': 'application/json' };
  await fetch(`${url}/api/v1/pace`, { method: 'PUT', headers: json, body: '{"pace":1}' });
  await fetch(`${url}/api/v1/heal`, { method: 'POST' });
  const view = ClusterView.parse(await (await fetch(`${url}/api/v1/cluster`)).json());
  for (const { id, state } of view.nodes)
    if (state === 'down' || state === 'failed')
      await fetch(`${url}/api/v1/nodes/${id}/revive`, { method: 'POST' });
}

/** Of what is alive. */
function heapBytes(): number {
  setFlagsFromString('--expose-gc');
  (runInNewContext('gc') as () => void)();
  return process.memoryUsage().heapUsed;
}
