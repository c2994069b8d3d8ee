#!/usr/bin/env node
/**
 * `npx chronoraft`: the command line of this clone, built when it is not there
 * yet. What building says goes to stderr, so that a pipe gets answers alone.
 */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const bundle = new URL('../dist/chronoraft.js', import.meta.url);
if (!existsSync(bundle)) {
  const script = fileURLToPath(new URL('build.mjs', import.meta.url));
  const { status } = spawnSync(process.execPath, [script, 'server'], { stdio: ['ignore', 2, 2] });
  if (status !== 0) process.exit(1);
}
await import(bundle);
