/** The program as a process: its exit codes, a reader that goes away, and a server that it starts. */
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { rmSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { afterEach, describe, expect, it } from 'vitest';
import { makeDataDir, sharedServer } from '../../server.ts';

const SLOW_MACHINE_MS = 180_000;
/** A machine that is busy with other things may take its time. */
const PATIENT = ['--timeout', '60s'];

describe('the program chronoraft', { timeout: SLOW_MACHINE_MS }, () => {
  const server = sharedServer();
  const children: ChildProcess[] = [];
  const folders: string[] = [];
  afterEach(() => {
    for (const child of children.splice(0)) child.kill('SIGKILL');
    for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
  });

  it('[Z14] ends with the code and the line of what happened', async () => {
    const [good, bad, nobody] = await Promise.all([
      ended(start(['scan', ...PATIENT], { CHRONORAFT_URL: server.url })),
      ended(start(['scan', '--limt', '1'], {})),
      ended(start(['scan'], { CHRONORAFT_URL: 'http://127.0.0.1:9' })),
    ]);
    expect(good).toEqual({ code: 0, stdout: '', stderr: '' });
    expect(bad.code).toBe(2);
    expect(bad.stderr).toBe('chronoraft: scan has no option --limt; did you mean --limit?\n');
    expect(nobody.code).toBe(4);
    expect(nobody.stderr).toMatch(/^chronoraft: cannot reach .*\n$/);
  });

  it('[Z14] says nothing when its reader goes away, and stops', async () => {
    // More than a pipe and all buffers on the way hold.
    for (let at = 0; at < 8; at++) {
      const value = 'v'.repeat(1_000_000);
      const answer = await fetch(`${server.url}/api/v1/kv/big/f${at}`, {
        method: 'PUT',
        headers: { 'content-type': 'application/json', 'request-timeout-ms': '60000' },
        body: JSON.stringify({ value }),
      });
      expect(answer.status).toBe(200);
    }
    const child = start(['scan', '--values', ...PATIENT], { CHRONORAFT_URL: server.url });
    child.stdout?.once('data', () => child.stdout?.destroy());
    let stderr = '';
    child.stderr?.on('data', (text: Buffer) => {
      stderr += text.toString();
    });
    const [code] = (await once(child, 'exit')) as [number | null];
    expect(code).toBe(141);
    expect(stderr).toBe('');
  });

  it('[Z14] starts a server with its settings as options, which another call of it reaches, and ends on Ctrl-C', async () => {
    const folder = makeDataDir();
    folders.push(folder);
    const words = ['start', '--port', '0', '--data-dir', folder, '--nodes', '1', '--no-page'];
    const child = start(words, {});
    const url = await ready(child);
    const put = await ended(start(['put', 'a', 'b', 'c', '--url', url, ...PATIENT], {}));
    expect(put).toMatchObject({ code: 0, stderr: '' });
    const members = await ended(start(['member', 'list', '--url', url, ...PATIENT], {}));
    expect(members.stdout).toBe('n1\tvoter\na quorum is 1 of 1\n');
    child.kill('SIGINT');
    const [code] = (await once(child, 'exit')) as [number | null];
    expect(code).toBe(0);
    const wrong = await ended(start(['start', '--nodes', '4', '--no-page'], {}));
    expect(wrong.code).toBe(1);
    expect(wrong.stderr).toMatch(/NODES=4 cannot be used: .*1, 3, 5 or 7/);
  });

  function start(words: readonly string[], env: Record<string, string>): ChildProcess {
    const child = spawn(process.execPath, ['dist/chronoraft.js', ...words], {
      env: { ...process.env, NODE_ENV: 'production', ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    children.push(child);
    return child;
  }
});

async function ready(child: ChildProcess): Promise<string> {
  if (child.stdout === null) throw new Error('its output is piped');
  for await (const line of createInterface({ input: child.stdout })) {
    const match = /^Chronoraft is ready: (http:\/\/\S+)/.exec(line);
    if (match?.[1] !== undefined) return match[1];
  }
  throw new Error('it ended before it was ready');
}

async function ended(child: ChildProcess) {
  const written = { stdout: '', stderr: '' };
  child.stdout?.on('data', (chunk: Buffer) => {
    written.stdout += chunk.toString();
  });
  child.stderr?.on('data', (chunk: Buffer) => {
    written.stderr += chunk.toString();
  });
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, ...written };
}
