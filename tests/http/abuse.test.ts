/** A server that is asked too much, too slowly, or over TLS. */
import { generateKeyPairSync } from 'node:crypto';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { request as httpsRequest } from 'node:https';
import { connect } from 'node:net';
import path from 'node:path';
import { text as readText } from 'node:stream/consumers';
import { io } from 'socket.io-client';
import { afterAll, describe, expect, it } from 'vitest';
import type { Problem } from '../../contracts/errors.ts';
import { ConfigError } from '../../server/base/start-errors.ts';
import { readConfig } from '../../server/config.ts';
import { makeDataDir, sharedServer } from '../server.ts';
import { CERTIFICATE, KEY } from './certificate.ts';

const OPERATOR = 'operator-token-0123456789';
const VIEWER = 'viewer-token-0123456789';

const folder = makeDataDir();
const certFile = path.join(folder, 'cert.pem');
const keyFile = path.join(folder, 'key.pem');
writeFileSync(certFile, CERTIFICATE);
writeFileSync(keyFile, KEY);

describe('over TLS', () => {
  const server = sharedServer({
    TLS_CERT_FILE: certFile,
    TLS_KEY_FILE: keyFile,
    AUTH_TOKENS: `ann operator ${OPERATOR}`,
  });
  const sockets: ReturnType<typeof io>[] = [];
  afterAll(() => {
    for (const socket of sockets) socket.disconnect();
  });

  it('[G10] requests and both kinds of sockets are served, and browsers are told to stay with it', async () => {
    expect(server.url).toMatch(/^https:/);
    const authorization = `Bearer ${OPERATOR}`;
    const { status, headers } = await ask('GET', '/api/v1/cluster', { authorization });
    expect(status).toBe(200);
    expect(headers['strict-transport-security']).toMatch(/^max-age=\d{7,}$/);
    const signedIn = await ask(
      'POST',
      '/api/v1/sign-in',
      { 'content-type': 'application/json' },
      JSON.stringify({ token: OPERATOR }),
    );
    expect(String(signedIn.headers['set-cookie'])).toMatch(/; HttpOnly; SameSite=Strict; Secure$/);
    // Offers of other protocols go on over the same line.
    const offer = { connection: 'Upgrade', upgrade: 'h2c', authorization };
    expect((await ask('GET', '/api/v1/cluster', offer)).status).toBe(200);
    for (const transport of ['polling', 'websocket']) {
      const socket = io(server.url, {
        auth: { token: OPERATOR },
        ca: CERTIFICATE,
        forceNew: true,
        transports: [transport],
      });
      sockets.push(socket);
      await new Promise((resolve, reject) => {
        socket.once('view', resolve);
        socket.once('connect_error', reject);
      });
    }
  });

  it('[G10] a certificate or a key that cannot be used is named at the start', () => {
    const noFile = path.join(folder, 'none');
    const otherKeys = [
      generateKeyPairSync('rsa', { modulusLength: 2048 }),
      generateKeyPairSync('ec', { namedCurve: 'P-256' }),
    ].map(({ privateKey }, i) => {
      const file = path.join(folder, `other-key-${i}.pem`);
      writeFileSync(file, privateKey.export({ type: 'pkcs8', format: 'pem' }));
      return { TLS_CERT_FILE: certFile, TLS_KEY_FILE: file };
    });
    for (const [env, line] of [
      [{ TLS_CERT_FILE: certFile }, /^TLS_CERT_FILE and TLS_KEY_FILE go together/],
      [{ TLS_CERT_FILE: noFile, TLS_KEY_FILE: keyFile }, /^TLS_CERT_FILE=.*none cannot be read$/],
      [{ TLS_CERT_FILE: certFile, TLS_KEY_FILE: noFile }, /^TLS_KEY_FILE=.*none cannot be read$/],
      [{ TLS_CERT_FILE: keyFile, TLS_KEY_FILE: certFile }, /cannot be used together: .+$/],
      ...otherKeys.map((env) => [env, /cannot be used together: .+$/] as const),
    ] as const) {
      expect(() => readConfig(env, path.resolve('.'))).toThrow(ConfigError);
      expect(() => readConfig(env, path.resolve('.'))).toThrow(line);
    }
  });

  function ask(
    method: string,
    target: string,
    headers: Record<string, string>,
    body = '',
  ): Promise<{ status: number; headers: Readonly<Record<string, unknown>> }> {
    return new Promise((resolve, reject) => {
      const sent = httpsRequest(
        `${server.url}${target}`,
        { method, headers, ca: CERTIFICATE },
        (answer) => {
          answer.resume();
          resolve({ status: answer.statusCode ?? 0, headers: answer.headers });
        },
      );
      sent.on('error', reject);
      sent.end(body);
    });
  }
});

describe('too much and too slow', () => {
  const WITHIN_MS = 700;
  const server = sharedServer({
    AUTH_TOKENS: `ann operator ${OPERATOR};bob viewer ${VIEWER}`,
    RATE_LIMIT: '10',
    SOCKETS_PER_ADDRESS: '10',
    REQUEST_WITHIN_MS: String(WITHIN_MS),
  });

  it('[G9] a flood is refused with the time to come again, and others are none the worse', async () => {
    const answers: Response[] = [];
    const refused: Response[] = [];
    // They are counted by the time: on a slow machine more have to come.
    const reader = async (): Promise<void> => {
      while (answers.length < 120 || refused.length === 0) {
        const answer = await ask('/api/v1/version', VIEWER);
        answers.push(answer);
        if (answer.status === 429) refused.push(answer);
      }
    };
    await Promise.all(Array.from({ length: 8 }, reader));
    expect(answers.length - refused.length).toBeGreaterThanOrEqual(50);
    const [one] = refused;
    expect(one?.headers.get('content-type')).toMatch(/^application\/problem\+json/);
    expect(Number(one?.headers.get('retry-after'))).toBeGreaterThanOrEqual(1);
    const problem = (await one?.json()) as Problem;
    expect(problem).toMatchObject({ code: 'RATE_LIMITED', retryable: true });
    expect(problem.retryAfterMs).toBeGreaterThan(0);
    expect((await ask('/api/v1/version', OPERATOR)).status).toBe(200);
    await expect.poll(async () => (await ask('/api/v1/version', VIEWER)).status).toBe(200);
  });

  it('[G9] guesses of tokens are refused after some', async () => {
    const codes: number[] = [];
    for (let n = 0; n < 30; n++)
      codes.push((await ask('/api/v1/version', `guess-${n}-0123456789012`)).status);
    expect(codes.slice(0, 20)).toEqual(Array.from({ length: 20 }, () => 401));
    expect(codes.slice(20)).toEqual(Array.from({ length: 10 }, () => 429));
    expect((await ask('/api/v1/version', OPERATOR)).status).toBe(200);
  });

  it('[G9] an address has some sockets and no more, until it closes one', async () => {
    const open = Array.from({ length: 11 }, () =>
      io(server.url, {
        auth: { token: OPERATOR },
        forceNew: true,
        reconnection: false,
        transports: ['websocket'],
      }),
    );
    const results = await Promise.all(
      open.map(
        (socket) =>
          new Promise<boolean>((resolve) => {
            socket.once('connect', () => resolve(true));
            socket.once('connect_error', () => resolve(false));
          }),
      ),
    );
    expect(results.filter(Boolean)).toHaveLength(10);
    for (const socket of open) socket.disconnect();
    const polling = `${server.url}/socket.io/?EIO=4&transport=polling`;
    await expect.poll(async () => (await fetch(polling)).status).toBe(200);
  });

  it('[G9] an address has some connections and no more', async () => {
    const port = Number(new URL(server.url).port);
    const all = Array.from({ length: 60 }, () => connect(port, '127.0.0.1'));
    let closed = 0;
    for (const socket of all) {
      socket.on('error', () => {});
      socket.on('close', () => closed++);
    }
    await expect.poll(() => closed).toBeGreaterThanOrEqual(20);
    for (const socket of all) socket.destroy();
    // Over a connection of its own.
    await expect
      .poll(async () => {
        const newcomer = connect(port, '127.0.0.1');
        newcomer.write('GET /livez HTTP/1.1\r\nhost: 127.0.0.1\r\nconnection: close\r\n\r\n');
        return readText(newcomer).catch(String);
      })
      .toMatch(/^HTTP\/1.1 200 /);
  });

  it.each([
    ['headers', 'GET /livez HTTP/1.1\r\nhost: 127.0.0.1\r\nx-slow: '],
    [
      'a body',
      `PUT /api/v1/kv/slow/f HTTP/1.1\r\nhost: 127.0.0.1\r\nauthorization: Bearer ${OPERATOR}\r\ncontent-type: application/json\r\ncontent-length: 14\r\n\r\n{"value`,
    ],
  ])('[G11] %s that do not arrive are not waited for', async (_what, bytes) => {
    const socket = connect(Number(new URL(server.url).port), '127.0.0.1');
    await once(socket, 'connect');
    let text = '';
    socket.on('data', (chunk: Buffer) => {
      text += chunk.toString();
    });
    socket.on('error', () => {});
    const closed = once(socket, 'close');
    socket.write(bytes);
    await closed;
    expect(text).toMatch(/^HTTP\/1.1 408 /);
    expect(text).toContain('"code":"REQUEST_TIMEOUT"');
  });

  it('[G11] a body that comes drop by drop is not waited for either, and nothing of it is done', async () => {
    const socket = connect(Number(new URL(server.url).port), '127.0.0.1');
    const drops = '{"value":"drops"}'.split('');
    socket.on('error', () => {});
    socket.write(
      `PUT /api/v1/kv/slow/drops HTTP/1.1\r\nhost: 127.0.0.1\r\nauthorization: Bearer ${OPERATOR}\r\ncontent-type: application/json\r\ncontent-length: ${drops.length}\r\n\r\n`,
    );
    // The last one would come after half as long again.
    const drip = setInterval(
      () => socket.write(drops.shift() ?? ''),
      (1.5 * WITHIN_MS) / drops.length,
    );
    try {
      expect(await readText(socket)).toMatch(/^HTTP\/1.1 408 /);
    } finally {
      clearInterval(drip);
    }
    expect(drops).not.toEqual([]);
    const there = await ask('/api/v1/kv/slow/drops', OPERATOR);
    expect(await there.json()).toMatchObject({ found: false });
  });

  it('[G11] the file of a restore that stands still is not waited for', async () => {
    const socket = connect(Number(new URL(server.url).port), '127.0.0.1');
    await once(socket, 'connect');
    socket.on('error', () => {});
    const closed = once(socket, 'close');
    socket.resume();
    socket.write(
      `POST /api/v1/backup/restore HTTP/1.1\r\nhost: 127.0.0.1\r\nauthorization: Bearer ${OPERATOR}\r\ncontent-type: application/x-ndjson\r\ncontent-length: 1000\r\n\r\n{"half`,
    );
    await closed;
    await expect
      .poll(async () => {
        const { running } = (await (await ask('/api/v1/backup/restore', OPERATOR)).json()) as {
          running: unknown;
        };
        return running;
      })
      .toBeNull();
  });

  function ask(target: string, token: string): Promise<Response> {
    return fetch(`${server.url}${target}`, { headers: { authorization: `Bearer ${token}` } });
  }
});

describe('more bodies than fit the memory', () => {
  const server = sharedServer();

  it('[G17] of those who are not known are short ones: they leave the room to others', async () => {
    const { port } = new URL(server.url);
    const strangers = await Promise.all(
      Array.from({ length: 40 }, async () => {
        const socket = connect(Number(port), '127.0.0.1');
        socket.on('error', () => {});
        socket.write(
          'POST /api/v1/sign-in HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n1\r\n{\r\n',
        );
        await once(socket, 'connect');
        return socket;
      }),
    );
    const asked = await fetch(`${server.url}/api/v1/sign-in`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ token: 'x'.repeat(5000) }),
    });
    expect(asked.status).toBe(413);
    expect(await asked.json()).toMatchObject({ code: 'TOO_LARGE', limit: 4096 });
    const written = await fetch(`${server.url}/api/v1/kv/large/f`, {
      method: 'PUT',
      headers: { 'content-type': 'application/json' },
      body: '{"value":"small"}'.padEnd(3 * 1024 * 1024),
    });
    expect(written.status).toBe(200);
    for (const socket of strangers) socket.destroy();
  });

  it('[G17] are refused before they are read, and then it goes on', async () => {
    const longest = 7 * 1024 * 1024;
    // One that does not say how long it is counts as the longest.
    const lengths = [`content-length: ${longest}`, 'transfer-encoding: chunked'];
    const refused: string[] = [];
    const sockets = Array.from({ length: 24 }, (_, i) => {
      const socket = connect(Number(new URL(server.url).port), '127.0.0.1');
      socket.write(
        `PUT /api/v1/kv/large/f HTTP/1.1\r\nhost: 127.0.0.1\r\nconnection: close\r\ncontent-type: application/json\r\n${lengths[i % 2]}\r\n\r\n`,
      );
      return socket;
    });
    const answers = sockets.map(async (socket) => {
      const answer = await readText(socket).catch(() => '');
      if (answer !== '') refused.push(answer);
    });
    await expect.poll(() => refused.length).toBeGreaterThanOrEqual(24 - 18);
    for (const socket of sockets) socket.destroy();
    await Promise.all(answers);
    expect(refused).toHaveLength(24 - 18);
    for (const answer of refused) {
      expect(answer).toMatch(/^HTTP\/1.1 429 /);
      expect(answer).toContain('"code":"OVERLOADED"');
      expect(answer).toMatch(/\r\nretry-after: \d+\r\n/i);
    }
    const write = (): Promise<Response> =>
      fetch(`${server.url}/api/v1/kv/large/f`, {
        method: 'PUT',
        headers: { 'content-type': 'application/json' },
        body: '{"value":"small"}'.padEnd(longest),
      });
    await expect.poll(async () => (await write()).status).toBe(200);
  });
});
