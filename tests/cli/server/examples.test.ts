/** The examples of help and guide, one after the other, in a folder of their own, against a fresh server. */
import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { COMMANDS } from '../../../cli/commands.ts';
import { must } from '../../../server/base/assert.ts';
import { sharedServer } from '../../server.ts';
import { makeWhole } from '../../whole.ts';
import { cli } from '../world.ts';
import type { Ended, WorldOptions } from '../world.ts';
import { PRINTED } from './printed.ts';

const SLOW_MACHINE_MS = 120_000;
/** Of each request: a node that joins or starts takes its time on a busy machine. */
const PATIENT = ['--timeout', '60s'];
/** What they show is whole once the cluster is: on a machine that stalls, no one leads for a moment. */
const LOOKS = /^chronoraft (?:status|top)\b/;
/** `start` runs a server of its own: see process.test.ts. */
const EXAMPLES = COMMANDS.filter(({ name }) => name !== 'start').flatMap(({ name, examples }) =>
  examples.map((example) => ({ name, ...example })),
);

describe('examples', { timeout: SLOW_MACHINE_MS }, () => {
  const server = sharedServer();
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(path.join(tmpdir(), 'chronoraft-examples-'));
    const bundle = path.resolve('dist/chronoraft.js');
    const program = `#!/bin/sh\nexec '${process.execPath}' '${bundle}' "$@" ${PATIENT.join(' ')}\n`;
    mkdirSync(path.join(folder, 'bin'));
    writeFileSync(path.join(folder, 'bin', 'chronoraft'), program, { mode: 0o755 });
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it.each(EXAMPLES)('[Z13] $line', async ({ line, exit = 0, endless = false }) => {
    if (endless) {
      const stop = new AbortController();
      const stopped = typed(line, { interrupted: stop.signal });
      // It is under way once it has asked for its line; whatever comes first, it ends as interrupted.
      setImmediate(() => stop.abort());
      expect((await stopped).code).toBe(130);
      return;
    }
    // There must be a lead to hand over.
    if (line === 'chronoraft member transfer') await makeWhole(server);
    let ended = await typed(line);
    if (LOOKS.test(line))
      await expect.poll(async () => (ended = await typed(line)).stdout).toMatch(printedBy(line));
    const { code, stdout, stderr } = ended;
    expect(stderr.split('\n').filter((each) => each.startsWith('chronoraft:'))).toHaveLength(
      exit === 0 || line.startsWith('chronoraft txn') ? 0 : 1,
    );
    expect(code).toBe(exit);
    expect(stdout).toMatch(printedBy(line));
  });

  it('[Z13] what the examples wrote to files is there, and whole', () => {
    const files = readdirSync(folder).toSorted();
    expect(files).toEqual([
      '_chronoraft',
      'all.ndjson.gz',
      'bin',
      'chronoraft.bash',
      'chronoraft.fish',
      'sale.json',
      'shop.ndjson',
    ]);
    expect(readFileSync(path.join(folder, 'shop.ndjson'), 'utf8')).toMatch(/^\{.*\}\n$/s);
  });

  function typed(line: string, options: WorldOptions = {}): Promise<Ended> {
    const env = { CHRONORAFT_URL: server.url };
    const isPlain = !/[|<>]/.test(line);
    return isPlain
      ? cli([...wordsOf(line), ...PATIENT], { env, folder, ...options })
      : shell(line, env);
  }

  function shell(line: string, env: Record<string, string>) {
    const PATH = `${path.join(folder, 'bin')}:${process.env['PATH'] ?? ''}`;
    return new Promise<Ended>((resolve) => {
      execFile(
        'sh',
        ['-c', line],
        { cwd: folder, env: { ...process.env, ...env, PATH } },
        (error, stdout, stderr) => {
          resolve({ code: typeof error?.code === 'number' ? error.code : 0, stdout, stderr });
        },
      );
    });
  }
});

function printedBy(line: string): RegExp {
  const name = Object.keys(PRINTED).find(
    (known) => known === line || (known.endsWith('…') && line.startsWith(known.slice(0, -1))),
  );
  return must(PRINTED[name ?? ''], `it is said what ${line} prints`);
}

/** The words of a plain line, without the program's name: quotes hold words together. */
function wordsOf(line: string): readonly string[] {
  return [...line.matchAll(/"([^"]*)"|'([^']*)'|(\S+)/g)]
    .map(([, double, single, bare]) => double ?? single ?? bare ?? '')
    .slice(1);
}
