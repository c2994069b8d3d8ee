/**
 * A cluster of which disks were damaged while it was down: every node says
 * before it takes part what is wrong with its store, the others go on without
 * it, and a new node in its place makes the cluster whole.
 */
import { copyFileSync, cpSync, existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { MemberAnswer, NodeActionAnswer } from '../../contracts/control.ts';
import { ClusterView, NodeView } from '../../contracts/view.ts';
import { ServerProcess } from '../../harness/server-process.ts';
import { makeDataDir, startTestServer } from '../server.ts';
import type { TestServer } from '../server.ts';

const SLOW_MACHINE_MS = 180_000;
const KEYS = 40;
const LOOK_MS = 20;
const PARTS: readonly string[] = ['', '-wal', '-shm', '-mark'];

describe('disks damaged at rest', { timeout: SLOW_MACHINE_MS }, () => {
  /** Of a server that was killed with SIGKILL after {@link KEYS} writes, and as its nodes' files were earlier. */
  const whole = makeDataDir();
  const early = makeDataDir();
  const folders = [whole, early];
  let server: TestServer | null = null;

  beforeAll(async () => {
    await writeAndKill(0, KEYS / 2);
    cpSync(whole, early, { recursive: true });
    await writeAndKill(KEYS / 2, KEYS);
    for (const node of ['n1', 'n2', 'n3'])
      expect(existsSync(path.join(whole, `${node}.db-wal`))).toBe(true);
  }, SLOW_MACHINE_MS);
  afterEach(async () => {
    await server?.close();
    server = null;
  });
  afterAll(() => {
    for (const folder of folders) rmSync(folder, { recursive: true, force: true });
  });

  it('[K50] a node whose store is damaged, old, gone or another’s says so, and never takes part', async () => {
    const folder = copyOf(whole, (damaged) => flip(damaged, 'n2.db-wal', 20_000));
    server = await startTestServer(folder);
    await expect.poll(leader).toMatch(/^n[13]$/);
    await expect.poll(async () => (await nodeOf('n2')).state).toBe('failed');
    await expectRefused('rolled-back');
    for (const [refusal, damage] of DAMAGES) {
      put(folder, 'n2', whole, 'n2');
      damage(folder);
      const answer = await post('nodes/n2/revive');
      expect(answer).toMatchObject({ code: 'NODE_DOWN' });
      await expectRefused(refusal);
      // A second start finds the same.
      await post('nodes/n2/revive');
      await expectRefused(refusal);
    }
    await write('after', 'yes');
    await expectAll();
    put(folder, 'n2', whole, 'n2');
    expect(NodeActionAnswer.parse(await post('nodes/n2/revive'))).toMatchObject({ node: 'n2' });
    expect(await nodeOf('n2')).toMatchObject({ state: 'serving', refusal: null, reason: null });
    await expect.poll(async () => (await nodeOf('n2')).lastApplied).toBeGreaterThan(KEYS);
  });

  const DAMAGES: readonly (readonly [NodeView['refusal'], (folder: string) => void])[] = [
    ['rolled-back', (folder) => rmSync(path.join(folder, 'n2.db-wal'))],
    ['rolled-back', (folder) => put(folder, 'n2', early, 'n2', ['', '-wal'])],
    ['rolled-back', (folder) => put(folder, 'n2', early, 'n2')],
    ['rolled-back', (folder) => rmSync(path.join(folder, 'n2.db-mark'))],
    ['lost', (folder) => put(folder, 'n2', whole, 'nobody')],
    ['foreign', (folder) => put(folder, 'n2', whole, 'n1')],
    [
      'corrupt',
      (folder) => {
        rmSync(path.join(folder, 'n2.db-wal'));
        writeFileSync(path.join(folder, 'n2.db'), 'x'.repeat(100_000));
      },
    ],
  ];

  it('[K51] a new node takes the place of one with a damaged store, learns everything, and counts', async () => {
    server = await startTestServer(copyOf(whole, (folder) => flip(folder, 'n2.db-wal', 20_000)));
    await expect.poll(leader).toMatch(/^n[13]$/);
    const { node, voters } = MemberAnswer.parse(await post('members/n2/replace'));
    expect([node, voters]).toEqual(['n4', ['n1', 'n3', 'n4']]);
    for (const id of ['n1', 'n3']) {
      const { progress } = await nodeOf(id);
      expect(progress.map(({ peer }) => peer)).not.toContain('n2');
    }
    // With it alone beside the leader there is a quorum.
    const other = (await leader()) === 'n1' ? 'n3' : 'n1';
    await post(`nodes/${other}/kill`);
    await write('later', 'yes');
    await expectAll();
  });

  it('[K52] where most stores are damaged nothing is answered or acknowledged, and with the right files back all is there', async () => {
    const folder = copyOf(whole, (damaged) => {
      flip(damaged, 'n2.db-wal', 20_000);
      rmSync(path.join(damaged, 'n3.db-wal'));
    });
    server = await startTestServer(folder);
    for (const id of ['n2', 'n3'])
      await expect
        .poll(() => nodeOf(id))
        .toMatchObject({ state: 'failed', refusal: 'rolled-back' });
    // The sound one asks for votes, and gets none of those that have forgotten theirs.
    await expect.poll(async () => (await nodeOf('n1')).role).toMatch(/andidate/);
    const outcome = await server.kv.write({ op: 'set', key: 'new', field: 'f', value: 'x' }, 500);
    expect(outcome).toMatchObject({ ok: false });
    expect(await server.kv.read({ type: 'get', key: 'k0', field: 'f' }, 500)).toMatchObject({
      ok: false,
    });
    await server.close();
    for (const id of ['n2', 'n3']) put(folder, id, whole, id);
    server = await startTestServer(folder);
    await expectAll();
    for (const id of ['n1', 'n2', 'n3'])
      expect(await nodeOf(id)).toMatchObject({ state: 'serving', refusal: null, reason: null });
  });

  /** A folder of its own with what `from` holds, damaged. */
  function copyOf(from: string, damage: (folder: string) => void): string {
    const folder = makeDataDir();
    folders.push(folder);
    cpSync(from, folder, { recursive: true });
    damage(folder);
    return folder;
  }

  /** Gives a node the files that another, or itself, has elsewhere; what is not there it has not. */
  function put(folder: string, node: string, from: string, of: string, parts = PARTS): void {
    for (const part of PARTS.slice(0, 3))
      rmSync(path.join(folder, `${node}.db${part}`), { force: true });
    for (const part of parts) {
      const [to, source] = [
        path.join(folder, `${node}.db${part}`),
        path.join(from, `${of}.db${part}`),
      ];
      rmSync(to, { force: true });
      if (existsSync(source)) copyFileSync(source, to);
    }
  }

  function flip(folder: string, name: string, at: number): void {
    const file = path.join(folder, name);
    const bytes = readFileSync(file);
    bytes.writeUInt8(bytes.readUInt8(at) ^ 4, at);
    writeFileSync(file, bytes);
  }

  /** Writes as a program of its own, which is killed where it stands. */
  async function writeAndKill(from: number, to: number): Promise<void> {
    const program = await ServerProcess.start({ dataDir: whole, env: { PAGE: 'off' } });
    try {
      for (let i = from; i < to; i++) {
        const response = await fetch(`${program.url}/api/v1/kv/k${i}/f`, {
          method: 'PUT',
          headers: { 'content-type': 'application/json', 'request-timeout-ms': '60000' },
          body: JSON.stringify({ value: `v${i}` }),
        });
        expect(response.status).toBe(200);
        const { revision } = (await response.json()) as { revision: number };
        // One that fell behind would have it all in one write, and so little to lose.
        while ((await persisted(program.url)) < revision) await delay(LOOK_MS);
      }
    } finally {
      await program.end('SIGKILL');
    }
  }

  /** What every node has on its disk. */
  async function persisted(url: string): Promise<number> {
    const { nodes } = ClusterView.parse(await (await fetch(`${url}/api/v1/cluster`)).json());
    return Math.min(...nodes.map(({ persistedIndex }) => persistedIndex));
  }

  function running(): TestServer {
    if (server === null) throw new Error('a server runs');
    return server;
  }

  async function write(key: string, value: string): Promise<void> {
    const outcome = await running().kv.write({ op: 'set', key, field: 'f', value }, 60_000);
    if (!outcome.ok || !outcome.result.ok) throw new Error(JSON.stringify(outcome));
  }

  async function read(key: string): Promise<string | null> {
    const outcome = await running().kv.read({ type: 'get', key, field: 'f' }, 60_000);
    if (!outcome.ok || !outcome.result.ok) throw new Error(JSON.stringify(outcome));
    const { answer } = outcome.result;
    return answer.type === 'get' && answer.found !== null ? String(answer.found.value) : null;
  }

  async function expectRefused(refusal: NodeView['refusal']): Promise<void> {
    const { reason, ...node } = await nodeOf('n2');
    expect(reason).toMatch(/; replace n2 by a new node, which learns everything from the others$/);
    expect(node, String(reason)).toMatchObject({
      state: 'failed',
      refusal,
      role: 'follower',
      term: 0,
    });
  }

  async function expectAll(): Promise<void> {
    for (let i = 0; i < KEYS; i++) expect(await read(`k${i}`)).toBe(`v${i}`);
  }

  async function nodeOf(id: string): Promise<NodeView> {
    return NodeView.parse(await call('GET', `nodes/${id}`));
  }

  async function leader(): Promise<string | undefined> {
    const { nodes } = ClusterView.parse(await call('GET', 'cluster'));
    return nodes.find(({ role, state }) => role === 'leader' && state === 'serving')?.id;
  }

  function post(what: string): Promise<unknown> {
    return call('POST', what);
  }

  async function call(method: string, what: string): Promise<unknown> {
    return (await fetch(`${running().url}/api/v1/${what}`, { method })).json();
  }
});
