/** A process that dies in the middle of writing, at no matter which instant, takes nothing with it. */
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { build } from 'esbuild';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Random } from '../../server/base/random.ts';
import { openPrismaStorage } from '../../server/storage/prisma-storage.ts';
import { entries, OWNER, version, VOTERS } from './rows.ts';
import { versionsOf } from '../../server/kv/version-pack.ts';

const ROOT = path.resolve(import.meta.dirname, '../..');
const MIGRATIONS = path.join(ROOT, 'prisma/migrations');
/** Inside the project, so that packages are found from there. */
const CHILD = path.join(ROOT, 'dist/tests/kill-child.js');
const SEED = 20_261_121;
const ROUNDS = 6;

const folder = mkdtempSync(path.join(tmpdir(), 'chronoraft-kill-'));
const file = path.join(folder, 'n1.db');

beforeAll(async () => {
  await build({
    entryPoints: [path.join(import.meta.dirname, 'kill-child.ts')],
    outfile: CHILD,
    bundle: true,
    platform: 'node',
    target: 'node20.19',
    format: 'esm',
    packages: 'external',
    logLevel: 'warning',
  });
});

let killRunning = (): void => {};

afterAll(() => {
  killRunning();
  rmSync(folder, { recursive: true, force: true });
});

test(`[P9] ${ROUNDS} kills in the middle of writes lose nothing acknowledged (seed ${SEED})`, async () => {
  const random = Random.fromSeed(SEED);
  for (let round = 1; round <= ROUNDS; round++) {
    const acknowledged = await writeAndKill(random.nextInt(0, 2 ** 31), random.nextInt(1, 60));
    const { storage, restored } = await openPrismaStorage({
      file,
      migrationsDir: MIGRATIONS,
      voters: VOTERS,
      storeId: null,
      ...OWNER,
    });
    const { hardState, kv } = restored;
    expect(restored.entries.length).toBeGreaterThanOrEqual(acknowledged.index);
    expect(hardState.term).toBeGreaterThanOrEqual(acknowledged.term);
    // One record holds entries and term: neither is ever there without the other.
    expect(hardState.commit).toBe(restored.entries.length);
    expect(restored.entries).toEqual(entries(1, restored.entries.length));
    expect([...versionsOf(restored.versions)]).toEqual(
      Array.from({ length: kv.lastApplied }, (_, at) => version(at + 1)),
    );
    // The child opened it once, and we do.
    expect(restored.identity.bootEpoch).toBe(2 * round);
    await storage.close();
  }
}, 240_000);

/** Kills the writer at its `killAt`-th acknowledgement, and returns the last that it gave. */
async function writeAndKill(
  seed: number,
  killAt: number,
): Promise<{ index: number; term: number }> {
  const child = spawn(process.execPath, [CHILD, file, MIGRATIONS, String(seed)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  killRunning = () => void child.kill('SIGKILL');
  const ended = new Promise<string | null>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (_code, signal) => resolve(signal));
  });
  let lines = 0;
  let last = { index: 0, term: 0 };
  for await (const line of createInterface({ input: child.stdout })) {
    const [index = Number.NaN, term = Number.NaN] = line.split(' ').map(Number);
    // A line that the kill cut short promised nothing.
    if (Number.isSafeInteger(index) && Number.isSafeInteger(term) && index > last.index) {
      last = { index, term };
    }
    if (++lines === killAt) child.kill('SIGKILL');
  }
  expect(await ended).toBe('SIGKILL');
  expect(lines).toBeGreaterThanOrEqual(killAt);
  return last;
}
