/** When the client library asks again, and what it says of what it does not know: on a played line, in played time. */
import { getEventListeners } from 'node:events';
import { describe, expect, test } from 'vitest';
import { connect } from '../../../client/kv/index.ts';
import type { ConnectOptions, KvClient } from '../../../client/kv/index.ts';
import {
  AbortedError,
  ClosedError,
  CompactedError,
  ConditionFailedError,
  ForbiddenError,
  InvalidRequestError,
  NotFoundError,
  OperationRefusedError,
  OutcomeUnknownError,
  RevisionNotYetError,
  ServerError,
  UnavailableError,
} from '../../../client/kv/index.ts';
import type { ErrorCode } from '../../../contracts/errors.ts';
import { backoffMs } from '../../../client/kv/retry.ts';
import { COMMITTED, json, Played, problem, withSessions } from './played.ts';
import type { Answer, Asked } from './played.ts';

const FOUND = { found: true, value: 'x', at: 1, asOf: 7 };
/** So close to one that waits are what they can be at most. */
const MOST = 0.999_999_999;

function clientOf(played: Played, options: ConnectOptions = {}): KvClient {
  return connect({
    url: 'http://one',
    fetch: played.fetch,
    clock: played,
    random: () => MOST,
    ...options,
  });
}

function errorOf(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    (value) => {
      throw new Error(`it was answered: ${JSON.stringify(value)}`);
    },
    (error: unknown) => error,
  );
}

async function unknownOf<T>(promise: Promise<T>): Promise<OutcomeUnknownError<T>> {
  const error = await errorOf(promise);
  expect(error).toBeInstanceOf(OutcomeUnknownError);
  return error as OutcomeUnknownError<T>;
}

/** Of writes alone: not of the openings of sessions. */
function names(played: Played): readonly unknown[] {
  return played.asked
    .filter(({ path }) => path !== '/api/v1/sessions')
    .map(({ body: { clientId, sequence } }) => `${String(clientId)}/${String(sequence)}`);
}

describe('a read', () => {
  test('[L12] waits before each attempt up to twice as long, between nothing and two seconds', () => {
    const most = [1, 2, 3, 4, 5, 6, 7, 20].map((failed) => backoffMs(failed, undefined, () => 1));
    expect(most).toEqual([50, 100, 200, 400, 800, 1600, 2000, 2000]);
    expect(backoffMs(7, undefined, () => 0)).toBe(0);
    expect(backoffMs(3, undefined, () => 0.5)).toBe(100);
    expect(backoffMs(1, 3000, () => 0.5)).toBe(3025);
  });

  test('[L12] is asked again while what failed may pass, and answered once it has', async () => {
    const failing = [
      problem('NO_LEADER'),
      problem('READ_TIMEOUT'),
      problem('OVERLOADED', { status: 429 }),
      'lost',
      json('<html>', 502),
    ] as const;
    const played = new Played((_, n) => failing[n] ?? json(FOUND));
    const answer = await played.run(clientOf(played).get('k', 'f', { at: 1 }));
    expect(answer).toEqual(FOUND);
    expect(played.times.map(Math.round)).toEqual([0, 50, 150, 350, 750, 1550]);
    expect(played.asked.every(({ path }) => path === '/api/v1/kv/k/f?at=1')).toBe(true);
    expect(played.timerCount).toBe(0);
  });

  test('[L12] is not asked again before the server wants it, in seconds or by date', async () => {
    const date = 'Sun, 06 Nov 1994 08:49:37 GMT';
    const later = 'Sun, 06 Nov 1994 08:49:40 GMT';
    const failing = [
      problem('OVERLOADED', { status: 429 }, { 'retry-after': '2' }),
      problem('SHUTTING_DOWN', {}, { 'retry-after': later, date }),
      json('', 503, { 'retry-after': '1' }),
    ];
    const played = new Played((_, n) => failing[n] ?? json(FOUND));
    await played.run(clientOf(played, { random: () => 0 }).get('k', 'f'));
    expect(played.times).toEqual([0, 2000, 5000, 6000]);
  });

  test('[L12] ends at once when the next attempt would come after its deadline', async () => {
    const played = new Played(() =>
      problem('OVERLOADED', { status: 429 }, { 'retry-after': '60' }),
    );
    const error = await played.run(errorOf(clientOf(played).get('k', 'f', { timeoutMs: 500 })));
    expect(error).toBeInstanceOf(UnavailableError);
    expect(error).toMatchObject({ code: 'OVERLOADED', retryable: true, retryAfterMs: 60_000 });
    expect([played.now(), played.asked.length]).toEqual([0, 1]);
  });

  test('[L12] that is never answered ends at its deadline; each attempt has a limit, and tells it to the server', async () => {
    const played = new Played(() => 'hang');
    const client = clientOf(played, { timeoutMs: 2500, attemptTimeoutMs: 1000, random: () => 0 });
    const error = await played.run(errorOf(client.get('k', 'f')));
    expect(error).toBeInstanceOf(UnavailableError);
    expect(error).toMatchObject({ code: 'UNREACHABLE', retryable: true });
    expect([...played.times, played.now()]).toEqual([0, 1000, 2000, 2500]);
    const told = played.asked.map(({ headers }) => headers.get('request-timeout-ms'));
    expect(told).toEqual(['750', '750', '375']);
  });

  test('[L12] that cannot succeed is not asked again', async () => {
    for (const code of ['BAD_REQUEST', 'COMPACTED', 'INTERNAL', 'FORBIDDEN'] as const) {
      const played = new Played(() => problem(code, { status: 400, retryable: false }));
      await played.run(errorOf(clientOf(played).get('k', 'f')));
      expect(played.asked.length, code).toBe(1);
    }
  });

  test('[L12] of a revision that is not there is asked again of a node that may lag, and not of the leader', async () => {
    const notYet = (_: Asked, n: number): Answer =>
      n < 2 ? problem('REVISION_NOT_YET', { status: 409 }) : json(FOUND);
    const lagging = new Played(notYet);
    await lagging.run(clientOf(lagging).get('k', 'f', { asOf: 9, consistency: 'local' }));
    expect(lagging.asked.length).toBe(3);
    const leading = new Played(notYet);
    const error = await leading.run(errorOf(clientOf(leading).get('k', 'f', { asOf: 9 })));
    expect(error).toBeInstanceOf(RevisionNotYetError);
    expect(leading.asked.length).toBe(1);
  });

  test('[L12] goes to the next address when one does not answer, and stays there', async () => {
    const played = new Played(({ path }) => (path.startsWith('//two') ? json(FOUND) : 'lost'));
    const { fetch, random } = { fetch: played.fetch, random: () => 0 };
    const urls = ['http://one/', 'http://two/'];
    const client = connect({ urls, fetch, random, clock: played });
    for (let i = 0; i < 2; i++) await played.run(client.get('k', 'f'));
    expect(played.asked.map(({ path }) => path)).toEqual([
      '/api/v1/kv/k/f',
      '//two/api/v1/kv/k/f',
      '//two/api/v1/kv/k/f',
    ]);
  });

  test('[L20] ends with the reason of its signal, under way or waiting, and leaves no timer', async () => {
    for (const answer of ['hang', problem('NO_LEADER')] as const) {
      const played = new Played(() => answer);
      const controller = new AbortController();
      const reason = new Error('enough');
      const reading = errorOf(clientOf(played).get('k', 'f', { signal: controller.signal }));
      played.after(10, () => controller.abort(reason));
      expect(await played.run(reading)).toBe(reason);
      expect([played.now(), played.timerCount]).toEqual([10, 0]);
    }
  });

  test('[L20] of a client that is closed ends; nothing more is sent', async () => {
    const played = new Played(() => 'hang');
    const client = clientOf(played);
    const reading = errorOf(client.get('k', 'f'));
    played.after(10, () => void client.close());
    expect(await played.run(reading)).toBeInstanceOf(ClosedError);
    expect(await errorOf(client.get('k', 'f'))).toBeInstanceOf(ClosedError);
    expect(await errorOf(client.set('k', 'f', 'x'))).toBeInstanceOf(ClosedError);
    expect([played.asked.length, played.timerCount]).toEqual([1, 0]);
  });
});

describe('a write', () => {
  test('[L13] is repeated under the same name until it is settled, and the next one has the next number', async () => {
    const failing: readonly Answer[] = [
      'lost',
      problem('OUTCOME_UNKNOWN', { status: 504, retryable: false }),
      problem('NO_LEADER'),
      problem('INTERNAL', { status: 500, retryable: false }),
      json('<html>', 200),
      json('<html>', 502),
    ];
    const played = new Played(withSessions((_, n) => failing[n] ?? json(COMMITTED)));
    const client = clientOf(played);
    expect(await played.run(client.set('k', 'f', 'x'))).toEqual(COMMITTED);
    await played.run(client.set('k', 'f', 'y'));
    expect(names(played)).toEqual([...Array.from({ length: 7 }, () => 's0/1'), 's0/2']);
  });

  test('[L13] side by side with others has a session of its own; beyond the bound it waits in turn', async () => {
    const played = new Played(withSessions(() => json(COMMITTED)));
    const client = clientOf(played, { maxParallelWrites: 3 });
    const all = Array.from({ length: 7 }, (_, i) => client.increment('k', `${i}`));
    await played.run(Promise.all(all));
    const used = names(played);
    expect(new Set(used).size).toBe(7);
    expect(new Set(used.map((name) => String(name).split('/')[0]))).toEqual(
      new Set(['s0', 's1', 's2']),
    );
  });

  test('[L13] opens its session again when nobody heard of it, and another when its own has ended', async () => {
    let openings = 0;
    const played = new Played(({ path }) => {
      if (path !== '/api/v1/sessions')
        return openings < 4
          ? problem('SESSION_EXPIRED', { status: 410, retryable: false })
          : json(COMMITTED);
      openings++;
      return openings < 3 ? 'lost' : json({ ...COMMITTED, clientId: `s${openings}` }, 201);
    });
    expect(await played.run(clientOf(played).set('k', 'f', 'x'))).toEqual(COMMITTED);
    expect(names(played)).toEqual(['s3/1', 's4/1']);
  });

  test('[L14] that was never accepted until its deadline was not done, and its session goes on', async () => {
    const played = new Played(
      withSessions(({ body }) => (body['value'] === 'x' ? problem('NO_LEADER') : json(COMMITTED))),
    );
    const client = clientOf(played, { timeoutMs: 1000 });
    const error = await played.run(errorOf(client.set('k', 'f', 'x')));
    expect(error).toBeInstanceOf(UnavailableError);
    expect(error).toMatchObject({ code: 'NO_LEADER', retryable: true });
    await played.run(client.set('k', 'f', 'y'));
    expect(names(played).at(-1)).toBe('s0/2');
  });

  test('[L14] that had no place until its deadline was not sent', async () => {
    const played = new Played(withSessions(() => 'hang'));
    const client = clientOf(played, { maxParallelWrites: 1, timeoutMs: 1000 });
    const first = errorOf(client.set('k', 'f', 'x', { timeoutMs: 5000 }));
    const second = await played.run(errorOf(client.set('k', 'f', 'y')));
    expect(second).toBeInstanceOf(UnavailableError);
    expect(second).toMatchObject({ code: 'OVERLOADED', requestId: null });
    expect(await played.run(first)).toBeInstanceOf(OutcomeUnknownError);
    expect(names(played).every((name) => name === 's0/1')).toBe(true);
  });

  test('[L14] for which no session was opened was not done, whatever became of the opening', async () => {
    for (const [failure, code] of [
      [problem('OUTCOME_UNKNOWN', { status: 504, retryable: false }), 'UNREACHABLE'],
      [problem('INTERNAL', { status: 500, retryable: false }), 'UNREACHABLE'],
      [problem('NO_LEADER'), 'NO_LEADER'],
      ['lost', 'UNREACHABLE'],
      [json({}, 201), 'UNREACHABLE'],
    ] as const) {
      const played = new Played(() => failure);
      const client = clientOf(played, { timeoutMs: 500 });
      const error = await played.run(errorOf(client.set('k', 'f', 'x')));
      expect(error).toBeInstanceOf(UnavailableError);
      expect(error).toMatchObject({ code, retryable: true });
      expect(names(played)).toEqual([]);
    }
  });

  test('[L14] of which one attempt may have been done is unknown at its deadline, whatever the others were', async () => {
    for (const last of [
      problem('NO_LEADER'),
      problem('SHUTTING_DOWN'),
      problem('OVERLOADED', { status: 429 }),
      problem('FORBIDDEN', { status: 403, retryable: false }),
      problem('BAD_REQUEST', { status: 400, retryable: false }),
      problem('NOT_FOUND', { status: 404, retryable: false }),
      'lost',
      'hang',
    ] as const) {
      const played = new Played(withSessions((_, n) => (n === 0 ? 'lost' : last)));
      const client = clientOf(played, { timeoutMs: 1000 });
      const error = await played.run(unknownOf(client.set('k', 'f', 'x')));
      expect(error).toMatchObject({ code: 'OUTCOME_UNKNOWN', retryable: false, resolvable: true });
      expect(played.timerCount).toBe(0);
    }
  });

  test('[L14] to which no connection came about was not done; where that is not told it is unknown', async () => {
    const refused = new TypeError('fetch failed', {
      cause: Object.assign(new Error('connect'), { code: 'ECONNREFUSED' }),
    });
    const offline = new Played(withSessions(() => refused));
    const error = await offline.run(errorOf(clientOf(offline).set('k', 'f', 'x')));
    expect(error).toBeInstanceOf(UnavailableError);
    const reset = new TypeError('fetch failed', {
      cause: Object.assign(new Error('read'), { code: 'ECONNRESET' }),
    });
    const broken = new Played(withSessions(() => reset));
    await broken.run(unknownOf(clientOf(broken).set('k', 'f', 'x')));
  });

  test('[L14] that the store judged is what it said, also after a lost answer', async () => {
    for (const [code, kind] of [
      ['CONDITION_FAILED', ConditionFailedError],
      ['WRONG_KIND', OperationRefusedError],
      ['COMPACTED', CompactedError],
    ] as const) {
      const played = new Played(
        withSessions((_, n) =>
          n === 0 ? 'lost' : problem(code, { status: 409, retryable: false }),
        ),
      );
      const client = clientOf(played);
      expect(await played.run(errorOf(client.set('k', 'f', 'x')))).toBeInstanceOf(kind);
      await played.run(errorOf(client.set('k', 'f', 'y')));
      expect(names(played)).toEqual(['s0/1', 's0/1', 's0/2']);
    }
  });

  test('[L14] that is cancelled is unknown once it was sent, and else gone with the reason', async () => {
    const reason = Object.assign(new Error('enough'), { code: 'ECONNREFUSED' });
    const sent = new Played(withSessions(() => 'hang'));
    const controller = new AbortController();
    const { signal } = controller;
    const writing = unknownOf(clientOf(sent).set('k', 'f', 'x', { signal }));
    sent.after(10, () => controller.abort(reason));
    expect(await sent.run(writing)).toMatchObject({ resolvable: true, cause: reason });

    const unsent = new Played(withSessions(() => json(COMMITTED)));
    expect(await errorOf(clientOf(unsent).set('k', 'f', 'x', { signal }))).toBe(reason);
    expect(unsent.asked).toEqual([]);
    const [result] = await clientOf(unsent).batch([SET], { signal });
    expect(result).toMatchObject({ ok: false, error: { code: 'ABORTED', cause: reason } });
    expect(result?.ok === false && result.error).toBeInstanceOf(AbortedError);
  });

  test('[L15] that is unknown is resolved under its name; until then its session has no other write', async () => {
    let isBack = false;
    const played = new Played(
      withSessions(({ body }) =>
        body['value'] !== 'x' || isBack ? json({ ...COMMITTED, is: body['value'] }) : 'lost',
      ),
    );
    const client = clientOf(played, { timeoutMs: 1000 });
    const unknown = await played.run(unknownOf(client.set('k', 'f', 'x')));
    await played.run(client.set('k', 'f', 'y'));
    const still = await played.run(unknownOf(unknown.resolve({ timeoutMs: 100 })));
    isBack = true;
    const [one, two] = await played.run(Promise.all([still.resolve(), unknown.resolve()]));
    expect(one).toEqual({ ...COMMITTED, is: 'x' });
    expect(two).toBe(one);
    const attempts = names(played);
    await played.run(client.set('k', 'f', 'z'));
    // Once settled it is not sent again, since the session may have gone on.
    expect(await played.run(unknown.resolve())).toBe(one);
    expect(attempts.filter((name) => name === 's1/1')).toHaveLength(1);
    expect(attempts.at(-1)).toBe('s0/1');
    expect(names(played).slice(attempts.length)).toEqual(['s0/2']);
  });

  test('[L15] whose session has ended after an attempt stays unknown, and says that nobody can tell', async () => {
    for (const code of ['SESSION_EXPIRED', 'SESSION_STALE'] as const) {
      const played = new Played(
        withSessions(({ body }, n) => {
          if (body['value'] !== 'x') return json(COMMITTED);
          return n === 0 ? 'lost' : problem(code, { status: 410, retryable: false });
        }),
      );
      const client = clientOf(played);
      const unknown = await played.run(unknownOf(client.set('k', 'f', 'x')));
      expect(unknown.resolvable).toBe(false);
      expect(await played.run(errorOf(unknown.resolve()))).toBe(unknown);
      await played.run(client.set('k', 'f', 'y'));
      expect(names(played)).toEqual(['s0/1', 's0/1', 's1/1']);
    }
  });

  test('[L20] hears its signal with one listener, whatever else does, and leaves none', async () => {
    const { signal } = new AbortController();
    const played = new Played(withSessions((_, n) => (n % 3 === 0 ? 'lost' : json(COMMITTED))));
    const client = clientOf(played);
    const all = Array.from({ length: 50 }, (_, i) => client.set('k', `${i}`, 'x', { signal }));
    expect(getEventListeners(signal, 'abort')).toHaveLength(1);
    await played.run(Promise.all(all));
    expect(getEventListeners(signal, 'abort')).toHaveLength(0);
  });

  test('[L20] under way is waited for when the client is closed', async () => {
    const played = new Played(withSessions((_, n) => (n < 3 ? 'lost' : json(COMMITTED))));
    const client = clientOf(played);
    const writing = client.set('k', 'f', 'x');
    await played.run(client.close());
    expect(await writing).toEqual(COMMITTED);
  });
});

describe('a batch', () => {
  test('[L23] has a result for each write, and repeats only what is not settled, under its names', async () => {
    const sent: unknown[][] = [];
    const played = new Played(
      withSessions(({ body }, n) => {
        const writes = body['writes'] as readonly Readonly<Record<string, unknown>>[];
        sent.push(writes.map(({ clientId, sequence, field }) => [clientId, sequence, field]));
        const results = writes.map(({ field }) => {
          if (field === 'b') return { ok: false, problem: PROBLEM('WRONG_KIND') };
          if (field === 'c' && n === 0) return { ok: false, problem: PROBLEM('OUTCOME_UNKNOWN') };
          return { ok: true, ...COMMITTED, done: { op: 'set', existed: false } };
        });
        return json({ results });
      }),
    );
    const results = await played.run(clientOf(played).batch(['a', 'b', 'c'].map(setOf)));
    const done = { ok: true, value: { ...COMMITTED, done: { op: 'set', existed: false } } };
    expect(results[0]).toEqual(done);
    expect(results[1]).toMatchObject({ ok: false, error: { code: 'WRONG_KIND' } });
    expect(results[2]).toEqual(done);
    expect(sent).toEqual([
      [
        ['s0', 1, 'a'],
        ['s1', 1, 'b'],
        ['s2', 1, 'c'],
      ],
      [['s2', 1, 'c']],
    ]);
  });

  test('[L23] whose answer is none says nothing of any write', async () => {
    const ok = { ok: true, ...COMMITTED, done: { op: 'set', existed: false } };
    const odd = [[], ['ok'], [{ ok: true }], [ok, ok]].map((results) => ({ results }));
    for (const body of [...odd, {}]) {
      const played = new Played(withSessions(() => json(body)));
      const [result] = await played.run(clientOf(played, { timeoutMs: 200 }).batch([SET]));
      expect(result).toMatchObject({ ok: false, error: { code: 'OUTCOME_UNKNOWN' } });
    }
  });
});

describe('an error', () => {
  test('[L16] is of a class of its kind, with code, whether it may pass, and the id of its request', async () => {
    const horizon = { timestamp: 5, revision: 6 };
    const cases: readonly [ErrorCode, number, new (...args: never[]) => Error, object][] = [
      ['BAD_REQUEST', 400, InvalidRequestError, { path: 'query.at' }],
      ['TOO_LARGE', 413, InvalidRequestError, { limit: 1024 }],
      ['FORBIDDEN', 403, ForbiddenError, {}],
      ['COMPACTED', 410, CompactedError, { horizon }],
      ['NODE_UNKNOWN', 404, NotFoundError, {}],
      ['INTERNAL', 500, ServerError, {}],
    ];
    for (const [code, status, kind, details] of cases) {
      const played = new Played(() =>
        problem(code, { status, retryable: false, requestId: 'r1', ...details }),
      );
      const error = await played.run(errorOf(clientOf(played).get('k', 'f')));
      expect(error).toBeInstanceOf(kind);
      expect(error).toMatchObject({ name: kind.name, code, retryable: false, requestId: 'r1' });
      expect(error).toMatchObject(details);
    }
  });

  test('[L16] of a code that is not in the list goes by its status', async () => {
    for (const [status, retryable, kind] of [
      [401, false, ForbiddenError],
      [429, true, UnavailableError],
      [418, false, ServerError],
    ] as const) {
      const played = new Played(() => problem('OF_TOMORROW' as ErrorCode, { status, retryable }));
      const error = await played.run(errorOf(clientOf(played, { timeoutMs: 100 }).get('k', 'f')));
      expect(error).toBeInstanceOf(kind);
    }
  });

  test('[L16] of a lost answer has the id that the request was sent with; a token goes with each', async () => {
    const played = new Played(() => 'lost');
    const client = clientOf(played, { timeoutMs: 10, token: 'secret' });
    const error = await played.run(errorOf(client.get('k', 'f')));
    const [asked] = played.asked;
    expect(asked?.headers.get('x-request-id')).toMatch(/^[\da-f]{16}$/);
    expect(error).toMatchObject({ requestId: asked?.headers.get('x-request-id') });
    expect(asked?.headers.get('authorization')).toBe('Bearer secret');
  });

  test('[L16] says what this side refuses, before anything is sent', async () => {
    const played = new Played(() => json(FOUND));
    const client = clientOf(played);
    for (const call of [
      client.get('', 'f'),
      client.get('k', '..'),
      client.set('k', '\ud800', 'x'),
      client.delete('.', 'f'),
      client.keys({ prefix: '\udc00' }).all(),
      client.watch({ prefix: '\udc00' }).opened(),
      client.get('k', 'f', { timeoutMs: 0 }),
      client.set('k', 'f', 'x', { timeoutMs: Number.NaN }),
    ])
      expect(await errorOf(call)).toBeInstanceOf(InvalidRequestError);
    expect(played.asked).toEqual([]);
    for (const options of [
      {},
      { url: 'ftp://one' },
      { url: 'one' },
      { url: 'http://one?x' },
      { urls: [] },
      { url: 'http://one', urls: ['http://two'] },
      { url: 'http://one', timeoutMs: -1 },
      { url: 'http://one', maxParallelWrites: 0 },
      { url: 'http://one', token: 'a\nb' },
    ])
      expect(() => connect(options), JSON.stringify(options)).toThrow(InvalidRequestError);
  });
});

function setOf(field: string): { op: 'set'; key: string; field: string; value: string } {
  return { op: 'set', key: 'k', field, value: 'x' };
}

const SET = setOf('f');

function PROBLEM(code: ErrorCode): object {
  return { code, message: code, status: 409, retryable: false, type: '', title: '' };
}
