/** Where access meets the rest of the server: addresses in other spellings, answers without end, callers that hang up. */
import { chmodSync, writeFileSync } from 'node:fs';
import { request as httpRequest } from 'node:http';
import type { IncomingMessage } from 'node:http';
import { once } from 'node:events';
import { connect } from 'node:net';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import type { AuditAnswer, AuditRecord } from '../../contracts/audit.ts';
import { BACKUP_TYPE } from '../../contracts/backup-type.ts';
import { roleOfRoute } from '../../server/access/roles.ts';
import { must } from '../../server/base/assert.ts';
import { makeDataDir, sharedServer } from '../server.ts';

const OPERATOR = 'operator-token-0123456789';
const VIEWER = 'viewer-token-0123456789';
const GUEST = 'guest-token-0123456789';
const HELPER = 'helper-token-0123456789';
const WRONG = 'wrong-token-0123456789';

const file = path.join(makeDataDir(), 'tokens');
writeTokens();
const server = sharedServer({ AUTH_TOKENS_FILE: file, RATE_LIMIT: '0' });

/** An address in spellings that the router takes for the same. */
const SPELLINGS: ReadonlyArray<readonly [string, (target: string) => string]> = [
  ['a letter percent-encoded', (target) => target.replace('a', '%61')],
  ['percent-encoded throughout', (target) => target.replaceAll(/[a-z]/g, encoded)],
  ['with a scheme and a host', (target) => `http://elsewhere.example${target}`],
  ['with an empty query', (target) => `${target}?`],
];

describe('an address in another spelling', () => {
  it.each(SPELLINGS)('[H68] %s, is judged as the route that it is', async (_what, spell) => {
    for (const route of server.routes) {
      const [method = '', url = ''] = route.split(' ');
      const needed = roleOfRoute(method, url);
      if (needed === 'public') continue;
      const target = spell(url.replaceAll(/:\w+/g, 'n1'));
      expect((await raw(method, target, {})).statusCode, `${method} ${target}`).toBe(401);
      if (needed === 'viewer') continue;
      const answer = await raw(method, target, bearer(VIEWER));
      expect(answer.statusCode, `${method} ${target}`).toBe(403);
    }
    const foreign = { ...bearer(VIEWER), 'sec-fetch-site': 'cross-site' };
    expect((await raw('GET', spell('/api/v1/cluster'), foreign)).statusCode).toBe(403);
    for (const sign of ['/livez', '/readyz', '/readyz?verbose']) {
      const target = sign.includes('?') ? sign : spell(sign);
      // While a leader is being elected the server is not ready.
      await expect.poll(async () => (await raw('GET', target, {})).statusCode).toBe(200);
    }
  });

  it.each(SPELLINGS)('[H68] %s, leaves the same record', async (_what, spell) => {
    const target = spell('/api/v1/heal');
    expect((await raw('POST', target, bearer(OPERATOR))).statusCode).toBe(200);
    await expect
      .poll(async () => (await trail())[0])
      .toMatchObject({ what: `POST ${target.split('?')[0]}` });
  });
});

describe('what Fastify does not send as it sends the rest', () => {
  it.each([
    ['a watch', '/api/v1/watch', 200],
    ['an address that is no UTF-8', '/api/v1/kv/%ff', 400],
    ['a name that no router reads', `/api/v1/kv/${'k'.repeat(20_000)}/f`, 413],
  ])('[H72] %s, has the headers of every answer', async (_what, target, status) => {
    const answer = await fetch(`${server.url}${target}`, { headers: bearer(VIEWER) });
    expect(answer.status).toBe(status);
    if (status === 413)
      expect(await answer.json()).toMatchObject({ code: 'TOO_LARGE', limit: 1024 });
    else await answer.body?.cancel();
    const usual = await fetch(`${server.url}/livez`);
    for (const name of [
      'x-content-type-options',
      'referrer-policy',
      'x-frame-options',
      'cache-control',
      'cross-origin-resource-policy',
      'content-security-policy',
    ])
      expect(answer.headers.get(name) ?? '', name).toBe(usual.headers.get(name));
    expect(answer.headers.get('x-request-id')).toMatch(/./);
  });
});

describe('an answer that lasts', () => {
  it('[H71] ends with the right to it: a watch says why, a file is cut', async () => {
    writeTokens(`guest viewer ${GUEST}`, `helper operator ${HELPER}`);
    await expect
      .poll(async () => (await raw('GET', '/api/v1/access', bearer(HELPER))).statusCode)
      .toBe(200);
    const { cookie } = await signIn(VIEWER);
    const watch = `${server.url}/api/v1/watch?key=late`;
    const [guests, page, stays] = await Promise.all(
      [bearer(GUEST), { cookie }, bearer(VIEWER)].map((headers) => fetch(watch, { headers })),
    );
    await fill();
    const file = await fetch(`${server.url}/api/v1/backup`, { headers: bearer(HELPER) });
    expect([guests, page, stays, file].map((answer) => answer?.status)).toEqual([
      200, 200, 200, 200,
    ]);

    const own = { cookie, origin: server.url };
    expect((await raw('POST', '/api/v1/sign-out', own)).statusCode).toBe(200);
    writeTokens();
    for (const answer of [guests, page])
      expect(lastEvent(await must(answer, 'it was opened').text())).toMatchObject({
        through: expect.any(Number),
        problem: { code: 'UNAUTHENTICATED', message: expect.stringContaining('ended') },
      });
    await expect(file.text()).rejects.toThrow();
    // Whoever may still is told what happens then.
    await put('late', 'f', '1');
    let told = '';
    for await (const piece of must(stays?.body, 'a stream').pipeThrough(new TextDecoderStream())) {
      told += piece;
      if (told.includes('"late"')) break;
    }
    expect(told).toContain('"late"');
  });
});

describe('a file that is still being sent', () => {
  it('[H71] is cut with the right to send it, and nothing of it is restored', async () => {
    const own = { ...(await signIn(OPERATOR)), origin: server.url };
    const { hostname, port, host } = new URL(server.url);
    const sending = httpRequest({
      hostname,
      port,
      method: 'POST',
      path: '/api/v1/backup/restore',
      headers: { host, ...own, 'content-type': BACKUP_TYPE },
    });
    sending.on('response', (answer) => answer.resume());
    const cut = once(sending, 'error');
    sending.write('{"format":');
    await expect.poll(restores).toMatchObject({ running: { mode: 'present' } });
    expect((await raw('POST', '/api/v1/sign-out', own)).statusCode).toBe(200);
    const more = setInterval(() => sending.write(' '), 100);
    try {
      // By whichever notices first: what reads, or what writes.
      expect(await cut).toMatchObject([{ code: expect.stringMatching(/^(?:ECONNRESET|EPIPE)$/) }]);
    } finally {
      clearInterval(more);
    }
    await expect
      .poll(restores)
      .toMatchObject({ running: null, last: { ok: false, problem: { status: 400 } } });
    const record = { who: 'ann', what: 'POST /api/v1/backup/restore', status: 400 };
    await expect.poll(trail).toContainEqual(expect.objectContaining(record));
  });
});

/** The header of a browser that is signed in. */
async function signIn(token: string): Promise<{ readonly cookie: string }> {
  const answer = await fetch(`${server.url}/api/v1/sign-in`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ token }),
  });
  return { cookie: (answer.headers.get('set-cookie') ?? '').split(';')[0] ?? '' };
}

async function restores(): Promise<unknown> {
  const answer = await fetch(`${server.url}/api/v1/backup/restore`, { headers: bearer(OPERATOR) });
  return answer.json();
}

describe('the trail', () => {
  it('[H69] has who hung up before the answer, and from where', async () => {
    const leader = server.fold.view(Date.now()).nodes.find(({ role }) => role === 'leader');
    const victim = leader?.id === 'n3' ? 'n2' : 'n3';
    await hangUp('POST', `/api/v1/nodes/${victim}/kill`);
    await expect
      .poll(async () => (await trail())[0])
      .toMatchObject({
        who: 'ann',
        what: `POST /api/v1/nodes/${victim}/kill`,
        outcome: 'done',
        from: expect.stringContaining('127.0.0.1'),
      });
    expect((await raw('POST', `/api/v1/nodes/${victim}/revive`, bearer(OPERATOR))).statusCode).toBe(
      200,
    );
  });

  it('[H69] has a file before it leaves', async () => {
    await fill();
    const unread = new AbortController();
    const answer = await fetch(`${server.url}/api/v1/backup`, {
      headers: bearer(OPERATOR),
      signal: unread.signal,
    });
    expect(answer.status).toBe(200);
    const begun = { who: 'ann', what: 'GET /api/v1/backup', outcome: 'begun' };
    await expect.poll(async () => (await trail())[0]).toMatchObject(begun);
    unread.abort();
  });

  it('[H69] has a request that cannot be written out whole', async () => {
    const deep = 2_000_000;
    const answer = await fetch(`${server.url}/api/v1/heal`, {
      method: 'POST',
      headers: { ...bearer(OPERATOR), 'content-type': 'application/json' },
      body: `{"a":${'['.repeat(deep)}${']'.repeat(deep)}}`,
    });
    expect(answer.status).toBe(400);
    const refused = { what: 'POST /api/v1/heal', outcome: 'BAD_REQUEST', detail: '…' };
    await expect.poll(async () => (await trail())[0]).toMatchObject(refused);
  });

  it('[H70] has of those whom nobody knows their wrong tokens alone', async () => {
    await expect.poll(async () => (await audit()).waiting).toBe(0);
    const before = (await trail()).length;
    const json = { 'content-type': 'application/json' };
    const url = `${server.url}/api/v1/sign-in`;
    for (const body of ['', '{}', '{"token":5}', '{"token":"'])
      expect((await fetch(url, { method: 'POST', headers: json, body })).status).toBe(400);
    const elsewhere = { ...json, origin: 'http://elsewhere.example' };
    const body = JSON.stringify({ token: WRONG });
    expect((await fetch(url, { method: 'POST', headers: elsewhere, body })).status).toBe(403);
    expect((await raw('POST', '/api/v1/sign-out', {})).statusCode).toBe(401);
    expect((await raw('POST', '/api/v1/sign-out', bearer(WRONG))).statusCode).toBe(401);
    expect((await raw('POST', '/api/v1/nodes/n1/kill', {})).statusCode).toBe(401);
    expect((await fetch(url, { method: 'POST', headers: json, body })).status).toBe(401);
    const wrong = { who: null, what: 'POST /api/v1/sign-in', status: 401 };
    await expect.poll(async () => (await trail())[0]).toMatchObject(wrong);
    await expect.poll(async () => (await audit()).waiting).toBe(0);
    expect((await trail()).length).toBe(before + 1);
  });
});

function encoded(letter: string): string {
  return `%${letter.charCodeAt(0).toString(16)}`;
}

function lastEvent(stream: string): unknown {
  return JSON.parse(stream.slice(stream.lastIndexOf('\ndata: ') + '\ndata: '.length));
}

function writeTokens(...more: readonly string[]): void {
  writeFileSync(file, [`ann operator ${OPERATOR}`, `bob viewer ${VIEWER}`, ...more].join('\n'));
  chmodSync(file, 0o600);
}

let filled: Promise<void> | null = null;

/** More than the lines hold of a file that nobody reads. */
function fill(): Promise<void> {
  filled ??= (async (): Promise<void> => {
    for (let i = 0; i < 16; i++) await put('large', `f${i}`, 'x'.repeat(1_000_000));
  })();
  return filled;
}

async function put(key: string, field: string, value: string): Promise<void> {
  const answer = await fetch(`${server.url}/api/v1/kv/${key}/${field}`, {
    method: 'PUT',
    headers: { ...bearer(OPERATOR), 'content-type': 'application/json' },
    body: JSON.stringify({ value }),
  });
  expect(answer.status).toBe(200);
}

/** With patience: a machine that is busy with other things may take its time. */
function bearer(token: string): Record<string, string> {
  return { authorization: `Bearer ${token}`, 'request-timeout-ms': '60000' };
}

/** As it is written: fetch would mend the target. */
function raw(
  method: string,
  target: string,
  headers: Record<string, string>,
): Promise<IncomingMessage> {
  const { hostname, port, host } = new URL(server.url);
  return new Promise((resolve, reject) => {
    const sent = httpRequest(
      { hostname, port, method, path: target, headers: { host, ...headers } },
      (answer) => {
        answer.resume();
        resolve(answer);
      },
    );
    sent.on('error', reject);
    sent.end();
  });
}

/** Sends a request and closes the line at once. */
function hangUp(method: string, target: string): Promise<void> {
  const { hostname, port, host } = new URL(server.url);
  return new Promise((resolve, reject) => {
    const line = connect(Number(port), hostname, () => {
      const head = [`${method} ${target} HTTP/1.1`, `host: ${host}`];
      line.end([...head, `authorization: Bearer ${OPERATOR}`, '', ''].join('\r\n'));
      line.destroySoon();
    });
    line.on('close', () => resolve());
    line.on('error', reject);
  });
}

/** Newest first. */
async function trail(): Promise<readonly AuditRecord[]> {
  return (await audit()).records;
}

/** As a quorum has it: without one, as while a leader is elected, any node tells what it knows. */
async function audit(): Promise<AuditAnswer> {
  for (;;) {
    const target = `${server.url}/api/v1/audit?limit=500`;
    const answer = await fetch(target, { headers: bearer(VIEWER) });
    const told = (await answer.json()) as AuditAnswer;
    if (answer.status !== 503 && told.current) return told;
  }
}
