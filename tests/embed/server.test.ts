/** A program that has a cluster in its own process: this one. */
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { ClosedError, connect } from '../../client/kv/index.ts';
import type { KvClient } from '../../client/kv/index.ts';
import type { ClusterView } from '../../contracts/view.ts';
import { FaultError, startChronoraft } from '../../embed/index.ts';
import type { Chronoraft, ChronoraftOptions, Fault, LastingFault } from '../../embed/index.ts';
import { ConfigError, DataDirError, ListenError } from '../../server/base/start-errors.ts';

const SLOW_MACHINE_MS = 120_000;
const QUIET = { logLevel: 'silent' } as const;
const PATIENT = { timeoutMs: 60_000 };

describe('a cluster in a program', { timeout: SLOW_MACHINE_MS }, () => {
  let folder: string;
  const servers: Chronoraft<string | null>[] = [];

  beforeEach(() => {
    folder = mkdtempSync(path.join(tmpdir(), 'chronoraft-embed-'));
    vi.stubEnv('TMPDIR', folder);
  });
  afterEach(async () => {
    await Promise.all(servers.splice(0).map((server) => server.close()));
    vi.unstubAllEnvs();
    rmSync(folder, { recursive: true, force: true });
  });

  async function start(options: ChronoraftOptions): Promise<Chronoraft<string | null>> {
    const server = await startChronoraft({ ...QUIET, ...options });
    servers.push(server);
    return server;
  }

  it('[L24] keeps its data in the folder that is named, for the next start, and gives the folder back', async () => {
    const dataDir = path.join(folder, 'a/b');
    const one = await start({ dataDir, nodes: 1 });
    expect(one.dataDir).toBe(dataDir);
    await one.client(PATIENT).set('k', 'f', '1');
    await expect(start({ dataDir, nodes: 1 })).rejects.toThrow(DataDirError);
    const { clusterId } = one;
    await one.close();
    const two = await start({ dataDir, nodes: 1, http: false });
    expect((await two.client(PATIENT).get('k', 'f')).value).toBe('1');
    expect(two.clusterId).toBe(clusterId);
  });

  it('[L24] that cannot start says why, with a class of its own, and leaves nothing', async () => {
    const taken = createServer().listen(0, '127.0.0.1');
    await once(taken, 'listening');
    const { port } = taken.address() as AddressInfo;
    await expect(start({ temporary: true, port })).rejects.toThrow(ListenError);
    await expect(start({ temporary: true, nodes: 4 as never })).rejects.toThrow(ConfigError);
    await expect(start(undefined as never)).rejects.toThrow(ConfigError);
    taken.close();
    expect(readdirSync(folder)).toEqual([]);
  });

  it('[L24] tells its log to whom it is given, and one who throws harms nobody but themselves', async () => {
    const lines: string[] = [];
    const thrown: unknown[] = [];
    const others = process.listeners('uncaughtException');
    process.removeAllListeners('uncaughtException');
    process.on('uncaughtException', (error) => thrown.push(error));
    try {
      const log = (line: string): void => {
        lines.push(line);
        throw new Error('no paper');
      };
      const server = await start({ temporary: true, nodes: 1, logLevel: 'info', log });
      await server.client(PATIENT).set('k', 'f', '1');
      await server.close();
      expect(lines.length).toBeGreaterThan(0);
      for (const line of lines) expect(JSON.parse(line)).toHaveProperty('level');
      await expect.poll(() => thrown.length).toBe(lines.length);
    } finally {
      process.removeAllListeners('uncaughtException');
      for (const other of others) process.on('uncaughtException', other);
    }
  });

  it('[L26] shares nothing with another in the same process', async () => {
    const [one, two] = await Promise.all([
      start({ temporary: true, nodes: 1 }),
      start({ temporary: true, nodes: 1, http: false }),
    ]);
    await one.client(PATIENT).set('k', 'f', '1');
    await two.client(PATIENT).set('k', 'g', '2');
    expect((await one.client(PATIENT).getRecord('k')).fields).toHaveLength(1);
    expect((await two.client(PATIENT).get('k', 'f')).found).toBe(false);
    expect(one.clusterId).not.toBe(two.clusterId);
    await one.close();
    expect((await two.client(PATIENT).get('k', 'g')).value).toBe('2');
  });

  it('[L26] without HTTP listens nowhere', async () => {
    const listening = (): number =>
      process.getActiveResourcesInfo().filter((name) => name === 'TCPServerWrap').length;
    const before = listening();
    const server = await start({ temporary: true, nodes: 1, http: false });
    expect(server.url).toBeNull();
    expect(listening()).toBe(before);
    expect((await server.fetch('/readyz')).status).toBe(200);
    await start({ temporary: true, nodes: 1 });
    expect(listening()).toBe(before + 1);
  });

  it('[L27] that is closed has answered what was under way, and everything of it is gone', async () => {
    const server = await start({ temporary: true, nodes: 1 });
    const { dataDir, url } = server;
    const client = server.client(PATIENT);
    await client.set('k', 'f', '1');
    const watching = (async () => {
      for await (const batch of client.watch()) void batch;
    })();
    const writing = client.set('k', 'f', '2');
    const closing = server.close();
    expect(server.close()).toBe(closing);
    await expect(watching).rejects.toThrow(ClosedError);
    const outcome = await writing.then(
      (answer) => answer.outcome,
      (error: { readonly code: string }) => error.code,
    );
    // Of a machine that takes seconds for a write nobody knows.
    expect(['committed', 'OUTCOME_UNKNOWN']).toContain(outcome);
    await closing;
    expect(existsSync(dataDir)).toBe(false);
    await expect(fetch(`${url}/livez`)).rejects.toThrow();
    await expect(server.fetch('/livez')).rejects.toMatchObject({ cause: { code: 'ECONNREFUSED' } });
    await expect(client.get('k', 'f')).rejects.toThrow(ClosedError);
    expect(() => server.client()).toThrow(ClosedError);
    await expect(server.fault({ type: 'kill', node: 'n1' })).rejects.toMatchObject({
      code: 'UNREACHABLE',
    });
  });

  it('[L27] that is closed without a quorum keeps nobody waiting, and what nobody knows is said to be unknown', async () => {
    const server = await start({ temporary: true, http: false });
    const client = server.client({ timeoutMs: 3_600_000 });
    await client.set('k', 'f', '1');
    for (const node of ['n1', 'n2']) await server.fault({ type: 'kill', node });
    const ended: string[] = [];
    const note = (error: unknown): void => void ended.push((error as Error).name);
    void client.set('k', 'f', '2').catch(note);
    void client.get('k', 'f').catch(note);
    await server.close();
    await expect.poll(() => ended.length).toBe(2);
    expect(ended.toSorted()[0]).toBe('ClosedError');
    expect(ended.toSorted()[1]).toMatch(/^(?:OutcomeUnknown|Unavailable)Error$/);
  });

  it('[L27] leaves the process as it was: its signals, its standard output, its environment', async () => {
    const events = ['SIGINT', 'SIGTERM', 'exit', 'uncaughtException', 'unhandledRejection'];
    const state = (): unknown => ({
      listeners: events.map((event) => process.listenerCount(event)),
      env: { ...process.env },
      cwd: process.cwd(),
      title: process.title,
      exitCode: process.exitCode,
    });
    const before = state();
    const written = vi.spyOn(process.stdout, 'write');
    const server = await start({ temporary: true, nodes: 1 });
    expect(state()).toEqual(before);
    await server[Symbol.asyncDispose]();
    expect(state()).toEqual(before);
    expect(written).not.toHaveBeenCalled();
    written.mockRestore();
  });
});

describe('faults from a program', { timeout: SLOW_MACHINE_MS }, () => {
  let server: Chronoraft<null>;
  let client: KvClient;
  beforeAll(async () => {
    server = await startChronoraft({ temporary: true, http: false, ...QUIET });
    client = server.client(PATIENT);
  }, SLOW_MACHINE_MS);
  // A start may go on without a node that is late, and a test that failed leaves its fault.
  beforeEach(async () => {
    await server.heal();
    for (const { id, state } of (await client.cluster()).nodes)
      if (state === 'down') await server.mend({ type: 'kill', node: id });
    await expect.poll(async () => broken(await client.cluster())).toEqual([]);
  });
  afterAll(() => server.close());

  const groups = [['n1'], ['n2', 'n3']];
  const faults: readonly LastingFault[] = [
    { type: 'kill', node: 'n1' },
    { type: 'pause', node: 'n2', forMs: 600_000 },
    { type: 'disk', node: 'n3', delayMs: 5, full: false },
    { type: 'clock', node: 'n1', offsetMs: 5000, drift: 20 },
    { type: 'link', from: 'n1', to: 'n2', change: { loss: 0.1, cut: true }, both: false },
    { type: 'partition', groups },
  ];

  it.each(faults)('[L28] $type is done, and taken away again', async (fault) => {
    await server.fault(fault);
    expect(broken(await client.cluster())).toEqual(BROKEN[fault.type]);
    await server.mend(fault);
    expect(broken(await client.cluster())).toEqual([]);
  });

  it('[L28] of a link only what the fault broke is mended; heal mends what is left', async () => {
    const link = { type: 'link', from: 'n1', to: 'n2', both: true } as const;
    await server.fault({ ...link, change: { delayMs: 3 } });
    await server.fault({ ...link, change: { loss: 0.1 } });
    await server.mend({ ...link, change: { loss: 0.5 } });
    const { links } = await client.cluster();
    const ours = links.filter(({ from, to }) => `${from}${to}` === 'n1n2');
    expect(ours).toMatchObject([{ delayMs: 3, loss: 0 }]);
    await server.heal();
    expect(broken(await client.cluster())).toEqual([]);
  });

  it('[L28] what cannot be is refused with a code, and changes nothing', async () => {
    const wrong: readonly [unknown, string][] = [
      [{ type: 'kill', node: 'n9' }, 'NODE_UNKNOWN'],
      [{ type: 'pause', node: 'n1', forMs: -1 }, 'BAD_REQUEST'],
      [{ type: 'pause', node: 'n1', forMs: '5' }, 'BAD_REQUEST'],
      [{ type: 'disk', node: 'n1', delayMs: 1e9, full: false }, 'BAD_REQUEST'],
      [{ type: 'link', from: 'n1', to: 'n1', change: { cut: true }, both: true }, 'BAD_REQUEST'],
      [{ type: 'link', from: 'n1', to: 'n2', change: { cut: 'yes' }, both: true }, 'BAD_REQUEST'],
      [{ type: 'link', from: 'n1', to: 'n2' }, 'BAD_REQUEST'],
      [{ type: 'partition', groups: [['n1']] }, 'BAD_REQUEST'],
      [{ type: 'partition' }, 'BAD_REQUEST'],
      [{ type: 'wipe', node: 'n1' }, 'CONFLICT'],
      [{ type: 'explode', node: 'n1' }, 'BAD_REQUEST'],
      [{}, 'BAD_REQUEST'],
      [undefined, 'BAD_REQUEST'],
    ];
    for (const [fault, code] of wrong) {
      const refused = server.fault(fault as Fault);
      await expect(refused, JSON.stringify(fault)).rejects.toThrow(FaultError);
      await expect(refused, JSON.stringify(fault)).rejects.toMatchObject({ code });
    }
    for (const [fault, code] of [
      [{ type: 'kill', node: 'n1' }, 'CONFLICT'],
      [{ type: 'pause', node: 'n1', forMs: 5 }, 'CONFLICT'],
      [{ type: 'wipe', node: 'n1' }, 'BAD_REQUEST'],
      [{ type: 'link', from: 'n1', to: 'n2' }, 'BAD_REQUEST'],
      [{ type: 'partition', groups: 5 }, 'BAD_REQUEST'],
      [undefined, 'BAD_REQUEST'],
    ] as const)
      await expect(server.mend(fault as LastingFault), JSON.stringify(fault)).rejects.toMatchObject(
        { name: 'FaultError', code },
      );
    expect(broken(await client.cluster())).toEqual([]);
    const other = connect({ url: 'http://nowhere.invalid', fetch: server.fetch });
    expect((await other.cluster()).nodes.map(({ state }) => state)).toEqual(
      Array.from({ length: 3 }, () => 'serving'),
    );
    await other.close();
  });

  it('[L28] a disk that is wiped is gone for good: its node comes back no more', async () => {
    const kill = { type: 'kill', node: 'n3' } as const;
    await server.fault(kill);
    await server.fault({ type: 'wipe', node: 'n3' });
    const { nodes } = await client.cluster();
    expect(nodes.find(({ id }) => id === 'n3')?.faults.wiped).toBe(true);
    await expect(server.mend(kill)).rejects.toMatchObject({ code: 'NODE_DOWN' });
  });
});

const BROKEN: Readonly<Record<LastingFault['type'], readonly string[]>> = {
  kill: ['n1 down'],
  pause: ['n2 paused'],
  disk: ['n3 disk'],
  clock: ['n1 clock'],
  link: ['n1>n2'],
  partition: ['n1>n2', 'n1>n3', 'n2>n1', 'n3>n1'],
};

/** What is not as it should be. */
function broken({ nodes, links }: ClusterView): readonly string[] {
  const ofNodes = nodes.flatMap(({ id, state, faults }) => [
    ...(state === 'serving' ? [] : [`${id} ${state}`]),
    ...(faults.pausedUntilMs === null ? [] : [`${id} paused`]),
    ...(faults.diskDelayMs > 0 || faults.diskFull ? [`${id} disk`] : []),
    ...(faults.clockOffsetMs !== 0 || faults.clockDrift !== 0 ? [`${id} clock`] : []),
  ]);
  const ofLinks = links.flatMap(({ from, to, cut, loss, delayMs }) =>
    cut || loss > 0 || delayMs > 0 ? [`${from}>${to}`] : [],
  );
  return [...ofNodes, ...ofLinks.toSorted()];
}
