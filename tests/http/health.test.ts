/** How a server tells how it is and what it is, and that each of its answers can be found in its log. */
import { spawn } from 'node:child_process';
import { connect } from 'node:net';
import { rmSync } from 'node:fs';
import path from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { ReadyAnswer, VersionAnswer } from '../../contracts/server.ts';
import { makeDataDir, sharedServer } from '../server.ts';
import { Requests } from './requests.ts';

/** Whatever is expected happens soon; a machine that is busy with other things may take its time. */
const SLOW_MACHINE_MS = 120_000;
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-/;

describe('health', { timeout: SLOW_MACHINE_MS }, () => {
  const server = sharedServer();
  const requests = new Requests(server);
  const ready = async (): Promise<ReadyAnswer> =>
    ReadyAnswer.parse((await requests.call('GET', '/readyz')).body);
  const isReady = () => expect.poll(async () => (await ready()).status).toBe('ok');
  const verbose = async (door: string): Promise<readonly [number, string]> => {
    const response = await fetch(`${server.url}/${door}?verbose`);
    expect(response.headers.get('content-type')).toBe('text/plain; charset=utf-8');
    return [response.status, await response.text()];
  };

  /** Of a test that failed. */
  afterEach(async () => {
    server.supervisor.healAll();
    await server.pace.set(1);
  });

  it('[H61] tells each check on a line of its own, if asked', async () => {
    await isReady();
    expect(await verbose('livez')).toEqual([
      200,
      '[+]process ok: it answers\nlivez check passed\n',
    ]);
    const lines = async () => (await verbose('readyz'))[1].split('\n');
    await expect
      .poll(lines)
      .toEqual([
        '[+]process ok: it answers',
        '[+]nodes ok: 3 of 3 voters run, 2 are needed',
        expect.stringMatching(/^\[\+\]leader ok: n[123] leads$/),
        '[+]read ok: a linearizable read was answered',
        'readyz check passed',
        '',
      ]);
    expect((await requests.problem('GET', '/readyz?exclude=read')).path).toBe('query');
  });

  it('[H61] is not ready where a leader cannot prove that it leads, and says why', async () => {
    await isReady();
    // It goes on believing for up to an election time-out; then nobody leads that can be heard of.
    for (const node of server.supervisor.nodes) server.supervisor.isolate(node);
    await expect.poll(async () => (await requests.call('GET', '/readyz')).status).toBe(503);
    const told = await ready();
    expect(told).toMatchObject({ status: 'not ready', serving: 3, quorum: 2 });
    expect(told.reason).toMatch(/nobody leads|no linearizable read was answered/);
    const [status, text] = await verbose('readyz');
    expect(status).toBe(503);
    expect(text).toContain('[+]nodes ok');
    expect(text).toMatch(/^\[-\]read failed: /m);
    expect(text).toMatch(/readyz check failed\n$/);
    expect((await requests.call('GET', '/livez')).status).toBe(200);
    server.supervisor.healAll();
    await isReady();
  });

  it('[H61] a paused cluster is alive, and not ready; however often it is asked, it is ready again when it goes on', async () => {
    await isReady();
    await server.pace.set(0);
    const asked = await Promise.all(Array.from({ length: 20 }, ready));
    for (const { status, reason } of asked) {
      expect(status).toBe('not ready');
      expect(reason).toMatch(/^no linearizable read was answered within 2000 ms$|nobody leads/);
    }
    expect((await requests.call('GET', '/livez')).status).toBe(200);
    await server.pace.set(1);
    await isReady();
  });

  it('[H62] tells its version, what it was built from, and its limits', async () => {
    const version = VersionAnswer.parse(await requests.ok('GET', '/api/v1/version'));
    expect(version).toMatchObject({ version: 'test', api: 1, node: process.version });
    const { nameBytes, bodyBytes } = version.limits;
    const long = await requests.problem('GET', `/api/v1/kv/${'k'.repeat(nameBytes + 1)}/f`);
    expect(long).toMatchObject({ code: 'TOO_LARGE', limit: nameBytes });
    const large = Buffer.alloc(bodyBytes + 1, 0x20);
    const problem = await requests.problem('PUT', '/api/v1/kv/a/b', large);
    expect(problem).toMatchObject({ code: 'TOO_LARGE', limit: bodyBytes });
  });

  it('[H63] takes over a plain request id, replaces another, and every answer has one', async () => {
    const idOf = async (target: string, given?: string): Promise<string | null> => {
      const headers = given === undefined ? undefined : { 'x-request-id': given };
      const response = await fetch(`${server.url}${target}`, headers && { headers });
      await response.body?.cancel();
      return response.headers.get('x-request-id');
    };
    const plain = ['a', 'A-1_b.c:d', 'x'.repeat(128)];
    for (const id of plain) expect(await idOf('/api/v1/kv/a/b', id)).toBe(id);
    const odd = ['', 'two words', 'x'.repeat(129), '<script>', 'é', 'a,b', '{}'];
    for (const id of odd) expect(await idOf('/livez', id)).toMatch(UUID);
    // Streams, files, what is not found, and what cannot be read.
    const doors = ['/api/v1/watch', '/api/v1/backup', '/api/v1/none', '/none', '/api/v1/kv/%ff/x'];
    for (const door of doors) expect(await idOf(door, 'mine')).toBe('mine');
    expect(await idOf('/livez')).not.toBe(await idOf('/livez'));
    expect(await answerTo(server.url, 'no HTTP\r\n\r\n')).toMatch(
      /x-request-id: ([0-9a-f-]{36})\r\n[^]*"requestId":"\1"/,
    );
    const twice =
      'GET /livez HTTP/1.1\r\nhost: localhost\r\nx-request-id: a\r\nx-request-id: b\r\nconnection: close\r\n\r\n';
    expect(await answerTo(server.url, twice)).toMatch(/x-request-id: [0-9a-f-]{36}\r\n/);
  });

  it('[H63] each line of the log about a request has its id', async () => {
    const dataDir = makeDataDir();
    const child = spawn(process.execPath, [path.resolve('dist/main.js')], {
      env: {
        ...process.env,
        PORT: '0',
        DATA_DIR: dataDir,
        PAGE: 'off',
        NODES: '1',
        LOG_LEVEL: 'debug',
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    try {
      let log = '';
      child.stderr.setEncoding('utf8').on('data', (piece: string) => {
        log += piece;
      });
      const url = await new Promise<string>((resolve, reject) => {
        child.once('exit', () => reject(new Error(`it did not start: ${log}`)));
        child.stdout.setEncoding('utf8').on('data', (piece: string) => {
          const found = /http:\S+/.exec(piece)?.[0];
          if (found !== undefined) resolve(found);
        });
      });
      const headers = { 'x-request-id': 'find-me' };
      expect((await fetch(`${url}/api/v1/kv/a/b?c=d`, { headers })).status).toBe(400);
      const lines = (): readonly unknown[] =>
        log
          .split('\n')
          .filter((line) => line.includes('find-me') && line.endsWith('}'))
          .map((line): unknown => JSON.parse(line));
      await expect.poll(lines).toEqual([
        expect.objectContaining({
          requestId: 'find-me',
          method: 'GET',
          path: '/api/v1/kv/a/b',
          status: 400,
          msg: 'request',
        }),
      ]);
      const version = VersionAnswer.parse(await (await fetch(`${url}/api/v1/version`)).json());
      // A build outside a clone knows none.
      expect(version.commit ?? '0'.repeat(40)).toMatch(/^[0-9a-f]{40}(-dirty)?$/);
    } finally {
      const over = new Promise((resolve) => child.once('exit', resolve));
      child.kill();
      await over;
      rmSync(dataDir, { recursive: true, force: true });
    }
  });
});

/** What comes back for these bytes, as text. */
function answerTo(url: string, bytes: string): Promise<string> {
  const { hostname, port } = new URL(url);
  return new Promise((resolve, reject) => {
    let answer = '';
    const socket = connect(Number(port), hostname, () => socket.write(bytes));
    socket.setEncoding('latin1').on('data', (piece: string) => {
      answer += piece;
    });
    socket.on('end', () => resolve(answer));
    socket.on('error', reject);
  });
}
