/** Lines between processes where the system has no more to give. */
import { execFile } from 'node:child_process';
import path from 'node:path';
import { promisify } from 'node:util';
import { build } from 'esbuild';
import { expect, it } from 'vitest';

const SLOW_MACHINE_MS = 60_000;
/** Within the project, where packages are found. */
const PROGRAM = path.resolve('test-results/few-files.mjs');

it.skipIf(process.platform === 'win32')(
  '[X42] a line that the system has no file for is laid once it has one, and so are those after it',
  async () => {
    await build({
      entryPoints: ['tests/processes/few-files.ts'],
      outfile: PROGRAM,
      bundle: true,
      platform: 'node',
      format: 'esm',
      packages: 'external',
    });
    const limited = ['-c', 'ulimit -n 64 && exec "$0" "$1"', process.execPath, PROGRAM];
    const { stdout } = await promisify(execFile)('sh', limited, { timeout: SLOW_MACHINE_MS / 2 });
    expect(stdout).toBe('1 3\n');
  },
  SLOW_MACHINE_MS,
);
