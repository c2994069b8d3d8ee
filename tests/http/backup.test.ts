/** Backups as files, through the HTTP API. */
import { describe, expect, it } from 'vitest';
import { BackupHeader } from '../../contracts/backup.ts';
import { sharedServer, startTestServer } from '../server.ts';
import { Requests } from './requests.ts';

const SLOW_MACHINE_MS = 120_000;
/** A machine that is busy with other things may take its time. */
const PATIENT = { headers: { 'request-timeout-ms': '60000' } };

/** The lines of a backup, read from JSON. */
function linesOf(text: string): readonly unknown[] {
  expect(text.endsWith('\n')).toBe(true);
  return text
    .slice(0, -1)
    .split('\n')
    .map((line) => JSON.parse(line) as unknown);
}

describe('backups over HTTP', { timeout: SLOW_MACHINE_MS }, () => {
  const server = sharedServer();
  const requests = new Requests(server);

  it('[H18] a backup holds every version of its keys as of its revision, and names its view', async () => {
    const put = (path: string, body: object) => requests.ok('PUT', `/api/v1/kv/h18/${path}`, body);
    await put('x', { value: '1', timestamp: 1000 });
    await put('l', { value: ['p'], timestamp: 1000, ttl: 500 });
    await requests.ok('DELETE', '/api/v1/kv/h18/x?timestamp=2000');
    await requests.ok('PUT', '/api/v1/kv/h17/other', { value: 'of another prefix' });
    const past = (await put('x', { value: 'early', timestamp: 500 })) as { revision: number };
    await put('x', { value: 'late' });
    const response = await fetch(
      `${server.url}/api/v1/backup?prefix=h18&at=1200&asOf=${past.revision}`,
      PATIENT,
    );
    expect(response.status).toBe(200);
    expect(response.headers.get('content-type')).toBe('application/x-ndjson; charset=utf-8');
    expect(response.headers.get('content-disposition')).toMatch(
      new RegExp(`^attachment; filename="chronoraft-[\\dTZ-]+-r${past.revision}\\.ndjson"$`),
    );
    const [header, ...rest] = linesOf(await response.text());
    expect(BackupHeader.parse(header)).toMatchObject({
      cluster: server.fold.view(0).clusterId,
      prefix: 'h18',
      at: 1200,
      asOf: past.revision,
    });
    expect(rest).toMatchObject([
      ['h18', 'l', 1000, expect.any(Number), 0, ['p'], 1500, expect.any(Number)],
      ['h18', 'x', 500, past.revision, 0, 'early', null, expect.any(Number)],
      ['h18', 'x', 1000, expect.any(Number), 0, '1', null, expect.any(Number)],
      ['h18', 'x', 2000, expect.any(Number), 0, null, null, expect.any(Number)],
      { chunk: 1, versions: 4 },
      { end: true, chunks: 1, versions: 4 },
    ]);
    const empty = linesOf(
      await (await fetch(`${server.url}/api/v1/backup?prefix=none`, PATIENT)).text(),
    );
    expect(empty).toMatchObject([{ prefix: 'none' }, { end: true, chunks: 0, versions: 0 }]);
  });

  it('[H18] a view that is not there, or half of a question, is refused before a file begins', async () => {
    expect(await requests.problem('GET', '/api/v1/backup?asOf=999999999')).toMatchObject({
      code: 'REVISION_NOT_YET',
    });
    expect(await requests.problem('GET', '/api/v1/backup?at=soon')).toMatchObject({
      code: 'BAD_REQUEST',
      path: 'query.at',
    });
    expect(await requests.problem('GET', '/api/v1/backup?key=h18')).toMatchObject({
      code: 'BAD_REQUEST',
    });
  });
});

it(
  '[H18] a backup that cannot go on breaks off: its connection ends and its last line is missing',
  async () => {
    const server = await startTestServer();
    try {
      const requests = new Requests(server);
      // More than the connection itself can hold.
      const value = 'x'.repeat(1024 * 1024);
      const fields = Array.from({ length: 40 }, (_, i) => `f${i}`);
      for (const field of fields) await requests.ok('PUT', `/api/v1/kv/large/${field}`, { value });
      const response = await fetch(`${server.url}/api/v1/backup`, PATIENT);
      const reader = response.body?.getReader();
      if (reader === undefined) throw new Error('no body');
      expect((await reader.read()).done).toBe(false);
      const closed = server.kv.close(0);
      let text = '';
      const rest = (async (): Promise<void> => {
        const decoder = new TextDecoder();
        for (;;) {
          const { done, value: bytes } = await reader.read();
          if (done) return;
          text += decoder.decode(bytes, { stream: true });
        }
      })();
      await expect(rest).rejects.toThrow();
      await closed;
      expect(text).not.toContain('"end"');
    } finally {
      await server.destroy();
    }
  },
  SLOW_MACHINE_MS,
);
