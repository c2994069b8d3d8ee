/** The commands of docs/guides/operate.md, run in their order by a real shell against a real server. */
import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createLogger } from '../../server/logger.ts';
import { makeDataDir, startTestServer } from '../server.ts';
import type { TestServer } from '../server.ts';
import { Requests } from './requests.ts';

const SLOW_MACHINE_MS = 180_000;
const run = promisify(execFile);

describe('the guide for operators', { timeout: SLOW_MACHINE_MS }, () => {
  const lines: string[] = [];
  let server: TestServer;
  let folder: string;
  beforeAll(async () => {
    folder = mkdtempSync(path.join(tmpdir(), 'chronoraft-guide-'));
    const logger = createLogger('info', { write: (line) => void lines.push(line) });
    server = await startTestServer(makeDataDir(), {}, logger);
  }, SLOW_MACHINE_MS);
  afterAll(async () => {
    await server.destroy();
    rmSync(folder, { recursive: true, force: true });
  });

  test('[O8] without traces too, a request that no route understands is a line, and does no harm', async () => {
    const requests = new Requests(server);
    for (const [id, target] of [
      ['odd-1', '/api/v1/kv/%ff/x'],
      ['odd-2', '/api/v1/%zz'],
      ['odd-3', '/nowhere'],
    ] as const) {
      const { headers } = await requests.call('GET', target, undefined, { 'x-request-id': id });
      expect(headers.get('traceparent')).toBeNull();
      await expect
        .poll(() => lines.filter((line) => line.includes(`"requestId":"${id}"`)))
        .toEqual([expect.stringMatching(/"status":40[04],"durationMs":[\d.]+,"msg":"request"/)]);
    }
  });

  test('[O17] every command of the guide does what it says', async () => {
    const requests = new Requests(server);
    await requests.ok('PUT', '/api/v1/kv/guide/x', { value: '1' });
    const host = new URL(server.url).host;
    const blocks = readFileSync('docs/guides/operate.md', 'utf8').matchAll(
      /^```sh\n([\s\S]*?)^```/gm,
    );
    const said: string[] = [];
    for (const [, block = ''] of blocks) {
      const script = `set -e\n${block.replaceAll('localhost:3000', host)}`;
      const { stdout } = await run('sh', ['-c', script], { cwd: folder });
      said.push(stdout);
      // The next may ask the leader for something.
      await expect.poll(async () => (await requests.call('GET', '/readyz')).status).toBe(200);
    }
    const all = said.join('\n');
    expect(said.length).toBeGreaterThan(8);
    for (const part of [
      '"maxAgeMs":604800000',
      '\nwhole\n',
      'chronoraft_has_leader 1',
      'chronoraft_node_up{node="n1"} 1',
      '"id":"n2"',
      '"key":"guide"',
      'chronoraft_clock_offset_seconds{node="n1"}',
      'log-matching',
    ])
      expect(all).toContain(part);
    expect(readFileSync(path.join(folder, 'recording.ndjson'), 'utf8').length).toBeGreaterThan(100);
    // What the guide replaces is gone, and another has its place.
    expect(server.supervisor.nodes).not.toContain('n3');
    expect(server.supervisor.nodes).toHaveLength(3);
  });
});
