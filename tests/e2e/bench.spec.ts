/** The benchmark of the page runs, with a real browser, and has a figure for everything that it names. */
import { execFile } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'playwright/test';
import { LONG } from './pages.ts';

interface Report {
  readonly figures: readonly { readonly what: string; readonly value: number }[];
}

test('[Q3] a tiny run measures open lines and a page in a browser', { tag: LONG }, async () => {
  const out = await mkdtemp(path.join(tmpdir(), 'chronoraft-bench-page-'));
  try {
    const asked = ['scripts/bench.mjs', 'page', '--tiny', '--out', out];
    const { stdout } = await promisify(execFile)(process.execPath, asked);
    const [file = ''] = await readdir(out);
    const { figures } = JSON.parse(await readFile(path.join(out, file), 'utf8')) as Report;
    const valueOf = new Map(figures.map(({ what, value }) => [what, value]));
    for (const what of valueOf.keys()) expect(stdout).toContain(what);
    for (const what of [
      '0 open lines: writes',
      '2 open lines: writes',
      '2 open lines: patches to each',
      '2 open lines: sent to each',
      '2 open lines: greatest message',
      'one page in a browser: writes',
      'one page in a browser: longest, of processor time',
      'one page in a browser: main thread at work',
      'one page in a browser: heap before',
      'one page in a browser: heap after',
    ])
      expect(valueOf.get(what), what).toBeGreaterThan(0);
    for (const what of ['tasks over 50 ms', 'longest task', 'tasks over 50 ms of processor time'])
      expect(valueOf.get(`one page in a browser: ${what}`), what).toBeGreaterThanOrEqual(0);
  } finally {
    await rm(out, { recursive: true, force: true });
  }
});
