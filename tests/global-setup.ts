/** Bundles the server once before the tests, unless its bundles are newer than all they are made from. */
import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, statSync } from 'node:fs';
import path from 'node:path';

const SOURCES = [
  'server',
  'checks',
  'contracts',
  'prisma/generated',
  'prisma/schema.prisma',
  'scripts/build-server.mjs',
];
const BUNDLES = ['dist/main.js', 'dist/worker.js', 'dist/judge.js'];

export default function setup(): void {
  const made = Math.min(...BUNDLES.map(changedMs));
  if (SOURCES.some((source) => newestMs(source) > made)) {
    execFileSync(process.execPath, ['scripts/build-server.mjs'], { stdio: 'inherit' });
  }
}

function newestMs(file: string): number {
  if (!existsSync(file) || !statSync(file).isDirectory()) return changedMs(file);
  return Math.max(
    changedMs(file),
    ...readdirSync(file).map((name) => newestMs(path.join(file, name))),
  );
}

/** 0 for what is not there. */
function changedMs(file: string): number {
  return statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? 0;
}
