/** Nodes that crash faster than they can be trusted: killed as they start, elect, write and save. */
import { describe, expect, it, onTestFailed } from 'vitest';
import { setTimeout as delay } from 'node:timers/promises';
import { Random } from '../../server/base/random.ts';
import { Rig, WITHIN_MS } from './rig.ts';

const SLOW_MACHINE_MS = 3 * WITHIN_MS;
const KILLS_EACH = 6;
/** Between a start and the next kill. */
const LIFE_MS = [50, 500] as const;
const WRITERS = 4;

describe('a storm of restarts', { timeout: SLOW_MACHINE_MS }, () => {
  it('[X45] no term has two leaders, nothing acknowledged is lost or done twice, and it ends with the storm', async () => {
    const seed = Number(process.env['STORM_SEED'] ?? Math.floor(Math.random() * 2 ** 31));
    const random = Random.fromSeed(seed);
    onTestFailed(() => {
      const command = 'npx vitest run --project integration tests/processes/storm';
      process.stderr.write(
        `the same lives, at the machine's own speed: STORM_SEED=${seed} ${command}\n`,
      );
    });
    const rig = await Rig.start('dist/node-process.js');
    try {
      const { supervisor, fold, kv } = rig.server;
      let isOver = false;
      let counted = 0;
      const write = async (): Promise<void> => {
        while (!isOver) {
          const increment = { op: 'increment', key: 'n', field: 'of', by: 1 } as const;
          // Where starts take long, nobody may lead before the storm is over.
          const outcome = await kv.write(increment, SLOW_MACHINE_MS);
          // Whether it happened is found out by its session, however often it had to be asked.
          if (!outcome.ok) throw new Error(outcome.code);
          counted++;
        }
      };
      const writing = Promise.all(Array.from({ length: WRITERS }, write));
      writing.catch(() => {});
      const killAgainAndAgain = async (id: string, lives: Random): Promise<void> => {
        for (let kills = 0; kills < KILLS_EACH; kills++) {
          await delay(lives.nextInt(...LIFE_MS));
          rig.child(id).kill('SIGKILL');
          await rig.until(`${id} is gone`, () => rig.state(id) === 'failed');
          await supervisor.revive(id);
        }
      };
      await Promise.all(rig.nodes.map((id) => killAgainAndAgain(id, random.fork())));
      isOver = true;
      await writing;
      // That no invariant broke is part of it.
      await rig.heal();
      expect(Number(await rig.get('n', 'of'))).toBe(counted);
      for (const id of rig.nodes) expect(fold.nodeView(id).boots).toBe(KILLS_EACH + 1);
    } finally {
      await rig.destroy();
    }
  });
});
