/**
 * The resilience suite: faults made with a click, judged by what the page shows
 * and by what the API answers.
 */
import { expect, NODES, test } from './fixtures.ts';
import { Recorder } from './recorder.ts';

test('[U1] normal operation: one leader, and what is written is read back and has a history', async ({
  dashboard,
  server,
}) => {
  const leader = await dashboard.leader();
  for (const node of NODES) {
    await expect(dashboard.card(node)).toHaveAttribute('data-up', 'true');
    await expect(dashboard.card(node)).toHaveAttribute(
      'data-role',
      node === leader ? 'leader' : 'follower',
    );
  }
  const first = await dashboard.write('city', 'name', 'Oslo');
  const second = await dashboard.write('city', 'name', 'Bergen');
  expect(second).toBeGreaterThan(first);
  expect(await dashboard.read('city', 'name')).toEqual({ value: 'Bergen', revision: second });

  await expect(dashboard.page.getByTestId(`key-version-city-name-${first}`)).toHaveAttribute(
    'data-kind',
    'set',
  );
  await expect(dashboard.page.getByTestId(`key-version-city-name-${second}`)).toBeVisible();

  expect(await server.api.get('city', 'name')).toMatchObject({
    found: true,
    value: 'Bergen',
    version: { revision: second },
  });
  const { versions } = await server.api.history('city', 'name');
  expect(versions.filter(({ revision }) => revision >= first).map(({ value }) => value)).toEqual([
    'Oslo',
    'Bergen',
  ]);
});

test('[U2] the leader crashes: another is elected in a later term, writes go on, and the old one comes back as a follower', async ({
  dashboard,
  server,
}) => {
  const old = await dashboard.leader();
  const term = await dashboard.term();
  await dashboard.write('crash', 'before', '1');
  await dashboard.press(`Kill ${old}`);
  await expect(dashboard.card(old)).toHaveAttribute('data-up', 'false');
  await expect(dashboard.verdict).not.toHaveAttribute('data-leader', old);
  const next = await dashboard.leader();
  expect(next).not.toBe(old);
  expect(await dashboard.term()).toBeGreaterThan(term);
  await expect(dashboard.verdict).toHaveAttribute('data-state', 'degraded');
  await expect(dashboard.verdict).toHaveAttribute('data-tolerates', '0');

  const revision = await dashboard.write('crash', 'after', '2');
  expect(await server.api.get('crash', 'after')).toMatchObject({
    value: '2',
    version: { revision },
  });
  expect(
    (await server.api.request('GET', `/api/v1/kv/crash/after?consistency=local&node=${old}`))
      .status,
  ).toBe(503);

  await dashboard.press(`Revive ${old}`);
  await expect(dashboard.card(old)).toHaveAttribute('data-up', 'true');
  await expect(dashboard.verdict).toHaveAttribute('data-state', 'healthy');
  await dashboard.converged(revision);
  await expect(dashboard.card(old)).toHaveAttribute('data-role', 'follower');
  expect(await server.api.get('crash', 'after', `?consistency=local&node=${old}`)).toMatchObject({
    value: '2',
  });
});

test('[U3] a follower crashes: the leader stays, writes go on, and it catches up when it returns', async ({
  dashboard,
  server,
}) => {
  const leader = await dashboard.leader();
  const term = await dashboard.term();
  const follower = NODES.find((node) => node !== leader) ?? '';
  await dashboard.press(`Kill ${follower}`);
  await expect(dashboard.card(follower)).toHaveAttribute('data-up', 'false');
  await expect(dashboard.verdict).toHaveAttribute('data-tolerates', '0');
  let last = 0;
  for (let i = 0; i < 5; i++) last = (await server.api.set('absent', `f${i}`, String(i))).revision;
  expect(await dashboard.leader()).toBe(leader);
  expect(await dashboard.term()).toBe(term);

  await dashboard.press(`Revive ${follower}`);
  await expect(dashboard.card(follower)).toHaveAttribute('data-up', 'true');
  await dashboard.converged(last);
  expect(await server.api.get('absent', 'f4', `?consistency=local&node=${follower}`)).toMatchObject(
    { value: '4' },
  );
});

test('[U4] no split brain: a leader that is cut off steps down, and no term ever has two leaders', async ({
  dashboard,
  server,
}) => {
  const recorder = await Recorder.open(server.url);
  const { revision: known } = await server.api.set('split', 'brain', 'everybody');
  await dashboard.converged(known);
  const old = await dashboard.leader();
  await dashboard.press(`Isolate ${old}`);
  await expect(dashboard.page.getByRole('button', { name: `Reconnect ${old}` })).toBeVisible();
  await expect(dashboard.verdict).not.toHaveAttribute('data-leader', old);
  const next = await dashboard.leader();
  await expect(dashboard.card(old)).not.toHaveAttribute('data-role', 'leader');
  const { revision } = await server.api.set('split', 'brain', 'majority');
  // The side without a quorum knows nothing of it.
  expect(await server.api.get('split', 'brain', `?consistency=local&node=${old}`)).toMatchObject({
    version: { revision: known },
  });
  expect(await server.api.get('split', 'brain', `?consistency=local&node=${next}`)).toMatchObject({
    version: { revision },
  });

  await dashboard.press(`Reconnect ${old}`);
  await expect(dashboard.verdict).toHaveAttribute('data-state', 'healthy');
  await dashboard.converged(revision);
  expect(await server.api.get('split', 'brain', `?consistency=local&node=${old}`)).toMatchObject({
    version: { revision },
  });
  for (const [term, leaders] of recorder.leadersByTerm()) {
    expect([...leaders], `leaders of term ${term}`).toHaveLength(1);
  }
  recorder.close();
});

test('[U5] the commit index advances on every node with every write', async ({ dashboard }) => {
  await dashboard.converged();
  const before = await Promise.all(
    NODES.map((node) => dashboard.number(dashboard.card(node), 'data-commit')),
  );
  let revision = 0;
  for (let i = 0; i < 5; i++) revision = await dashboard.write('commit', 'index', String(i));
  for (const [i, node] of NODES.entries()) {
    await expect
      .poll(() => dashboard.number(dashboard.card(node), 'data-commit'))
      .toBeGreaterThanOrEqual(revision);
    expect(revision).toBeGreaterThanOrEqual((before[i] ?? 0) + 5);
  }
});

test('[U6] logs match: every node holds the same entries at the same places', async ({
  dashboard,
  server,
}) => {
  const { revision: from } = await server.api.set('log', 'first', 'of these');
  for (let i = 0; i < 10; i++) await server.api.set('log', `f${i}`, String(i));
  const leader = await dashboard.leader();
  await dashboard.press(`Kill ${leader}`);
  await expect(dashboard.verdict).not.toHaveAttribute('data-leader', leader);
  let written = 0;
  for (let i = 0; i < 10; i++) written = (await server.api.set('log', `g${i}`, String(i))).revision;
  await dashboard.press(`Revive ${leader}`);
  await expect(dashboard.card(leader)).toHaveAttribute('data-up', 'true');
  const last = await dashboard.converged(written);

  const [first = [], ...others] = await Promise.all(
    NODES.map(async (node) => {
      const { entries } = await server.api.log(node, from);
      return entries.filter(({ index }) => index <= last);
    }),
  );
  expect(first.map(({ index }) => index)).toEqual(
    Array.from({ length: last - from + 1 }, (_, at) => from + at),
  );
  for (const other of others) expect(other).toEqual(first);
  for (const node of NODES) {
    await expect(dashboard.page.getByTestId(`log-cell-${node}-${last}`)).toHaveAttribute(
      'data-state',
      'applied',
    );
    await expect(dashboard.page.getByTestId(`commit-frontier-${node}`)).toHaveAttribute(
      'data-index',
      String(last),
    );
  }
});

test('[U7] state machines are equal on all nodes: the same hash, the same answers', async ({
  dashboard,
  server,
}) => {
  let written = 0;
  for (let i = 0; i < 20; i++) {
    const at = { timestamp: 1000 + i };
    written = (await server.api.set(`key${i % 4}`, `f${i}`, `value ${i}`, at)).revision;
  }
  await dashboard.converged(written);
  await expect
    .poll(async () => {
      const { nodes } = await server.api.cluster();
      return new Set(nodes.map((node) => `${node.stateHashAt} ${node.stateHash}`)).size;
    })
    .toBe(1);
  const at = '?at=1015&consistency=local&node=';
  const records = await Promise.all(
    NODES.map((node) => server.api.request('GET', `/api/v1/kv/key3${at}${node}`)),
  );
  const fields = records.map(({ body }) => (body as { fields: unknown[] }).fields);
  expect(fields[0]).toHaveLength(4);
  for (const other of fields) expect(other).toEqual(fields[0]);
});

test('[U8] terms never go back, through two crashes of leaders', async ({ dashboard, server }) => {
  const recorder = await Recorder.open(server.url);
  for (let round = 0; round < 2; round++) {
    const leader = await dashboard.leader();
    await dashboard.press(`Kill ${leader}`);
    await expect(dashboard.verdict).not.toHaveAttribute('data-leader', leader);
    await dashboard.leader();
    await dashboard.press(`Revive ${leader}`);
    await expect(dashboard.card(leader)).toHaveAttribute('data-up', 'true');
    await expect(dashboard.verdict).toHaveAttribute('data-state', 'healthy');
  }
  for (const node of NODES) {
    const terms = recorder.of(node).map((state) => state.term);
    expect(terms.length).toBeGreaterThan(1);
    expect(terms).toEqual([...terms].sort((a, b) => a - b));
  }
  recorder.close();
});

test('[U9] the commit index is never above the last log index, at any instant under load and a crash', async ({
  dashboard,
  server,
}) => {
  const recorder = await Recorder.open(server.url);
  const load = Promise.all(
    Array.from({ length: 8 }, async (_, client) => {
      for (let i = 0; i < 25; i++) await server.api.set(`load${client}`, 'f', String(i));
    }),
  );
  const leader = await dashboard.leader();
  await dashboard.press(`Kill ${leader}`);
  await load;
  await dashboard.press(`Revive ${leader}`);
  await expect(dashboard.card(leader)).toHaveAttribute('data-up', 'true');
  await dashboard.converged();
  expect(recorder.states.length).toBeGreaterThan(20);
  for (const state of recorder.states) {
    expect(state.commitIndex).toBeLessThanOrEqual(state.lastIndex);
    expect(state.lastApplied).toBeLessThanOrEqual(state.commitIndex);
  }
  recorder.close();
});

test('[U10] the leader is stable for 15 s without faults', async ({ dashboard, server }) => {
  const leader = await dashboard.leader();
  const term = await dashboard.term();
  const recorder = await Recorder.open(server.url);
  await recorder.beatsPass(15);
  for (const state of recorder.states) expect(state).toMatchObject({ leader, term });
  expect(recorder.events.filter((event) => event.kind !== 'vote-refused')).toEqual([]);
  expect(await dashboard.leader()).toBe(leader);
  recorder.close();
});

test('[U11] every write acknowledged before, during and after a leader crash is read after it', async ({
  dashboard,
  server,
}) => {
  const acknowledged: { field: string; revision: number }[] = [];
  let stop = false;
  const writers = Array.from({ length: 4 }, async (_, client) => {
    for (let i = 0; !stop; i++) {
      const field = `c${client}-${i}`;
      const reply = await server.api.request('PUT', `/api/v1/kv/ledger/${field}`, { value: field });
      if (reply.status === 200)
        acknowledged.push({ field, revision: (reply.body as { revision: number }).revision });
      else expect((reply.body as { code: string }).code).toMatch(/NO_LEADER|OUTCOME_UNKNOWN/);
    }
  });
  const leader = await dashboard.leader();
  await expect.poll(() => acknowledged.length).toBeGreaterThan(50);
  await dashboard.press(`Kill ${leader}`);
  await expect(dashboard.verdict).not.toHaveAttribute('data-leader', leader);
  await dashboard.leader();
  const atElection = acknowledged.length;
  await expect.poll(() => acknowledged.length).toBeGreaterThan(atElection + 50);
  stop = true;
  await Promise.all(writers);

  const reply = await server.api.request('GET', '/api/v1/kv/ledger');
  const { fields } = reply.body as {
    fields: { field: string; value: string; version: { revision: number } }[];
  };
  const stored = new Map(fields.map((field) => [field.field, field]));
  for (const { field, revision } of acknowledged) {
    expect(stored.get(field)).toMatchObject({ value: field, version: { revision } });
  }
});

test('[U12] a read of the past gives the same answer before and after a crash of the leader', async ({
  dashboard,
  server,
}) => {
  const first = await server.api.set('past', 'f', 'old', { timestamp: 1000 });
  await server.api.set('past', 'f', 'new', { timestamp: 2000 });
  expect(await dashboard.read('past', 'f', '1500')).toEqual({
    value: 'old',
    revision: first.revision,
  });
  const before = await server.api.get('past', 'f', '?at=1500');
  const leader = await dashboard.leader();
  await dashboard.press(`Kill ${leader}`);
  await expect(dashboard.verdict).not.toHaveAttribute('data-leader', leader);
  await dashboard.leader();
  await server.api.set('past', 'f', 'newest', { timestamp: 3000 });
  expect(await dashboard.read('past', 'f', '1500')).toEqual({
    value: 'old',
    revision: first.revision,
  });
  expect(await dashboard.read('past', 'f')).toMatchObject({ value: 'newest' });
  const after = await server.api.get('past', 'f', `?at=1500&asOf=${before.asOf}`);
  expect({ value: after.value, version: after.version }).toEqual({
    value: before.value,
    version: before.version,
  });
});

test('[U13] a minority commits nothing: a write without a quorum says so and is not half done', async ({
  dashboard,
  server,
}) => {
  const leader = await dashboard.leader();
  for (const node of NODES) if (node !== leader) await dashboard.press(`Kill ${node}`);
  await expect(dashboard.verdict).toHaveAttribute('data-state', 'no-quorum');
  const reply = await server.api.request(
    'PUT',
    '/api/v1/kv/minority/f',
    { value: 'x' },
    { 'Request-Timeout-Ms': '800' },
  );
  expect([503, 504]).toContain(reply.status);
  expect((reply.body as { code: string }).code).toMatch(/NO_LEADER|OUTCOME_UNKNOWN/);
  await dashboard.press('Revive all');
  await expect(dashboard.verdict).toHaveAttribute('data-state', 'healthy');
  await dashboard.converged();
  expect((await server.api.set('minority', 'g', 'y')).outcome).toBe('committed');
});

test('[U14] the whole server dies in the middle of writes: the page says so, recovers by itself, and every acknowledged write is there', async ({
  dashboard,
  server,
}) => {
  const acknowledged: string[] = [];
  const writers = Array.from({ length: 4 }, async (_, client) => {
    for (let i = 0; ; i++) {
      const field = `k${client}-${i}`;
      try {
        await server.api.set('sigkill', field, field);
      } catch {
        return;
      }
      acknowledged.push(field);
    }
  });
  await expect.poll(() => acknowledged.length).toBeGreaterThan(100);
  await server.end('SIGKILL');
  await Promise.all(writers);
  await expect(dashboard.app).toHaveAttribute('data-conn', 'reconnecting');
  await server.start();
  await expect(dashboard.app).toHaveAttribute('data-conn', 'live');
  await expect(dashboard.verdict).toHaveAttribute('data-state', 'healthy');
  const reply = await server.api.request('GET', '/api/v1/kv/sigkill');
  const { fields } = reply.body as { fields: { field: string; value: string }[] };
  const stored = new Set(fields.map(({ field }) => field));
  expect(acknowledged.filter((field) => !stored.has(field))).toEqual([]);
});
