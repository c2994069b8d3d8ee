/** Offers of other protocols, and bytes that are no protocol at all, on real sockets. */
import { once } from 'node:events';
import { connect } from 'node:net';
import type { Socket } from 'node:net';
import { beforeAll, describe, expect, it } from 'vitest';
import { sharedServer, startTestServer } from '../server.ts';

const server = sharedServer();
let port: number;

beforeAll(() => {
  port = Number(new URL(server.url).port);
});

async function open(): Promise<Socket> {
  const socket = connect(port, '127.0.0.1');
  await once(socket, 'connect');
  return socket;
}

/** All that the server says until it ends the connection. */
async function said(...lines: string[]): Promise<string> {
  const socket = await open();
  let text = '';
  socket.on('data', (chunk: Buffer) => {
    text += chunk.toString();
  });
  const closed = once(socket, 'close');
  socket.write(lines.join('\r\n'));
  await closed;
  return text;
}

const HOST = () => `host: 127.0.0.1:${port}`;
const OFFER = ['connection: Upgrade, HTTP2-Settings', 'upgrade: h2c', 'http2-settings: AAMAAABk'];

describe('offers of other protocols', () => {
  it('[H12] a request that offers HTTP/2 is answered as if it had not, its body too', async () => {
    const body = '{"value":"offered"}';
    const socket = await open();
    let text = '';
    const answered = new Promise<void>((resolve) => {
      socket.on('data', (chunk: Buffer) => {
        text += chunk.toString();
        if (text.includes('}')) resolve();
      });
    });
    socket.write(
      [
        'PUT /api/v1/kv/up/f HTTP/1.1',
        HOST(),
        ...OFFER,
        'content-type: application/json',
        `content-length: ${body.length}`,
        '',
        body.slice(0, 5),
      ].join('\r\n'),
    );
    socket.write(body.slice(5));
    await answered;
    expect(text).toMatch(/^HTTP\/1.1 200 OK/);
    expect(text).toContain('"outcome":"committed"');
    socket.destroy();
  });

  it('[H12] a socket for nobody is answered, not left hanging', async () => {
    const socket = await open();
    const answer = once(socket, 'data') as Promise<[Buffer]>;
    socket.write(
      ['GET /somewhere HTTP/1.1', HOST(), 'connection: Upgrade', 'upgrade: websocket', '', ''].join(
        '\r\n',
      ),
    );
    expect(String((await answer)[0])).toMatch(/^HTTP\/1.1 404/);
    socket.destroy();
  });

  it('[K7] a stop does not wait for such connections', async () => {
    const other = await startTestServer();
    const socket = connect(Number(new URL(other.url).port), '127.0.0.1');
    await once(socket, 'connect');
    socket.on('error', () => {});
    const answer = once(socket, 'data');
    socket.write(['GET /livez HTTP/1.1', 'host: 127.0.0.1', ...OFFER, '', ''].join('\r\n'));
    await answer;
    const closed = once(socket, 'close');
    await other.destroy();
    await closed;
  });
});

describe('bytes that are not HTTP', () => {
  it.each([
    ['no protocol', 'GARBAGE', 400, 'BAD_REQUEST'],
    ['an unknown method', 'FOO /livez HTTP/1.1', 400, 'BAD_REQUEST'],
    ['a target beyond all limits', `GET /${'x'.repeat(70_000)} HTTP/1.1`, 413, 'TOO_LARGE'],
  ])(
    '[H5] %s is answered with a problem, and the connection ends',
    async (_what, line, status, code) => {
      const text = await said(line, HOST(), '', '');
      expect(text).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
      const [head, body = ''] = text.split('\r\n\r\n');
      expect(JSON.parse(body)).toMatchObject({ status, code });
      expect(head).toContain(
        `x-request-id: ${(JSON.parse(body) as { requestId: string }).requestId}`,
      );
    },
  );

  it('[H5] a key that is too long for any name is said to be', async () => {
    const text = await said(
      `GET /api/v1/kv/${'x'.repeat(15_000)}/f HTTP/1.1`,
      HOST(),
      'connection: close',
      '',
      '',
    );
    expect(text).toContain('"code":"TOO_LARGE"');
    expect(text).toContain('"path":"key"');
  });

  it('[H5] garbage behind a write that is under way is not taken for its answer', async () => {
    const body = '{"value":"1"}';
    const text = await said(
      'PUT /api/v1/kv/up/g HTTP/1.1',
      HOST(),
      'content-type: application/json',
      `content-length: ${body.length}`,
      '',
      `${body}GARBAGE`,
      '',
      '',
    );
    expect(text).not.toMatch(/^HTTP\/1.1 4/);
  });
});
