/** What the guides show is so: their commands are run by a shell against a real server, and their answers held against its own. */
import { execFile, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ErrorCode } from '../../contracts/errors.ts';
import { KINDS } from '../../server/http/errors.ts';
import { sharedServer } from '../server.ts';

const SLOW_MACHINE_MS = 120_000;
const COMMAND_MS = 60_000;
const run = promisify(execFile);

/** Guides whose commands need nothing but a server. */
const GUIDES = ['docs/guides/api.md'];

/** What differs from server to server. */
const VOLATILE = new Set([
  'revision',
  'stamp',
  'term',
  'leader',
  'node',
  'at',
  'asOf',
  'appliedRevision',
  'requestId',
]);

interface Example {
  readonly script: string;
  /** What is said to come of it; null: nothing is said. */
  readonly shown: { readonly type: 'json' | 'text'; readonly text: string } | null;
}

describe.each(GUIDES)('%s', { timeout: SLOW_MACHINE_MS }, (guide) => {
  const server = sharedServer();
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(path.join(tmpdir(), 'chronoraft-guide-'));
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it('[H66] its commands run, and answer what it shows', async () => {
    const examples = examplesIn(readFileSync(guide, 'utf8'));
    expect(examples.length).toBeGreaterThan(5);
    expect(examples.filter(({ shown }) => shown !== null).length).toBeGreaterThan(3);
    await expect.poll(async () => (await fetch(`${server.url}/readyz`)).status).toBe(200);
    for (const { script, shown } of examples) {
      const command = script.replaceAll('localhost:3000', server.url.replace('http://', ''));
      if (shown !== null && script.includes('curl -sN')) {
        await shows(command, folder, shown.text);
        continue;
      }
      const told = async (): Promise<unknown> => {
        const options = { cwd: folder, timeout: COMMAND_MS };
        const { stdout } = await run('sh', ['-ec', command], options);
        return shown === null ? null : comparable(shown.type, stdout);
      };
      const expected = shown === null ? null : comparable(shown.type, shown.text);
      // While a leader is being elected the server is not ready.
      if (script.includes('/readyz')) await expect.poll(told).toEqual(expected);
      else expect(await told(), script).toEqual(expected);
    }
  });
});

describe('the table of errors', () => {
  it('[H66] names every code, with its status and whether it is retryable', () => {
    const rows = [
      ...readFileSync('docs/guides/api.md', 'utf8').matchAll(
        /^\| `([A-Z_]+)` \| (\d+) \| (yes|no) \|/gm,
      ),
    ].map(([, code, status, retryable]) => [code, Number(status), retryable === 'yes']);
    expect(rows).toEqual(
      ErrorCode.options.map((code) => [code, KINDS[code].status, KINDS[code].retryable]),
    );
  });
});

/** Runs what does not end by itself, until it has printed the text. */
async function shows(command: string, folder: string, text: string): Promise<void> {
  const child = spawn('sh', ['-ec', command], { cwd: folder, detached: true });
  const over = new Promise((resolve) => child.once('close', resolve));
  let printed = '';
  child.stdout.setEncoding('utf8').on('data', (piece: string) => {
    printed += piece;
  });
  try {
    await expect.poll(() => blurred(printed)).toContain(blurred(text));
  } finally {
    // The shell and what it runs.
    if (child.pid !== undefined && child.exitCode === null) process.kill(-child.pid);
    await over;
  }
}

/** Each block for a shell, with the block that follows it at once. */
function examplesIn(markdown: string): readonly Example[] {
  const blocks = markdown.matchAll(/^```sh\n([^]*?)^```\n(?:\n```(json|text)\n([^]*?)^```$)?/gm);
  return [...blocks].map(([, script = '', type, text = '']) => ({
    script,
    shown: type === 'json' || type === 'text' ? { type, text } : null,
  }));
}

/** What is the same of every server. */
function comparable(type: 'json' | 'text', text: string): unknown {
  return type === 'json' ? settled(JSON.parse(text)) : blurred(text);
}

/** With the kind of what is volatile in its place. */
function settled(value: unknown, name = ''): unknown {
  if (VOLATILE.has(name)) return value === null ? null : typeof value;
  if (Array.isArray(value)) return value.map((one) => settled(one));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, settled(one, key)]));
}

/** Without the numbers, and so without the names of nodes. */
function blurred(text: string): string {
  return text.trim().replaceAll(/\d+/g, 'N');
}
