/** The server that pictures are taken of, with a data folder of its own, and what is asked of it. */
import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { PlainError, root } from './run.mjs';

const WAIT_MS = 60_000;

/** Runs `body` with a server of its own, on a free port, and takes both away. */
export async function withServer(settings, body) {
  const folder = await mkdtemp(join(tmpdir(), 'chronoraft-pictures-'));
  const child = spawn(process.execPath, ['dist/main.js'], {
    cwd: root,
    env: { ...process.env, ...settings, PORT: '0', DATA_DIR: folder, NODE_ENV: 'production' },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const gone = new Promise((resolve) => child.once('exit', resolve));
  try {
    await body(new Server(await addressOf(child)));
  } finally {
    child.kill('SIGKILL');
    await gone;
    await rm(folder, { recursive: true, force: true });
  }
}

/** The line that says where it listens is the last that it says when it starts. */
async function addressOf(child) {
  for await (const line of createInterface({ input: child.stdout })) {
    const url = /ready:?\s+(http:\/\/\S+)/i.exec(line)?.[1];
    if (url === undefined) continue;
    child.stdout.resume();
    return url.replace(/\/$/, '');
  }
  throw new PlainError('the server ended before it was ready.');
}

class Server {
  constructor(url) {
    this.url = url;
  }

  async call(method, path, body) {
    const response = await fetch(this.url + path, {
      method,
      headers: body === undefined ? {} : { 'content-type': 'application/json' },
      body: body === undefined ? undefined : JSON.stringify(body),
    });
    if (!response.ok) throw new Error(`${method} ${path}: ${await response.text()}`);
    return response.json();
  }

  write(key, field, value) {
    return this.call('PUT', `/api/v1/kv/${key}/${field}`, { value });
  }

  pace(pace) {
    return this.call('PUT', '/api/v1/pace', { pace });
  }

  /** What the view has once `test` holds of it. */
  async until(test) {
    for (const endMs = Date.now() + WAIT_MS; Date.now() < endMs; await sleep(15)) {
      const view = await this.call('GET', '/api/v1/cluster');
      if (test(view)) return view;
    }
    throw new PlainError('the cluster did not get where the picture needs it.');
  }

  /** Whom a quorum follows, other than `old`. */
  async leader(old) {
    const view = await this.until((now) => leaderOf(now, old) !== undefined);
    return leaderOf(view, old);
  }

  /** Every node is up and has applied all. */
  async whole() {
    await this.until(
      ({ nodes }) =>
        new Set(nodes.map(({ lastApplied }) => lastApplied)).size === 1 &&
        nodes.every(
          ({ state, lastIndex, lastApplied }) => state === 'serving' && lastIndex === lastApplied,
        ),
    );
  }
}

function leaderOf({ nodes, quorum }, old) {
  const up = nodes.filter(({ state }) => state === 'serving');
  return up
    .map(({ id }) => id)
    .find((id) => id !== old && up.filter(({ leader }) => leader === id).length >= quorum);
}
