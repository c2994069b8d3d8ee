/** A copied command, run by a real shell against a real server, does what the button does. */
import { execFile } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ChaosClient } from '../../client/chaos-client.ts';
import { curlOf } from '../../client/curl.ts';
import type { Call } from '../../client/curl.ts';
import { setDisk } from '../../client/fault-requests.ts';
import { ChronoraftClient } from '../../client/http-client.ts';
import { ChaosSchedule } from '../../contracts/chaos.ts';
import { GetAnswer, HistoryAnswer } from '../../contracts/kv.ts';
import { sharedServer } from '../server.ts';

const SLOW_MACHINE_MS = 120_000;
const run = promisify(execFile);

describe('commands for a shell', { timeout: SLOW_MACHINE_MS }, () => {
  const server = sharedServer();
  let folder: string;
  let client: ChronoraftClient;
  beforeAll(() => {
    folder = mkdtempSync(path.join(tmpdir(), 'chronoraft-curl-'));
    client = new ChronoraftClient({ baseUrl: server.url, timeoutMs: 60_000 });
  }, SLOW_MACHINE_MS);
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  /** What the command prints. */
  async function shell(command: string): Promise<string> {
    const { stdout } = await run('sh', ['-c', command], { cwd: folder });
    return stdout;
  }

  /** What the server answers to the call, copied and run. */
  async function ask(call: Call): Promise<unknown> {
    return JSON.parse(await shell(curlOf(server.url, [call]))) as unknown;
  }

  const HOSTILE = [
    ["it's", 'a "quoted" $HOME `id` \\n'],
    ['a/b?c#d&e=f%20 g', 'x; rm -rf ~ | cat > y & $(id)'],
    ['{a,b}[1-3]*!', 'lines\nand\ttabs\r\n'],
    ['@file', '@/etc/passwd'],
    ['ключ 😀', '日本 😀 \u0001'],
    ['-d', '--help'],
  ] as const;

  it.each(HOSTILE)(
    '[U117] a set, a read, a history and a delete of %j do what was meant, whatever is in the names and the value',
    async (key, value) => {
      const field = `${key}.`;
      expect(await ask((api) => api.set(key, field, { value }))).toMatchObject({
        outcome: 'committed',
      });
      const read = GetAnswer.parse(await ask((api) => api.get(key, field)));
      expect([read.key, read.field, read.value]).toEqual([key, field, value]);
      const { history, remove } = {
        history: (api: ChronoraftClient) => api.history(key, field, { order: 'desc' }),
        remove: (api: ChronoraftClient) => api.delete(key, field),
      };
      expect(HistoryAnswer.parse(await ask(history)).versions[0]?.value).toBe(value);
      expect(await ask(remove)).toMatchObject({ outcome: 'committed', existed: true });
      expect(await client.get(key, field)).toMatchObject({ ok: true, value: { found: false } });
    },
  );

  it('[U117] a write with a time of its own is read at that time, and two views are compared', async () => {
    await ask((api) => api.set('curl', 'timed', { value: '1', timestamp: 1000, ttl: 500 }));
    expect(await ask((api) => api.get('curl', 'timed', { at: 1200 }))).toMatchObject({
      value: '1',
      at: 1200,
    });
    expect(await ask((api) => api.get('curl', 'timed', { at: 1500 }))).toMatchObject({
      absentBecause: 'expired',
    });
    const views = { before: { at: 1200 }, after: { at: 900 }, key: 'curl', limit: 10 };
    expect(await ask((api) => api.diff(views))).toMatchObject({
      changes: [{ field: 'timed', after: null }],
    });
  });

  it('[U117] a backup comes into a file of its own name, and the file is restored; so is an earlier view', async () => {
    const { revision } = (await ask((api) => api.set('keep/a', 'f', { value: 'first' }))) as {
      revision: number;
    };
    const backup = { method: 'GET', path: new ChronoraftClient().backupUrl('keep/', {}) } as const;
    await shell(`${curlOf(server.url, [backup])} -sOJ`);
    const [name = ''] = readdirSync(folder);
    expect(name).toMatch(/^chronoraft-.*\.ndjson$/);
    await ask((api) => api.set('keep/a', 'f', { value: 'second' }));
    const file = new File([readFileSync(path.join(folder, name))], name);
    expect(await ask((api) => api.restoreFile(file, 'present'))).toMatchObject({ written: 1 });
    expect(await client.get('keep/a', 'f')).toMatchObject({ value: { value: 'first' } });
    await ask((api) => api.set('keep/a', 'f', { value: 'third' }));
    await ask((api) => api.restore({ key: 'keep/a', field: 'f', asOf: revision }));
    expect(await client.get('keep/a', 'f')).toMatchObject({ value: { value: 'first' } });
  });

  it('[U117] the policy is set, the schedule of a chaos run is told, and a fault is set and healed', async () => {
    const policy = { maxAgeMs: 86_400_000, maxVersions: 500 };
    expect(await ask((api) => api.setRetention(policy))).toMatchObject(policy);
    const settings = { seed: 7, faults: ['crash' as const], durationMs: 5000 };
    const schedule = await ask((api) => new ChaosClient(api).plan(settings));
    expect(ChaosSchedule.parse(schedule).nodes).toHaveLength(3);
    await ask(setDisk('n2', { delayMs: 3, full: false }));
    const faults = () => server.fold.nodeView('n2').faults;
    expect(faults()).toMatchObject({ diskDelayMs: 3 });
    await ask({ method: 'POST', path: '/api/v1/heal' });
    expect(faults()).toMatchObject({ diskDelayMs: 0 });
  });
});
