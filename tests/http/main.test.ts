/** The program itself, as a process: how it starts, what it says when it cannot, and how it ends. */
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { makeDataDir } from '../server.ts';

const SLOW_MACHINE_MS = 180_000;

interface Ended {
  readonly code: number | null;
  readonly output: string;
}

describe('the program', { timeout: SLOW_MACHINE_MS }, () => {
  let dataDir: string;
  const children: ChildProcess[] = [];

  beforeEach(() => {
    dataDir = makeDataDir();
  });
  afterEach(() => {
    for (const child of children.splice(0)) child.kill('SIGKILL');
    rmSync(dataDir, { recursive: true, force: true });
  });

  it('[K13] ends with one line and a code when it cannot use a setting, the folder or the port', async () => {
    const file = path.join(dataDir, 'file');
    writeFileSync(file, '');
    const taken = createServer().listen(0, '127.0.0.1');
    await once(taken, 'listening');
    const { port } = taken.address() as AddressInfo;
    for (const [env, line] of [
      [{ PORT: 'eighty' }, /^chronoraft: PORT=eighty cannot be used: .*\n$/],
      [{ NODES: '4' }, /^chronoraft: NODES=4 cannot be used: .*1, 3, 5 or 7\n$/],
      [{ ELECTION_TIMEOUT_MS: '50' }, /^chronoraft: ELECTION_TIMEOUT_MS=50 cannot be used: .*\n$/],
      [{ LEASE_MS: '10' }, /^chronoraft: LEASE_MS=10 cannot be used: .* from HEARTBEAT_MS .*\n$/],
      [{ LEASE_MS: '301' }, /^chronoraft: LEASE_MS=301 cannot be used: .*\n$/],
      [{ LEASE_MS: '60.5' }, /^chronoraft: LEASE_MS=60.5 cannot be used: .*\n$/],
      [{ DATA_DIR: path.join(file, 'in') }, /^chronoraft: cannot use the data folder .*\n$/],
      [{ DATA_DIR: '/proc/chronoraft/data' }, /^chronoraft: cannot use the data folder .*\n$/],
      [{ PORT: String(port) }, /^chronoraft: port \d+ on 127\.0\.0\.1 is taken; .*\n$/],
    ] as const) {
      const { code, output } = await ended(start(env));
      expect(output).toMatch(line);
      expect(code).toBe(1);
    }
    taken.close();
  });

  it('[K13] says where it is, and refuses the folder to a second one', async () => {
    const first = start({});
    const url = await ready(first);
    await expect.poll(async () => (await fetch(`${url}/readyz`)).status).toBe(200);
    const { code, output } = await ended(start({}));
    expect(output).toContain(`in use by another server (process ${first.pid})`);
    expect(code).toBe(1);
  });

  it('[K14] ends with code 0 on SIGTERM, with a connection open and a write under way', async () => {
    const child = start({});
    const url = await ready(child);
    const write = fetch(`${url}/api/v1/kv/a/x`, {
      method: 'PUT',
      body: '{"value":"1"}',
      headers: JSON_TYPE,
    });
    expect((await write).status).toBe(200);
    const startedMs = performance.now();
    child.kill('SIGTERM');
    expect((await ended(child)).code).toBe(0);
    expect(performance.now() - startedMs).toBeLessThan(10_000);
    const again = start({});
    const answer = await fetch(`${await ready(again)}/api/v1/kv/a/x`, { headers: PATIENT });
    expect(await answer.json()).toMatchObject({ value: '1' });
    // As a terminal and npm do it.
    again.kill('SIGINT');
    again.kill('SIGINT');
    expect((await ended(again)).code).toBe(0);
  });

  it('[H76] a signal that came with the first is the same wish, however late the program looks at it', async () => {
    const [preload, seen, sent] = ['busy.mjs', 'seen', 'sent'].map((name) =>
      path.join(dataDir, name),
    ) as [string, string, string];
    writeFileSync(preload, standsStill(seen, sent));
    const child = start({ NODE_OPTIONS: `--import=${preload}` });
    await ready(child);
    child.kill('SIGINT');
    await expect.poll(() => existsSync(seen)).toBe(true);
    child.kill('SIGINT');
    writeFileSync(sent, '');
    expect((await ended(child)).code).toBe(0);
  });

  it('[K14] ends at once on a second signal, whatever it waits for', async () => {
    const child = start({});
    const url = await ready(child);
    for (const id of ['n2', 'n3'])
      await fetch(`${url}/api/v1/nodes/${id}/kill`, { method: 'POST' });
    // Without a quorum a stop waits for it as long as it may.
    const write = fetch(`${url}/api/v1/kv/a/x`, {
      method: 'PUT',
      body: '{"value":"1"}',
      headers: JSON_TYPE,
    });
    const unanswered = write.catch(() => null);
    // The write, and the question.
    const figures = async (): Promise<string> => (await fetch(`${url}/metrics`)).text();
    await expect.poll(figures).toMatch(/^chronoraft_http_requests_open 2$/m);
    let isOver = false;
    const over = ended(child).finally(() => {
      isOver = true;
    });
    // Those that come together, as from a terminal, are one.
    await expect
      .poll(() => {
        child.kill('SIGTERM');
        return isOver;
      })
      .toBe(true);
    expect((await over).code).toBe(1);
    await unanswered;
  });

  it('[K14] has everything that was acknowledged after SIGKILL in the middle of writes', async () => {
    const child = start({});
    const url = await ready(child);
    const acknowledged: number[] = [];
    const writer = async (from: number): Promise<void> => {
      for (let n = from; ; n += 8) {
        const options = { method: 'PUT', body: `{"value":"${n}"}`, headers: JSON_TYPE };
        const { status } = await fetch(`${url}/api/v1/kv/k${n}/x`, options);
        if (status === 200) acknowledged.push(n);
        if (acknowledged.length === 200) child.kill('SIGKILL');
      }
    };
    // The kill ends every writer's loop by an error of its connection.
    await Promise.allSettled(Array.from({ length: 8 }, (_, from) => writer(from)));
    expect(acknowledged.length).toBeGreaterThanOrEqual(200);
    const again = await ready(start({}));
    for (const n of acknowledged) {
      const answer = await fetch(`${again}/api/v1/kv/k${n}/x`, { headers: PATIENT });
      expect(await answer.json()).toMatchObject({ value: String(n) });
    }
  });

  function start(env: Record<string, string>): ChildProcess {
    const child = spawn(process.execPath, ['dist/main.js'], {
      env: {
        ...process.env,
        PORT: '0',
        DATA_DIR: dataDir,
        PAGE: 'off',
        NODE_ENV: 'production',
        ...env,
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    children.push(child);
    return child;
  }
});

/** A machine that is busy with other things may take its time. */
const PATIENT = { 'request-timeout-ms': '60000' };
const JSON_TYPE = { 'content-type': 'application/json', ...PATIENT };

/** A program that is busy with its first signal until the second has been sent, and for longer than two may be apart. */
function standsStill(seen: string, sent: string): string {
  return `
    import { existsSync, writeFileSync } from 'node:fs';
    import { isMainThread } from 'node:worker_threads';
    const cell = new Int32Array(new SharedArrayBuffer(4));
    const wait = (ms) => Atomics.wait(cell, 0, 0, ms);
    const beBusy = () => {
      writeFileSync(${JSON.stringify(seen)}, '');
      while (!existsSync(${JSON.stringify(sent)})) wait(20);
      wait(700);
    };
    if (isMainThread) process.once('SIGINT', () => queueMicrotask(beBusy));
  `;
}

/** Its address, from the start line. */
async function ready(child: ChildProcess): Promise<string> {
  if (child.stdout === null) throw new Error('its output is piped');
  for await (const line of createInterface({ input: child.stdout })) {
    const match = /^Chronoraft is ready: (http:\/\/\S+)/.exec(line);
    if (match?.[1] !== undefined) return match[1];
  }
  throw new Error('it ended before it was ready');
}

async function ended(child: ChildProcess): Promise<Ended> {
  let output = '';
  child.stdout?.on('data', (chunk: Buffer) => {
    output += chunk.toString();
  });
  child.stderr?.on('data', (chunk: Buffer) => {
    output += chunk.toString();
  });
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, output };
}
