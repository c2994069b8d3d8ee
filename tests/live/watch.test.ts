/** Watches over Socket.IO, on a real cluster. */
import { once } from 'node:events';
import { io } from 'socket.io-client';
import type { Socket } from 'socket.io-client';
import { afterEach, describe, expect, it } from 'vitest';
import { Watches } from '../../client/watch.ts';
import type { WatchReader, WatchScope } from '../../client/watch.ts';
import type { ClientToServerEvents, ServerToClientEvents } from '../../contracts/live.ts';
import { WatchAnswer, WatchedChanges, WatchedEnd, WatchedProgress } from '../../contracts/watch.ts';
import type { BatchView } from '../../contracts/watch.ts';
import { SetAnswer } from '../../contracts/write.ts';
import { MAX_WATCHES_PER_SOCKET } from '../../server/live/watch-sockets.ts';
import { Requests } from '../http/requests.ts';
import type { TestServer } from '../server.ts';
import { makeDataDir, sharedServer, startTestServer } from '../server.ts';
import { makeWhole } from '../whole.ts';

const SLOW_MACHINE_MS = 120_000;
const PATIENT = { timeout: 60_000 };
/** Less than after what a reader that takes nothing is given up. */
const SOON = { timeout: 15_000 };

type LiveSocket = Socket<ServerToClientEvents, ClientToServerEvents>;

describe('a watch over a socket', { timeout: SLOW_MACHINE_MS }, () => {
  const server = sharedServer();
  const sockets: LiveSocket[] = [];

  afterEach(async () => {
    for (const socket of sockets.splice(0)) socket.disconnect();
    await makeWhole(server);
    await expect.poll(() => server.watches.count, SOON).toBe(0);
  });

  it('[W7] is accepted with its revision, told what happens after it, and ended by its number', async () => {
    const socket = await join();
    const told: unknown[] = [];
    socket.on('changes', (changes, taken) => {
      told.push(WatchedChanges.parse(changes));
      taken();
    });
    socket.on('progress', (progress, taken) => {
      told.push(WatchedProgress.parse(progress));
      taken();
    });
    const before = await set('a', '0');
    // From now on: a leader that was elected meanwhile has begun its term with a revision of its own.
    const answer = await ask(socket, { watch: 7, key: 'a' });
    if (!answer.ok) throw new Error(answer.problem.code);
    const { after } = answer;
    expect(after).toBeGreaterThanOrEqual(before);
    expect(await ask(socket, { watch: 8, prefix: 'a', after: before - 1 })).toMatchObject({
      ok: true,
      after: before - 1,
    });
    const revision = await set('a', '1');
    const changes = [{ kind: 'set', value: '1', previous: { value: '0', revision: before } }];
    await expect
      .poll(() => told, PATIENT)
      .toEqual(
        expect.arrayContaining([
          { watch: 7, through: after },
          { watch: 7, batches: [expect.objectContaining({ revision })] },
        ]),
      );
    expect(told).toContainEqual(
      expect.objectContaining({ watch: 7, batches: [expect.objectContaining({ revision })] }),
    );
    expect(batchesOf(told, 7)).toMatchObject([{ revision, changes }]);
    await expect.poll(() => batchesOf(told, 8).length, PATIENT).toBe(2);
    socket.emit('unwatch', 7);
    await expect.poll(() => server.watches.count, SOON).toBe(1);
    const later = await set('a', '2');
    await expect.poll(() => batchesOf(told, 8).at(-1)?.revision, PATIENT).toBe(later);
    expect(batchesOf(told, 7)).toHaveLength(1);
  });

  it('[W7] has few messages under way that nobody acknowledged, and gathers what comes meanwhile', async () => {
    const socket = await join();
    const messages: BatchView[][] = [];
    const acknowledge: (() => void)[] = [];
    socket.on('changes', ({ batches }, taken) => {
      messages.push([...batches]);
      acknowledge.push(taken);
    });
    socket.on('progress', (_progress, taken) => taken());
    socket.on('lagging', (_lagging, taken) => taken());
    await ask(socket, { watch: 1, prefix: 'flow' });
    const fast = await join();
    const everything: BatchView[] = [];
    fast.on('changes', ({ batches }, taken) => {
      everything.push(...batches);
      taken();
    });
    fast.on('progress', (_progress, taken) => taken());
    await ask(fast, { watch: 1, prefix: 'flow' });
    // More than there is room for, in few writes: one who takes nothing for long is given up.
    const value = 'x'.repeat(25_000);
    const writes = 20;
    let last = 0;
    for (let i = 0; i < writes; i++) last = await set(`flow${i % 3}`, `${value}${i}`);
    await expect.poll(() => everything.at(-1)?.revision, PATIENT).toBe(last);
    expect(everything).toHaveLength(writes);
    expect(messages.length).toBeLessThanOrEqual(4);
    const isDone = (): boolean => {
      for (const taken of acknowledge.splice(0)) taken();
      return messages.at(-1)?.at(-1)?.revision === last;
    };
    await expect.poll(isDone, PATIENT).toBe(true);
    expect(messages.flat()).toEqual(everything);
    expect(messages.length).toBeLessThan(writes);
  });

  it('[W7] that is odd is refused by the acknowledgement, and does no harm', async () => {
    const socket = await join();
    const odd: [unknown, string][] = [
      [undefined, 'BAD_REQUEST'],
      [null, 'BAD_REQUEST'],
      [5, 'BAD_REQUEST'],
      ['watch', 'BAD_REQUEST'],
      [[], 'BAD_REQUEST'],
      [{}, 'BAD_REQUEST'],
      [{ watch: -1 }, 'BAD_REQUEST'],
      [{ watch: 1.5 }, 'BAD_REQUEST'],
      [{ watch: 'one' }, 'BAD_REQUEST'],
      [{ watch: 1, from: 3 }, 'BAD_REQUEST'],
      [{ watch: 1, key: '' }, 'BAD_REQUEST'],
      [{ watch: 1, key: 5 }, 'BAD_REQUEST'],
      [{ watch: 1, field: 'x' }, 'BAD_REQUEST'],
      [{ watch: 1, key: 'a', prefix: 'a' }, 'BAD_REQUEST'],
      [{ watch: 1, after: '3' }, 'BAD_REQUEST'],
      [{ watch: 1, after: -1 }, 'BAD_REQUEST'],
      [{ watch: 1, key: '__proto__', field: '' }, 'BAD_REQUEST'],
      [{ watch: 1, key: 'k'.repeat(1025) }, 'TOO_LARGE'],
      [{ watch: 1, key: '\ud800' }, 'BAD_ENCODING'],
      [{ watch: 1, after: Number.MAX_SAFE_INTEGER }, 'REVISION_NOT_YET'],
    ];
    for (const [request, code] of odd) {
      const answer = await ask(socket, request);
      expect(answer, JSON.stringify(request)).toMatchObject({ ok: false, problem: { code } });
    }
    const raw = socket as unknown as { emit(event: string, ...args: unknown[]): void };
    raw.emit('watch');
    raw.emit('watch', { watch: 1 });
    raw.emit('watch', { watch: 1 }, 'no function');
    for (const id of [undefined, null, 'one', {}, 99]) raw.emit('unwatch', id);
    expect(await ask(socket, { watch: 1, key: '__proto__' })).toMatchObject({ ok: true });
    expect(server.watches.count).toBe(1);
  });

  it('[W7] under a number in use, or one too many, is refused', async () => {
    const socket = await join();
    for (let watch = 0; watch < MAX_WATCHES_PER_SOCKET; watch++)
      expect(await ask(socket, { watch, key: `k${watch}` })).toMatchObject({ ok: true });
    expect(await ask(socket, { watch: 3, key: 'k' })).toMatchObject({
      ok: false,
      problem: { code: 'CONFLICT' },
    });
    expect(await ask(socket, { watch: 99, key: 'k' })).toMatchObject({
      ok: false,
      problem: { code: 'OVERLOADED', retryable: true },
    });
    socket.emit('unwatch', 3);
    expect(await ask(socket, { watch: 99, key: 'k' })).toMatchObject({ ok: true });
    expect(server.watches.count).toBe(MAX_WATCHES_PER_SOCKET);
  });

  it('[W7] that was ended tells nothing more, also not to the next one of its number', async () => {
    const socket = await join();
    const fast = await join();
    let told: string[] = [];
    const acknowledge: (() => void)[] = [];
    socket.on('changes', ({ batches }, taken) => {
      told.push(...batches.flatMap(({ changes }) => changes.map(({ key }) => key)));
      acknowledge.push(taken);
    });
    for (const each of [socket, fast]) each.on('progress', (_progress, taken) => taken());
    let seen = 0;
    fast.on('changes', ({ batches }, taken) => {
      seen = batches.at(-1)?.revision ?? 0;
      taken();
    });
    await ask(fast, { watch: 1, key: 'former' });
    await ask(socket, { watch: 1, key: 'former' });
    let last = 0;
    for (let i = 0; i < 20; i++) last = await set('former', 'x'.repeat(20_000));
    await expect.poll(() => seen, PATIENT).toBe(last);
    expect(told.length).toBeLessThan(20);
    socket.emit('unwatch', 1);
    expect(await ask(socket, { watch: 1, key: 'next' })).toMatchObject({ ok: true });
    told = [];
    for (const taken of acknowledge.splice(0)) taken();
    await set('next', '1');
    await expect.poll(() => told.at(-1), PATIENT).toBe('next');
    expect(told).toEqual(['next']);
  });

  it('[W7] that nobody wants any more when it is opened is closed', async () => {
    const [socket, other] = [await join(), await join()];
    // While there is no quorum none can be opened.
    await Promise.all(['n2', 'n3'].map((id) => server.supervisor.kill(id)));
    const answered = ask(socket, { watch: 1 });
    socket.emit('unwatch', 1);
    other.emit('watch', { watch: 1 }, () => {});
    await Promise.all([ask(socket, {}), ask(other, {})]);
    expect(server.watches.count).toBe(2);
    other.disconnect();
    await Promise.all(['n2', 'n3'].map((id) => server.supervisor.revive(id)));
    expect(await answered).toMatchObject({ ok: true });
    await expect.poll(() => server.watches.count, SOON).toBe(0);
  });

  it('[W8] goes on by itself while leaders are killed and its line is cut, every write once and in order', async () => {
    const socket = await join();
    const first = await set('page0', 'start');
    const watches = new Watches(socket);
    const scopes: WatchScope[] = [
      { prefix: 'page' },
      { key: 'page1' },
      { key: 'page0', field: 'x' },
    ];
    const readers = scopes.map((scope) => {
      const batches: BatchView[] = [];
      const reader: WatchReader = { onChanges: (more) => void batches.push(...more) };
      watches.watch(scope, reader, first);
      return { scope, batches };
    });
    const acknowledged: { key: string; revision: number }[] = [];
    let writing = true;
    const writers = ['page0', 'page1'].map(async (key) => {
      while (writing) acknowledged.push({ key, revision: await set(key, 'x', 1) });
    });
    const advance = async (count: number): Promise<void> => {
      const enough = acknowledged.length + count;
      await expect.poll(() => acknowledged.length, PATIENT).toBeGreaterThan(enough);
    };
    for (let round = 0; round < 2; round++) {
      await advance(30);
      socket.io.engine.close();
      const victim = server.fold.view(Date.now()).nodes[0]?.leader ?? 'n1';
      await server.supervisor.kill(victim);
      await advance(30);
      socket.io.engine.close();
      await server.supervisor.revive(victim);
    }
    await advance(30);
    writing = false;
    await Promise.all(writers);
    for (const key of ['page0', 'page1'])
      acknowledged.push({ key, revision: await set(key, 'end') });
    for (const { scope, batches } of readers) {
      const expected = acknowledged
        .filter(({ key }) => scope.key === undefined || scope.key === key)
        .map(({ revision }) => revision)
        .sort((a, b) => a - b);
      const written = (): number[] =>
        batches.flatMap(({ revision, changes }) =>
          changes.some(({ kind }) => kind === 'set') ? [revision] : [],
        );
      await expect.poll(() => written().at(-1), PATIENT).toBe(expected.at(-1));
      expect(written()).toEqual(expected);
      const all = batches.map(({ revision }) => revision);
      expect(all).toEqual([...new Set(all)].sort((a, b) => a - b));
      const expired = batches.flatMap(({ changes }) =>
        changes.filter(({ kind }) => kind === 'expire').map(({ version }) => version.revision),
      );
      expect(expired).toEqual([...new Set(expired)]);
      expect(expired.length).toBeGreaterThan(10);
    }
    watches.close();
  });

  it('[W8] that is ended by its reader is told nothing more, and what cannot be watched says so', async () => {
    const socket = await join();
    const watches = new Watches(socket);
    const told: BatchView[] = [];
    let started = (): void => {};
    const isOpen = new Promise<void>((resolve) => {
      started = resolve;
    });
    const stop = watches.watch(
      { key: 'ended' },
      { onChanges: (batches) => void told.push(...batches), onProgress: () => started() },
    );
    await isOpen;
    await set('ended', '1');
    await expect.poll(() => told.length, PATIENT).toBe(1);
    stop();
    await expect.poll(() => server.watches.count, SOON).toBe(0);
    await set('ended', '2');
    const code = await new Promise((resolve) => {
      watches.watch({ field: 'x' }, { onChanges: () => {}, onEnd: (why) => resolve(why.code) });
    });
    expect(code).toBe('BAD_REQUEST');
    expect(told).toHaveLength(1);
    watches.close();
  });

  async function join(): Promise<LiveSocket> {
    const socket: LiveSocket = io(server.url, {
      transports: ['websocket'],
      forceNew: true,
      reconnectionDelay: 20,
    });
    sockets.push(socket);
    await new Promise<void>((resolve) => void socket.once('connect', resolve));
    return socket;
  }

  async function set(key: string, value: string, ttl?: number): Promise<number> {
    return write(server, key, value, ttl);
  }
});

describe('a stop of the server', { timeout: SLOW_MACHINE_MS }, () => {
  it('[W8] ends the watches of sockets with a problem, and after it they go on', async () => {
    const dataDir = makeDataDir();
    const first = await startTestServer(dataDir);
    const socket: LiveSocket = io(first.url, { transports: ['websocket'], forceNew: true });
    const ends: unknown[] = [];
    socket.on('watchEnd', (end) => ends.push(WatchedEnd.parse(end)));
    const watches = new Watches(socket);
    const told: number[] = [];
    const revisions = [await write(first, 'a', '0')];
    watches.watch(
      { key: 'a' },
      { onChanges: (more) => told.push(...more.map((b) => b.revision)) },
      0,
    );
    await expect.poll(() => told.length, PATIENT).toBe(1);
    const gone = once(socket as unknown as NodeJS.EventEmitter, 'disconnect');
    await first.close();
    await gone;
    expect(ends).toMatchObject([{ problem: { code: 'SHUTTING_DOWN' } }]);
    const second = await startTestServer(dataDir, { PORT: new URL(first.url).port });
    try {
      revisions.push(await write(second, 'a', '1'));
      socket.connect();
      await expect.poll(() => told, PATIENT).toEqual(revisions);
      watches.close();
      socket.disconnect();
    } finally {
      await second.destroy();
    }
  });
});

async function write(
  server: TestServer,
  key: string,
  value: string,
  ttl?: number,
): Promise<number> {
  const body = { value, ...(ttl !== undefined && { ttl }) };
  return SetAnswer.parse(await new Requests(server).ok('PUT', `/api/v1/kv/${key}/x`, body))
    .revision;
}

/** Whatever is asked for. */
async function ask(socket: LiveSocket, request: unknown): Promise<WatchAnswer> {
  const raw = socket as unknown as {
    emitWithAck(event: string, request: unknown): Promise<unknown>;
  };
  return WatchAnswer.parse(await raw.emitWithAck('watch', request));
}

function batchesOf(told: readonly unknown[], watch: number): BatchView[] {
  return told.flatMap((message) => {
    const parsed = WatchedChanges.safeParse(message);
    return parsed.success && parsed.data.watch === watch ? parsed.data.batches : [];
  });
}
