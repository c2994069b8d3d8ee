/** What may be forgotten, by HTTP, on a real cluster. */
import { describe, expect, test } from 'vitest';
import { HistoryAnswer } from '../../contracts/kv.ts';
import { RetentionAnswer } from '../../contracts/retention.ts';
import { SetAnswer } from '../../contracts/write.ts';
import { sharedServer } from '../server.ts';
import { Requests } from './requests.ts';

const SLOW_MACHINE_MS = 120_000;

describe('retention by HTTP', { timeout: SLOW_MACHINE_MS }, () => {
  const server = sharedServer();
  const requests = new Requests(server);

  async function set(value: string): Promise<SetAnswer> {
    return SetAnswer.parse(await requests.ok('PUT', '/api/v1/kv/shop/price', { value }));
  }

  async function retention(): Promise<RetentionAnswer> {
    return RetentionAnswer.parse(await requests.ok('GET', '/api/v1/retention'));
  }

  test('[H23] all is kept until a policy says otherwise; odd policies are refused and change nothing', async () => {
    const before = await retention();
    expect(before).toMatchObject({ maxAgeMs: null, maxVersions: null, horizon: null });
    expect(before.watchableAfter).toBe(0);
    for (const [body, path] of [
      [{ maxAgeMs: 0, maxVersions: null }, 'body.maxAgeMs'],
      [{ maxAgeMs: 1.5, maxVersions: null }, 'body.maxAgeMs'],
      [{ maxAgeMs: null, maxVersions: 1001 }, 'body.maxVersions'],
      [{ maxAgeMs: 5 }, 'body.maxVersions'],
      [{ maxAgeMs: null, maxVersions: null, more: 1 }, 'body'],
    ] as const) {
      const { status, body: problem } = await requests.call('PUT', '/api/v1/retention', body);
      expect([status, problem]).toMatchObject([400, { code: 'BAD_REQUEST', path }]);
    }
    expect(await retention()).toMatchObject({ maxAgeMs: null, maxVersions: null });
  });

  test('[H23] what is too old is forgotten on every node, and said to be', async () => {
    const first = await set('12');
    const second = await set('15');
    const policy = { maxAgeMs: 1, maxVersions: null };
    expect(await requests.ok('PUT', '/api/v1/retention', policy)).toMatchObject(policy);
    let now = await retention();
    while ((now.horizon?.revision ?? 0) < second.revision) now = await retention();
    const { horizon } = now;
    const gone = { code: 'COMPACTED', horizon, retryable: false };

    const cell = '/api/v1/kv/shop/price';
    for (const past of [
      `${cell}?asOf=${first.revision}`,
      `${cell}?at=${first.timestamp - 1}`,
      `/api/v1/kv?at=1`,
      `/api/v1/diff?beforeAsOf=${first.revision}`,
      `/api/v1/changes?after=${first.revision - 1}`,
      `/api/v1/history/shop/price?asOf=${first.revision}`,
      `/api/v1/backup?asOf=${first.revision}`,
    ])
      expect((await requests.call('GET', past)).body, past).toMatchObject(gone);
    for (const [method, path, body] of [
      ['PUT', cell, { value: 'late', timestamp: first.timestamp - 1 }],
      ['POST', '/api/v1/restore', { at: 1 }],
    ] as const) {
      const { status, body: problem } = await requests.call(method, path, body);
      expect([status, problem]).toMatchObject([410, gone]);
    }

    for (const node of ['n1', 'n2', 'n3']) {
      const at = `?consistency=local&node=${node}&asOf=${horizon?.revision ?? 0}`;
      expect(await requests.ok('GET', cell + at)).toMatchObject({ value: '15' });
      const history = HistoryAnswer.parse(
        await requests.ok('GET', `/api/v1/history/shop/price${at}`),
      );
      expect(history.versions.map(({ value }) => value)).toEqual(['15']);
      expect(history.horizon).toEqual(horizon);
    }
  });
});
