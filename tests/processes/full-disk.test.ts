/** A data folder on a file system that has no room left. */
import { spawnSync } from 'node:child_process';
import { rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ThreadRuntime } from '../../server/cluster/thread-runtime.ts';
import { makeDataDir } from '../server.ts';
import { Rig, WITHIN_MS } from './rig.ts';

const SLOW_MACHINE_MS = 3 * WITHIN_MS;
/** Of the file system; a quarter of it is taken by a file that is no database. */
const SIZE_MIB = 24;
const MOST_WRITES = 5000;
const NO_ROOM = /full|I\/O error|ENOSPC/;
const VALUE = 'x'.repeat(60_000);

const folder = makeDataDir();
const why = mounted(folder);
if (why !== null) process.stderr.write(`SKIPPED: no file system without room: ${why}\n`);

let rig: Rig;

beforeAll(async () => {
  if (why === null) rig = await Rig.over(new ThreadRuntime(path.resolve('dist/worker.js')), folder);
}, SLOW_MACHINE_MS);
afterAll(async () => {
  await rig?.destroy().catch(() => {});
  if (why === null) spawnSync('umount', [folder]);
  rmSync(folder, { recursive: true, force: true });
});

describe('a file system without room', { timeout: SLOW_MACHINE_MS }, () => {
  it.skipIf(why !== null)(
    '[X15] nodes stop and say why, none of them is refused for it, and with room again all is there that was acknowledged',
    async () => {
      const ballast = path.join(folder, 'ballast');
      writeFileSync(ballast, Buffer.alloc((SIZE_MIB / 4) * 1024 * 1024, 1));
      const { kv, fold } = rig.server;
      const written = new Map<string, string>();
      const serve = (): number => rig.nodes.filter((id) => rig.state(id) === 'serving').length;
      for (let n = 0; serve() > 1 && n < MOST_WRITES; n++) {
        const field = `f${n % 8}`;
        const value = `${n} ${VALUE}`;
        const outcome = await kv.write({ op: 'set', key: 'k', field, value }, 2000);
        if (outcome.ok) written.set(field, value);
        // It may be there, or not: either is true.
        else written.delete(field);
      }
      expect(written.size).toBeGreaterThan(0);
      for (const id of rig.nodes) {
        if (rig.state(id) === 'serving') continue;
        expect(fold.nodeView(id)).toMatchObject({
          state: 'failed',
          refusal: null,
          reason: expect.stringMatching(NO_ROOM),
        });
      }
      // Without room they do not begin either, and say so.
      for (const id of rig.nodes) {
        await rig.server.supervisor.revive(id);
        expect(fold.nodeView(id)).toMatchObject({ refusal: null });
        expect(fold.nodeView(id).reason ?? '').toMatch(rig.state(id) === 'failed' ? NO_ROOM : /^$/);
      }
      rmSync(ballast);
      await rig.heal();
      for (const [field, value] of written) expect(await rig.get('k', field)).toBe(value);
    },
  );
});

/** Null when a small file system is there. */
function mounted(at: string): string | null {
  const { error, status, stderr } = spawnSync(
    'mount',
    ['-t', 'tmpfs', '-o', `size=${SIZE_MIB}m`, 'tmpfs', at],
    { encoding: 'utf8' },
  );
  if (error !== undefined) return error.message;
  return status === 0 ? null : stderr.trim();
}
