/** The line between two processes. */
import { once } from 'node:events';
import { createServer, Socket } from 'node:net';
import type { AddressInfo } from 'node:net';
import { serialize } from 'node:v8';
import fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import { SocketLine } from '../../server/transport/socket-line.ts';

const sockets: Socket[] = [];

afterEach(() => {
  for (const socket of sockets.splice(0)) socket.destroy();
});

async function pair(): Promise<[Socket, Socket]> {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const one = new Socket().connect((server.address() as AddressInfo).port, '127.0.0.1');
  const [other] = (await once(server, 'connection')) as [Socket];
  server.close();
  sockets.push(one, other);
  return [one, other];
}

function frame(value: unknown): Buffer {
  const body = serialize(value);
  const head = Buffer.alloc(4);
  head.writeUInt32LE(body.length);
  return Buffer.concat([head, body]);
}

describe('a line between processes', () => {
  it('[X1] carries values in their order, wherever the stream is cut', async () => {
    const [one] = await pair();
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.oneof(fc.string(), fc.dictionary(fc.string(), fc.integer())), { maxLength: 8 }),
        fc.infiniteStream(fc.integer({ min: 1, max: 40 })),
        async (values, cuts) => {
          const line = new SocketLine(new Socket());
          const got: unknown[] = [];
          line.on('message', (value) => got.push(value));
          const bytes = Buffer.concat(values.map(frame));
          let from = 0;
          for (const length of cuts) {
            if (from >= bytes.length) break;
            Reflect.get(line, 'socket').emit('data', bytes.subarray(from, from + length));
            from += length;
          }
          expect(got).toEqual(values);
        },
      ),
    );
    one.destroy();
  });

  it('[X1] carries what nodes say to each other, both ways', async () => {
    const [one, other] = (await pair()).map((socket) => new SocketLine(socket));
    const answered = new Promise((resolve) => one?.on('message', resolve));
    other?.on('message', (value) => other.postMessage({ echo: value }));
    const value = { marks: new Float64Array([1, 2.5]), data: ['a', '\u0000é😀'], none: undefined };
    one?.postMessage(value);
    expect(await answered).toEqual({ echo: value });
  });

  it('[X1] ends with its other end, and sends into nothing after that', async () => {
    const [one, other] = await pair();
    const line = new SocketLine(one);
    const ended = once(line, 'close');
    other.destroy();
    await ended;
    line.postMessage('nobody');
    line.close();
  });

  it('[X1] ends when a length comes that no frame has', async () => {
    const [one, other] = await pair();
    const line = new SocketLine(one);
    const ended = once(line, 'close');
    other.write(Buffer.from([0xff, 0xff, 0xff, 0xff, 1]));
    await ended;
  });

  it('[X1] keeps no more than a bound for one who does not read', async () => {
    const [one] = await pair();
    const line = new SocketLine(one);
    const packet = Buffer.alloc(8 * 1024 * 1024);
    for (let i = 0; i < 40; i++) line.postMessage(packet);
    expect(one.writableLength).toBeLessThan(80 * 1024 * 1024);
    expect(one.writableLength).toBeGreaterThan(48 * 1024 * 1024);
  });
});
