/** Writes with several steps, pages, diffs and restores through the HTTP API. */
import { describe, expect, it } from 'vitest';
import * as kv from '../../contracts/kv.ts';
import * as writes from '../../contracts/write.ts';
import { sharedServer } from '../server.ts';
import { Requests } from './requests.ts';

const SLOW_MACHINE_MS = 120_000;

describe('operations over HTTP', { timeout: SLOW_MACHINE_MS }, () => {
  const server = sharedServer();
  const requests = new Requests(server);

  async function value(cell: string, query = ''): Promise<kv.Value | null> {
    return kv.GetAnswer.parse(await requests.ok('GET', `/api/v1/kv/${cell}${query}`)).value;
  }

  it('[H13] lists are appended to and removed from, and wrong kinds are refused', async () => {
    const append = async (items: readonly string[]) =>
      writes.AppendAnswer.parse(await requests.ok('POST', '/api/v1/kv/h13/l/append', { items }))
        .length;
    expect(await append(['p', 'q'])).toBe(2);
    expect(await append(['p'])).toBe(3);
    expect(
      writes.RemoveAnswer.parse(
        await requests.ok('POST', '/api/v1/kv/h13/l/remove', { item: 'p', count: 1 }),
      ),
    ).toMatchObject({ removed: 1, length: 2 });
    expect(await value('h13/l')).toEqual(['q', 'p']);
    expect(
      writes.RemoveAnswer.parse(
        await requests.ok('POST', '/api/v1/kv/h13/l/remove', { item: 'none' }),
      ),
    ).toMatchObject({ removed: 0, revision: null });
    const history = kv.HistoryAnswer.parse(
      await requests.ok('GET', '/api/v1/history/h13/l?order=desc&limit=1'),
    );
    expect(history.versions).toMatchObject([{ kind: 'list', value: ['q', 'p'] }]);
    await requests.ok('PUT', '/api/v1/kv/h13/t', { value: 'text' });
    expect(
      await requests.problem('POST', '/api/v1/kv/h13/t/append', { items: ['x'] }),
    ).toMatchObject({ status: 409, code: 'WRONG_KIND' });
    expect(await requests.problem('POST', '/api/v1/kv/h13/l/increment', {})).toMatchObject({
      code: 'WRONG_KIND',
    });
    expect(await requests.problem('POST', '/api/v1/kv/h13/l/append', { items: [] })).toMatchObject({
      code: 'BAD_REQUEST',
      path: 'body.items',
    });
    expect(
      await requests.problem('POST', '/api/v1/kv/h13/l/append', { items: ['ok', '\ud800'] }),
    ).toMatchObject({ code: 'BAD_ENCODING', path: 'body.items.1' });
    // Two more than a list may have, counted by the store: the request has few.
    const most = Array.from({ length: 10_000 }, () => 'x');
    await requests.ok('PUT', '/api/v1/kv/h13/full', { value: most });
    expect(
      await requests.problem('POST', '/api/v1/kv/h13/full/append', { items: ['y', 'z'] }),
    ).toMatchObject({ status: 413, code: 'TOO_LARGE', limit: 10_000 });
  });

  it('[H13] a counter counts each request of a session once, and only whole numbers', async () => {
    const add = async (body: object) =>
      writes.IncrementAnswer.parse(await requests.ok('POST', '/api/v1/kv/h13c/n/increment', body))
        .value;
    const clientId = await requests.openSession();
    expect(await add({})).toBe(1);
    expect(await add({ by: 41 })).toBe(42);
    expect(await add({ by: -2, clientId, sequence: 1 })).toBe(40);
    expect(await add({ by: -2, clientId, sequence: 1 })).toBe(40);
    expect(await value('h13c/n')).toBe('40');
    await requests.ok('PUT', '/api/v1/kv/h13c/n', { value: '9007199254740991' });
    expect(await requests.problem('POST', '/api/v1/kv/h13c/n/increment')).toMatchObject({
      status: 409,
      code: 'OUT_OF_RANGE',
    });
    await requests.ok('PUT', '/api/v1/kv/h13c/n', { value: '1e3' });
    expect(await requests.problem('POST', '/api/v1/kv/h13c/n/increment')).toMatchObject({
      code: 'NOT_AN_INTEGER',
    });
    expect(
      await requests.problem('POST', '/api/v1/kv/h13c/n/increment', { by: 0.5 }),
    ).toMatchObject({ code: 'BAD_REQUEST', path: 'body.by' });
  });

  it('[H14] a set with a condition is done only if it holds, and says what was found instead', async () => {
    const put = { value: '1', if: { is: 'absent' } };
    const first = writes.SetAnswer.parse(await requests.ok('PUT', '/api/v1/kv/h14/x', put));
    expect(first.existed).toBe(false);
    expect(await requests.problem('PUT', '/api/v1/kv/h14/x', put)).toMatchObject({
      status: 412,
      code: 'CONDITION_FAILED',
      found: { value: '1', revision: first.revision },
    });
    const swap = { value: '2', if: { is: 'revision', revision: first.revision } };
    await requests.ok('PUT', '/api/v1/kv/h14/x', swap);
    expect(await requests.problem('PUT', '/api/v1/kv/h14/x', swap)).toMatchObject({
      found: { value: '2' },
    });
    expect(
      await requests.problem('PUT', '/api/v1/kv/h14/none', { value: '', if: { is: 'present' } }),
    ).toMatchObject({ found: null });
    expect(await value('h14/x')).toBe('2');
    expect(
      await requests.problem('PUT', '/api/v1/kv/h14/x', { value: '', if: { is: 'value' } }),
    ).toMatchObject({ code: 'BAD_REQUEST', path: 'body.if.value' });
  });

  it('[H14] a transaction is done as a whole, or its other branch is, or nothing', async () => {
    const transfer = {
      if: [{ is: 'value', key: 'h14t', field: 'a', value: '10' }],
      success: [
        { op: 'increment', key: 'h14t', field: 'a', by: -4 },
        { op: 'increment', key: 'h14t', field: 'b', by: 4 },
      ],
      failure: [{ op: 'append', key: 'h14t', field: 'refused', items: ['once'] }],
    };
    await requests.ok('PUT', '/api/v1/kv/h14t/a', { value: '10' });
    const run = async () =>
      writes.TransactionAnswer.parse(await requests.ok('POST', '/api/v1/txn', transfer));
    expect(await run()).toMatchObject({
      succeeded: true,
      failed: null,
      outcomes: [
        { op: 'increment', value: 6 },
        { op: 'increment', value: 4 },
      ],
    });
    expect(await run()).toMatchObject({
      succeeded: false,
      failed: { index: 0, found: { value: '6' } },
      outcomes: [{ op: 'append', length: 1 }],
    });
    const spoilt = {
      success: [...transfer.success, { op: 'increment', key: 'h14t', field: 'refused' }],
    };
    expect(await requests.problem('POST', '/api/v1/txn', spoilt)).toMatchObject({
      code: 'WRONG_KIND',
      operation: 2,
    });
    expect(await value('h14t/a')).toBe('6');
    const large = Array.from({ length: 6 }, (_, i) => ({
      op: 'set',
      key: 'h14t',
      field: `large ${i}`,
      value: 'é'.repeat(512 * 1024),
    }));
    expect(
      await requests.problem('POST', '/api/v1/txn', { success: [...large, ...large] }),
    ).toMatchObject({ code: 'TOO_LARGE' });
  });

  it('[H15] a batch is many writes of their own, each with its own outcome, in their order', async () => {
    const clientId = await requests.openSession();
    const { results } = writes.BatchAnswer.parse(
      await requests.ok('POST', '/api/v1/batch', {
        writes: [
          { op: 'set', key: 'h15', field: 'x', value: 'text' },
          { op: 'increment', key: 'h15', field: 'x' },
          { op: 'append', key: 'h15', field: 'l', items: ['a'] },
          { op: 'append', key: 'h15', field: 'l', items: ['b'], clientId, sequence: 1 },
        ],
      }),
    );
    expect(results).toMatchObject([
      { ok: true, done: { op: 'set', existed: false } },
      { ok: false, problem: { code: 'NOT_AN_INTEGER' } },
      { ok: true, done: { op: 'append', length: 1 } },
      { ok: true, done: { op: 'append', length: 2 } },
    ]);
    expect(await value('h15/l')).toEqual(['a', 'b']);
    expect(
      await requests.problem('POST', '/api/v1/batch', {
        writes: [
          { op: 'set', key: 'h15', field: 'y', value: '' },
          { op: 'set', key: '', field: 'y', value: '' },
        ],
      }),
    ).toMatchObject({ code: 'BAD_REQUEST', path: 'body.writes.1.key' });
    expect(await value('h15/y')).toBeNull();
  });

  it('[H16] pages are of one view, whatever is written meanwhile', async () => {
    for (const field of ['a', 'b', 'c']) {
      await requests.ok('PUT', `/api/v1/kv/h16/${field}`, { value: '1' });
      await requests.ok('PUT', `/api/v1/kv/h16-${field}/x`, { value: '1' });
    }
    const record = async (query: string) =>
      kv.RecordAnswer.parse(await requests.ok('GET', `/api/v1/kv/h16?limit=2${query}`));
    const first = await record('');
    const records = kv.RecordsAnswer.parse(
      await requests.ok('GET', '/api/v1/records?prefix=h16-&limit=2'),
    );
    await requests.ok('PUT', '/api/v1/kv/h16/c', { value: '2' });
    await requests.ok('PUT', '/api/v1/kv/h16-c/x', { value: '2' });
    await requests.ok('PUT', '/api/v1/kv/h16/d', { value: '2' });
    expect(first.fields.map(({ field }) => field)).toEqual(['a', 'b']);
    const rest = await record(`&cursor=${first.next}`);
    expect(rest).toMatchObject({
      fields: [{ field: 'c', value: '1' }],
      next: null,
      at: first.at,
      asOf: first.asOf,
    });
    const more = kv.RecordsAnswer.parse(
      await requests.ok('GET', `/api/v1/records?prefix=h16-&limit=2&cursor=${records.next}`),
    );
    expect(more.records).toMatchObject([{ key: 'h16-c', fields: [{ value: '1' }], more: false }]);
    const versions = kv.HistoryAnswer.parse(
      await requests.ok('GET', '/api/v1/history/h16/c?limit=1'),
    );
    expect(versions.versions).toMatchObject([{ value: '1' }]);
    const later = kv.HistoryAnswer.parse(
      await requests.ok('GET', `/api/v1/history/h16/c?limit=1&cursor=${versions.next}`),
    );
    expect(later).toMatchObject({ versions: [{ value: '2' }], next: null });
    const again = `at=${first.at}&asOf=${first.asOf}`;
    expect(await record(`&cursor=${first.next}&${again}`)).toEqual(rest);
    expect(await requests.problem('GET', `/api/v1/kv/h16?cursor=${first.next}&at=1`)).toMatchObject(
      { code: 'BAD_REQUEST', path: 'query.at' },
    );
    const place = (list: readonly unknown[]) =>
      Buffer.from(JSON.stringify(list)).toString('base64url');
    const [name] = JSON.parse(Buffer.from(first.next ?? '', 'base64url').toString()) as [string];
    for (const path of [
      '/api/v1/kv/h16?cursor=no',
      `/api/v1/kv/h16?cursor=${first.next}==`,
      `/api/v1/kv/h16-a?cursor=${first.next}`,
      `/api/v1/kv/h16?prefix=c&cursor=${first.next}`,
      `/api/v1/kv?cursor=${first.next}`,
      `/api/v1/kv?prefix=h16-&cursor=${records.next}`,
      `/api/v1/history/h16/c?cursor=${first.next}`,
      `/api/v1/history/h16/b?cursor=${versions.next}`,
      `/api/v1/history/h16/c?order=desc&cursor=${versions.next}`,
      `/api/v1/kv/h16?cursor=${place([name, 1, 1, '\ud800'])}`,
      `/api/v1/kv/h16?cursor=${place([name, 1, 1, 'x'.repeat(1025)])}`,
      `/api/v1/kv/h16?cursor=${place([1, 2, 3])}`,
    ])
      expect(await requests.problem('GET', path)).toMatchObject({
        code: 'BAD_REQUEST',
        path: 'query.cursor',
      });
  });

  it('[H17] tells what is different between two views, and brings the earlier one back', async () => {
    await requests.ok('PUT', '/api/v1/kv/h17/kept', { value: '1' });
    await requests.ok('PUT', '/api/v1/kv/h17/gone', { value: ['a'] });
    const before = writes.SetAnswer.parse(
      await requests.ok('PUT', '/api/v1/kv/h17/changed', { value: 'old' }),
    );
    await requests.ok('PUT', '/api/v1/kv/h17/changed', { value: 'new' });
    await requests.ok('DELETE', '/api/v1/kv/h17/gone');
    await requests.ok('PUT', '/api/v1/kv/h17/added', { value: '2' });
    const diff = async (query: string) =>
      kv.DiffAnswer.parse(
        await requests.ok('GET', `/api/v1/diff?key=h17&beforeAsOf=${before.revision}${query}`),
      );
    const whole = await diff('');
    expect(
      whole.changes.map((change) => [
        change.field,
        change.before?.value ?? null,
        change.after?.value ?? null,
      ]),
    ).toEqual([
      ['added', null, '2'],
      ['changed', 'old', 'new'],
      ['gone', ['a'], null],
    ]);
    const page = await diff('&limit=1');
    expect(page.changes).toHaveLength(1);
    expect((await diff(`&limit=2&cursor=${page.next}`)).changes.map(({ field }) => field)).toEqual([
      'changed',
      'gone',
    ]);
    const restored = writes.RestoreAnswer.parse(
      await requests.ok('POST', '/api/v1/restore', {
        key: 'h17',
        asOf: before.revision,
      }),
    );
    expect(restored.fields).toBe(3);
    expect((await diff('')).changes).toEqual([]);
    expect(await value('h17/gone')).toEqual(['a']);
    // What it was in between is not lost.
    expect(await value('h17/changed', `?asOf=${whole.after.asOf}`)).toBe('new');
    expect(await requests.problem('POST', '/api/v1/restore', { field: 'x', at: 0 })).toMatchObject({
      code: 'BAD_REQUEST',
      path: 'body.field',
    });
    expect(await requests.problem('POST', '/api/v1/restore', {})).toMatchObject({
      code: 'BAD_REQUEST',
      path: 'body.at',
    });
    expect(
      await requests.problem('POST', '/api/v1/restore', { at: 0, asOf: before.revision + 1e9 }),
    ).toMatchObject({ code: 'REVISION_NOT_YET' });
  });

  it('[H17] a record is deleted as a whole, and stays in the past', async () => {
    for (const field of ['a', 'b'])
      await requests.ok('PUT', `/api/v1/kv/h17d/${field}`, { value: field });
    const { asOf } = kv.RecordAnswer.parse(await requests.ok('GET', '/api/v1/kv/h17d'));
    const remove = async () =>
      writes.DeleteRecordAnswer.parse(await requests.ok('DELETE', '/api/v1/kv/h17d'));
    expect(await remove()).toMatchObject({ fields: 2 });
    expect(await remove()).toMatchObject({ fields: 0, revision: null });
    const now = kv.RecordAnswer.parse(await requests.ok('GET', '/api/v1/kv/h17d'));
    expect(now.fields).toEqual([]);
    const then = kv.RecordAnswer.parse(await requests.ok('GET', `/api/v1/kv/h17d?asOf=${asOf}`));
    expect(then.fields).toHaveLength(2);
  });
});
