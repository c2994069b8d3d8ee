/** The trail of what operators did, and those who would change it. */
import { afterAll, describe, expect, it } from 'vitest';
import { AuditAnswer } from '../../contracts/audit.ts';
import type { AuditRecord } from '../../contracts/audit.ts';
import type { BackupRestoreAnswer } from '../../contracts/backup.ts';
import { REFUSALS } from '../../server/access/audit.ts';
import { must } from '../../server/base/assert.ts';
import { AUDIT_KEY } from '../../server/base/reserved.ts';
import { fileOf } from '../backup/files.ts';
import { startTestServer } from '../server.ts';
import type { TestServer } from '../server.ts';

const SLOW_MACHINE_MS = 180_000;
const OPERATOR = 'operator-token-0123456789';
const VIEWER = 'viewer-token-0123456789';
const AUTH_TOKENS = `ann operator ${OPERATOR};bob viewer ${VIEWER}`;
const FORGED = { field: 'forged', value: '{"who":"eve"}' };

describe('the trail of actions', { timeout: SLOW_MACHINE_MS }, () => {
  let server: TestServer;
  afterAll(() => server.destroy());

  it('[G12] says who did what, from where, with which outcome and revision, and who was turned away', async () => {
    server = await startTestServer(undefined, { AUTH_TOKENS, RATE_LIMIT: '0' });
    await ask('POST', '/sign-in', { token: OPERATOR }, null);
    await ask('POST', '/sign-in', { token: 'wrong-token-0123456789' }, null);
    await ask('PUT', '/kv/plain/data', { value: 'not an action' });
    await ask('PUT', '/retention', { maxAgeMs: 604_800_000, maxVersions: null });
    await ask('POST', '/nodes/n3/kill');
    await ask('POST', '/nodes/n3/kill');
    await ask('POST', `/nodes/n2/kill?token=${OPERATOR}`, undefined, VIEWER);
    await ask('POST', '/nodes/n3/revive');
    const [revive, refused, again, kill, retention, wrong, signIn, ...more] = await trail(7);
    expect(more).toEqual([]);
    const ann = { who: 'ann', role: 'operator', from: expect.stringContaining('127.0.0.1') };
    expect(signIn).toMatchObject({
      ...ann,
      what: 'POST /api/v1/sign-in',
      outcome: 'done',
      detail: null,
    });
    expect(wrong).toMatchObject({ who: null, status: 401, outcome: 'UNAUTHENTICATED' });
    expect(retention).toMatchObject({
      ...ann,
      what: 'PUT /api/v1/retention',
      detail: '{"maxAgeMs":604800000,"maxVersions":null}',
    });
    expect(kill).toMatchObject({ ...ann, what: 'POST /api/v1/nodes/n3/kill', outcome: 'done' });
    expect(again).toMatchObject({ ...ann, status: 409, outcome: 'CONFLICT', revision: null });
    expect(refused).toMatchObject({
      who: 'bob',
      role: 'viewer',
      what: 'POST /api/v1/nodes/n2/kill',
      outcome: 'NOT_ALLOWED',
    });
    expect(revive?.atMs).toBeGreaterThanOrEqual(kill?.atMs ?? Number.POSITIVE_INFINITY);
    expect(JSON.stringify(await trail(7))).not.toMatch(/token-0123456789/);
  });

  it('[G12] is given in pages, newest first', async () => {
    const all = await trail(7);
    const paged: AuditRecord[] = [];
    let cursor = '';
    do {
      const page = await readCurrent(`?limit=3${cursor}`);
      expect(page.records.length).toBeLessThanOrEqual(3);
      paged.push(...page.records);
      cursor = page.next === null ? '' : `&cursor=${page.next}`;
    } while (cursor !== '');
    expect(paged).toEqual(all);
    expect((await ask('GET', '/audit?cursor=abc')).status).toBe(400);
  });

  it('[G13] is written by no client: not by any write, a restore, or the file of a backup', async () => {
    const before = await trail(7);
    const { field, value } = FORGED;
    const key = encodeURIComponent(AUDIT_KEY);
    const id = before[0]?.id ?? '';
    const set = { op: 'set', key: AUDIT_KEY, field, value };
    for (const [method, target, body] of [
      ['PUT', `/kv/${key}/${field}`, { value }],
      ['PUT', '/kv/chronoraft:other/f', { value }],
      ['DELETE', `/kv/${key}/${id}`, undefined],
      ['DELETE', `/kv/${key}`, undefined],
      ['POST', `/kv/${key}/${field}/append`, { items: ['x'] }],
      ['POST', `/kv/${key}/${field}/remove`, { item: 'x' }],
      ['POST', `/kv/${key}/${field}/increment`, undefined],
      ['POST', '/txn', { success: [set] }],
      ['POST', '/txn', { success: [], failure: [{ op: 'deleteRecord', key: AUDIT_KEY }] }],
      ['POST', '/batch', { writes: [set] }],
      ['POST', '/restore', { key: AUDIT_KEY, asOf: 1 }],
    ] as const)
      expect((await ask(method, target, body)).status, `${method} ${target}`).toBe(400);

    // These go through, and pass the trail by.
    const all = await ask('POST', '/restore', { asOf: 2 });
    expect(all.status).toBe(200);
    const prefix = await ask('POST', '/restore', { prefix: 'chronoraft:', asOf: 2 });
    expect(await prefix.json()).toMatchObject({ fields: 0 });
    const stamp = Date.now();
    const lines = [
      [AUDIT_KEY, field, stamp, 5, 0, value, null, 1000],
      ['forged', 'f', stamp, 5, 0, 'x', null, 1000],
    ];
    const header = {
      format: 'chronoraft-backup',
      version: 1,
      cluster: 'c',
      madeAt: new Date(stamp).toISOString(),
      prefix: null,
      at: stamp,
      asOf: 9,
    };
    const restored = await fetch(`${server.url}/api/v1/backup/restore`, {
      method: 'POST',
      headers: { authorization: `Bearer ${OPERATOR}`, 'content-type': 'application/x-ndjson' },
      body: fileOf(header, [lines]),
    });
    const answer = (await restored.json()) as BackupRestoreAnswer;
    expect([restored.status, answer]).toMatchObject([200, {}]);
    expect((await ask('GET', '/kv/forged/f')).status).toBe(200);

    const after = await trail(before.length + 4);
    expect(after.slice(4)).toEqual(before);
    const whole = { what: 'POST /api/v1/restore', outcome: 'done', revision: expect.any(Number) };
    expect(after[2]).toMatchObject(whole);
    expect((await ask('GET', `/kv/${key}/${field}`)).status).toBe(200);
    expect(await (await ask('GET', `/kv/${key}/${field}`)).json()).toMatchObject({ found: false });
  });

  it('[G14] holds up no action while there is no quorum, says what waits, and has it all after a restart', async () => {
    const before = await trail(11);
    // The one that is left never led: what it was not told of is in no log.
    await expect.poll(leads).not.toBeNull();
    const leader = leads() ?? 'n1';
    const follower = must(
      ['n1', 'n2', 'n3'].find((id) => id !== leader),
      'another',
    );
    await ask('POST', `/nodes/${follower}/kill`);
    await trail(12);
    const startedMs = performance.now();
    expect((await ask('POST', `/nodes/${leader}/kill`)).status).toBe(200);
    expect((await ask('POST', '/heal')).status).toBe(200);
    expect(performance.now() - startedMs).toBeLessThan(20_000);
    await expect.poll(async () => (await read('')).waiting).toBe(2);
    expect(await read('')).toMatchObject({ current: false, lost: 0 });

    const { dataDir } = server;
    await server.close();
    server = await startTestServer(dataDir, { AUTH_TOKENS, RATE_LIMIT: '0' });
    const [heal, second, first, ...older] = await trail(14);
    expect(heal).toMatchObject({ who: 'ann', what: 'POST /api/v1/heal' });
    expect(second).toMatchObject({ what: `POST /api/v1/nodes/${leader}/kill` });
    expect(first).toMatchObject({ what: `POST /api/v1/nodes/${follower}/kill` });
    expect(older).toEqual(before);
    expect(await readCurrent('')).toMatchObject({ waiting: 0, lost: 0 });
  });

  it('[H74] is not filled by a viewer who tries without end, and tells how often', async () => {
    const { length } = (await readCurrent('?limit=500')).records;
    const tries = REFUSALS + 40;
    const answers = await Promise.all(
      Array.from({ length: tries }, (_, i) => ask('POST', `/nodes/n${i}/kill`, undefined, VIEWER)),
    );
    expect(answers.every(({ status }) => status === 403)).toBe(true);
    await ask('POST', '/heal');
    const [heal, ...refused] = await trail(length + 1 + REFUSALS);
    expect(heal).toMatchObject({ who: 'ann', what: 'POST /api/v1/heal' });
    expect(refused[0]).toMatchObject({ who: 'bob', outcome: 'NOT_ALLOWED', times: 1 });
    const { dataDir } = server;
    await server.close();
    server = await startTestServer(dataDir, { AUTH_TOKENS, RATE_LIMIT: '0' });
    const all = await trail(length + 2 + REFUSALS);
    const more = { who: 'bob', outcome: 'NOT_ALLOWED', times: tries - REFUSALS };
    expect(all.filter(({ times }) => times > 1)).toMatchObject([more]);
  });

  /** All records, once there are so many and none waits. */
  async function trail(length: number): Promise<readonly AuditRecord[]> {
    let seen: AuditAnswer | null = null;
    await expect
      .poll(async () => {
        seen = await readCurrent('?limit=500');
        return [seen.records.length, seen.waiting];
      })
      .toEqual([length, 0]);
    return must<AuditAnswer>(seen, 'it was read').records;
  }

  /** As a quorum has it: without one, as while a leader is elected, any node tells what it knows. */
  async function readCurrent(query: string): Promise<AuditAnswer> {
    for (;;) {
      const answer = await ask('GET', `/audit${query}`);
      const body: unknown = await answer.json();
      if (answer.status === 503) continue;
      const read = AuditAnswer.parse(body);
      if (read.current) return read;
    }
  }

  function leads(): string | null {
    const { nodes } = server.fold.view(Date.now());
    return nodes.find(({ role, state }) => role === 'leader' && state === 'serving')?.id ?? null;
  }

  async function read(query: string): Promise<AuditAnswer> {
    return AuditAnswer.parse(await (await ask('GET', `/audit${query}`)).json());
  }

  function ask(
    method: string,
    target: string,
    body?: object,
    token: string | null = OPERATOR,
  ): Promise<Response> {
    return fetch(`${server.url}/api/v1${target}`, {
      method,
      headers: {
        'request-timeout-ms': '60000',
        ...(token !== null && { authorization: `Bearer ${token}` }),
        ...(body !== undefined && { 'content-type': 'application/json' }),
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
  }
});
