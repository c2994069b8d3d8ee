/** A root folder for a server whose nodes carry a bug: the worker is bundled anew with pieces of its source replaced. */
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  symlinkSync,
} from 'node:fs';
import path from 'node:path';
import { build } from 'esbuild';

const ROOT = path.resolve(import.meta.dirname, '../..');
/** What the server looks for beside its own bundle; the built page only where there is one. */
const BESIDE = ['prisma', 'package.json', 'next.config.js', '.next'];

export interface Planted {
  /** Relative to the project. */
  readonly file: string;
  /** Stands exactly once in `file`. */
  readonly find: string;
  readonly replace: string;
}

/** The new folder, to be removed by the caller; inside the project, so that packages are found. */
export async function plantedRoot(edits: readonly Planted[]): Promise<string> {
  mkdirSync(path.join(ROOT, 'dist'), { recursive: true });
  const root = mkdtempSync(path.join(ROOT, 'dist/planted-'));
  await bundleWorker(edits, path.join(root, 'dist'));
  for (const bundle of ['main.js', 'judge.js'])
    copyFileSync(path.join(ROOT, 'dist', bundle), path.join(root, 'dist', bundle));
  for (const name of BESIDE)
    if (existsSync(path.join(ROOT, name)))
      symlinkSync(path.join(ROOT, name), path.join(root, name));
  return root;
}

async function bundleWorker(edits: readonly Planted[], outdir: string): Promise<void> {
  const planted = new Set<Planted>();
  await build({
    absWorkingDir: ROOT,
    entryPoints: { worker: 'server/node/worker.ts' },
    outdir,
    bundle: true,
    platform: 'node',
    target: 'node20.19',
    format: 'esm',
    packages: 'external',
    plugins: [
      {
        name: 'planted',
        setup: ({ onLoad }) => {
          onLoad({ filter: /\.ts$/ }, ({ path: file }) => {
            const here = edits.filter((edit) => path.join(ROOT, edit.file) === file);
            if (here.length === 0) return null;
            const contents = here.reduce(
              (text, edit) => {
                planted.add(edit);
                return replaceOnce(text, edit);
              },
              readFileSync(file, 'utf8'),
            );
            return { contents, loader: 'ts' };
          });
        },
      },
    ],
  });
  const missed = edits.find((edit) => !planted.has(edit));
  if (missed !== undefined) throw new Error(`${missed.file} is no part of the worker`);
}

function replaceOnce(text: string, { file, find, replace }: Planted): string {
  const parts = text.split(find);
  if (parts.length !== 2) throw new Error(`"${find}" stands ${parts.length - 1} times in ${file}`);
  return parts.join(replace);
}
