/** The commands of the README, run in their order by a real shell against a real server that is new. */
import { execFile, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { sharedServer } from '../server.ts';
import { Requests } from './requests.ts';

const SLOW_MACHINE_MS = 240_000;
const COMMAND_MS = 60_000;
const run = promisify(execFile);

/** A command that goes on until somebody ends it, and what it has printed by then. */
const ENDLESS = [
  ['curl -N', 'event: '],
  ['while true', '"outcome":"committed","revision":'],
] as const;
/** A leader may be lost at any time on a busy machine, and these may be sent again. */
const AGAIN = /\/(?:lead|compact)$/;

describe('README.md', { timeout: SLOW_MACHINE_MS }, () => {
  const server = sharedServer();
  const requests = new Requests(server);
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(path.join(tmpdir(), 'chronoraft-readme-'));
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it('[H67] its commands run, one after the other', async () => {
    const { host } = new URL(server.url);
    let before = 'curl() { command curl -fsS "$@"; }\n';
    let count = 0;
    for (const command of commandsIn(readFileSync('README.md', 'utf8'))) {
      if (/^\w+='.*'$/.test(command)) before += `${command}\n`;
      if (!command.includes('localhost:3000')) continue;
      if (!command.includes('/pace')) await isReady();
      const script = before + command.replaceAll('localhost:3000', host);
      const endless = ENDLESS.find(([part]) => command.includes(part));
      if (endless !== undefined) await prints(script, endless[1]);
      else if (AGAIN.test(command))
        await expect.poll(() => done(script).catch(String)).toMatch(/^\{/);
      else await done(script);
      count++;
    }
    expect(count).toBeGreaterThan(40);
    const { status } = await requests.call('GET', '/api/v1/kv/shop/price');
    expect(status).toBe(200);
  });

  async function isReady(): Promise<void> {
    await expect.poll(async () => (await requests.call('GET', '/readyz')).status).toBe(200);
  }

  async function done(script: string): Promise<string> {
    const { stdout } = await run('sh', ['-ec', script], { cwd: folder, timeout: COMMAND_MS });
    return stdout;
  }

  /** Runs it until it has printed `text`. */
  async function prints(script: string, text: string): Promise<void> {
    const child = spawn('sh', ['-ec', script], { cwd: folder, detached: true });
    const over = new Promise((resolve) => child.once('close', resolve));
    let printed = '';
    child.stdout.setEncoding('utf8').on('data', (piece: string) => {
      printed += piece;
    });
    try {
      await expect.poll(() => printed, { message: script }).toContain(text);
    } finally {
      // The shell and what it runs.
      if (child.pid !== undefined && child.exitCode === null) process.kill(-child.pid);
      await over;
    }
  }
});

/** Of each block for a shell its commands, a line each but where a quote goes on. */
function commandsIn(text: string): readonly string[] {
  const commands: string[] = [];
  for (const [, block = ''] of text.matchAll(/^```sh\n([^]*?)^```/gm)) {
    let open = '';
    for (const line of block.trimEnd().split('\n')) {
      open += open === '' ? line : `\n${line}`;
      if ((open.split("'").length - 1) % 2 === 1) continue;
      commands.push(open);
      open = '';
    }
  }
  return commands;
}
