/**
 * A whole cluster that is slowed, paused and led by hand: real threads, judged
 * by cluster time. That something takes at least so long in real time is safe
 * to say on any machine; that it takes no longer is not said.
 */
import { afterEach, describe, expect, it } from 'vitest';
import type { NodeView } from '../../contracts/view.ts';
import type { Pace } from '../../contracts/pace.ts';
import type { TestServer } from '../server.ts';
import { startTestServer } from '../server.ts';

const SLOW_MACHINE_MS = 180_000;
const TIMEOUT_MS = 60_000;
const ELECTION_MS = 300;
/** A round of heartbeats and an election are some thirty events. */
const MANY_STEPS = 300;

let server: TestServer;
afterEach(() => server.destroy(), SLOW_MACHINE_MS);

describe('a slowed cluster', { timeout: SLOW_MACHINE_MS }, () => {
  it('[K29] takes ten times as long for an election, which lasts as long as ever in its own time', async () => {
    server = await startTestServer();
    await set('before');
    const old = (await slowed(0.1)).id;
    const since = server.fold.view(0).events.at(-1)?.seq ?? 0;
    const killedMs = performance.now();
    const clusterMs = server.pace.view().clusterMs;
    await server.supervisor.kill(old);
    await until(() => leaders().some(({ id }) => id !== old));
    const tookMs = performance.now() - killedMs;
    const tookClusterMs = server.pace.view().clusterMs - clusterMs;
    // Its last heartbeat was heard up to one interval, and a message's way, before.
    expect(tookClusterMs).toBeGreaterThan(ELECTION_MS - 60);
    expect(tookMs).toBeGreaterThan(10 * (ELECTION_MS - 60));
    const { events } = server.fold.view(0);
    // Of several the first: the others were silent since then as well.
    const silent = events.find(({ seq, kind }) => seq > since && kind === 'election-timeout');
    const silentMs = Number(/for (\d+) ms/.exec(silent?.text ?? '')?.[1]);
    expect(silentMs).toBeGreaterThanOrEqual(ELECTION_MS - 1);
    // Twice the time-out at most, but for a machine that stands still; by the slowed clock it would be ten times.
    expect(silentMs).toBeLessThan(5 * ELECTION_MS);
    await server.pace.set(1);
    await set('after');
  });

  it('[K29] commits, reads, starts nodes at the same speed, and a request waits in cluster time', async () => {
    server = await startTestServer();
    await set('before');
    await slowed(0.25);
    const startedMs = performance.now();
    await set('slow');
    // To a follower and back.
    expect(performance.now() - startedMs).toBeGreaterThan(4 * 2 * 20 - 5);
    expect(await get()).toBe('slow');
    await until(isCalm);
    const follower = server.supervisor.nodes.find((id) => id !== leader().id) ?? '';
    await server.supervisor.kill(follower);
    await server.supervisor.revive(follower);
    await set('again');
    await until(() => isLevel(follower));
    await until(() => server.fold.view(0).transit.some(({ from }) => from === follower));
    await until(isCalm);
    server.supervisor.isolate(leader().id);
    const askedMs = performance.now();
    const write = await server.kv.write(SET('nobody'), 100);
    expect(write).toMatchObject({ ok: false });
    expect(performance.now() - askedMs).toBeGreaterThan(4 * 100 - 5);
  });

  it('[N23] dates what is written by people’s time', async () => {
    server = await startTestServer();
    await set('before');
    await server.pace.set(0);
    await passed(300);
    await server.pace.set(1);
    const beforeMs = Date.now();
    const stampMs = (await set('after')).stamp / 1000;
    expect(stampMs).toBeGreaterThan(beforeMs - 150);
  });
});

describe('a paused cluster', { timeout: SLOW_MACHINE_MS }, () => {
  it('[K30] commits nothing and elects nobody, and goes on where it stood', async () => {
    server = await startTestServer();
    await set('before');
    await slowed(0);
    const before = server.fold.view(0);
    let isAnswered = false;
    const write = server.kv.write(SET('waits'), 10).finally(() => {
      isAnswered = true;
    });
    const follower = server.supervisor.nodes.find((id) => id !== leader().id) ?? '';
    await server.supervisor.kill(follower);
    await server.supervisor.revive(follower);
    // Longer than many election time-outs.
    await passed(5 * ELECTION_MS);
    const after = server.fold.view(0);
    expect(after.pace.clusterMs).toBe(before.pace.clusterMs);
    expect(after.nodes.map(({ term }) => term)).toEqual(before.nodes.map(({ term }) => term));
    expect(leader().commitIndex).toBe(before.nodes.find(isLeader)?.commitIndex);
    expect(after.transit.map(({ type }) => type)).toContain('AppendEntries');
    expect(isAnswered).toBe(false);
    await server.pace.set(1);
    const outcome = await write;
    // Its ten milliseconds of cluster time may pass before the answer comes: then it says that it does not know.
    expect(outcome.ok || outcome.code === 'OUTCOME_UNKNOWN').toBe(true);
    await until(() => isLevel(follower));
    await set('after');
  });

  it('[K30] changes no members', async () => {
    server = await startTestServer();
    await server.pace.set(0);
    const reply = await call('POST', '/api/v1/members', {});
    expect(reply).toMatchObject({
      status: 409,
      body: { code: 'CHANGE_REFUSED', message: 'the cluster is paused' },
    });
  });

  it('[K31] elects a leader step by step, one event at a time', async () => {
    server = await startTestServer();
    await set('before');
    const old = (await slowed(0)).id;
    await server.supervisor.kill(old);
    const told: string[] = [];
    for (let i = 0; i < MANY_STEPS && !leaders().some(({ id }) => id !== old); i++) {
      const { happened } = await step();
      // One cause: a message that arrives or is lost, or a time-out.
      expect(happened.filter((text) => / arrives | is lost|time-out/.test(text))).toHaveLength(1);
      told.push(...happened);
    }
    expect(leaders().map(({ id }) => id)).not.toContain(old);
    const text = told.join('\n');
    expect(text).toMatch(/n\d has heard no leader for its election time-out/);
    expect(text).toMatch(/PreVote from n\d arrives at n\d/);
    expect(text).toMatch(/RequestVote from n\d to n\d is lost/);
    expect(text).toMatch(/RequestVoteResponse from n\d arrives at n\d/);
    await server.pace.set(1);
    await server.supervisor.revive(old);
    await set('after');
  });

  it('[K31] carries a write through by steps', async () => {
    server = await startTestServer();
    await set('before');
    const commit = (await slowed(0)).commitIndex;
    const write = server.kv.write(SET('by hand'), TIMEOUT_MS);
    await until(() => carrying().length > 0);
    const told: string[] = [];
    for (let i = 0; i < MANY_STEPS && leader().commitIndex === commit; i++)
      told.push(...(await step()).happened);
    expect(told).toContainEqual(expect.stringMatching(/^AppendEntries from n\d arrives at n\d$/));
    expect(await write).toMatchObject({ ok: true });
  });

  it('[K31] waits for no node whose thread is stopped; that takes the speed when it runs again', async () => {
    server = await startTestServer();
    await set('before');
    await until(isCalm);
    const stopped = server.supervisor.nodes.find((id) => id !== leader().id) ?? '';
    server.supervisor.pause(stopped, 60_000);
    await server.pace.set(0);
    expect(await server.pace.step()).toMatchObject({ ok: true });
    await server.pace.set(1);
    server.supervisor.resume(stopped);
    await set('after');
    await until(() => isLevel(stopped));
  });

  it('[K32] loses a message that is dropped, and the leader sends it again', async () => {
    server = await startTestServer();
    await set('before');
    await slowed(0);
    const write = server.kv.write(SET('dropped'), TIMEOUT_MS);
    await until(() => carrying().length === 2);
    const dropped = carrying();
    for (const { id } of dropped) expect(await server.pace.drop(id)).toBe('dropped');
    await until(() => carrying().length === 0);
    for (let i = 0; i < MANY_STEPS && carrying().length === 0; i++) await step();
    const again = carrying();
    expect(again.length).toBeGreaterThan(0);
    expect(dropped.map(({ id }) => id)).not.toContain(again[0]?.id);
    await server.pace.set(1);
    expect(await write).toMatchObject({ ok: true });
    expect(server.fold.view(0).transit).toEqual([]);
  });
});

describe('speed over HTTP', { timeout: SLOW_MACHINE_MS }, () => {
  it('[H29] is read and set, and a step is refused unless the cluster is paused', async () => {
    server = await startTestServer();
    expect(await call('GET', '/api/v1/pace')).toMatchObject({ status: 200, body: { pace: 1 } });
    for (const bad of [{ pace: 2 }, { pace: 0.5 }, { pace: '1' }, {}, { pace: 1, by: 'me' }])
      expect(await call('PUT', '/api/v1/pace', bad)).toMatchObject({
        status: 400,
        body: { code: 'BAD_REQUEST' },
      });
    expect(await call('POST', '/api/v1/pace/step')).toMatchObject({
      status: 409,
      body: { code: 'CHANGE_REFUSED', message: 'the cluster is not paused: pause it to step' },
    });
    for (const pace of [0.25, 0] satisfies Pace[])
      expect(await call('PUT', '/api/v1/pace', { pace })).toMatchObject({
        status: 200,
        body: { pace },
      });
    const { status, body } = await call('POST', '/api/v1/pace/step');
    expect(status).toBe(200);
    expect((body as { happened: string[] }).happened.length).toBeGreaterThan(0);
    const { events } = server.fold.view(0);
    const told = events.filter(({ kind }) => kind === 'pace-changed').map(({ text }) => text);
    expect(told[0]).toContain('1/4 of its speed, for everyone; by whom is not known');
    expect(told[1]).toContain('paused');
    expect(told[2]).toMatch(/^Step: /);
  });

  it('[H30] drops a message on its way; one that is gone and one that never was are told apart', async () => {
    server = await startTestServer();
    await set('before');
    await slowed(0);
    await call('PUT', '/api/v1/pace', { pace: 0 });
    const write = server.kv.write(SET('dropped'), TIMEOUT_MS);
    await until(() => carrying().length === 2);
    const [packet] = carrying();
    const path = `/api/v1/packets/${packet?.id}`;
    expect(packet?.fields.map(({ name }) => name)).toContain('prevLogIndex');
    expect(packet?.fields.at(-1)?.value).toContain('dropped');
    expect(await call('DELETE', path)).toMatchObject({
      status: 200,
      body: { dropped: packet?.id },
    });
    expect(await call('DELETE', path)).toMatchObject({
      status: 409,
      body: { code: 'PACKET_GONE' },
    });
    for (const never of ['n1-1-999999', 'n9-1-1', 'x', 'n1-99-1'])
      expect(await call('DELETE', `/api/v1/packets/${never}`)).toMatchObject({
        status: 404,
        body: { code: 'PACKET_UNKNOWN' },
      });
    await call('PUT', '/api/v1/pace', { pace: 1 });
    expect(await write).toMatchObject({ ok: true });
  });
});

// --- the cluster as it is now ----------------------------------------------------

const SET = (value: string) => ({ op: 'set', key: 'k', field: 'f', value }) as const;

async function set(value: string): Promise<{ readonly stamp: number }> {
  const outcome = await server.kv.write(SET(value), TIMEOUT_MS);
  if (!outcome.ok) throw new Error(outcome.code);
  if (!outcome.result.ok) throw new Error(outcome.result.error.code);
  return outcome.result;
}

async function get(): Promise<unknown> {
  const outcome = await server.kv.read({ type: 'get', key: 'k', field: 'f' }, TIMEOUT_MS);
  if (!outcome.ok || !outcome.result.ok) throw new Error('not read');
  const { answer } = outcome.result;
  return answer.type === 'get' ? answer.found?.value : null;
}

async function step(): Promise<{ readonly happened: readonly string[] }> {
  const result = await server.pace.step();
  if (!result.ok) throw new Error(result.reason);
  // Reports come a little later than the answer.
  await reported();
  return result.answer;
}

/** One leads and all follow it; it knows that each has all, so the next entry goes to all of them at once. */
function isCalm(): boolean {
  const [found, ...others] = leaders();
  return (
    found !== undefined &&
    others.length === 0 &&
    serving().every(({ term, leader: of }) => term === found.term && of === found.id) &&
    found.progress.length === server.supervisor.nodes.length - 1 &&
    found.progress.every(
      ({ state, matchIndex }) => state === 'replicate' && matchIndex === found.lastIndex,
    )
  );
}

/** Changes the speed while the cluster is calm, and it is so afterwards; who leads it. */
async function slowed(pace: Pace): Promise<NodeView> {
  for (;;) {
    await until(isCalm);
    await server.pace.set(pace);
    await reported();
    if (isCalm()) return leader();
    await server.pace.set(1);
  }
}

/** It knows as much to be committed as whoever leads. */
function isLevel(id: string): boolean {
  return node(id).commitIndex === leaders()[0]?.commitIndex;
}

/** Every node that serves has reported after now. */
async function reported(): Promise<void> {
  const nowMs = Date.now();
  await until(() => serving().every(({ reportedAtMs }) => reportedAtMs > nowMs));
}

function serving(): readonly NodeView[] {
  return server.fold.view(0).nodes.filter(({ state }) => state === 'serving');
}

function isLeader({ role, state }: NodeView): boolean {
  return role === 'leader' && state === 'serving';
}

function leaders(): readonly NodeView[] {
  return serving().filter(isLeader);
}

function leader(): NodeView {
  const [found] = leaders();
  if (found === undefined) throw new Error('nobody leads');
  return found;
}

function node(id: string): NodeView {
  return server.fold.nodeView(id);
}

/** Messages on their way that carry entries. */
function carrying() {
  return server.fold.view(0).transit.filter(({ entries }) => entries > 0);
}

async function call(method: string, path: string, body?: unknown) {
  const response = await fetch(`${server.url}${path}`, {
    method,
    ...(body !== undefined && {
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    }),
  });
  return { status: response.status, body: await response.json() };
}

/** A test that ran out of time does not go on in the cluster of the next one. */
async function until(isSo: () => boolean): Promise<void> {
  const { url } = server;
  while (!isSo()) {
    await new Promise((resolve) => setImmediate(resolve));
    if (server.url !== url) throw new Error('the test is over');
  }
}

/** Real time goes by, and nothing else is waited for. */
async function passed(ms: number): Promise<void> {
  const endMs = performance.now() + ms;
  await until(() => performance.now() >= endMs);
}
