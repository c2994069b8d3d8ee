import { createServer } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import { HEAL, setLink } from '../../client/fault-requests.ts';
import { ChronoraftClient } from '../../client/http-client.ts';

interface Asked {
  readonly method: string;
  readonly url: string;
  readonly body: string;
}

const servers: Server[] = [];
const asked: Asked[] = [];

afterEach(async () => {
  asked.length = 0;
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
});

/** A client of a server that answers everything with `answer`. */
async function clientOf(
  answer: (request: IncomingMessage, response: ServerResponse) => void,
  timeoutMs?: number,
): Promise<ChronoraftClient> {
  const server = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk: Buffer) => (body += chunk.toString()));
    request.on('end', () => {
      asked.push({ method: request.method ?? '', url: request.url ?? '', body });
      answer(request, response);
    });
  });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const baseUrl = `http://127.0.0.1:${port}`;
  return new ChronoraftClient({ baseUrl, ...(timeoutMs !== undefined && { timeoutMs }) });
}

function json(status: number, body: unknown) {
  return (_request: IncomingMessage, response: ServerResponse): void => {
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
  };
}

describe('requests', () => {
  test('[U33] names and parameters are escaped, and what is not given is left out', async () => {
    const client = await clientOf(json(200, {}));
    await client.set('a/b', 'ü?', { value: 'x', ttl: 5 });
    await client.delete('k', 'f', { timestamp: 9, clientId: 'c&d', sequence: 2 });
    await client.get('k', 'f', { at: 5, asOf: 0 });
    await client.get('k', 'f', { localNode: 'n2' });
    await client.scan('k', 'p p', { asOf: 3 });
    await client.keys({ prefix: 'p', limit: 10, at: 1 });
    await client.history('k', 'f', { from: 1, localNode: 'n1' });
    await client.history('k', 'f', { order: 'desc', limit: 2, cursor: 'c' });
    await client.scan('k', undefined, { at: 1, limit: 3 });
    await client.records({ prefix: 'ü', at: 1, asOf: 2, limit: 3 });
    await client.records({ cursor: 'c=' });
    await client.diff({ before: { at: 1, asOf: 2 }, after: {}, key: 'k', field: 'f' });
    await client.diff({ after: { at: 3, asOf: 4 }, prefix: '', cursor: 'c', limit: 5 });
    await client.deleteRecord('a/b', { clientId: 'c', sequence: 3 });
    await client.restore({ key: 'k', at: 5, asOf: 6, clientId: 'c', sequence: 4 });
    await client.restoreFile(new Blob(['{"format"\n']), 'history');
    await client.restoreStatus();
    await client.nodeLog('n1', 1, 50);
    await client.act('n3', 'kill');
    await client.fault(setLink('n1', 'n2', { cut: true }));
    await client.fault(HEAL);
    expect(asked.map(({ method, url }) => `${method} ${url}`)).toEqual([
      'PUT /api/v1/kv/a%2Fb/%C3%BC%3F',
      'DELETE /api/v1/kv/k/f?timestamp=9&clientId=c%26d&sequence=2',
      'GET /api/v1/kv/k/f?at=5&asOf=0',
      'GET /api/v1/kv/k/f?consistency=local&node=n2',
      'GET /api/v1/kv/k?prefix=p+p&asOf=3',
      'GET /api/v1/kv?prefix=p&limit=10&at=1',
      'GET /api/v1/history/k/f?from=1&consistency=local&node=n1',
      'GET /api/v1/history/k/f?order=desc&limit=2&cursor=c',
      'GET /api/v1/kv/k?limit=3&at=1',
      'GET /api/v1/records?prefix=%C3%BC&limit=3&at=1&asOf=2',
      'GET /api/v1/records?cursor=c%3D',
      'GET /api/v1/diff?beforeAt=1&beforeAsOf=2&key=k&field=f',
      'GET /api/v1/diff?afterAt=3&afterAsOf=4&prefix=&cursor=c&limit=5',
      'DELETE /api/v1/kv/a%2Fb?clientId=c&sequence=3',
      'POST /api/v1/restore',
      'POST /api/v1/backup/restore?mode=history',
      'GET /api/v1/backup/restore',
      'GET /api/v1/nodes/n1/log?from=1&limit=50',
      'POST /api/v1/nodes/n3/kill',
      'PUT /api/v1/links/n1/n2',
      'POST /api/v1/heal',
    ]);
    expect(JSON.parse(asked[0]?.body ?? '')).toEqual({ value: 'x', ttl: 5 });
    expect(asked.find(({ url }) => url.endsWith('history'))?.body).toBe('{"format"\n');
    expect(new ChronoraftClient().backupUrl('', {})).toBe('/api/v1/backup');
    expect(new ChronoraftClient().backupUrl('a&b', { at: 1, asOf: 2 })).toBe(
      '/api/v1/backup?prefix=a%26b&at=1&asOf=2',
    );
    const restored = asked.find(({ url }) => url === '/api/v1/restore');
    expect(JSON.parse(restored?.body ?? '')).toEqual({
      key: 'k',
      at: 5,
      asOf: 6,
      clientId: 'c',
      sequence: 4,
    });
  });

  test.each([
    ['', 'BAD_REQUEST'],
    ['.', 'BAD_REQUEST'],
    ['..', 'BAD_REQUEST'],
    ['\ud800', 'BAD_ENCODING'],
  ])(
    '[U33] a name that no address carries is refused before it is sent: %j',
    async (name, code) => {
      const client = await clientOf(json(200, {}));
      const results = await Promise.all([
        client.set(name, 'f', { value: 'x' }),
        client.get('k', name),
        client.history(name, name),
        client.scan(name, undefined),
        client.deleteRecord(name),
      ]);
      for (const result of results) expect(result).toMatchObject({ ok: false, failure: { code } });
      expect(asked).toEqual([]);
    },
  );
});

describe('failures are data', () => {
  test("[U34] the server's problem is passed on", async () => {
    const problem = {
      code: 'TOO_LARGE',
      message: 'too long',
      retryable: false,
      path: 'body.value',
    };
    const client = await clientOf(json(413, { type: '', title: '', status: 413, ...problem }));
    expect(await client.set('k', 'f', { value: 'x' })).toMatchObject({
      ok: false,
      failure: problem,
    });
  });

  test('[U34] a write that nobody answered is unknown, a read may be repeated', async () => {
    const client = await clientOf((request) => request.socket.destroy());
    const unknown = { ok: false, failure: { code: 'OUTCOME_UNKNOWN', retryable: false } };
    expect(await client.set('k', 'f', { value: 'x' })).toMatchObject(unknown);
    expect(await client.delete('k', 'f')).toMatchObject(unknown);
    expect(await client.deleteRecord('k')).toMatchObject(unknown);
    expect(await client.restore({ at: 1 })).toMatchObject(unknown);
    expect(await client.restoreFile(new Blob([]), 'present')).toMatchObject(unknown);
    const silent = { ok: false, failure: { code: 'UNREACHABLE', retryable: true } };
    expect(await client.get('k', 'f')).toMatchObject(silent);
    expect(await client.act('n1', 'kill')).toMatchObject(silent);
  });

  test('[U34] an answer that is not of this API tells nothing of a write', async () => {
    const html = (_request: IncomingMessage, response: ServerResponse): void => {
      response.writeHead(502, { 'content-type': 'text/html' }).end('<h1>Bad gateway</h1>');
    };
    const client = await clientOf(html);
    expect(await client.set('k', 'f', { value: 'x' })).toMatchObject({
      failure: { code: 'OUTCOME_UNKNOWN' },
    });
    expect(await client.get('k', 'f')).toMatchObject({ failure: { code: 'UNREACHABLE' } });
  });

  test('[U34] JSON that is no problem is not taken for one', async () => {
    const client = await clientOf(json(500, { error: 'oops' }));
    expect(await client.set('k', 'f', { value: 'x' })).toMatchObject({
      failure: { code: 'OUTCOME_UNKNOWN' },
    });
    expect(await client.get('k', 'f')).toMatchObject({ failure: { code: 'UNREACHABLE' } });
  });

  test('[U34] an answer that was cut off is none', async () => {
    const client = await clientOf((_request, response) => {
      response.writeHead(200, { 'content-length': '100' });
      response.write('{"outcome":', () => response.destroy());
    });
    expect(await client.set('k', 'f', { value: 'x' })).toMatchObject({
      failure: { code: 'OUTCOME_UNKNOWN' },
    });
  });
});
