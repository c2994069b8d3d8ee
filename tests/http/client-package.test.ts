/** The client library as a program gets it: the package alone in another folder, in plain Node, with the examples of its guide. */
import { execFile } from 'node:child_process';
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { parseSync } from 'oxc-parser';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { sharedServer } from '../server.ts';

const SLOW_MACHINE_MS = 120_000;
const ROOT = path.resolve(import.meta.dirname, '../..');
const GUIDE_URL = 'http://localhost:3000';
/** More than it has, far less than with what it must not have. */
const MOST_BYTES = 90_000;

const run = promisify(execFile);

const guide = readFileSync(path.join(ROOT, 'docs/guides/client.md'), 'utf8');
/** Code, and what it prints. */
const examples = [...guide.matchAll(/^```js\n(.*?)^```\n\n```text\n(.*?)^```$/gms)].map(
  ([, code = '', output = ''], i) => ({ name: `example ${i + 1}`, code, output }),
);

describe('the package chronoraft/client', { timeout: SLOW_MACHINE_MS }, () => {
  const server = sharedServer();
  let folder: string;
  let bundle: string;

  beforeAll(async () => {
    folder = mkdtempSync(path.join(tmpdir(), 'chronoraft-client-'));
    const home = path.join(folder, 'node_modules/chronoraft');
    mkdirSync(home, { recursive: true });
    cpSync(path.join(ROOT, 'package.json'), path.join(home, 'package.json'));
    const outdir = path.join(home, 'dist/client');
    await run(process.execPath, [path.join(ROOT, 'scripts/build-client.mjs'), outdir]);
    bundle = readFileSync(path.join(outdir, 'index.js'), 'utf8');
  }, SLOW_MACHINE_MS);
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  /** What a program there prints. */
  async function play(name: string, code: string): Promise<string> {
    const file = path.join(folder, `${name.replaceAll(' ', '-')}.mjs`);
    writeFileSync(file, code.replaceAll(GUIDE_URL, server.url));
    const { stdout, stderr } = await run(process.execPath, [file], { cwd: folder });
    expect(stderr).toBe('');
    return stdout;
  }

  it('[L21] is one module that imports nothing, so that browsers can load it, and is small', () => {
    const { module, errors } = parseSync('index.js', bundle);
    expect(errors).toEqual([]);
    expect([...module.staticImports, ...module.dynamicImports]).toEqual([]);
    expect(bundle).not.toMatch(/\b(?:require|process|Buffer|globalThis\.process)\b[.(]/);
    expect(bundle.length).toBeLessThan(MOST_BYTES);
  });

  it('[L21] exports what the guide speaks of, and nothing of its inside', async () => {
    const code = `console.log(Object.keys(await import('chronoraft/client')).join(' '));`;
    const names = (await play('names', code)).trim().split(' ');
    const inGuide = [...guide.matchAll(/`(\w+Error)`/g)].map(([, name = '']) => name);
    expect(names.toSorted()).toEqual([...new Set([...inGuide, 'connect'])].toSorted());
    await expect(play('inside', `import 'chronoraft/dist/client/index.js';`)).rejects.toThrow(
      /ERR_PACKAGE_PATH_NOT_EXPORTED/,
    );
  });

  it('[L21] has types, by which a wrong call does not compile', async () => {
    // As npm would install what package.json names.
    symlinkSync(path.join(ROOT, 'node_modules/zod'), path.join(folder, 'node_modules/zod'));
    const program = `
      import { connect, CompactedError } from 'chronoraft/client';
      import type { BatchView, GetAnswer, OutcomeUnknownError, Watch } from 'chronoraft/client';
      const client = connect({ url: '${GUIDE_URL}' });
      const answer: GetAnswer = await client.get('k', 'f', { at: 1, consistency: 'local' });
      const value: string | string[] | null = answer.value;
      const { value: count } = await client.increment('k', 'f');
      const watch: Watch = client.watch({ prefix: 'k' });
      for await (const batch of watch) batch satisfies BatchView;
      const swap = await client.compareAndSet('k', 'f', null, 'x');
      if (!swap.swapped) swap.found?.revision.toFixed(count);
      const lost = null as OutcomeUnknownError<{ n: number }> | null;
      (await lost?.resolve())?.n.toFixed();
      new Error(String(value)) instanceof CompactedError;
      // @ts-expect-error a value is text or a list
      await client.set('k', 'f', 5);
      // @ts-expect-error it may be absent
      answer.value.length;
      // @ts-expect-error no such operation
      await client.batch([{ op: 'swap', key: 'k', field: 'f' }]);
      // @ts-expect-error a number
      const text: string = count;
      // @ts-expect-error no such option
      connect({ host: 'x' });
    `;
    writeFileSync(path.join(folder, 'program.ts'), `${program}\nexport { text };\n`);
    const options = { strict: true, noEmit: true, target: 'es2022', module: 'nodenext', types: [] };
    const compilerOptions = { ...options, lib: ['es2023', 'dom'], skipLibCheck: true };
    writeFileSync(
      path.join(folder, 'tsconfig.json'),
      JSON.stringify({ compilerOptions, files: ['program.ts'] }),
    );
    writeFileSync(path.join(folder, 'package.json'), '{"type":"module"}');
    const tsc = path.join(ROOT, 'node_modules/.bin/tsc');
    const { stdout } = await run(tsc, ['-p', folder], { cwd: folder }).catch(
      (error: unknown) => error as { stdout: string },
    );
    expect(stdout).toBe('');
  });

  it('[L22] the guide has an output for each of its examples', () => {
    expect(examples.length).toBe([...guide.matchAll(/^```js$/gm)].length);
    expect(examples.length).toBeGreaterThan(8);
  });

  it.each(examples)('[L22] $name of the guide prints what it says', async (example) => {
    expect(await play(example.name, example.code)).toBe(example.output);
  });
});
