/** The commands of docs/guides/operate.md, run in their order by a real shell against a real server. */
import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { sharedServer } from '../server.ts';
import { Requests } from './requests.ts';

const SLOW_MACHINE_MS = 180_000;
const run = promisify(execFile);

describe('the guide for operators', { timeout: SLOW_MACHINE_MS }, () => {
  const server = sharedServer();
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(path.join(tmpdir(), 'chronoraft-guide-'));
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

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
