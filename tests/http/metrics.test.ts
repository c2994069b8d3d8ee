/** The seconds of the cluster's work, by HTTP, on a real cluster. */
import { describe, expect, test } from 'vitest';
import { METRICS_SECONDS, MetricsAnswer } from '../../contracts/metrics.ts';
import { sharedServer } from '../server.ts';
import { Requests } from './requests.ts';

const SLOW_MACHINE_MS = 120_000;

describe('metrics by HTTP', { timeout: SLOW_MACHINE_MS }, () => {
  const server = sharedServer();
  const requests = new Requests(server);

  async function metrics(query = ''): Promise<MetricsAnswer> {
    return MetricsAnswer.parse(await requests.ok('GET', `/api/v1/metrics${query}`));
  }

  test('[H32] what was written and read is in the seconds, with the times of nodes and what they hold', async () => {
    await requests.ok('PUT', '/api/v1/kv/m/x', { value: '1' });
    await requests.ok('GET', '/api/v1/kv/m/x');
    expect((await metrics()).epoch).not.toBe('');
    // Nodes tell of their work a little later, and a follower may be behind.
    await expect
      .poll(async () => {
        const { seconds } = await metrics();
        return {
          written: seconds.some((second) => second.writesPerSecond > 0),
          committed: seconds.some((second) => second.commitP99Ms !== null),
          read: seconds.some((second) => (second.readP50Ms ?? 0) > 0),
          sent: seconds.some((second) => (second.messages['AppendEntries'] ?? 0) > 0),
        };
      })
      .toEqual({ written: true, committed: true, read: true, sent: true });
    await expect
      .poll(async () => {
        const held = Object.values((await metrics()).seconds.at(-1)?.nodes ?? {});
        return held.map((node) => (node?.versions ?? 0) > 0 && (node?.databaseBytes ?? 0) > 4096);
      })
      .toEqual([true, true, true]);
    await expect.poll(async () => (await metrics()).seconds.length).toBeGreaterThan(2);
    expect((await metrics('?seconds=2')).seconds.map(({ atMs }) => atMs)).toHaveLength(2);
  });

  test('[H32] no time, too long a time, and what is no number, are refused with the place', async () => {
    for (const query of [
      'seconds=0',
      `seconds=${METRICS_SECONDS + 1}`,
      'seconds=1.5',
      'seconds=x',
    ]) {
      const { status, body } = await requests.call('GET', `/api/v1/metrics?${query}`);
      expect([status, body]).toMatchObject([400, { code: 'BAD_REQUEST', path: 'query.seconds' }]);
    }
    const { status } = await requests.call('GET', '/api/v1/metrics?since=1');
    expect(status).toBe(400);
  });
});
