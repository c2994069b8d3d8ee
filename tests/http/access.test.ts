/** Getting in, and trying to, over real connections to a real server that wants tokens. */
import { chmodSync, writeFileSync } from 'node:fs';
import { request as httpRequest } from 'node:http';
import { connect } from 'node:net';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import { io } from 'socket.io-client';
import type { Socket } from 'socket.io-client';
import { afterEach, describe, expect, it } from 'vitest';
import type { Problem } from '../../contracts/errors.ts';
import type { ClientToServerEvents, ServerToClientEvents } from '../../contracts/live.ts';
import { EVENT_NAMES, NAMED_ROUTES, roleOfEvent, roleOfRoute } from '../../server/access/roles.ts';
import { hashOf } from '../../server/access/tokens.ts';
import { makeDataDir, sharedServer } from '../server.ts';

type LiveSocket = Socket<ServerToClientEvents, ClientToServerEvents>;

/** A machine that is busy with other things may take its time. */
const PATIENT = { 'request-timeout-ms': '60000' };
const OPERATOR = 'operator-token-0123456789';
const VIEWER = 'viewer-token-0123456789';
const EXPIRED = 'expired-token-0123456789';
const GUEST = 'guest-token-0123456789';

const file = path.join(makeDataDir(), 'tokens');
writeTokens(true);
const server = sharedServer({ AUTH_TOKENS_FILE: file, RATE_LIMIT: '0' });
const sockets: LiveSocket[] = [];

afterEach(() => {
  for (const socket of sockets.splice(0)) socket.disconnect();
});

describe('who brings no token', () => {
  it('[G3] reaches nothing but the signs of life and the way in, on every route', async () => {
    const open = server.routes.filter((route) => roleOf(route) === 'public');
    expect(open.filter((route) => !route.startsWith('HEAD'))).toEqual([
      'POST /api/v1/sign-in',
      'GET /livez',
      'GET /readyz',
    ]);
    for (const route of server.routes.filter((one) => !open.includes(one)))
      expect(await status(route), route).toBe(401);
    expect(await status('GET /api/v1/no-such-thing')).toBe(401);
    expect(await status('GET /livez')).toBe(200);
  });

  it.each([
    ['a wrong one', `Bearer ${OPERATOR}x`, 'not one of'],
    ['an expired one', `Bearer ${EXPIRED}`, 'expired'],
    ['one of another kind', `Basic ${btoa(`ann:${OPERATOR}`)}`, 'not one of'],
    ['an empty one', 'Bearer ', 'not one of'],
  ])('[G3] or %s is told so, with the way to ask', async (_what, authorization, why) => {
    const answer = await fetch(`${server.url}/api/v1/cluster`, { headers: { authorization } });
    expect(answer.status).toBe(401);
    expect(answer.headers.get('www-authenticate')).toMatch(/^Bearer /);
    const problem = (await answer.json()) as Problem;
    expect(problem).toMatchObject({ code: 'UNAUTHENTICATED', retryable: false });
    expect(problem.message).toContain(why);
  });

  it('[G3] a token in the address counts for nothing', async () => {
    for (const name of ['token', 'access_token', 'authorization'])
      expect(await status(`GET /api/v1/cluster?${name}=${OPERATOR}`)).toBe(401);
  });
});

describe('a viewer', () => {
  it('[G4] reads and watches, and every other route is the operator’s', async () => {
    expect(server.routes.length).toBeGreaterThan(50);
    const operators = server.routes.filter((route) => roleOf(route) === 'operator');
    expect(operators.length).toBeGreaterThan(30);
    for (const route of operators) {
      const answer = await ask(route, VIEWER);
      expect(answer.status, route).toBe(403);
      expect(await answer.json().catch(() => ({ code: 'NOT_ALLOWED' })), route).toMatchObject({
        code: 'NOT_ALLOWED',
      });
    }
    // Nothing happened.
    expect(server.supervisor.nodes.every((id) => server.supervisor.node(id).isServing)).toBe(true);
    for (const route of ['/cluster', '/kv', '/metrics', '/pace', '/invariants', '/access'])
      expect((await ask(`GET /api/v1${route}`, VIEWER)).status, route).toBe(200);
  });

  it('[G4] only ways of reading are a viewer’s, and each route that reads says whose it is', () => {
    const reads = server.routes.filter((route) => route.startsWith('GET '));
    expect(reads.filter((route) => !NAMED_ROUTES.has(route))).toEqual([]);
    expect([...NAMED_ROUTES].filter((route) => !server.routes.includes(route))).toEqual([]);
    const writes = server.routes.filter((route) => !/^(?:GET|HEAD) /.test(route));
    expect(writes.filter((route) => roleOf(route) !== 'operator').sort()).toEqual([
      'POST /api/v1/sign-in',
      'POST /api/v1/sign-out',
    ]);
    expect(roleOfRoute('PATCH', '/api/v1/cluster')).toBe('operator');
    expect(roleOfRoute('GET', '/api/v1/new')).toBe('operator');
  });

  it('[G4] an operator reaches both, and is told who they are', async () => {
    expect(await (await ask('GET /api/v1/access', OPERATOR)).json()).toEqual({
      name: 'ann',
      role: 'operator',
      signedIn: true,
      expiresAtMs: null,
    });
    expect((await ask('POST /api/v1/sessions', OPERATOR)).status).toBe(201);
  });

  it('[G4] over a socket: events that are not known to only read are the operator’s', async () => {
    expect(EVENT_NAMES.filter((event) => roleOfEvent(event) !== 'viewer')).toEqual([]);
    for (const event of ['kill', 'constructor', '__proto__', 'toString'])
      expect(roleOfEvent(event)).toBe('operator');
    const socket = join({ auth: { token: VIEWER } });
    await next(socket, 'view');
    const loose = socket as unknown as Socket;
    expect(await loose.timeout(60_000).emitWithAck('kill', 'n1')).toMatchObject({
      ok: false,
      problem: { code: 'NOT_ALLOWED' },
    });
    expect(await loose.timeout(60_000).emitWithAck('watch', { watch: 1 })).toMatchObject({
      ok: true,
    });
  });
});

describe('a browser', () => {
  it('[G5] trades its token for a session that no script can read and no other site can use', async () => {
    const { answer, cookie } = await signIn(OPERATOR);
    expect(answer.status).toBe(200);
    const set = answer.headers.get('set-cookie') ?? '';
    expect(set).toMatch(/; HttpOnly; SameSite=Strict$/);
    expect(set).not.toContain(OPERATOR);
    expect(await answer.json()).toMatchObject({ name: 'ann', role: 'operator', signedIn: true });
    expect(await status('GET /api/v1/cluster', { cookie })).toBe(200);
    expect(await status('POST /api/v1/sessions', { cookie, origin: server.url })).toBe(201);
    expect(await status('POST /api/v1/sessions', { cookie })).toBe(403);
    expect(await status('POST /api/v1/sessions', { cookie, origin: 'null' })).toBe(403);
    expect(await status('POST /api/v1/sessions', { cookie, origin: 'http://127.0.0.1:1' })).toBe(
      403,
    );
  });

  it('[G5] signs out, and its session is gone', async () => {
    const { cookie } = await signIn(VIEWER);
    const own = { cookie, origin: server.url };
    expect(await status('POST /api/v1/sign-out', own)).toBe(200);
    expect(await status('GET /api/v1/cluster', { cookie })).toBe(401);
  });

  it('[G5] does not get in with a wrong token, one as a form, or one from elsewhere', async () => {
    expect((await signIn(`${OPERATOR}x`)).answer.status).toBe(401);
    expect((await signIn(EXPIRED)).answer.status).toBe(401);
    const form = await fetch(`${server.url}/api/v1/sign-in`, {
      method: 'POST',
      body: new URLSearchParams({ token: OPERATOR }),
    });
    expect(form.status).toBe(400);
    expect((await signIn(OPERATOR, { origin: 'http://evil.example' })).answer.status).toBe(403);
  });
});

describe('a socket', () => {
  it.each([['polling'], ['websocket']] as const)(
    '[G6] by %s gets in with a token or a session, and not without',
    async (transport) => {
      const transports = [transport];
      for (const [auth, why] of [
        [{}, 'sign in'],
        [{ token: `${OPERATOR}x` }, 'not one of'],
        [{ token: EXPIRED }, 'expired'],
        [{ token: ['a', 'list'] }, 'sign in'],
      ] as const) {
        const refused = await failure(join({ auth, transports }));
        expect(refused.data).toMatchObject({ code: 'UNAUTHENTICATED' });
        expect(refused.message).toContain(why);
      }
      const { cookie } = await signIn(VIEWER);
      const origin = server.url;
      for (const options of [
        { auth: { token: VIEWER } },
        { extraHeaders: { authorization: `Bearer ${VIEWER}` } },
        { extraHeaders: { cookie, origin } },
      ]) {
        const socket = join({ ...options, transports });
        expect(await next(socket, 'access')).toMatchObject({ name: 'bob', role: 'viewer' });
      }
      const unsaid = await failure(join({ extraHeaders: { cookie }, transports }));
      expect(unsaid.data).toMatchObject({ code: 'FORBIDDEN' });
    },
  );

  it.each([['polling'], ['websocket']] as const)(
    '[G6] by %s of a page elsewhere does not get in, whatever it brings',
    async (transport) => {
      const { cookie } = await signIn(OPERATOR);
      for (const origin of ['http://evil.example', 'null', 'http://127.0.0.1:1']) {
        const extraHeaders = { cookie, origin };
        const socket = join({ extraHeaders, auth: { token: OPERATOR }, transports: [transport] });
        const refused = await failure(socket);
        expect(refused.data).toBeUndefined();
      }
    },
  );

  it('[G6] whose token is taken back, or whose session ends, is told so and let go', async () => {
    const { cookie } = await signIn(GUEST);
    const leaving = await signIn(VIEWER);
    // None is shown anything before all are waited for.
    const guest = join({ auth: { token: GUEST } });
    const page = join({ extraHeaders: { cookie, origin: server.url } });
    const other = join({ extraHeaders: { cookie: leaving.cookie, origin: server.url } });
    const stays = join({ auth: { token: VIEWER } });
    await Promise.all([guest, page, other, stays].map((socket) => next(socket, 'view')));
    const ends = [guest, page, other].map(async (socket) => {
      const [why] = await Promise.all([next(socket, 'farewell'), next(socket, 'disconnect')]);
      return why;
    });
    expect(
      await status('POST /api/v1/sign-out', { cookie: leaving.cookie, origin: server.url }),
    ).toBe(200);
    writeTokens(false);
    for (const why of await Promise.all(ends))
      expect(why).toMatchObject({
        code: 'UNAUTHENTICATED',
        message: expect.stringContaining('ended'),
      });
    expect(await status('GET /api/v1/cluster', { authorization: `Bearer ${GUEST}` })).toBe(401);
    expect(stays.connected).toBe(true);
    writeTokens(true);
  });

  it('[G6] is told and let go when its token expires', async () => {
    const brief = 'brief-token-0123456789';
    writeTokens(true, `eve viewer ${brief}`);
    await expect
      .poll(() => status('GET /api/v1/access', { authorization: `Bearer ${brief}` }))
      .toBe(200);
    const socket = join({ auth: { token: brief } });
    await next(socket, 'view');
    writeTokens(true, `eve viewer ${brief} ${new Date(Date.now() + 1000).toISOString()}`);
    const [why] = await Promise.all([next(socket, 'farewell'), next(socket, 'disconnect')]);
    expect(why).toMatchObject({ message: expect.stringContaining('expired') });
    writeTokens(true);
  });

  it('[G9] that sends without end is told, and then let go', async () => {
    const socket = join({ auth: { token: VIEWER } });
    await next(socket, 'view');
    let isGone = false;
    const gone = Promise.all([next(socket, 'farewell'), next(socket, 'disconnect')]).finally(() => {
      isGone = true;
    });
    const loose = socket as unknown as Socket;
    // What is counted is what came since some time: where that ends in the middle, more has to come.
    while (!isGone) {
      for (let sent = 0; sent < 6000; sent++) socket.emit('resync');
      const answered = loose.timeout(60_000).emitWithAck('kill', 'n1');
      await Promise.race([gone, answered.catch(() => null)]);
    }
    const [why] = await gone;
    expect(why).toMatchObject({ code: 'RATE_LIMITED' });
  });

  it('[G9] that sends one message too large is let go, and the server is none the worse', async () => {
    const socket = join({ auth: { token: VIEWER } });
    await next(socket, 'view');
    const gone = next(socket, 'disconnect');
    (socket as unknown as Socket).emit('watch', { watch: 1, key: 'x'.repeat(64 * 1024) });
    await gone;
    expect(await status('GET /livez')).toBe(200);
  });
});

describe('pages elsewhere', () => {
  it('[G7] change nothing and load nothing, and may link here', async () => {
    const authorization = `Bearer ${OPERATOR}`;
    for (const [given, passes] of [
      [{ origin: 'http://evil.example' }, false],
      [{ origin: 'null' }, false],
      [{ 'sec-fetch-site': 'cross-site' }, false],
      [{ 'sec-fetch-site': 'same-site' }, false],
      [{ 'sec-fetch-site': 'same-origin' }, true],
      [{ origin: server.url }, true],
      [{}, true],
    ] as const)
      expect(
        await raw('POST', '/api/v1/sessions', { ...given, authorization }),
        JSON.stringify(given),
      ).toBe(passes ? 201 : 403);
    for (const [given, passes] of [
      [{ 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'no-cors' }, false],
      [{ 'sec-fetch-site': 'same-site', 'sec-fetch-mode': 'cors' }, false],
      [{ 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'navigate' }, true],
      [{ 'sec-fetch-site': 'same-origin', 'sec-fetch-mode': 'cors' }, true],
      [{ 'sec-fetch-site': 'none', 'sec-fetch-mode': 'navigate' }, true],
    ] as const)
      expect(
        await raw('GET', '/api/v1/cluster', { ...given, authorization }),
        JSON.stringify(given),
      ).toBe(passes ? 200 : 403);
  });

  it('[G7] whose name was rebound to this machine are not answered, and the host’s own names are', async () => {
    const { port } = new URL(server.url);
    const authorization = `Bearer ${OPERATOR}`;
    for (const host of ['evil.example', `evil.example:${port}`, 'localhost.evil.example'])
      expect(await raw('GET', '/api/v1/cluster', { host, authorization }), host).toBe(403);
    for (const host of ['localhost', `LocalHost:${port}`, `[::1]:${port}`])
      expect(await raw('GET', '/api/v1/cluster', { host, authorization }), host).toBe(200);
  });

  const polling = '/socket.io/?EIO=4&transport=polling';
  it.each([
    ['data', '/api/v1/cluster', 200, {}],
    ['a problem', '/api/v1/no-such-thing', 403, {}],
    ['the way in', '/api/v1/cluster', 401, { authorization: `Bearer ${EXPIRED}` }],
    ['a path that is no path', '/api/v1/kv/%ff', 400, {}],
    ['a stream', '/api/v1/watch', 200, {}],
    ['a file', '/api/v1/recording/file', 200, {}],
    ['figures', '/metrics', 200, {}],
    ['readiness', '/readyz', 200, {}],
    ['a socket that polls', polling, 200, {}],
    ['a socket that is refused', polling, 403, { origin: 'http://evil.example' }],
  ])(
    '[G8] get %s as an answer that no browser shows, guesses at, keeps or lends',
    async (_what, target, expected, more) => {
      const headers = { authorization: `Bearer ${VIEWER}`, ...more };
      const ask = async (): Promise<number> => {
        const answer = await fetch(`${server.url}${target}`, { headers });
        await answer.body?.cancel();
        expectGuarded((name) => answer.headers.get(name));
        return answer.status;
      };
      // While a leader is being elected the server is not ready.
      await expect.poll(ask).toBe(expected);
    },
  );

  it('[G8] get no other answer to what is not HTTP', async () => {
    const { hostname, port } = new URL(server.url);
    const socket = connect(Number(port), hostname);
    socket.end('no HTTP\r\n\r\n');
    const [head = ''] = (await text(socket)).split('\r\n\r\n');
    const headers = new Map(
      head
        .split('\r\n')
        .slice(1)
        .map((line) => line.split(/: (.*)/) as [string, string]),
    );
    expectGuarded((name) => headers.get(name) ?? null);
  });

  function expectGuarded(header: (name: string) => string | null): void {
    for (const [name, value] of [
      ['x-content-type-options', 'nosniff'],
      ['referrer-policy', 'same-origin'],
      ['x-frame-options', 'DENY'],
      ['cache-control', 'no-store'],
      ['cross-origin-resource-policy', 'same-origin'],
      ['content-security-policy', "default-src 'none'; frame-ancestors 'none'"],
      ['access-control-allow-origin', null],
      ['strict-transport-security', null],
    ] as const)
      expect(header(name), name).toBe(value);
  }
});

function writeTokens(withGuest: boolean, more = ''): void {
  const lines = [
    `ann operator sha256:${hashOf(OPERATOR).toString('hex')}`,
    `bob viewer ${VIEWER}`,
    `old operator ${EXPIRED} 2020-01-01T00:00:00Z`,
    ...(withGuest ? [`guest viewer ${GUEST}`] : []),
    more,
  ];
  writeFileSync(file, lines.join('\n'));
  chmodSync(file, 0o600);
}

function roleOf(route: string): string {
  const [method = '', url = ''] = route.split(' ');
  return roleOfRoute(method, url);
}

/** A route as it was declared, with something for its parameters. */
function ask(
  route: string,
  token?: string,
  headers: Record<string, string> = {},
): Promise<Response> {
  const [method = '', url = ''] = route.split(' ');
  const target = url.replaceAll(/:\w+/g, 'n1').replaceAll('*', 'x');
  return fetch(`${server.url}${target}`, {
    method,
    headers: {
      ...PATIENT,
      ...headers,
      ...(token !== undefined && { authorization: `Bearer ${token}` }),
    },
  });
}

async function status(route: string, headers: Record<string, string> = {}): Promise<number> {
  const answer = await ask(route, undefined, headers);
  await answer.body?.cancel();
  return answer.status;
}

/** With headers that fetch would not send. */
function raw(method: string, target: string, headers: Record<string, string>): Promise<number> {
  const { hostname, port } = new URL(server.url);
  return new Promise((resolve, reject) => {
    const all = { ...PATIENT, ...headers };
    const sent = httpRequest({ hostname, port, method, path: target, headers: all }, (answer) => {
      answer.resume();
      resolve(answer.statusCode ?? 0);
    });
    sent.on('error', reject);
    sent.end();
  });
}

async function signIn(
  token: string,
  headers: Record<string, string> = {},
): Promise<{ answer: Response; cookie: string }> {
  const answer = await fetch(`${server.url}/api/v1/sign-in`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify({ token }),
  });
  return { answer, cookie: (answer.headers.get('set-cookie') ?? '').split(';')[0] ?? '' };
}

function join(options: object): LiveSocket {
  const socket: LiveSocket = io(server.url, {
    forceNew: true,
    reconnection: false,
    transports: ['websocket'],
    ...options,
  });
  sockets.push(socket);
  return socket;
}

function next<E extends keyof ServerToClientEvents>(
  socket: LiveSocket,
  event: E | 'disconnect',
): Promise<unknown> {
  return new Promise((resolve) => {
    (socket as unknown as Socket).once(event, resolve);
  });
}

function failure(socket: LiveSocket): Promise<Error & { data?: unknown }> {
  return new Promise((resolve, reject) => {
    socket.once('connect_error', resolve);
    socket.once('connect', () => reject(new Error('it got in')));
  });
}
