/** What is pushed to pages, over real sockets from a real server. */
import { once } from 'node:events';
import { request as httpRequest } from 'node:http';
import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { io } from 'socket.io-client';
import type { Socket } from 'socket.io-client';
import { afterEach, describe, expect, it } from 'vitest';
import { BEAT_EVERY_MS, Packet, Patch } from '../../contracts/live.ts';
import type { ClientToServerEvents, ServerToClientEvents } from '../../contracts/live.ts';
import { ClusterView } from '../../contracts/view.ts';
import { sharedServer } from '../server.ts';
import { makeWhole } from '../whole.ts';

const SLOW_MACHINE_MS = 120_000;

type LiveSocket = Socket<ServerToClientEvents, ClientToServerEvents>;

describe('a live page', { timeout: SLOW_MACHINE_MS }, () => {
  const server = sharedServer();
  const sockets: LiveSocket[] = [];

  afterEach(async () => {
    for (const socket of sockets.splice(0)) socket.disconnect();
    await makeWhole(server);
  });

  it('[V8] gets the whole view on joining, then every patch in order, and they fit together', async () => {
    const socket = join();
    const nextPatch = inbox(socket, 'patch');
    const view = ClusterView.parse(await next(socket, 'view'));
    let seq = view.seq;
    let commitIndex = Math.max(...view.nodes.map((node) => node.commitIndex));
    const { index } = await write('v8');
    while (commitIndex < index) {
      const patch = Patch.parse(await nextPatch());
      expect(patch.epoch).toBe(view.epoch);
      expect(patch.seq).toBe(++seq);
      for (const node of patch.nodes ?? []) commitIndex = Math.max(commitIndex, node.commitIndex);
    }
  });

  it('[V8] that joins later gets a view that the next patch follows', async () => {
    const first = join();
    await next(first, 'view');
    for (let i = 0; i < 5; i++) {
      const socket = join();
      const nextPatch = inbox(socket, 'patch');
      const view = ClusterView.parse(await next(socket, 'view'));
      expect(Patch.parse(await nextPatch()).seq).toBe(view.seq + 1);
    }
  });

  it('[V9] that asks again gets the whole view, and then the patch that follows it', async () => {
    const socket = join();
    await next(socket, 'view');
    const order: { readonly kind: string; readonly seq: number }[] = [];
    socket.on('view', ({ seq }) => order.push({ kind: 'view', seq }));
    socket.on('patch', ({ seq }) => order.push({ kind: 'patch', seq }));
    for (let i = 0; i < 100; i++) socket.emit('resync');
    await next(socket, 'view');
    await next(socket, 'patch');
    // Nothing is missing: a patch follows what came before it, and a view never goes back.
    order.slice(1).forEach(({ kind, seq }, at) => {
      const before = order[at]?.seq ?? 0;
      if (kind === 'patch') expect(seq).toBe(before + 1);
      else expect(seq).toBeGreaterThanOrEqual(before);
    });
    // A hundred questions at once are one question, or a few where patches fell between them.
    expect(order.filter(({ kind }) => kind === 'view').length).toBeLessThan(20);
  });

  it('[V10] sees a kill at once, with its event', async () => {
    const socket = join();
    const nextPatch = inbox(socket, 'patch');
    await next(socket, 'view');
    const killed = server.supervisor.kill('n3');
    for (;;) {
      const patch = Patch.parse(await nextPatch());
      if (patch.nodes?.some(({ id, state }) => id === 'n3' && state === 'down') !== true) continue;
      expect(patch.events?.map(({ kind }) => kind)).toContain('node-killed');
      break;
    }
    await killed;
  });

  it('[V10] gets at most thirty patches a second under load', async () => {
    const socket = join();
    await next(socket, 'view');
    let isLoaded = true;
    // Many would leave a busy machine no time to patch.
    const writers = Array.from({ length: 4 }, async (_, n) => {
      while (isLoaded) await write(`load${n}`);
    });
    await next(socket, 'beat');
    let patches = 0;
    socket.on('patch', () => patches++);
    const startedMs = performance.now();
    // Longer than a second, however fast the machine is: a few patches at once make no rate.
    for (let beat = 0; beat < 2; beat++) await next(socket, 'beat');
    const seconds = (performance.now() - startedMs) / 1000;
    isLoaded = false;
    await Promise.all(writers);
    expect(patches / seconds).toBeLessThan(35);
    expect(patches).toBeGreaterThan(0);
  });

  it('[V11] gets a beat each second that names the last patch', async () => {
    const socket = join();
    await next(socket, 'view');
    const first = await next(socket, 'beat');
    const second = await next(socket, 'beat');
    expect(second.atMs - first.atMs).toBeGreaterThan(BEAT_EVERY_MS / 2);
    expect(second.epoch).toBe(first.epoch);
    expect(second.seq).toBeGreaterThanOrEqual(first.seq);
  });

  it('[V12] gets packets only while it watches them', async () => {
    const watching = join();
    const other = join();
    let others = 0;
    other.on('packets', () => others++);
    await Promise.all([next(watching, 'view'), next(other, 'view')]);
    watching.emit('watchPackets', true);
    const nextPackets = inbox(watching, 'packets');
    // An election, or answers alone, may come first.
    const seen = new Set<string>();
    while (!seen.has('Heartbeat') && !seen.has('AppendEntries'))
      for (const { type } of Packet.array().parse(await nextPackets())) seen.add(type);
    watching.emit('watchPackets', false);
    expect(others).toBe(0);
  });

  it('[V13] of another origin is refused, on both transports', async () => {
    const query = '/socket.io/?EIO=4&transport=';
    const origin = 'http://evil.example';
    expect(await status(`${query}polling`, { origin })).toBe(403);
    expect(await status(`${query}polling`, { origin: server.url })).toBe(200);
    expect(await status(`${query}polling`, { host: 'evil.example' })).toBe(403);
    const upgrade = { connection: 'Upgrade', upgrade: 'websocket', 'sec-websocket-version': '13' };
    const key = { 'sec-websocket-key': Buffer.from('0123456789abcdef').toString('base64') };
    expect(await status(`${query}websocket`, { ...upgrade, ...key, origin })).toBe(400);
    expect(await status(`${query}websocket`, { ...upgrade, ...key, origin: server.url })).toBe(101);
  });

  it('[V14] that sends too much, or what nobody asked for, is cut off or ignored, and the server lives on', async () => {
    const flooding = join();
    await next(flooding, 'view');
    const gone = new Promise<string>((resolve) => flooding.on('disconnect', resolve));
    flooding.emit('watchPackets', 'x'.repeat(100_000) as unknown as boolean);
    expect(await gone).toBe('transport close');
    const odd = join();
    await next(odd, 'view');
    odd.emit('watchPackets', { on: true } as unknown as boolean);
    (odd as unknown as { emit(event: string, value: unknown): void }).emit('kill', 'n1');
    await next(odd, 'beat');
    expect(server.fold.nodeView('n1').state).toBe('serving');
  });

  function join(): LiveSocket {
    const socket: LiveSocket = io(server.url, {
      transports: ['websocket'],
      reconnection: false,
      forceNew: true,
    });
    sockets.push(socket);
    return socket;
  }

  async function write(key: string): Promise<{ readonly index: number }> {
    const outcome = await server.kv.write({ op: 'set', key, field: 'x', value: '1' }, 60_000);
    if (!outcome.ok) throw new Error(outcome.code);
    return outcome;
  }

  /** Answer to a plain request, or to one that asks for an upgrade. */
  async function status(path: string, headers: Record<string, string>): Promise<number> {
    const request = httpRequest(`${server.url}${path}`, { headers });
    request.end();
    const [response, socket] = (await Promise.race([
      once(request, 'response'),
      once(request, 'upgrade'),
    ])) as [IncomingMessage, Duplex | undefined];
    response.resume();
    socket?.destroy();
    return response.statusCode ?? 0;
  }
});

/** The messages of a kind, in order, none missed between two looks. */
function inbox<E extends keyof ServerToClientEvents>(
  socket: LiveSocket,
  event: E,
): () => Promise<Parameters<ServerToClientEvents[E]>[0]> {
  type Message = Parameters<ServerToClientEvents[E]>[0];
  const waiting: Message[] = [];
  let onMessage = (): void => {};
  socket.on(
    event as never,
    ((message: Message) => {
      waiting.push(message);
      onMessage();
    }) as never,
  );
  return async () => {
    while (waiting.length === 0) {
      await new Promise<void>((resolve) => {
        onMessage = resolve;
      });
    }
    return waiting.shift() as Message;
  };
}

/** The next message of a kind. */
function next<E extends keyof ServerToClientEvents>(
  socket: LiveSocket,
  event: E,
): Promise<Parameters<ServerToClientEvents[E]>[0]> {
  return inbox(socket, event)();
}
