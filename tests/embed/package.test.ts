/** The package as a program elsewhere gets it: packed, put into another folder, and run there in plain Node, with the examples of the guide. */
import { execFile } from 'node:child_process';
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { transform } from 'esbuild';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const SLOW_MACHINE_MS = 180_000;
const ROOT = path.resolve(import.meta.dirname, '../..');

const run = promisify(execFile);

const guide = readFileSync(path.join(ROOT, 'docs/guides/embed.md'), 'utf8');
/** Code, and what it prints. */
const examples = [...guide.matchAll(/^```([jt]s)\n(.*?)^```\n\n```text\n(.*?)^```$/gms)].map(
  ([, language = '', code = '', output = ''], i) => ({
    name: `example ${i + 1}`,
    language,
    code,
    output,
  }),
);

describe('the package', { timeout: SLOW_MACHINE_MS }, () => {
  let folder: string;
  let files: readonly string[];

  beforeAll(async () => {
    folder = mkdtempSync(path.join(tmpdir(), 'chronoraft-package-'));
    const pack = ['pack', '--ignore-scripts', '--offline', '--json', '--pack-destination', folder];
    const { stdout } = await run('npm', pack, { cwd: ROOT });
    const [packed] = JSON.parse(stdout) as { filename: string; files: { path: string }[] }[];
    files = packed?.files.map((file) => file.path) ?? [];
    const modules = path.join(folder, 'node_modules');
    const home = path.join(modules, 'chronoraft');
    mkdirSync(home, { recursive: true });
    const archive = path.join(folder, packed?.filename ?? '');
    await run('tar', ['-xzf', archive, '-C', home, '--strip-components', '1']);
    // As npm would install what package.json names.
    const ours = path.join(ROOT, 'node_modules');
    for (const name of readdirSync(ours).filter((entry) => !entry.startsWith('.')))
      symlinkSync(path.join(ours, name), path.join(modules, name));
    writeFileSync(path.join(folder, 'package.json'), '{"type":"module"}');
  }, SLOW_MACHINE_MS);
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  /** What a program there prints. */
  async function play(name: string, code: string): Promise<string> {
    const file = path.join(folder, `${name.replaceAll(' ', '-')}.mjs`);
    writeFileSync(file, code);
    const { stdout, stderr } = await run(process.execPath, [file], { cwd: folder });
    // What is well said there is of the cluster: on a busy machine leaders change.
    for (const line of stderr.split('\n').filter((text) => text !== ''))
      expect(JSON.parse(line)).toHaveProperty('event');
    return stdout;
  }

  it('[S8] has what it needs to run, and nothing that it is made from', () => {
    for (const needed of [
      'package.json',
      'LICENSE',
      'dist/main.js',
      'dist/worker.js',
      'dist/judge.js',
      'dist/chronoraft.js',
      'dist/client/index.js',
      'dist/client/index.d.ts',
      'dist/server/index.js',
      'dist/server/index.d.ts',
      'scripts/chronoraft.mjs',
    ])
      expect(files).toContain(needed);
    expect(files.filter((file) => file.endsWith('migration.sql')).length).toBeGreaterThan(0);
    const allowed =
      /^(?:dist|prisma\/migrations|docs\/guides|\.next)\/|^(?:package\.json|LICENSE|README\.md|CHANGELOG\.md|next\.config\.js|scripts\/chronoraft\.mjs)$/;
    expect(files.filter((file) => !allowed.test(file))).toEqual([]);
    expect(files.filter((file) => /^\.next\/(?:cache|dev|trace)/.test(file))).toEqual([]);
    const types = files.filter((file) => /^dist\/server\/types\/(?!embed|contracts)/.test(file));
    expect(types).toEqual(['dist/server/types/server/base/start-errors.d.ts']);
  });

  it('[S8] runs from text on the command line too, and exports nothing of its inside', async () => {
    const code = `
      import * as server from 'chronoraft/server';
      import { connect, ClosedError } from 'chronoraft/client';
      const { startChronoraft, ...others } = server;
      console.log(Object.keys(others).sort().join(' '));
      const one = await startChronoraft({ temporary: true, http: false, nodes: 1, logLevel: 'silent' });
      console.log(one.client().constructor === connect({ url: 'http://x.invalid' }).constructor);
      await one.close();
      try { one.client(); } catch (error) { console.log(error instanceof ClosedError); }
      await import('chronoraft/dist/server/index.js').catch(({ code }) => console.log(code));
    `;
    const { stdout } = await run(process.execPath, ['--input-type=module', '-e', code], {
      cwd: folder,
    });
    expect(stdout.trim().split('\n')).toEqual([
      'ConfigError DataDirError FaultError ListenError NoNodeError',
      'true',
      'true',
      'ERR_PACKAGE_PATH_NOT_EXPORTED',
    ]);
  });

  it('[S9] has types, by which a wrong call does not compile', async () => {
    const program = `
      import { ConfigError, FaultError, startChronoraft } from 'chronoraft/server';
      import type { Chronoraft, ChronoraftOptions, Fault, LastingFault } from 'chronoraft/server';
      import { connect } from 'chronoraft/client';
      import type { KvClient } from 'chronoraft/client';
      const options: ChronoraftOptions = { dataDir: 'x', env: process.env, nodes: 5, log: (line) => void line.length };
      const server: Chronoraft = await startChronoraft({ temporary: true });
      const url: string = server.url;
      const silent: Chronoraft<null> = await startChronoraft({ temporary: true, http: false });
      const either: Chronoraft<string | null> = await startChronoraft(options);
      const client: KvClient = server.client({ timeoutMs: 5, token: 't' });
      const other: KvClient = connect({ url, fetch: server.fetch });
      const kill: LastingFault = { type: 'kill', node: 'n1' };
      await server.fault(kill);
      await server.mend(kill);
      const wipe: Fault = { type: 'wipe', node: 'n1' };
      const code: string = new FaultError('CONFLICT', 'x').code;
      const status: number = (await server.fetch('/livez')).status;
      { await using third = await startChronoraft({ dataDir: 'y' }); void third.dataDir.length; }
      new Error() instanceof ConfigError;
      // @ts-expect-error it may be absent
      either.url.length;
      // @ts-expect-error nothing listens
      silent.url.length;
      // @ts-expect-error it cannot be mended
      await server.mend(wipe);
      // @ts-expect-error no such number of voters
      await startChronoraft({ temporary: true, nodes: 4 });
      // @ts-expect-error no such option
      await startChronoraft({ temporary: true, hots: 'x' });
      // @ts-expect-error where it is, is known
      server.client({ url: 'http://x' });
      // @ts-expect-error no such fault
      await server.fault({ type: 'explode', node: 'n1' });
      export { client, other, code, status };
    `;
    writeFileSync(path.join(folder, 'program.ts'), program);
    writeFileSync(
      path.join(folder, 'guide.ts'),
      examples.find(({ language }) => language === 'ts')?.code ?? '',
    );
    const options = { strict: true, noEmit: true, target: 'es2022', module: 'nodenext' };
    const lib = ['es2023', 'esnext.disposable'];
    // Libraries are checked too, which many do not want: none of ours may be wrong.
    const compilerOptions = { ...options, lib, types: ['node'], skipLibCheck: false };
    writeFileSync(
      path.join(folder, 'tsconfig.json'),
      JSON.stringify({ compilerOptions, files: ['program.ts', 'guide.ts'] }),
    );
    const tsc = path.join(ROOT, 'node_modules/.bin/tsc');
    const { stdout } = await run(tsc, ['-p', folder], { cwd: folder }).catch(
      (error: unknown) => error as { stdout: string },
    );
    expect(stdout).toBe('');
  });

  it('[L29] the guide has an output for each of its examples', () => {
    expect(examples.length).toBe([...guide.matchAll(/^```[jt]s$/gm)].length);
    expect(examples.length).toBeGreaterThan(6);
  });

  it.each(examples)('[L29] $name of the guide prints what it says', async (example) => {
    const { name, language, code, output } = example;
    // `await using` is not yet a word of every Node that we run in.
    const plain =
      language === 'js' ? code : (await transform(code, { loader: 'ts', target: 'node20' })).code;
    expect(await play(name, plain)).toBe(output);
  });
});
