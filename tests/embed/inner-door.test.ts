/** The API from within the process: a request like any other, but that nothing of it leaves the process. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setImmediate as turn } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { connect } from '../../client/kv/index.ts';
import type { AuditAnswer } from '../../contracts/audit.ts';
import { InnerDoor } from '../../server/http/inner-door.ts';
import { innerLine, isInner } from '../../server/http/inner-line.ts';
import { CERTIFICATE, KEY } from '../http/certificate.ts';
import { sharedServer, startTestServer } from '../server.ts';

const SLOW_MACHINE_MS = 120_000;
const NOWHERE = 'http://nowhere.invalid';
const OPERATOR = 'operator-token-0123456789';
const VIEWER = 'viewer-token-0123456789';
const LARGE = 'x'.repeat(1024 * 1024);

describe('a line within the process', () => {
  it('[L25] takes no more than its reader takes', async () => {
    const { near, far } = innerLine();
    const sent = Array.from({ length: 64 }, (_, i) => Buffer.alloc(16 * 1024, i));
    let taken = 0;
    for (const piece of sent) far.write(piece, () => taken++);
    await turn();
    await turn();
    expect(taken).toBeLessThan(8);
    far.end();
    const read: Buffer[] = [];
    for await (const piece of near) read.push(piece as Buffer);
    expect(taken).toBe(64);
    expect(Buffer.concat(read).equals(Buffer.concat(sent))).toBe(true);
  });

  it('[L25] that is cut is cut at both ends, and a write that waits is answered', async () => {
    for (const cut of ['near', 'far'] as const) {
      const line = innerLine();
      const ends = [line.near, line.far].map(
        (end) => new Promise((resolve) => end.once('close', () => resolve(end))),
      );
      line.far.on('error', () => {});
      const written = new Promise((resolve) => line.far.write(Buffer.alloc(1024 * 1024), resolve));
      line[cut].destroy();
      await Promise.all([...ends, written]);
      expect(line.near.destroyed && line.far.destroyed).toBe(true);
    }
    expect(isInner(innerLine().far)).toBe(true);
    expect(isInner({ remoteAddress: 'in-process' })).toBe(false);
  });
});

describe('a door of lines', () => {
  it('[L25] waits, when it is closed, for answers on their way, and not for those that nobody reads', async () => {
    let answerLate: (() => void) | null = null;
    const server = createServer((request, response) => {
      if (request.url === '/late') answerLate = () => void response.end('late');
      else response.end('hello');
    });
    const door = new InnerDoor(server, false);
    for (let i = 0; i < 20; i++) expect((await door.fetch('/unread')).status).toBe(200);
    const late = door.fetch('/late');
    await expect.poll(() => answerLate).not.toBeNull();
    const closed = door.close(SLOW_MACHINE_MS);
    await expect(door.fetch('/')).rejects.toMatchObject({ cause: { code: 'ECONNREFUSED' } });
    (answerLate as (() => void) | null)?.();
    expect(await (await late).text()).toBe('late');
    await closed;

    const stuck = new InnerDoor(
      createServer((_request, response) => void response.write('and')),
      false,
    );
    const body = (await stuck.fetch('/')).text();
    await stuck.close(10);
    await expect(body).rejects.toThrow('fetch failed');
  });
});

describe('requests within the process', { timeout: SLOW_MACHINE_MS }, () => {
  const server = sharedServer({ NODES: '1' });

  it('[L25] are answered as those over the net, whatever they are', async () => {
    const json = { 'content-type': 'application/json' };
    for (const [route, init] of [
      ['/api/v1/kv/a/f', { method: 'PUT', body: '{"value":"ä\\ud83d\\ude00"}', headers: json }],
      ['/api/v1/kv/a/f', {}],
      ['/api/v1/kv/a/%00?at=5', {}],
      ['/api/v1/kv/a/f', { method: 'PUT', body: '{"value":5}', headers: json }],
      ['/api/v1/kv/a/f', { method: 'PUT', body: 'not JSON', headers: json }],
      ['/api/v1/kv/a/f', { method: 'PUT', body: 'text', headers: { 'content-type': 'text/x' } }],
      ['/api/v1/kv/a/f', { method: 'PUT', body: '{}', headers: { origin: 'http://evil.example' } }],
      ['/api/v1/nodes/n9/kill', { method: 'POST' }],
      ['/api/v1/docs', { method: 'HEAD' }],
      ['/nothing', {}],
    ] as const) {
      const [inner, outer] = [
        await server.fetch(route, init),
        await fetch(server.url + route, init),
      ];
      expect([inner.status, inner.statusText], route).toEqual([outer.status, outer.statusText]);
      expect(headersOf(inner), route).toEqual(headersOf(outer));
      expect(settled(await inner.text()), route).toEqual(settled(await outer.text()));
    }
  });

  it('[L25] carry a client: exactly once, many at once, large, watched, and cancelled', async () => {
    const client = connect({ url: NOWHERE, fetch: server.fetch, timeoutMs: 60_000 });
    await Promise.all(Array.from({ length: 100 }, () => client.increment('inner', 'n')));
    expect((await client.get('inner', 'n')).value).toBe('100');
    // The length of a text is known: it counts as what it is for the room that there is for bodies.
    const put = {
      method: 'PUT',
      body: '{"value":"x"}',
      headers: { 'content-type': 'application/json' },
    };
    const answers = await Promise.all(
      Array.from({ length: 40 }, (_, i) => server.fetch(`/api/v1/kv/inner/f${i}`, put)),
    );
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
    await client.set('inner', 'large', LARGE);
    expect((await client.get('inner', 'large')).value).toBe(LARGE);

    const watchers = server.watches.count;
    const { revision } = await client.set('inner', 'watched', '1');
    const watch = client.watch({ key: 'inner', after: revision });
    const writing = client.set('inner', 'watched', '2');
    for await (const { changes } of watch) {
      expect(changes.map(({ value }) => value)).toEqual(['2']);
      break;
    }
    await writing;
    await expect.poll(() => server.watches.count).toBe(watchers);

    const reader = (await server.fetch('/api/v1/watch')).body?.getReader();
    await expect.poll(() => server.watches.count).toBe(watchers + 1);
    await reader?.cancel();
    await expect.poll(() => server.watches.count).toBe(watchers);

    const cancel = new AbortController();
    const stream = await server.fetch('/api/v1/watch', { signal: cancel.signal });
    await expect.poll(() => server.watches.count).toBe(watchers + 1);
    cancel.abort(new Error('enough'));
    await expect(stream.text()).rejects.toThrow('enough');
    await expect.poll(() => server.watches.count).toBe(watchers);
    await expect(server.fetch('/livez', { signal: cancel.signal })).rejects.toThrow('enough');
    await client.close();
  });

  it('[L25] send and take what has no end yet: a backup of this server is a restore of another', async () => {
    const client = connect({ url: NOWHERE, fetch: server.fetch, timeoutMs: 60_000 });
    for (let i = 0; i < 3; i++) await client.set('rows', `r${i}`, LARGE);
    await client.close();
    const other = await startTestServer(undefined, { NODES: '1' });
    try {
      const backup = await server.fetch('/api/v1/backup?prefix=rows');
      const init = {
        method: 'POST',
        headers: { 'content-type': 'application/x-ndjson' },
        body: backup.body,
        duplex: 'half' as const,
      };
      const restored = await other.fetch('/api/v1/backup/restore?mode=history', init);
      expect([restored.status, await restored.json()]).toMatchObject([200, { versions: 3 }]);
      const answer = await other.fetch('/api/v1/kv/rows/r2');
      expect(await answer.json()).toMatchObject({ value: LARGE });
    } finally {
      await other.destroy();
    }
  });
});

describe('who asks from within the process', { timeout: SLOW_MACHINE_MS }, () => {
  let folder: string;
  let certFile: string;
  let keyFile: string;
  beforeAll(() => {
    folder = mkdtempSync(path.join(tmpdir(), 'chronoraft-inner-'));
    certFile = path.join(folder, 'cert.pem');
    keyFile = path.join(folder, 'key.pem');
    writeFileSync(certFile, CERTIFICATE);
    writeFileSync(keyFile, KEY);
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it('[L25] is the operator without a token, whom no limit stops, over TLS too; else who the token or the cookie belongs to', async () => {
    const server = await startTestServer(undefined, {
      NODES: '1',
      AUTH_TOKENS: `ann operator ${OPERATOR};bob viewer ${VIEWER}`,
      RATE_LIMIT: '1',
      SOCKETS_PER_ADDRESS: '1',
      TLS_CERT_FILE: certFile,
      TLS_KEY_FILE: keyFile,
    });
    try {
      const status = async (headers: Record<string, string>): Promise<number> => {
        const answer = await server.fetch('/api/v1/nodes/n9/kill', { method: 'POST', headers });
        return answer.status;
      };
      const all = await Promise.all(Array.from({ length: 50 }, () => status({})));
      expect(new Set(all)).toEqual(new Set([404]));
      expect(await status({ authorization: `Bearer ${OPERATOR}` })).toBe(404);
      expect(await status({ authorization: `Bearer ${VIEWER}` })).toBe(403);
      expect(await status({ authorization: 'Bearer wrong' })).toBe(401);
      expect(await status({ authorization: '' })).toBe(401);
      expect(await status({ cookie: 'x=y' })).toBe(401);

      expect((await server.fetch('/api/v1/nodes/n1/compact', { method: 'POST' })).status).toBe(200);
      const recorded = async (): Promise<AuditAnswer['records']> => {
        const answer = await server.fetch('/api/v1/audit');
        return ((await answer.json()) as AuditAnswer).records;
      };
      await expect
        .poll(recorded)
        .toContainEqual(expect.objectContaining({ who: 'in-process', from: 'in-process' }));
    } finally {
      await server.destroy();
    }
  });
});

/** What is of the line itself, or of the moment, is left out. */
function headersOf({ headers }: Response): Record<string, string> {
  const ofLine = [
    'content-length',
    'connection',
    'keep-alive',
    'date',
    'x-request-id',
    'transfer-encoding',
  ];
  const all = Object.fromEntries(headers);
  for (const name of ofLine) delete all[name];
  return all;
}

function settled(text: string): string {
  return text
    .replaceAll(/"requestId":"[^"]*"/g, '')
    .replaceAll(/"(?:revision|stamp|timestamp|at|asOf|term|validTo)":\d+/g, '')
    .replaceAll(/"existed":(?:true|false)/g, '');
}
