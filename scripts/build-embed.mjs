/**
 * Bundles the server as a library into dist/server: index.js and its types. It is
 * what package.json exports as `chronoraft/server`. It imports the client library
 * of the package and does not contain it, so that there is one of each class; the
 * bundles of the threads (build-server.mjs) and the migrations it finds in the package.
 */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { bundle } from './build-server.mjs';
import { isMain, main, PlainError, root, run, tool } from './run.mjs';

const ENTRY = 'embed/index.ts';
const CLIENT = 'client/kv/index.ts';

/** What is in `outdir` goes; relative to the project. */
export async function buildEmbed(outdir = 'dist/server') {
  const folder = path.resolve(root, outdir);
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  await bundle({ index: ENTRY }, outdir, [clientIsApart]);
  const emitted = mkdtempSync(path.join(tmpdir(), 'chronoraft-types-'));
  try {
    await emitTypes(emitted);
    copyTypes(emitted, path.join(folder, 'types'));
  } finally {
    rmSync(emitted, { recursive: true, force: true });
  }
  writeFileSync(path.join(folder, 'index.d.ts'), `export * from './types/${jsOf(ENTRY)}';\n`);
}

const clientIsApart = {
  name: 'client-is-apart',
  setup: (build) => {
    build.onResolve({ filter: /\/kv\/index\.ts$/ }, ({ path: named, resolveDir }) =>
      path.resolve(resolveDir, named) === path.join(root, CLIENT)
        ? { path: 'chronoraft/client', external: true }
        : undefined,
    );
  },
};

async function emitTypes(outdir) {
  const emit = ['--noEmit', 'false', '--declaration', '--emitDeclarationOnly'];
  const { code, output } = await run(
    tool('tsc'),
    ['-p', 'tsconfig.embed.json', ...emit, '--rootDir', '.', '--outDir', outdir],
    { quiet: true },
  );
  if (code !== 0)
    throw new PlainError(`the types of the server library cannot be made:\n${output}`);
}

/** What the entry speaks of, and nothing of the inside of the server. */
function copyTypes(from, to) {
  const waiting = [typesOf(ENTRY)];
  const seen = new Set();
  for (const file of waiting) {
    if (seen.has(file)) continue;
    seen.add(file);
    let text = readFileSync(path.join(from, file), 'utf8');
    for (const [statement, named] of text.matchAll(/\bfrom '(\.[^']+)'/g)) {
      const target = path.join(path.dirname(file), named);
      if (target === jsOf(CLIENT) || target === CLIENT)
        text = text.replaceAll(statement, "from 'chronoraft/client'");
      else waiting.push(typesOf(target));
    }
    const copy = path.join(to, file);
    mkdirSync(path.dirname(copy), { recursive: true });
    writeFileSync(copy, text);
  }
}

function jsOf(source) {
  return source.replace(/\.ts$/, '.js');
}

function typesOf(source) {
  return source.replace(/\.[jt]s$/, '.d.ts');
}

if (isMain(import.meta.url)) await main(() => buildEmbed());
