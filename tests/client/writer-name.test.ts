/** How the page names its writes, against a server that answers as the test says. */
import { createServer } from 'node:http';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { ChronoraftClient } from '../../client/http-client.ts';
import { WriterName } from '../../components/data/write-session.ts';

const WRITTEN = { status: 200, body: { revision: 3 } };
const problem = (status: number, code: string) => ({
  status,
  body: { code, message: code, retryable: false },
});
const UNKNOWN = problem(504, 'OUTCOME_UNKNOWN');
const EXPIRED = problem(410, 'SESSION_EXPIRED');

let server: Server;
let client: ChronoraftClient;
let openings: number;
/** Of the next openings, in the place of a session. */
let noSession: (typeof UNKNOWN)[];
/** To the next writes; then all are done. */
let answers: { readonly status: number; readonly body: object }[];
/** Names of the writes that came. */
let names: string[];

beforeEach(async () => {
  [openings, noSession, answers, names] = [0, [], [], []];
  server = createServer((request, response) => {
    let text = '';
    request.on('data', (chunk: Buffer) => (text += chunk.toString()));
    request.on('end', () => {
      const isOpening = request.url === '/api/v1/sessions';
      const session = { status: 201, body: { clientId: `s${openings + 1}` } };
      const answer = isOpening ? (noSession.shift() ?? session) : (answers.shift() ?? WRITTEN);
      if (isOpening) openings++;
      else {
        const { clientId, sequence } = JSON.parse(text) as { clientId: string; sequence: number };
        names.push(`${clientId}/${sequence}`);
      }
      response
        .writeHead(answer.status, { 'content-type': 'application/json' })
        .end(JSON.stringify(answer.body));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  client = new ChronoraftClient({ baseUrl: `http://127.0.0.1:${port}` });
});

afterEach(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

function write(writer: WriterName) {
  return writer.named((name) => client.set('k', 'f', { value: '1', ...name }));
}

test('[U34] writes of a page are numbered in one session, and a repeat has the name of the first', async () => {
  const writer = new WriterName(client);
  expect(await write(writer)()).toMatchObject({ ok: true });
  answers = [UNKNOWN];
  const second = write(writer);
  expect(await second()).toMatchObject({ failure: { code: 'OUTCOME_UNKNOWN' } });
  expect(await second()).toMatchObject({ ok: true });
  expect(names).toEqual(['s1/1', 's1/2', 's1/2']);
});

test('[U34] a session that has ended gives way to a new one before anything was done', async () => {
  const writer = new WriterName(client);
  await write(writer)();
  answers = [EXPIRED];
  expect(await write(writer)()).toMatchObject({ ok: true });
  expect(names).toEqual(['s1/1', 's1/2', 's2/1']);
});

test('[U34] a write of unknown outcome stays unknown when its session has ended, and is not sent under another name', async () => {
  const writer = new WriterName(client);
  answers = [UNKNOWN, EXPIRED];
  const once = write(writer);
  await once();
  expect(await once()).toMatchObject({
    failure: { code: 'OUTCOME_UNKNOWN', message: expect.stringContaining('cannot be told') },
  });
  expect(names).toEqual(['s1/1', 's1/1']);
  // The next write has a new session.
  expect(await write(writer)()).toMatchObject({ ok: true });
  expect(names.at(-1)).toBe('s2/1');
});

test('[U34] a write for which no session could be opened was not sent, and is no unknown', async () => {
  const writer = new WriterName(client);
  noSession = [UNKNOWN, problem(503, 'NO_LEADER')];
  const once = write(writer);
  for (const code of ['UNREACHABLE', 'NO_LEADER'])
    expect(await once()).toMatchObject({ failure: { code } });
  expect(names).toEqual([]);
  expect(await once()).toMatchObject({ ok: true });
});

test.each([
  ['NO_LEADER', 'OUTCOME_UNKNOWN'],
  ['OVERLOADED', 'OUTCOME_UNKNOWN'],
  ['SHUTTING_DOWN', 'OUTCOME_UNKNOWN'],
  ['SESSION_STALE', 'OUTCOME_UNKNOWN'],
  ['INTERNAL', 'OUTCOME_UNKNOWN'],
  // A store has judged it: that is its outcome.
  ['COMPACTED', 'COMPACTED'],
])('[U116] a write of unknown outcome whose repeat is answered by %s is %s', async (code, told) => {
  const writer = new WriterName(client);
  answers = [UNKNOWN, problem(503, code)];
  const once = write(writer);
  await once();
  expect(await once()).toMatchObject({ failure: { code: told } });
  // However often it was refused, it may still come to be done.
  expect(await once()).toMatchObject({ ok: true });
  expect(new Set(names)).toEqual(new Set(['s1/1']));
});

test.each(['NO_LEADER', 'OVERLOADED'])(
  '[U116] a write that was never sent before and is answered by %s is so answered',
  async (code) => {
    answers = [problem(503, code)];
    expect(await write(new WriterName(client))()).toMatchObject({ failure: { code } });
  },
);
