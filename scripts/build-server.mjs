/**
 * Bundles the server into dist/: main.js, worker.js for a node's thread,
 * node-process.js for its process and judge.js for the thread of a judge, since
 * Node 20 cannot load TypeScript; and chronoraft.js, the command line. Packages stay outside;
 * Prisma's generated client goes in. Other entry points can be named:
 * `bundle({ main: 'bench/main.ts' }, 'dist/bench')`.
 */
import { execFileSync } from 'node:child_process';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..');

/** Bundles `entryPoints` (name to source file) into `outdir`, both relative to the project; `plugins` are esbuild's. */
export async function bundle(entryPoints, outdir, plugins = []) {
  await build({
    absWorkingDir: root,
    entryPoints,
    outdir,
    bundle: true,
    platform: 'node',
    target: 'node20.19',
    format: 'esm',
    packages: 'external',
    sourcemap: true,
    logLevel: 'warning',
    plugins,
    define: { BUILT_FROM: JSON.stringify(commit()), FAILPOINTS: 'false' },
  });
}

/** What is built, as git names it; null where git does not know. */
function commit() {
  try {
    const described = execFileSync(
      'git',
      ['describe', '--always', '--dirty', '--abbrev=40', '--exclude', '*'],
      { cwd: root, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] },
    );
    return described.trim();
  } catch {
    return null;
  }
}

if (
  process.argv[1] !== undefined &&
  path.resolve(process.argv[1]) === fileURLToPath(import.meta.url)
) {
  await bundle(
    {
      main: 'server/main.ts',
      worker: 'server/node/worker.ts',
      'node-process': 'server/node/node-process.ts',
      judge: 'server/lab/judge-thread.ts',
      chronoraft: 'cli/main.ts',
    },
    'dist',
  );
}
