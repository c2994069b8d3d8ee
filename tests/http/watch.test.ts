/** Watches over HTTP, on a real cluster. */
import { connect } from 'node:net';
import { once } from 'node:events';
import { afterEach, describe, expect, it } from 'vitest';
import { ChangesAnswer } from '../../contracts/watch.ts';
import type { BatchView } from '../../contracts/watch.ts';
import { DeleteAnswer, SetAnswer } from '../../contracts/write.ts';
import { must } from '../../server/base/assert.ts';
import type { TestServer } from '../server.ts';
import { makeDataDir, sharedServer, startTestServer } from '../server.ts';
import { EventReader } from '../watch/event-reader.ts';
import { Requests } from './requests.ts';

const SLOW_MACHINE_MS = 120_000;

describe('a watch over HTTP', { timeout: SLOW_MACHINE_MS }, () => {
  const server = sharedServer();
  const requests = new Requests(server);
  const readers: EventReader[] = [];

  afterEach(async () => {
    for (const reader of readers.splice(0)) reader.close();
    // Of a test that failed.
    await Promise.all(server.supervisor.nodes.map((id) => server.supervisor.revive(id)));
    await nobodyWatches();
  });

  it('[H20] tells what happens in its scope, from now on', async () => {
    await set('w1', 'before');
    const [record, prefix] = [await watch('?key=w1'), await watch('?prefix=w')];
    const other = await set('w2', 'other');
    const one = await set('w1', 'one');
    const deleted = DeleteAnswer.parse(await requests.ok('DELETE', '/api/v1/kv/w1/x'));
    const gone = must(deleted.revision, 'it was there');
    await record.reach(gone);
    await prefix.reach(gone);
    expect(record.response.headers).toMatchObject({
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-store',
    });
    expect(record.messages[0]).toMatchObject({ event: 'progress' });
    expect(record.batches).toMatchObject([
      { revision: one, changes: [{ kind: 'set', value: 'one', previous: { value: 'before' } }] },
      { revision: gone, changes: [{ kind: 'delete', value: null, previous: { value: 'one' } }] },
    ]);
    expect(prefix.batches.map(({ revision }) => revision)).toEqual([other, one, gone]);
    for (const { id, data } of record.messages.filter(({ event }) => event === 'changes'))
      expect(data).toMatchObject({ revision: id });
  });

  it('[H20] tells an expiry soon after its instant', async () => {
    const reader = await watch('?key=brief&field=x');
    const revision = await set('brief', 'soon gone', 100);
    await reader.until(() => reader.batches.length === 2);
    expect(reader.batches).toMatchObject([
      { revision, changes: [{ kind: 'set' }] },
      { changes: [{ kind: 'expire', version: { revision }, previous: { value: 'soon gone' } }] },
    ]);
  });

  it('[H20] goes on where its line was cut, by Last-Event-ID and not by its address', async () => {
    const first = await watch('?key=cut');
    const start = await set('cut', '0');
    await first.reach(start);
    first.close();
    const missed = [await set('cut', '1'), await set('other', ''), await set('cut', '2')];
    const second = await watch(`?key=cut&after=${start - 1}`, {
      'last-event-id': String(first.lastId),
    });
    await second.reach(missed[2] ?? 0);
    expect(second.batches.map(({ revision }) => revision)).toEqual([missed[0], missed[2]]);
  });

  it('[H20] misses nothing and is told nothing twice while leaders are killed and revived', async () => {
    const start = await set('storm0', 'start');
    const watching = ['', '?prefix=storm', '?key=storm1', '?key=storm2&field=x'];
    const before = await Promise.all(watching.map((query) => watch(query)));
    const acknowledged: number[] = [];
    let writing = true;
    const writers = [0, 1, 2].map(async (writer) => {
      for (let count = 0; writing; count++) {
        const ttl = count % 5 === 0 ? 1 : undefined;
        acknowledged.push(await set(`storm${writer}`, `${count}`, ttl));
      }
    });
    try {
      for (let round = 0; round < 2; round++) {
        await advance(acknowledged, 40);
        const { leader } = server.fold.view(Date.now()).nodes[0] ?? {};
        const victim = leader ?? 'n1';
        await server.supervisor.kill(victim);
        await advance(acknowledged, 40);
        // Whoever comes now starts in the past.
        before.push(await watch(`?prefix=storm&after=${start}`));
        await server.supervisor.revive(victim);
      }
      await advance(acknowledged, 40);
    } finally {
      writing = false;
      await Promise.all(writers);
    }
    const last = await set('storm1', 'last');
    const lastOfTwo = await set('storm2', 'last');
    const end = await set('storm0', 'end');
    const told = await pages(start, '&prefix=storm', 37);
    for (const reader of before.filter((_, i) => i !== 2 && i !== 3)) await reader.reach(end);
    await before[2]?.reach(last);
    await before[3]?.reach(lastOfTwo);
    const [all, prefix, one, two, ...late] = before;
    const ours = all?.batches.filter(({ changes }) => changes[0]?.key.startsWith('storm'));
    expect(ours).toEqual(told);
    expect(prefix?.batches).toEqual(told);
    for (const reader of late) expect(reader.batches).toEqual(told);
    expect(one?.batches).toEqual(only(told, 'storm1'));
    expect(two?.batches).toEqual(only(told, 'storm2'));
    const sets = told.flatMap(({ revision, changes }) =>
      changes.some(({ kind }) => kind === 'set') ? [revision] : [],
    );
    const expected = [...acknowledged, last, lastOfTwo, end].sort((a, b) => a - b);
    // What was sent to a leader that fell may have been written and answered by the next one: all are acknowledged.
    expect(sets).toEqual(expected);
    const expiries = told.filter(({ changes }) => changes.some(({ kind }) => kind === 'expire'));
    expect(expiries.length).toBeGreaterThan(3);
  });

  it('[W4] that is not read is not written to without end, and gets everything once it is', async () => {
    const idle = await watch('?key=large');
    const busy = await watch('?key=large');
    idle.response.pause();
    const value = 'x'.repeat(500_000);
    let last = 0;
    for (let i = 0; i < 8; i++) {
      const revisions = await Promise.all(Array.from({ length: 5 }, () => set('large', value + i)));
      last = Math.max(...revisions);
      // A line of which nothing is taken for thirty seconds is ended, however slow the machine.
      await takeOne(idle);
    }
    await busy.reach(last);
    await takeOne(idle);
    // Some seconds after the last write.
    await busy.until((messages) => messages.at(-1)?.event === 'progress');
    idle.response.resume();
    await idle.reach(last);
    expect(idle.messages.some(({ event }) => event === 'lagging')).toBe(true);
    expect(idle.batches.map(({ revision }) => revision)).toEqual(
      busy.batches.map(({ revision }) => revision),
    );
    expect(idle.batches).toHaveLength(40);
  });

  it('[H20] a reader that goes away leaves nothing behind, however it goes', async () => {
    const socket = connect(Number(new URL(server.url).port));
    socket.write('GET /api/v1/watch HTTP/1.1\r\nhost: localhost\r\n\r\n');
    await once(socket, 'data');
    expect(server.watches.count).toBe(1);
    socket.resetAndDestroy();
    await nobodyWatches();
    // Before it was answered, as there was no quorum.
    await Promise.all(['n2', 'n3'].map((id) => server.supervisor.kill(id)));
    const hasty = connect(Number(new URL(server.url).port));
    const head = 'host: localhost\r\nrequest-timeout-ms: 60000';
    hasty.write(`GET /api/v1/watch HTTP/1.1\r\n${head}\r\n\r\n`);
    await expect.poll(() => server.watches.count).toBe(1);
    hasty.destroy();
    await once(hasty, 'close');
    await Promise.all(['n2', 'n3'].map((id) => server.supervisor.revive(id)));
    await nobodyWatches();
  });

  it('[H21] what happened after a revision is told in pages, by the leader or by a node', async () => {
    const start = await set('p', '0');
    for (let i = 0; i < 7; i++) await set(i % 2 === 0 ? 'p' : 'q', String(i));
    const all = await pages(start, '', 3);
    expect(all.filter(({ changes }) => changes[0]?.key === 'p')).toHaveLength(4);
    expect(await pages(start, '&key=p&field=x', 1)).toEqual(only(all, 'p'));
    const answer = ChangesAnswer.parse(
      await requests.ok('GET', `/api/v1/changes?after=${start}&limit=2`),
    );
    // Entries of the leader's own may stand between writes.
    expect(answer.consistency).toBe('linearizable');
    expect(answer.batches).toEqual(all.slice(0, 2));
    expect(answer.through).toBeLessThan(all[2]?.revision ?? 0);
    await expect
      .poll(async () =>
        ChangesAnswer.parse(
          await requests.ok('GET', `/api/v1/changes?after=${start}&consistency=local&node=n2`),
        ),
      )
      .toMatchObject({ node: 'n2', consistency: 'local', batches: all });
  });

  it.each([
    ['watch?after=soon', 'query.after'],
    ['watch?after=-1', 'query.after'],
    ['watch?after=1&after=2', 'query.after'],
    ['watch?key=', 'query.key'],
    ['watch?field=x', 'query.field'],
    ['watch?key=a&prefix=a', 'query.prefix'],
    ['watch?from=1', 'query'],
    ['changes', 'query.after'],
    ['changes?after=1&limit=0', 'query.limit'],
    ['changes?after=1&field=x', 'query.field'],
    ['changes?after=1&cursor=x', 'query'],
    ['changes?after=1&node=n1', 'query.node'],
  ])('[H22] %s is refused at %s', async (path, place) => {
    expect(await requests.problem('GET', `/api/v1/${path}`)).toMatchObject({
      code: 'BAD_REQUEST',
      path: place,
    });
  });

  it('[H22] what is not there yet, is no revision, or is too long is refused', async () => {
    const far = Number.MAX_SAFE_INTEGER;
    for (const path of [`watch?after=${far}`, `changes?after=${far}`]) {
      expect(await requests.problem('GET', `/api/v1/${path}`)).toMatchObject({
        code: 'REVISION_NOT_YET',
        retryable: true,
      });
    }
    for (const id of ['x', '1.5', '-1', '9999999999999999', '1e3']) {
      expect(
        await requests.problem('GET', '/api/v1/watch', undefined, { 'last-event-id': id }),
      ).toMatchObject({ code: 'BAD_REQUEST', path: 'Last-Event-ID' });
    }
    expect(await requests.problem('GET', `/api/v1/watch?key=${'k'.repeat(1025)}`)).toMatchObject({
      code: 'TOO_LARGE',
      path: 'query.key',
    });
    expect((await fetch(`${server.url}/api/v1/watch`, { method: 'HEAD' })).status).toBe(404);
  });

  async function watch(
    query = '',
    headers: Readonly<Record<string, string>> = {},
  ): Promise<EventReader> {
    const reader = await EventReader.open(server.url, query, headers);
    expect(reader.response.statusCode).toBe(200);
    readers.push(reader);
    return reader;
  }

  /** Gives the revision. */
  async function set(key: string, value: string, ttl?: number): Promise<number> {
    const body = { value, ...(ttl !== undefined && { ttl }) };
    return SetAnswer.parse(await requests.ok('PUT', `/api/v1/kv/${key}/x`, body)).revision;
  }

  /** All that happened after a revision, a few changes at a time. */
  async function pages(after: number, scope: string, limit: number): Promise<BatchView[]> {
    const batches: BatchView[] = [];
    for (let from = after; ; ) {
      const path = `/api/v1/changes?after=${from}&limit=${limit}${scope}`;
      const answer = ChangesAnswer.parse(await requests.ok('GET', path));
      batches.push(...answer.batches);
      if (answer.through >= answer.appliedRevision) return batches;
      from = answer.through;
    }
  }

  /** As many writes more have been acknowledged. */
  async function advance(acknowledged: readonly number[], count: number): Promise<void> {
    const enough = acknowledged.length + count;
    await expect.poll(() => acknowledged.length, { timeout: 60_000 }).toBeGreaterThan(enough);
  }

  async function takeOne(reader: EventReader): Promise<void> {
    const { length } = reader.messages;
    reader.response.resume();
    await reader.until((messages) => messages.length > length);
    reader.response.pause();
  }

  async function nobodyWatches(): Promise<void> {
    // Sooner than a reader that takes nothing is given up.
    await expect.poll(() => server.watches.count, { timeout: 15_000 }).toBe(0);
  }
});

describe('a stop of the server', { timeout: SLOW_MACHINE_MS }, () => {
  it('[H20] ends each watch with a problem, and after a restart it goes on where it was', async () => {
    const dataDir = makeDataDir();
    const first = await startTestServer(dataDir);
    const set = async (to: TestServer, value: string): Promise<number> =>
      SetAnswer.parse(await new Requests(to).ok('PUT', '/api/v1/kv/a/x', { value })).revision;
    const reader = await EventReader.open(first.url, '?key=a');
    const [one, two] = [await set(first, '1'), await set(first, '2')];
    await reader.reach(two);
    const three = await set(first, '3');
    await first.close();
    await reader.until((messages) => messages.at(-1)?.event === 'end');
    expect(reader.messages.at(-1)?.data).toMatchObject({
      problem: { code: 'SHUTTING_DOWN', retryable: true },
    });
    const second = await startTestServer(dataDir);
    try {
      const again = await EventReader.open(second.url, '?key=a', {
        'last-event-id': String(reader.lastId),
      });
      const four = await set(second, '4');
      await again.reach(four);
      const told = [...reader.batches, ...again.batches].map(({ revision }) => revision);
      expect(told).toEqual([one, two, three, four]);
      again.close();
    } finally {
      await second.destroy();
    }
  });
});

function only(batches: readonly BatchView[], key: string): BatchView[] {
  return batches.flatMap(({ changes, ...batch }) => {
    const ours = changes.filter((change) => change.key === key);
    return ours.length === 0 ? [] : [{ ...batch, changes: ours }];
  });
}
