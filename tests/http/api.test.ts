/** The HTTP API of a real server: answers by the contract, and one way to say what is wrong. */
import { connect } from 'node:net';
import { request as httpRequest } from 'node:http';
import { describe, expect, it } from 'vitest';
import { LogAnswer, NodeActionAnswer } from '../../contracts/control.ts';
import { Problem } from '../../contracts/errors.ts';
import * as kv from '../../contracts/kv.ts';
import * as writes from '../../contracts/write.ts';
import { ClusterView, LinkView, NodeView } from '../../contracts/view.ts';
import { sharedServer } from '../server.ts';
import { Requests } from './requests.ts';

/** Whatever is expected happens soon; a machine that is busy with other things may take its time. */
const SLOW_MACHINE_MS = 120_000;

describe('the API', { timeout: SLOW_MACHINE_MS }, () => {
  const server = sharedServer();
  const requests = new Requests(server);

  it('[H1] sets, reads now, reads as it was, deletes, and tells the history', async () => {
    const one = writes.SetAnswer.parse(
      await requests.ok('PUT', '/api/v1/kv/h1/x', { value: 'one', timestamp: 1000 }),
    );
    const two = writes.SetAnswer.parse(
      await requests.ok('PUT', '/api/v1/kv/h1/x', { value: 'two', timestamp: 2000, ttl: 500 }),
    );
    expect(one).toMatchObject({ outcome: 'committed', timestamp: 1000, existed: false });
    expect(two.revision).toBeGreaterThan(one.revision);
    const at = async (query: string) =>
      kv.GetAnswer.parse(await requests.ok('GET', `/api/v1/kv/h1/x${query}`));
    expect(await at('?at=1999')).toMatchObject({
      found: true,
      value: 'one',
      version: { validTo: 2000 },
    });
    expect(await at('?at=2499')).toMatchObject({ value: 'two', version: { expiresAt: 2500 } });
    expect(await at('?at=2500')).toMatchObject({
      found: false,
      value: null,
      absentBecause: 'expired',
    });
    expect(await at(`?at=2499&asOf=${one.revision}`)).toMatchObject({
      value: 'one',
      asOf: one.revision,
    });
    expect(await at('')).toMatchObject({ found: false, consistency: 'linearizable' });
    const gone = writes.DeleteAnswer.parse(
      await requests.ok('DELETE', '/api/v1/kv/h1/x?timestamp=1500'),
    );
    expect(gone).toMatchObject({ existed: true, timestamp: 1500 });
    const none = writes.DeleteAnswer.parse(await requests.ok('DELETE', '/api/v1/kv/h1/none'));
    expect(none).toMatchObject({ existed: false, revision: null });
    const history = kv.HistoryAnswer.parse(await requests.ok('GET', '/api/v1/history/h1/x'));
    expect(history.versions.map(({ kind, timestamp }) => [kind, timestamp])).toEqual([
      ['set', 1000],
      ['delete', 1500],
      ['set', 2000],
    ]);
  });

  it('[H1] lists the fields of a record and the keys of the store, a page at a time', async () => {
    for (const field of ['b', 'bb', 'c'])
      await requests.ok('PUT', `/api/v1/kv/h1-rec/${field}`, { value: field });
    const record = kv.RecordAnswer.parse(await requests.ok('GET', '/api/v1/kv/h1-rec?prefix=b'));
    expect(record.fields.map(({ field, value }) => [field, value])).toEqual([
      ['b', 'b'],
      ['bb', 'bb'],
    ]);
    for (const key of ['h1-p1', 'h1-p2', 'h1-p3'])
      await requests.ok('PUT', `/api/v1/kv/${key}/x`, { value: '' });
    const page = kv.KeysAnswer.parse(await requests.ok('GET', '/api/v1/kv?prefix=h1-p&limit=2'));
    expect(page.keys.map(({ key }) => key)).toEqual(['h1-p1', 'h1-p2']);
    const next = `/api/v1/kv?prefix=h1-p&limit=2&cursor=${page.next}`;
    expect(kv.KeysAnswer.parse(await requests.ok('GET', next))).toMatchObject({
      keys: [{ key: 'h1-p3' }],
      next: null,
    });
  });

  it('[H2] takes any text as key, field and value', async () => {
    const texts = [
      'a/b',
      'dots.and..dots',
      '😀 é',
      '__proto__',
      'constructor',
      '%2F',
      '?&=#+',
      ' ',
      '\u0000',
      'é',
    ];
    for (const text of texts) {
      const path = `/api/v1/kv/${encodeURIComponent(`h2${text}`)}/${encodeURIComponent(text)}`;
      await requests.ok('PUT', path, { value: text });
      expect(kv.GetAnswer.parse(await requests.ok('GET', path))).toMatchObject({
        key: `h2${text}`,
        field: text,
        value: text,
      });
      const query = `/api/v1/kv/${encodeURIComponent(`h2${text}`)}?prefix=${encodeURIComponent(text)}`;
      expect(kv.RecordAnswer.parse(await requests.ok('GET', query)).fields).toMatchObject([
        { field: text, value: text },
      ]);
    }
    const largest = '\u0001'.repeat(kv.LIMITS.valueBytes);
    await requests.ok('PUT', '/api/v1/kv/h2/largest', { value: largest });
    expect(kv.GetAnswer.parse(await requests.ok('GET', '/api/v1/kv/h2/largest')).value).toBe(
      largest,
    );
    const longest = '~'.repeat(kv.LIMITS.nameBytes);
    await requests.ok('PUT', `/api/v1/kv/${longest}/x`, { value: '' });
  });

  it('[H3] refuses text that is not well-formed, wherever it stands, and never mends it', async () => {
    for (const [method, path, body] of [
      ['GET', '/api/v1/kv/%ff/x', undefined],
      ['GET', '/api/v1/kv/a/%', undefined],
      ['GET', '/api/v1/kv/%ED%A0%80/x', undefined],
      ['GET', '/api/v1/kv?prefix=%ff', undefined],
      ['PUT', '/api/v1/kv/a/x', '{"value":"\\ud800"}'],
      [
        'PUT',
        '/api/v1/kv/a/x',
        Buffer.from([...Buffer.from('{"value":"'), 0xff, ...Buffer.from('"}')]),
      ],
      ['PUT', '/api/v1/kv/a/x', '{"value":"1","clientId":"\\udc00","sequence":1}'],
    ] as const) {
      expect(await requests.problem(method, path, body), `${method} ${path}`).toMatchObject({
        status: 400,
        code: 'BAD_ENCODING',
        retryable: false,
      });
    }
  });

  it('[H4] refuses what does not fit, and names the place', async () => {
    const put = '/api/v1/kv/a/x';
    const cases: readonly (readonly [string, string, unknown, string])[] = [
      ['PUT', put, undefined, 'body'],
      ['PUT', put, '{"value":', 'body'],
      ['PUT', put, '"text"', 'body'],
      ['PUT', put, { value: 1 }, 'body.value'],
      ['PUT', put, { value: '1', extra: 1 }, 'body'],
      ['PUT', put, '{"value":"1","__proto__":{}}', 'body'],
      ['PUT', put, { value: '1', ttl: 0 }, 'body.ttl'],
      ['PUT', put, { value: '1', ttl: 1.5 }, 'body.ttl'],
      ['PUT', put, { value: '1', timestamp: -1 }, 'body.timestamp'],
      ['PUT', put, { value: '1', timestamp: 1_763_703_857_123_456 }, 'body.timestamp'],
      ['PUT', put, { value: '1', clientId: 'c' }, 'sequence'],
      ['PUT', put, { value: '1', sequence: 1 }, 'clientId'],
      ['POST', '/api/v1/sessions', { clientId: 'mine' }, 'body'],
      ['POST', '/api/v1/sessions?clientId=mine', undefined, 'query'],
      ['PUT', `${put}?timestamp=5`, { value: '1' }, 'query'],
      ['DELETE', put, { timestamp: 1 }, 'body'],
      ['POST', '/api/v1/nodes/n1/kill', [1], 'body'],
      ['POST', '/api/v1/nodes/n1/kill?node=n2', undefined, 'query'],
      ['GET', `${put}?at=1e3`, undefined, 'query.at'],
      ['GET', `${put}?at=`, undefined, 'query.at'],
      ['GET', `${put}?at=1&at=2`, undefined, 'query.at'],
      ['GET', `${put}?asof=1`, undefined, 'query'],
      ['GET', `${put}?consistency=eventual`, undefined, 'query.consistency'],
      ['GET', `${put}?node=n1`, undefined, 'query.node'],
      ['GET', '/api/v1/kv?limit=0', undefined, 'query.limit'],
      ['GET', '/api/v1/kv?limit=1001', undefined, 'query.limit'],
      ['GET', '/api/v1/kv//x', undefined, 'key'],
      ['PUT', '/api/v1/links/n1/n1', {}, 'to'],
      ['PUT', '/api/v1/links/n1/n2', { loss: 2 }, 'body.loss'],
    ];
    for (const [method, path, body, where] of cases) {
      expect(
        await requests.problem(method, path, body),
        `${method} ${path} ${JSON.stringify(body)}`,
      ).toMatchObject({
        status: 400,
        code: 'BAD_REQUEST',
        path: where,
      });
    }
    expect(
      await requests.problem('PUT', put, 'value=1', { 'content-type': 'text/plain' }),
    ).toMatchObject({
      code: 'BAD_REQUEST',
    });
    expect(
      await requests.problem('PUT', put, { value: '1' }, { 'content-encoding': 'gzip' }),
    ).toMatchObject({ code: 'BAD_REQUEST', path: 'Content-Encoding' });
    expect(
      await requests.problem('GET', put, undefined, { 'request-timeout-ms': '0' }),
    ).toMatchObject({
      code: 'BAD_REQUEST',
      path: 'Request-Timeout-Ms',
    });
  });

  it('[T20] refuses what is too large, and names the limit', async () => {
    const long = 'x'.repeat(kv.LIMITS.nameBytes + 1);
    const wide = encodeURIComponent('é'.repeat(kv.LIMITS.nameBytes / 2 + 1));
    for (const [path, value, where] of [
      [`/api/v1/kv/${long}/x`, '', 'key'],
      [`/api/v1/kv/a/${wide}`, '', 'field'],
      ['/api/v1/kv/a/x', 'x'.repeat(kv.LIMITS.valueBytes + 1), 'body.value'],
      ['/api/v1/kv/a/x', 'x'.repeat(8 * 1024 * 1024), 'body'],
    ] as const) {
      const refusal = await requests.problem('PUT', path, { value });
      expect(refusal).toMatchObject({ status: 413, code: 'TOO_LARGE', path: where });
      expect(refusal.limit).toBeGreaterThan(0);
    }
  });

  it('[H4] what is too many is too large, and no mistake of form', async () => {
    const step = { op: 'delete', key: 'k', field: 'f' };
    const { operations, batch, listItems } = kv.LIMITS;
    const list = Array.from({ length: listItems + 1 }, () => '');
    for (const [method, path, body, where, limit] of [
      ['POST', 'txn', { success: Array(operations + 1).fill(step) }, 'body.success', operations],
      ['POST', 'batch', { writes: Array(batch + 1).fill(step) }, 'body.writes', batch],
      ['POST', 'kv/k/f/append', { items: list }, 'body.items', listItems],
      ['PUT', 'kv/k/f', { value: list }, 'body.value', listItems],
      [
        'PUT',
        'kv/k/f',
        { value: '', if: { is: 'value', value: list } },
        'body.if.value',
        listItems,
      ],
      ['PUT', 'kv/k/f', { value: '', clientId: 'x'.repeat(129) }, 'body.clientId', 128],
    ] as const) {
      expect(await requests.problem(method, `/api/v1/${path}`, body)).toMatchObject({
        status: 413,
        code: 'TOO_LARGE',
        path: where,
        limit,
      });
    }
    for (const value of [7, ['a', 7]])
      expect(await requests.problem('PUT', '/api/v1/kv/k/f', { value })).toMatchObject({
        code: 'BAD_REQUEST',
        path: 'body.value',
      });
    expect(await requests.problem('GET', '/api/v1/kv?limit=1001')).toMatchObject({
      code: 'BAD_REQUEST',
      path: 'query.limit',
    });
  });

  it('[H5] answers every error as a problem with a code and a request id, and takes the caller’s id', async () => {
    const reply = await requests.call('GET', '/api/v2/none', undefined, {
      'x-request-id': 'mine-1',
    });
    expect(reply.headers.get('content-type')).toMatch(/^application\/problem\+json/);
    expect(reply.headers.get('x-request-id')).toBe('mine-1');
    expect(Problem.parse(reply.body)).toMatchObject({
      status: 404,
      code: 'NOT_FOUND',
      requestId: 'mine-1',
    });
    const plain = await requests.call('GET', '/livez', undefined, { 'x-request-id': 'no "id"' });
    expect(plain.headers.get('x-request-id')).toMatch(/^[0-9a-f-]{36}$/);
    expect(await requests.problem('POST', '/api/v1/kv/a/x', {})).toMatchObject({
      code: 'NOT_FOUND',
    });
  });

  it('[H6] applies a repeat of a client’s write once, and refuses an older one', async () => {
    const clientId = await requests.openSession();
    const first = await requests.ok('PUT', '/api/v1/kv/h6/x', {
      value: '1',
      clientId,
      sequence: 5,
    });
    const again = await requests.ok('PUT', '/api/v1/kv/h6/x', {
      value: '1',
      clientId,
      sequence: 5,
    });
    expect(writes.SetAnswer.parse(again).revision).toBe(writes.SetAnswer.parse(first).revision);
    expect(
      await requests.problem('PUT', '/api/v1/kv/h6/x', { value: '0', clientId, sequence: 4 }),
    ).toMatchObject({
      status: 409,
      code: 'SESSION_STALE',
    });
    await requests.ok('DELETE', `/api/v1/kv/h6/x?clientId=${clientId}&sequence=6`);
    await requests.ok('DELETE', `/api/v1/kv/h6/x?clientId=${clientId}&sequence=6`);
    const history = kv.HistoryAnswer.parse(await requests.ok('GET', '/api/v1/history/h6/x'));
    expect(history.versions).toHaveLength(2);
  });

  it('[H6] opens a session, and refuses a write of one that is not open', async () => {
    const reply = await requests.call('POST', '/api/v1/sessions');
    expect(reply.status).toBe(201);
    const { clientId, idleMs, revision } = writes.SessionAnswer.parse(reply.body);
    expect(idleMs).toBe(3_600_000);
    const { asOf } = kv.GetAnswer.parse(await requests.ok('GET', '/api/v1/kv/h6/y'));
    expect(asOf).toBeGreaterThanOrEqual(revision);
    const envelope = { clientId: `${clientId}0`, sequence: 1 };
    const refused = await requests.problem('PUT', '/api/v1/kv/h6/y', { value: '1', ...envelope });
    expect(refused).toMatchObject({ status: 410, code: 'SESSION_EXPIRED', retryable: false });
    expect(refused.message).toContain('new session');
    const after = kv.GetAnswer.parse(await requests.ok('GET', '/api/v1/kv/h6/y'));
    expect(after.absentBecause).toBe('never');
  });

  it('[H7] reads locally from a named node, and says when that node has not come so far', async () => {
    const { revision } = writes.SetAnswer.parse(
      await requests.ok('PUT', '/api/v1/kv/h7/x', { value: '1' }),
    );
    const local = kv.GetAnswer.parse(
      await requests.ok('GET', '/api/v1/kv/h7/x?consistency=local&node=n2'),
    );
    expect(local).toMatchObject({ node: 'n2', consistency: 'local' });
    expect(await requests.problem('GET', `/api/v1/kv/h7/x?asOf=${revision + 1000}`)).toMatchObject({
      status: 409,
      code: 'REVISION_NOT_YET',
      retryable: true,
    });
    expect(
      await requests.problem('GET', '/api/v1/kv/h7/x?consistency=local&node=n9'),
    ).toMatchObject({
      code: 'NODE_UNKNOWN',
    });
  });

  it('[H8] shows the cluster, each node and its log', async () => {
    const view = ClusterView.parse(await requests.ok('GET', '/api/v1/cluster'));
    expect(view.voters).toEqual(['n1', 'n2', 'n3']);
    expect(NodeView.parse(await requests.ok('GET', '/api/v1/nodes/n1'))).toMatchObject({
      id: 'n1',
      state: 'serving',
    });
    const start = async () =>
      LogAnswer.parse(await requests.ok('GET', '/api/v1/nodes/n1/log?from=1&limit=3')).entries;
    // A follower may be behind.
    await expect.poll(async () => (await start()).map(({ index }) => index)).toEqual([1, 2, 3]);
    expect((await start())[0]?.kind).toBe('noop');
    expect(await requests.problem('GET', '/api/v1/nodes/n9')).toMatchObject({
      status: 404,
      code: 'NODE_UNKNOWN',
    });
    expect(await requests.ok('GET', '/api/v1/version')).toMatchObject({ version: 'test', api: 1 });
  });

  it('[H9] kills and revives, and answers when it is done', async () => {
    const killed = NodeActionAnswer.parse(await requests.ok('POST', '/api/v1/nodes/n3/kill'));
    expect(killed).toMatchObject({ node: 'n3', state: 'down' });
    expect(NodeView.parse(await requests.ok('GET', '/api/v1/nodes/n3')).state).toBe('down');
    expect(await requests.problem('POST', '/api/v1/nodes/n3/kill')).toMatchObject({
      status: 409,
      code: 'CONFLICT',
    });
    expect(await requests.problem('GET', '/api/v1/kv/a/x?consistency=local&node=n3')).toMatchObject(
      {
        code: 'NODE_DOWN',
      },
    );
    expect(await requests.problem('GET', '/api/v1/nodes/n3/log')).toMatchObject({
      status: 503,
      code: 'NODE_DOWN',
    });
    expect(await requests.problem('POST', '/api/v1/nodes/n3/campaign')).toMatchObject({
      code: 'NODE_DOWN',
    });
    // A client that always declares JSON, and sends nothing.
    const revived = await requests.ok('POST', '/api/v1/nodes/n3/revive', '', {
      'content-type': 'application/json',
    });
    expect(NodeActionAnswer.parse(revived)).toMatchObject({ state: 'serving' });
    expect(await requests.problem('POST', '/api/v1/nodes/n3/revive')).toMatchObject({
      code: 'CONFLICT',
    });
    expect(await requests.problem('POST', '/api/v1/nodes/n9/kill')).toMatchObject({
      code: 'NODE_UNKNOWN',
    });
  });

  it('[H9] sets links, one way each, and heals them all', async () => {
    const rule = { cut: false, delayMs: 1, jitterMs: 0, loss: 0, duplicate: 0.5, reorder: 0 };
    const body = { delayMs: 1, duplicate: 0.5 };
    expect(LinkView.parse(await requests.ok('PUT', '/api/v1/links/n1/n2', body))).toEqual({
      from: 'n1',
      to: 'n2',
      ...rule,
    });
    await requests.ok('POST', '/api/v1/nodes/n3/isolate');
    const links = async () => ClusterView.parse(await requests.ok('GET', '/api/v1/cluster')).links;
    expect((await links()).filter(({ cut }) => cut)).toHaveLength(4);
    await requests.ok('POST', '/api/v1/nodes/n3/reconnect');
    expect((await links()).filter(({ cut }) => cut)).toHaveLength(0);
    expect((await links()).filter(({ duplicate }) => duplicate > 0)).toHaveLength(1);
    await requests.ok('DELETE', '/api/v1/links');
    expect(
      (await links()).every(({ delayMs, duplicate }) => delayMs === 0 && duplicate === 0),
    ).toBe(true);
  });

  it('[H10] refuses pages of other sites, and other names for this host', async () => {
    const { host } = new URL(server.url);
    const kill = '/api/v1/nodes/n9/kill';
    for (const headers of [
      { origin: 'http://evil.example' },
      { origin: 'null' },
      { 'sec-fetch-site': 'cross-site' },
      { 'sec-fetch-site': 'same-site' },
    ]) {
      expect(await rawStatus('POST', kill, headers), JSON.stringify(headers)).toBe(403);
    }
    expect(
      await rawStatus('POST', kill, { origin: server.url, 'sec-fetch-site': 'same-origin' }),
    ).toBe(404);
    expect(await rawStatus('POST', kill, {})).toBe(404);
    expect(await rawStatus('GET', '/livez', { origin: 'http://evil.example' })).toBe(200);
    expect(await rawStatus('GET', '/livez', { host: 'evil.example' })).toBe(403);
    expect(await rawStatus('GET', '/livez', { host: host.replace('127.0.0.1', 'localhost') })).toBe(
      200,
    );
  });

  it('[H11] is ready while there is a leader and a quorum, and says NO_LEADER within the time given', async () => {
    await expect
      .poll(() => requests.call('GET', '/readyz'))
      .toMatchObject({ status: 200, body: { status: 'ok', serving: 3, quorum: 2 } });
    await Promise.all(
      ['n1', 'n2', 'n3'].map((id) => requests.ok('POST', `/api/v1/nodes/${id}/kill`)),
    );
    expect((await requests.call('GET', '/readyz')).status).toBe(503);
    expect((await requests.call('GET', '/livez')).status).toBe(200);
    const header = { 'request-timeout-ms': '50' };
    expect(await requests.problem('PUT', '/api/v1/kv/a/x', { value: '1' }, header)).toMatchObject({
      status: 503,
      code: 'NO_LEADER',
      retryable: true,
      leader: null,
    });
    expect(await requests.problem('GET', '/api/v1/kv/a/x', undefined, header)).toMatchObject({
      status: 503,
      code: 'READ_TIMEOUT',
      retryable: true,
    });
    expect(await requests.problem('GET', '/api/v1/kv/a/x?consistency=local')).toMatchObject({
      code: 'NODE_DOWN',
    });
    await Promise.all(
      ['n1', 'n2', 'n3'].map((id) => requests.ok('POST', `/api/v1/nodes/${id}/revive`)),
    );
    await requests.ok('PUT', '/api/v1/kv/a/x', { value: '1' });
  });

  it('[H12] survives what is not HTTP', async () => {
    const { hostname, port } = new URL(server.url);
    await new Promise<void>((resolve) => {
      const socket = connect(Number(port), hostname, () =>
        socket.end('\u0000\u0001 nonsense\r\n\r\n'),
      );
      socket.on('data', () => {});
      // It is closed, however that is done.
      socket.on('error', () => {});
      socket.on('close', () => resolve());
    });
    expect((await requests.call('GET', '/livez')).status).toBe(200);
  });

  /** With headers that fetch does not let one set. */
  function rawStatus(
    method: string,
    path: string,
    headers: Record<string, string>,
  ): Promise<number> {
    return new Promise((resolve, reject) => {
      const request = httpRequest(`${server.url}${path}`, { method, headers }, (response) => {
        response.resume();
        resolve(response.statusCode ?? 0);
      });
      request.on('error', reject);
      request.end();
    });
  }
});
