/** Chaos runs over HTTP, on a real cluster that is really broken. */
import { afterEach, describe, expect, test } from 'vitest';
import { ChaosOperation, ChaosRun, ChaosRuns, ChaosSchedule } from '../../contracts/chaos.ts';
import { NO_FAULTS } from '../../contracts/faults.ts';
import { makeDataDir, sharedServer, startTestServer } from '../server.ts';
import type { TestServer } from '../server.ts';
import { Requests } from './requests.ts';

const SHORT = { durationMs: 6000, clients: 6, keys: 8, intensity: 'high' } as const;
/** It draws all faults below a node and a crash, and nothing before them that could have them skipped. */
const SEED = 208_057;
const BELOW_A_NODE = ['pause', 'slowDisk', 'clock', 'reorder'];
const LOOK_EVERY_MS = 100;

const server = sharedServer();
const requests = new Requests(server);

async function seen(id: string): Promise<ChaosRun> {
  return ChaosRun.parse(await requests.ok('GET', `/api/v1/chaos/${id}`));
}

/** Looks until it is over. */
async function ended(id: string): Promise<ChaosRun> {
  for (;;) {
    const run = await seen(id);
    if (['done', 'broken', 'interrupted'].includes(run.state)) return run;
    await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
  }
}

/** A run begins with a leader, which on a busy machine may be lost at any time. */
async function start(body: unknown, api = requests): Promise<ChaosRun> {
  for (;;) {
    const { status, body: answer } = await api.call('POST', '/api/v1/chaos', body);
    if (status === 200) return ChaosRun.parse(answer);
    expect(answer).toMatchObject({ code: 'NO_LEADER' });
    await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
  }
}

/** What a test that failed has left under way. */
afterEach(async () => {
  const { runs } = ChaosRuns.parse(await requests.ok('GET', '/api/v1/chaos'));
  for (const { id, state } of runs) {
    if (['done', 'broken', 'interrupted'].includes(state)) continue;
    await requests.call('POST', `/api/v1/chaos/${id}/stop`);
    await ended(id);
  }
});

async function lines(id: string, { url }: Pick<TestServer, 'url'> = server) {
  const response = await fetch(`${url}/api/v1/chaos/${id}/history`);
  expect(response.headers.get('content-type')).toContain('application/x-ndjson');
  expect(response.headers.get('content-disposition')).toContain(`chaos-${id}.ndjson`);
  const text = await response.text();
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => ChaosOperation.parse(JSON.parse(line)));
}

describe('a run', () => {
  test('[H41] a real cluster under faults is linearizable, is healed, and other data is not touched', async () => {
    await requests.ok('PUT', '/api/v1/kv/mine/x', { value: 'kept' });
    const planned = ChaosSchedule.parse(
      await requests.ok('POST', '/api/v1/chaos/schedule', { ...SHORT, seed: SEED }),
    );
    const run = await start({ ...SHORT, seed: SEED, deleteKeys: true });
    expect(run.settings.seed).toBe(SEED);
    expect(run.schedule.map(({ words, atMs, forMs }) => ({ words, atMs, forMs }))).toEqual(
      planned.schedule.map(({ words, atMs, forMs }) => ({ words, atMs, forMs })),
    );

    const over = await ended(run.id);
    expect(over.checks.filter(({ status }) => status !== 'pass')).toEqual([]);
    expect(over.checks.map(({ check }) => check)).toEqual([
      'order',
      'writes',
      'increments',
      'states',
      'invariants',
    ]);
    expect(over).toMatchObject({ state: 'done', verdict: 'linearizable', reason: null });
    expect(over.invariants).toHaveLength(6);
    for (const invariant of over.invariants)
      expect(invariant).toMatchObject({ status: 'held', violation: null });
    expect(over.keys).toHaveLength(SHORT.keys);
    expect(over.strikes).toBeGreaterThan(2);
    expect(over.schedule.every(({ state }) => state === 'over' || state === 'skipped')).toBe(true);
    const struck = over.schedule.filter(({ state }) => state === 'over');
    expect(struck.map(({ fault }) => fault)).toEqual(expect.arrayContaining(BELOW_A_NODE));
    // How many is the machine's speed: in as many seconds, some thousand or a few dozen.
    expect(over.counts.acknowledged).toBeGreaterThan(0);
    expect(over.seconds.length).toBeGreaterThanOrEqual(6);
    expect(over.longestPauseMs).toBeGreaterThan(0);

    const view = server.fold.view(Date.now());
    expect(view.nodes.map(({ state }) => state)).toEqual(['serving', 'serving', 'serving']);
    expect(view.nodes.map(({ faults }) => faults)).toEqual([NO_FAULTS, NO_FAULTS, NO_FAULTS]);
    const broken = view.links.filter(
      ({ cut, delayMs, loss, reorder }) => cut || delayMs > 0 || loss > 0 || reorder > 0,
    );
    expect(broken).toEqual([]);
    expect(await requests.ok('GET', '/api/v1/kv/mine/x')).toMatchObject({ value: 'kept' });
    expect(await requests.ok('GET', `/api/v1/kv?prefix=chaos/${run.id}/`)).toMatchObject({
      keys: [],
    });

    const history = await lines(run.id);
    const { operations } = over.counts;
    // Nodes were read by name as well, which while one was down or stood still had no answer.
    for (const node of ['n1', 'n2', 'n3'])
      expect(
        history.filter(({ client, outcome }) => client === `via-${node}` && outcome === 'ok')
          .length,
      ).toBeGreaterThan(0);
    const counted = history.filter(
      ({ client, outcome }) => !(client.startsWith('via-') && outcome === 'failed'),
    );
    // And one read of each key at the end.
    expect(counted).toHaveLength(operations + SHORT.keys);
    expect(new Set(history.map(({ op }) => op)).size).toBe(4);
  });

  test('[H42] a run is stopped: it heals, and what there is is judged; a second is refused meanwhile', async () => {
    const run = await start({ ...SHORT, durationMs: 60_000, faults: ['crash', 'isolate'] });
    const second = await requests.problem('POST', '/api/v1/chaos', SHORT);
    expect(second).toMatchObject({ status: 409, code: 'CHAOS_RUNNING', retryable: true });
    await expect
      .poll(async () => (await seen(run.id)).strikes, { timeout: 30_000 })
      .toBeGreaterThan(0);
    expect((await lines(run.id)).length).toBeGreaterThan(0);
    await requests.ok('POST', `/api/v1/chaos/${run.id}/stop`);
    const over = await ended(run.id);
    expect(over).toMatchObject({
      state: 'done',
      verdict: 'linearizable',
      reason: 'It was stopped before its time.',
    });
    expect(over.ranMs).toBeLessThan(60_000);
    expect(server.fold.view(Date.now()).nodes.every(({ state }) => state === 'serving')).toBe(true);
    expect(await requests.problem('POST', `/api/v1/chaos/${run.id}/stop`)).toMatchObject({
      code: 'CONFLICT',
    });
    const { runs } = ChaosRuns.parse(await requests.ok('GET', '/api/v1/chaos'));
    expect(runs[0]?.id).toBe(run.id);
  });

  test('[H42] when the server stops in the middle it says so after its start, and has no history', async () => {
    const dataDir = makeDataDir();
    const first = await startTestServer(dataDir);
    const run = await start({ ...SHORT, durationMs: 60_000 }, new Requests(first));
    await first.close();
    const again = await startTestServer(dataDir);
    try {
      const api = new Requests(again);
      const found = ChaosRun.parse(await api.ok('GET', `/api/v1/chaos/${run.id}`));
      expect(found).toMatchObject({
        state: 'interrupted',
        verdict: null,
        reason: 'The server stopped in the middle of it.',
      });
      expect(found.schedule.map(({ words }) => words)).toEqual(
        run.schedule.map(({ words }) => words),
      );
      expect(await api.problem('GET', `/api/v1/chaos/${run.id}/history`)).toMatchObject({
        code: 'NOT_FOUND',
      });
    } finally {
      await again.destroy();
    }
  });
});

describe('requests', () => {
  test.each([
    [{ durationMs: 4999 }, 'body.durationMs'],
    [{ durationMs: 600_001 }, 'body.durationMs'],
    [{ clients: 0 }, 'body.clients'],
    [{ clients: 65 }, 'body.clients'],
    [{ keys: 0 }, 'body.keys'],
    [{ seed: -1 }, 'body.seed'],
    [{ seed: 1.5 }, 'body.seed'],
    [{ faults: ['fire'] }, 'body.faults.0'],
    [{ intensity: 'extreme' }, 'body.intensity'],
    [{ keepQuorum: 'yes' }, 'body.keepQuorum'],
    [{ colour: 'red' }, 'body'],
  ])(
    '[H40] what does not fit is refused with the place, and nothing runs: %j',
    async (body, path) => {
      for (const route of ['/api/v1/chaos', '/api/v1/chaos/schedule'])
        expect(await requests.problem('POST', route, body)).toMatchObject({
          code: 'BAD_REQUEST',
          path,
        });
    },
  );

  test('[H40] a schedule says all that was left open, and draws a seed', async () => {
    const { settings, nodes } = ChaosSchedule.parse(
      await requests.ok('POST', '/api/v1/chaos/schedule'),
    );
    expect(settings).toMatchObject({ durationMs: 60_000, clients: 8, keepQuorum: true });
    expect(nodes).toEqual(['n1', 'n2', 'n3']);
    const again = await requests.ok('POST', '/api/v1/chaos/schedule', { seed: settings.seed });
    expect(ChaosSchedule.parse(again).settings).toEqual(settings);
  });

  test('[H40] a run that there is not is not found', async () => {
    for (const [method, path] of [
      ['GET', '/api/v1/chaos/none'],
      ['GET', '/api/v1/chaos/none/history'],
      ['POST', '/api/v1/chaos/none/stop'],
      ['GET', '/api/v1/chaos/..%2Fserver'],
    ] as const)
      expect(await requests.problem(method, path)).toMatchObject({ code: 'NOT_FOUND' });
  });
});
