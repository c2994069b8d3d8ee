/** The program with each node in a process of its own: what can be done to those from outside. */
import { execFileSync, fork } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync, rmSync } from 'node:fs';
import { createServer, Socket } from 'node:net';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { NodeView } from '../../contracts/view.ts';
import { ServerProcess } from '../../harness/server-process.ts';
import { must } from '../../server/base/assert.ts';
import type { NodeOptions } from '../../server/node/control.ts';
import { SOUND_WORLD } from '../../server/node/control.ts';
import { makeDataDir } from '../server.ts';

const SLOW_MACHINE_MS = 180_000;
const OPTIONS: Omit<NodeOptions, 'databaseFile'> = {
  id: 'n1',
  voters: ['n1', 'n2', 'n3'],
  clusterId: 'cluster-1',
  storeId: null,
  bootEpoch: 0,
  migrationsDir: 'prisma/migrations',
  heartbeatIntervalMs: 50,
  electionTimeoutMs: 500,
  leaseMs: 0,
  seed: 1,
  world: SOUND_WORLD,
  pace: 1,
};

describe('a server whose nodes are processes', { timeout: SLOW_MACHINE_MS }, () => {
  const dataDir = makeDataDir();
  let server: ServerProcess;

  const start = (detached: boolean): Promise<ServerProcess> =>
    ServerProcess.start({ dataDir, env: { PAGE: 'off', RUN_NODES_AS: 'processes' }, detached });
  beforeAll(async () => {
    // A group of its own, as a terminal makes one.
    server = await start(true);
  }, SLOW_MACHINE_MS);
  afterAll(async () => {
    await server.end('SIGKILL');
    rmSync(dataDir, { recursive: true, force: true });
  });

  it('[X6] tells in which process each runs; one that is killed there has failed, and the others go on', async () => {
    const pids = new Set((await view()).map(({ pid }) => pid));
    expect(pids.size).toBe(3);
    expect(pids).not.toContain(server.pid);
    await write('1');
    const { id, pid } = await someone('leader');
    process.kill(pid ?? 0, 'SIGKILL');
    await expect
      .poll(() => node(id))
      .toMatchObject({ state: 'failed', reason: 'its process was ended by SIGKILL' });
    await write('2');
    expect((await post(`nodes/${id}/revive`)).state).toBe('serving');
    expect((await node(id)).pid).not.toBe(pid);
    await write('3');
  });

  it.runIf(process.platform === 'linux')(
    '[X6] stops the process of a paused node, and lets it go on',
    async () => {
      const { id, pid = 0 } = await someone('follower');
      await post(`nodes/${id}/pause`, { forMs: 600_000 });
      // The system takes it off its processor a moment after it was told to.
      await expect.poll(() => stateOf(pid)).toBe('T');
      await write('while one stands still');
      await post(`nodes/${id}/resume`);
      await expect.poll(() => stateOf(pid)).not.toBe('T');
      await write('on');
      await expect
        .poll(async () => {
          const nodes = await view();
          return new Set(nodes.map(({ lastApplied }) => lastApplied)).size;
        })
        .toBe(1);
    },
  );

  it('[X7] leaves the signals of its terminal to the server, which ends its nodes in order', async () => {
    const pids = (await view()).map(({ pid = 0 }) => pid);
    // As Ctrl-C does: to the whole group. The nodes take none of it.
    for (const pid of pids) process.kill(pid, 'SIGINT');
    for (const pid of pids) process.kill(pid, 'SIGTERM');
    await write('still here');
    expect((await view()).map(({ pid }) => pid)).toEqual(pids);
  });

  it('[X7] takes its nodes with it when it is killed', async () => {
    const pids = (await view()).map(({ pid = 0 }) => pid);
    // It alone, not its group.
    process.kill(server.pid, 'SIGKILL');
    await expect.poll(() => pids.filter(isAlive)).toEqual([]);
  });

  it.runIf(process.platform === 'linux')(
    '[X46] one that was paused when its server was killed is ended by the next server of its folder',
    async () => {
      await server.end('SIGKILL');
      // Where the group goes on, as under a shell that runs no jobs, Linux does not wake who is stopped.
      server = await start(false);
      const { id, pid = 0 } = await someone('follower');
      const others = (await view()).map((node) => node.pid ?? 0).filter((other) => other !== pid);
      await post(`nodes/${id}/pause`, { forMs: 600_000 });
      await expect.poll(() => stateOf(pid)).toBe('T');
      process.kill(server.pid, 'SIGKILL');
      await expect.poll(() => others.filter(isAlive)).toEqual([]);
      expect(stateOf(pid)).toBe('T');
      server = await start(true);
      await expect.poll(() => isAlive(pid)).toBe(false);
      await expect.poll(async () => (await node(id)).state).toBe('serving');
      await write('with all three');
    },
  );

  it('[X40] ends with it too when it dies before the node has begun to listen', async () => {
    const folder = makeDataDir();
    const [one, other] = await socketPair();
    const child = fork('dist/node-process.js', [], { serialization: 'advanced' });
    try {
      const ended = once(child, 'exit');
      child.send({ type: 'begin', options: { ...OPTIONS, databaseFile: `${folder}/n1.db` } });
      child.send({ type: 'connect', peer: 'n2' }, one);
      // Long before its modules are there.
      child.disconnect();
      expect(await ended).toEqual([0, null]);
      expect(readdirSync(folder)).toEqual([]);
    } finally {
      child.kill('SIGKILL');
      other.destroy();
      rmSync(folder, { recursive: true, force: true });
    }
  });

  async function view(): Promise<readonly NodeView[]> {
    const response = await fetch(`${server.url}/api/v1/cluster`);
    return ((await response.json()) as { nodes: NodeView[] }).nodes;
  }

  async function node(id: string): Promise<NodeView> {
    return must(
      (await view()).find((each) => each.id === id),
      `${id} is a member`,
    );
  }

  /** The first that has the role, once one has. */
  async function someone(role: 'leader' | 'follower'): Promise<NodeView> {
    const isOne = (each: NodeView): boolean => each.role === role && each.state === 'serving';
    let found: NodeView | undefined;
    await expect.poll(async () => (found = (await view()).find(isOne))).toBeDefined();
    return must(found, `a ${role}`);
  }

  async function write(value: string): Promise<void> {
    const response = await fetch(`${server.url}/api/v1/kv/a/x`, {
      method: 'PUT',
      body: JSON.stringify({ value }),
      headers: { 'content-type': 'application/json', 'request-timeout-ms': '60000' },
    });
    expect(response.status, await response.text()).toBe(200);
  }

  async function post(path: string, body?: unknown): Promise<{ state?: string }> {
    const response = await fetch(`${server.url}/api/v1/${path}`, {
      method: 'POST',
      ...(body !== undefined && {
        body: JSON.stringify(body),
        headers: { 'content-type': 'application/json' },
      }),
    });
    const text = await response.text();
    expect(response.status, text).toBe(200);
    return JSON.parse(text) as { state?: string };
  }
});

/** Both ends of a connection, of which nothing has been read. */
async function socketPair(): Promise<readonly [Socket, Socket]> {
  const server = createServer({ pauseOnConnect: true }).listen(0, '127.0.0.1');
  const accepted = once(server, 'connection');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const one = new Socket().pause().connect(port, '127.0.0.1');
  const [other] = (await accepted) as [Socket];
  server.close();
  return [one, other];
}

/** One letter, as the system tells it: T is stopped. */
function stateOf(pid: number): string | undefined {
  return /\) (\w) /.exec(readFileSync(`/proc/${pid}/stat`, 'utf8'))?.[1];
}

/** One that nobody has buried is dead all the same. */
function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch {
    return false;
  }
  return !execFileSync('ps', ['-o', 'stat=', '-p', String(pid)], { encoding: 'utf8' }).startsWith(
    'Z',
  );
}
