/**
 * Bundles the client library into dist/client: index.js, one module without any
 * import, for Node and browsers alike, and its types. It is what package.json
 * exports as `chronoraft/client`.
 */
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { build } from 'esbuild';
import { isMain, main, PlainError, root, run, tool } from './run.mjs';

const ENTRY = 'client/kv/index.ts';

/** `outdir` is relative to the project, or absolute; what is in it goes. */
export async function buildClient(outdir = 'dist/client') {
  const folder = path.resolve(root, outdir);
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  await build({
    absWorkingDir: root,
    entryPoints: { index: ENTRY },
    outdir: folder,
    bundle: true,
    // A module of Node in it is an error.
    platform: 'browser',
    target: 'es2022',
    format: 'esm',
    sourcemap: true,
    logLevel: 'warning',
  });
  const types = path.join(folder, 'types');
  const emit = ['--noEmit', 'false', '--declaration', '--emitDeclarationOnly'];
  const { code, output } = await run(
    tool('tsc'),
    ['-p', 'tsconfig.client.json', ...emit, '--rootDir', '.', '--outDir', types],
    { quiet: true },
  );
  if (code !== 0) throw new PlainError(`the types of the client cannot be made:\n${output}`);
  const entry = ENTRY.replace(/\.ts$/, '.js');
  writeFileSync(path.join(folder, 'index.d.ts'), `export * from './types/${entry}';\n`);
}

if (isMain(import.meta.url)) await main(() => buildClient(process.argv[2]));
