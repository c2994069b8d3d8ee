/** The commands of docs/guides/security.md, run by a real shell: they start a server that others can reach. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { request } from 'node:https';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { expect, it } from 'vitest';
import { must } from '../../server/base/assert.ts';
import { CERTIFICATE, KEY } from './certificate.ts';

const SLOW_MACHINE_MS = 180_000;
const MAIN = path.resolve('dist/main.js');

it(
  '[G19] what the guide says to do starts a server that lets in who brings a token of the file',
  async () => {
    const folder = mkdtempSync(path.join(tmpdir(), 'chronoraft-security-'));
    writeFileSync(path.join(folder, 'cert.pem'), CERTIFICATE);
    writeFileSync(path.join(folder, 'key.pem'), KEY);
    const [, block = ''] =
      /^```sh\n([^]*?)^```/m.exec(readFileSync('docs/guides/security.md', 'utf8')) ?? [];
    expect(block).toMatch(/^HOST=0\.0\.0\.0 .* npm start$/m);
    const child = spawn('sh', ['-ec', block.replace('npm start', `exec node ${MAIN}`)], {
      cwd: folder,
      env: { ...process.env, PORT: '0', PAGE: 'off', NODE_ENV: 'production' },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const over = once(child, 'exit');
    try {
      const port = await portOf(child.stdout);
      const tokens = readFileSync(path.join(folder, 'tokens'), 'utf8').matchAll(
        /^(\w+) +(\w+) +(\w+)/gm,
      );
      const [ann, board] = [...tokens].map(([, , , token = '']) => token);
      expect(await statusOf(port, 'GET', null)).toBe(401);
      expect(await statusOf(port, 'GET', 'not-one-of-the-file-at-all')).toBe(401);
      expect(await statusOf(port, 'GET', must(board, 'there are two lines'))).toBe(200);
      expect(await statusOf(port, 'POST', must(board, 'there are two lines'))).toBe(403);
      expect(await statusOf(port, 'POST', must(ann, 'there is a line'))).toBe(200);
    } finally {
      child.kill();
      await over;
      rmSync(folder, { recursive: true, force: true });
    }
  },
  SLOW_MACHINE_MS,
);

async function portOf(output: NodeJS.ReadableStream): Promise<number> {
  for await (const line of createInterface({ input: output })) {
    const [, port] = /^Chronoraft is ready: https:\/\/[^ ]+:(\d+)/.exec(line) ?? [];
    if (port !== undefined) return Number(port);
  }
  throw new Error('it ended before it was ready');
}

/** Of a read, or of a change that only operators may ask for. */
async function statusOf(
  port: number,
  method: 'GET' | 'POST',
  token: string | null,
): Promise<number> {
  const asked = request({
    host: 'localhost',
    port,
    method,
    path: method === 'GET' ? '/api/v1/cluster' : '/api/v1/heal',
    ca: CERTIFICATE,
    headers: token === null ? {} : { authorization: `Bearer ${token}` },
  });
  asked.end();
  const [answer] = (await once(asked, 'response')) as [{ statusCode: number; resume(): void }];
  answer.resume();
  return answer.statusCode;
}
