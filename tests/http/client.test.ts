/** The client library against real servers: what it promises, while leaders fall, lines break and servers restart. */
import { afterEach, describe, expect, it } from 'vitest';
import {
  CompactedError,
  ConditionFailedError,
  connect,
  InvalidRequestError,
  NotFoundError,
  OperationRefusedError,
  OutcomeUnknownError,
  UnavailableError,
} from '../../client/kv/index.ts';
import type {
  BatchResult,
  BatchView,
  ConnectOptions,
  KvClient,
  Watch,
} from '../../client/kv/index.ts';
import { RetentionAnswer } from '../../contracts/retention.ts';
import { makeDataDir, sharedServer, startTestServer } from '../server.ts';
import type { TestServer } from '../server.ts';
import { Requests } from './requests.ts';

const SLOW_MACHINE_MS = 120_000;
/** A machine that is busy with other things may take its time. */
const PATIENT = { timeoutMs: 60_000 };

const clients: KvClient[] = [];
afterEach(async () => {
  await Promise.all(clients.splice(0).map((client) => client.close()));
});

function clientOf(options: ConnectOptions): KvClient {
  const client = connect({ ...PATIENT, ...options });
  clients.push(client);
  return client;
}

async function errorOf(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    (value) => {
      throw new Error(`it was answered: ${JSON.stringify(value)}`);
    },
    (error: unknown) => error,
  );
}

async function leaderOf(client: KvClient): Promise<string> {
  for (;;) {
    const { nodes } = await client.cluster();
    const leader = nodes.find(({ role, state }) => role === 'leader' && state === 'serving');
    if (leader !== undefined) return leader.id;
  }
}

function urlOf(input: Parameters<typeof fetch>[0]): string {
  return input instanceof Request ? input.url : input.toString();
}

/** Numbers from 0 to below 1 that follow from a seed (mulberry32). */
function randomOf(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Reads a watch in the background. */
class Reader {
  readonly batches: BatchView[] = [];
  readonly watch: Watch;
  private readonly run: Promise<void>;

  constructor(watch: Watch) {
    this.watch = watch;
    this.run = this.read();
  }

  get revisions(): number[] {
    return this.batches.map(({ revision }) => revision);
  }

  async reach(revision: number): Promise<void> {
    await expect.poll(() => this.watch.through ?? 0).toBeGreaterThanOrEqual(revision);
  }

  async end(): Promise<void> {
    this.watch.close();
    await this.run;
  }

  private async read(): Promise<void> {
    for await (const batch of this.watch) this.batches.push(batch);
  }
}

describe('the client library', { timeout: SLOW_MACHINE_MS }, () => {
  const server = sharedServer();

  /** Of a test that failed. */
  afterEach(async () => {
    await Promise.all(server.supervisor.nodes.map((id) => server.supervisor.revive(id)));
  });

  it('[L19] reads and writes all that the API has, now and in the past, with the coordinates of each answer', async () => {
    const client = clientOf({ url: `${server.url}/` });
    const first = await client.set('shop', 'price', '10');
    expect(first).toMatchObject({ outcome: 'committed', existed: false });
    const second = await client.set('shop', 'price', '12', { if: { is: 'value', value: '10' } });
    const now = await client.get('shop', 'price');
    expect(now).toMatchObject({ found: true, value: '12', consistency: 'linearizable' });
    expect(now.asOf).toBeGreaterThanOrEqual(second.revision);
    expect(await client.get('shop', 'price', { asOf: first.revision })).toMatchObject({
      value: '10',
      asOf: first.revision,
    });
    expect(await client.get('shop', 'price', { at: first.timestamp - 1 })).toMatchObject({
      found: false,
      absentBecause: 'not-yet',
      at: first.timestamp - 1,
    });
    const local = { consistency: 'local', node: 'n2', asOf: second.revision } as const;
    expect(await client.get('shop', 'price', local)).toMatchObject({ value: '12', node: 'n2' });

    expect(await client.compareAndSet('shop', 'price', '10', '1')).toMatchObject({
      swapped: false,
      found: { value: '12', revision: second.revision },
    });
    expect(
      await client.compareAndSet('shop', 'price', { revision: second.revision }, '13'),
    ).toMatchObject({ swapped: true, existed: true });
    expect(await client.compareAndSet('shop', 'name', null, 'Kiosk')).toMatchObject({
      swapped: true,
    });

    expect(await client.increment('shop', 'visits')).toMatchObject({ value: 1 });
    expect(await client.increment('shop', 'visits', -3)).toMatchObject({ value: -2 });
    expect(await client.append('shop', 'tags', ['a', 'b', 'a'])).toMatchObject({ length: 3 });
    expect(await client.remove('shop', 'tags', 'a', { count: 1 })).toMatchObject({
      removed: 1,
      length: 2,
    });
    const planned = { timestamp: 1000 };
    const dated = await client.setWithTtl('shop', 'open', 'yes', 500, planned);
    expect(dated).toMatchObject(planned);
    expect(await client.get('shop', 'open', { at: 1499 })).toMatchObject({
      value: 'yes',
      version: { expiresAt: 1500 },
    });
    expect(await client.get('shop', 'open')).toMatchObject({ absentBecause: 'expired' });
    const txn = await client.txn({
      if: [{ is: 'present', key: 'shop', field: 'price' }],
      success: [
        { op: 'increment', key: 'shop', field: 'stock', by: -1 },
        { op: 'append', key: 'shop', field: 'sold', items: ['1'] },
      ],
    });
    expect(txn).toMatchObject({ succeeded: true, outcomes: [{ value: -1 }, { length: 1 }] });
    expect(await client.delete('shop', 'name')).toMatchObject({ existed: true });

    const { fields, asOf } = await client.getRecord('shop');
    expect(fields.map(({ field }) => field)).toEqual(['price', 'sold', 'stock', 'tags', 'visits']);
    expect(asOf).toBeGreaterThanOrEqual(txn.revision ?? Infinity);
    expect((await client.getRecord('shop', { prefix: 's' })).fields).toHaveLength(2);
    expect((await client.getRecord('nothing')).fields).toEqual([]);
    const history = await client.history('shop', 'price', { order: 'desc', pageSize: 1 }).all();
    expect(history.map(({ value }) => value)).toEqual(['13', '12', '10']);
    const changed = client.diff({ key: 'shop', field: 'price', before: { asOf: first.revision } });
    expect(await changed.all()).toMatchObject([
      { before: { value: '10' }, after: { value: '13' } },
    ]);

    expect(await client.deleteRecord('shop')).toMatchObject({ fields: 5 });
    expect(await client.restore({ key: 'shop', asOf: second.revision })).toMatchObject({
      fields: 1,
    });
    expect(await client.get('shop', 'price')).toMatchObject({ value: '12' });
    const { nodes } = await client.cluster();
    expect(nodes.map(({ id }) => id)).toEqual(['n1', 'n2', 'n3']);
  });

  it('[L19] gives many rows page by page, all of one view, and each record whole', async () => {
    const client = clientOf({ url: server.url });
    const keys = Array.from({ length: 25 }, (_, i) => `page${String(i).padStart(2, '0')}`);
    // More than the list of records gives of one.
    const names = Array.from({ length: 1010 }, (_, i) => `f${String(i).padStart(4, '0')}`);
    for (let at = 0; at < names.length; at += 128) {
      const some = names.slice(at, at + 128);
      await client.txn({
        success: some.map((field) => ({ op: 'set', key: 'page07', field, value: 'x' })),
      });
    }
    const results = await client.batch(
      keys.map((key) => ({ op: 'set', key, field: 'f', value: key }) as const),
    );
    expect(results.every(({ ok }) => ok)).toBe(true);
    const range = { prefix: 'page', pageSize: 4 };
    const views = new Set<string>();
    let pages = 0;
    for await (const { at, asOf } of client.keys(range).pages()) {
      views.add(`${at}/${asOf}`);
      pages++;
      // What others write meanwhile is of another view.
      await client.set('page99', 'f', 'later');
      await client.delete('page24', 'f');
    }
    expect(views.size).toBe(1);
    expect(pages).toBeGreaterThanOrEqual(7);
    await client.deleteRecord('page99');
    await client.set('page24', 'f', 'page24');

    const seen: string[] = [];
    for await (const { key, fields } of client.scan(range)) {
      seen.push(key);
      expect(fields.map(({ field }) => field)).toEqual(key === 'page07' ? ['f', ...names] : ['f']);
    }
    expect(seen).toEqual(keys);
    const some = client.keys({ start: 'page03', end: 'page06', consistency: 'local' });
    expect(await some.all()).toEqual(
      ['page03', 'page04', 'page05'].map((key) => ({ key, fields: 1 })),
    );
    expect(await client.fields('page07', { pageSize: 50, prefix: 'f01' }).all()).toHaveLength(100);
  });

  it('[L16] throws an error of its kind for what the server refuses', async () => {
    const client = clientOf({ url: server.url });
    await client.set('refused', 'text', 'x');
    const { revision } = await client.set('refused', 'number', '1');
    const refused = async (writes: Promise<readonly BatchResult[]>): Promise<void> => {
      for (const result of await writes) if (!result.ok) throw result.error;
    };
    for (const [call, kind, details] of [
      [() => client.get('k', 'f', { at: -1 }), InvalidRequestError, { path: 'query.at' }],
      [
        () => client.set('k', 'f', 'x'.repeat(1_048_577)),
        InvalidRequestError,
        { code: 'TOO_LARGE', limit: 1_048_576 },
      ],
      [
        () => client.increment('refused', 'text'),
        OperationRefusedError,
        { code: 'NOT_AN_INTEGER' },
      ],
      [
        () => client.append('refused', 'text', ['x']),
        OperationRefusedError,
        { code: 'WRONG_KIND' },
      ],
      [
        () => client.set('refused', 'number', '2', { if: { is: 'absent' } }),
        ConditionFailedError,
        { found: { value: '1', revision } },
      ],
      [
        () => client.get('k', 'f', { consistency: 'local', node: 'n9' }),
        NotFoundError,
        { code: 'NODE_UNKNOWN' },
      ],
      [
        () => refused(client.batch([{ op: 'set', key: 'k', field: 'f', value: '\ud800' }])),
        InvalidRequestError,
        { code: 'BAD_ENCODING', path: 'body.writes.0.value' },
      ],
    ] as const) {
      const error = await errorOf(call());
      expect(error).toBeInstanceOf(kind);
      expect(error).toMatchObject(details);
      expect(error).toMatchObject({ requestId: expect.stringMatching(/^[\da-f]{16}$/) as string });
    }
  });

  it('[L14] that finds nobody at an address writes nothing, and finds who is at the next', async () => {
    // Below those that are given out, and of no service that anyone has.
    const empty = 'http://127.0.0.1:2';
    const error = await errorOf(clientOf({ url: empty, timeoutMs: 300 }).set('k', 'f', 'x'));
    expect(error).toBeInstanceOf(UnavailableError);
    const client = clientOf({ urls: [empty, server.url] });
    expect(await client.set('k', 'f', 'x')).toMatchObject({ outcome: 'committed' });
  });

  it('[L13] counts exactly while the leader is killed amid 200 increments at once', async () => {
    const client = clientOf({ url: server.url });
    let done = 0;
    const all = Array.from({ length: 200 }, async () => {
      const { value } = await client.increment('counter', 'leader');
      done++;
      return value;
    });
    await expect.poll(() => done).toBeGreaterThanOrEqual(40);
    const victim = await leaderOf(client);
    await server.supervisor.kill(victim);
    const values = await Promise.all(all);
    await server.supervisor.revive(victim);
    expect(values.sort((a, b) => a - b)).toEqual(Array.from({ length: 200 }, (_, i) => i + 1));
    expect(await client.get('counter', 'leader')).toMatchObject({ value: '200' });
  });

  it('[L13] counts exactly on a line that loses, doubles and delays requests and answers', async () => {
    const seed = Math.floor(Math.random() * 2 ** 32);
    const random = randomOf(seed);
    const late: Promise<unknown>[] = [];
    const lossy: typeof fetch = async (...request) => {
      const chance = random();
      if (chance < 0.1) throw new TypeError('lost on its way there');
      if (chance < 0.2) {
        // It arrives, whenever; who sent it knows nothing of that.
        const [input, { signal: _, ...init } = {}] = request;
        late.push(fetch(input, init).then((response) => response.text()));
        throw new TypeError('delayed on its way there');
      }
      const response = await fetch(...request);
      if (chance < 0.3) {
        await response.text();
        throw new TypeError('lost on its way back');
      }
      if (chance < 0.35) await fetch(...request).then((again) => again.text());
      return response;
    };
    const client = clientOf({ url: server.url, fetch: lossy, random, maxParallelWrites: 20 });
    const single = Array.from({ length: 100 }, async () => {
      return (await client.increment('counter', 'lossy')).value;
    });
    const batch = client.batch(
      Array.from({ length: 60 }, (_, i) => ({ op: 'increment', key: 'lossy', field: `${i % 30}` })),
    );
    const values = await Promise.all(single);
    expect(
      values.sort((a, b) => a - b),
      `seed ${seed}`,
    ).toEqual(Array.from({ length: 100 }, (_, i) => i + 1));
    expect(
      (await batch).every(({ ok }) => ok),
      `seed ${seed}`,
    ).toBe(true);
    await Promise.allSettled(late);
    expect(await client.get('counter', 'lossy'), `seed ${seed}`).toMatchObject({ value: '100' });
    const { fields } = await client.getRecord('lossy');
    expect(
      fields.map(({ value }) => value),
      `seed ${seed}`,
    ).toEqual(Array.from({ length: 30 }, () => '2'));
  });

  it('[L15] says that an outcome is unknown when no answer comes, and resolves it: done once, whether it was or not', async () => {
    let loses: 'nothing' | 'answers' | 'requests' = 'nothing';
    let giveUp = new AbortController();
    const client = clientOf({
      url: server.url,
      fetch: async (...request) => {
        if (loses === 'nothing') return fetch(...request);
        if (loses === 'answers') {
          const [input, { signal: _, ...init } = {}] = request;
          const response = await fetch(input, init);
          await response.text();
        }
        giveUp.abort();
        throw new TypeError('lost on its way');
      },
    });
    await client.increment('counter', 'unknown');
    const other = clientOf({ url: server.url });
    for (const [lost, before, after] of [
      ['answers', '2', '2'],
      ['requests', '2', '3'],
    ] as const) {
      loses = lost;
      giveUp = new AbortController();
      const { signal } = giveUp;
      const error = await errorOf(client.increment('counter', 'unknown', 1, { signal }));
      expect(error).toBeInstanceOf(OutcomeUnknownError);
      expect(await other.get('counter', 'unknown')).toMatchObject({ value: before });
      loses = 'nothing';
      const answer = await (error as OutcomeUnknownError).resolve();
      expect(answer).toMatchObject({ outcome: 'committed', value: Number(after) });
      expect(await other.get('counter', 'unknown')).toMatchObject({ value: after });
    }
  });

  it('[L14] without a quorum says of each write that it was not done or that it is unknown, which is true', async () => {
    const client = clientOf({ url: server.url });
    await client.increment('counter', 'minority');
    const leader = await leaderOf(client);
    const others = ['n1', 'n2', 'n3'].filter((id) => id !== leader);
    const attempt = (): Promise<unknown> =>
      client.increment('counter', 'minority', 1, { timeoutMs: 1500 }).then(
        () => 'done',
        (error: unknown) => error,
      );
    const attempts = [attempt()];
    for (const id of others) {
      await server.supervisor.kill(id);
      attempts.push(attempt(), attempt());
    }
    const ends = await Promise.all(attempts);
    const reading = await errorOf(client.get('counter', 'minority', { timeoutMs: 300 }));
    expect(reading).toBeInstanceOf(UnavailableError);
    for (const id of others) await server.supervisor.revive(id);
    let count = 1;
    for (const end of ends) {
      if (end instanceof OutcomeUnknownError) await end.resolve();
      else if (end !== 'done') {
        expect(end).toBeInstanceOf(UnavailableError);
        continue;
      }
      count++;
    }
    expect(await client.get('counter', 'minority')).toMatchObject({ value: String(count) });
  });

  it('[L18] that does not read its watch is sent no more than fits the line, and then misses nothing', async () => {
    let readBytes = 0;
    const counting: typeof fetch = async (...request) => {
      const response = await fetch(...request);
      if (response.body === null || !urlOf(request[0]).includes('/watch')) return response;
      const count = new TransformStream<Uint8Array, Uint8Array>({
        transform: (piece, controller) => {
          readBytes += piece.length;
          controller.enqueue(piece);
        },
      });
      return new Response(response.body.pipeThrough(count), response);
    };
    const client = clientOf({ url: server.url, fetch: counting });
    const watch = client.watch({ key: 'heavy' });
    const value = 'x'.repeat(500_000);
    await watch.opened();
    const { revision: begin } = await client.set('heavy', 'f', `${value}0`);
    const batches = watch[Symbol.asyncIterator]();
    expect((await batches.next()).value).toMatchObject({ revision: begin });
    const expected: number[] = [];
    for (let i = 1; i <= 16; i++)
      expected.push((await client.set('heavy', 'f', `${value}${i}`)).revision);
    expect(readBytes).toBeLessThan(2_000_000);
    const told: number[] = [];
    while (told.length < 16) {
      const { value: batch } = await batches.next();
      told.push((batch as BatchView).revision);
    }
    expect(told).toEqual(expected);
    expect(readBytes).toBeGreaterThan(8_000_000);
    watch.close();
    await expect.poll(() => server.watches.count).toBe(0);
  });
});

describe('the client library, when the server restarts', { timeout: SLOW_MACHINE_MS }, () => {
  it('[L17] watches without a gap or a double through kills of leaders and a restart, and writes go on exactly once', async () => {
    const dataDir = makeDataDir();
    let server: TestServer = await startTestServer(dataDir);
    // Its port is another after a restart; where it is found stays the same.
    const client = clientOf({
      url: 'http://chronoraft.test',
      fetch: (input, init) => {
        const path = urlOf(input).slice('http://chronoraft.test'.length);
        return fetch(`${server.url}${path}`, init);
      },
    });
    const start = (await client.set('storm', 'begin', 'x')).revision;
    const readers = [{}, { prefix: 'storm' }, { key: 'storm1', after: start }].map(
      (options) => new Reader(client.watch(options)),
    );
    for (const { watch } of readers) await watch.opened();
    const written: { readonly key: string; readonly revision: number }[] = [];
    let writing = true;
    const writers = [0, 1, 2].map(async (writer) => {
      const key = `storm${writer}`;
      while (writing) {
        const { revision } = await client.increment(key, 'count');
        written.push({ key, revision: revision ?? 0 });
      }
    });
    const advance = async (): Promise<void> => {
      const from = written.length;
      await expect.poll(() => written.length).toBeGreaterThanOrEqual(from + 25);
    };

    await advance();
    const victim = await leaderOf(client);
    await server.supervisor.kill(victim);
    await advance();
    await server.supervisor.revive(victim);
    await server.close();
    server = await startTestServer(dataDir);
    await advance();
    await server.supervisor.kill(await leaderOf(client));
    await advance();
    writing = false;
    await Promise.all(writers);

    const { revision: end } = await client.set('storm', 'end', 'x');
    const ours = written.sort((a, b) => a.revision - b.revision);
    const [all, prefix, one] = readers;
    await all?.reach(end);
    await prefix?.reach(end);
    await one?.reach(ours.findLast(({ key }) => key === 'storm1')?.revision ?? end);
    for (const reader of readers) await reader.end();
    const expected = [...ours.map(({ revision }) => revision), end];
    expect(prefix?.revisions).toEqual(expected);
    expect(all?.revisions).toEqual(expected);
    expect(one?.revisions).toEqual(
      ours.filter(({ key }) => key === 'storm1').map(({ revision }) => revision),
    );
    for (const key of ['storm0', 'storm1', 'storm2']) {
      const count = ours.filter((write) => write.key === key).length;
      expect(await client.get(key, 'count')).toMatchObject({ value: String(count) });
    }

    const requests = new Requests(server);
    await requests.ok('PUT', '/api/v1/retention', { maxAgeMs: 1, maxVersions: null });
    const horizonOf = async (): Promise<number> => {
      const answer = await requests.ok('GET', '/api/v1/retention');
      return RetentionAnswer.parse(answer).horizon?.revision ?? 0;
    };
    await expect.poll(horizonOf).toBeGreaterThan(start);
    const late = client.watch({ after: start })[Symbol.asyncIterator]();
    const error = await errorOf(late.next());
    expect(error).toBeInstanceOf(CompactedError);
    expect(error).toMatchObject({ horizon: { revision: expect.any(Number) as number } });
    await client.close();
    await server.destroy();
  });
});
