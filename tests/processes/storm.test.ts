/** Nodes that crash faster than they can be trusted: killed as they start, elect, write and save. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { setTimeout as delay } from 'node:timers/promises';
import { Random } from '../../server/base/random.ts';
import { buildNodes, Rig, WITHIN_MS } from './rig.ts';

const SLOW_MACHINE_MS = 3 * WITHIN_MS;
const KILLS_EACH = 6;
/** Between a start and the next kill. */
const LIFE_MS = [50, 500] as const;
const WRITERS = 4;

let nodes: Awaited<ReturnType<typeof buildNodes>>;
let rig: Rig;

beforeAll(async () => {
  nodes = await buildNodes();
  rig = await Rig.start(nodes.file);
}, SLOW_MACHINE_MS);

afterAll(async () => {
  await rig.destroy();
  nodes.remove();
});

describe('a storm of restarts', { timeout: SLOW_MACHINE_MS }, () => {
  it('[X45] no term has two leaders, nothing acknowledged is lost or done twice, and it ends with the storm', async () => {
    const seed = Math.floor(Math.random() * 2 ** 31);
    const random = Random.fromSeed(seed);
    const { supervisor, fold, kv } = rig.server;
    const again = `seed ${seed}`;
    let isOver = false;
    let counted = 0;
    const write = async (): Promise<void> => {
      while (!isOver) {
        const outcome = await kv.write(
          { op: 'increment', key: 'n', field: 'of', by: 1 },
          WITHIN_MS,
        );
        // Whether it happened is found out by its session, however often it had to be asked.
        if (!outcome.ok) throw new Error(outcome.code);
        counted++;
      }
    };
    const writing = Promise.all(Array.from({ length: WRITERS }, write));
    writing.catch(() => {});
    await Promise.all(
      rig.nodes.map(async (id) => {
        for (let kills = 0; kills < KILLS_EACH; kills++) {
          await delay(random.nextInt(...LIFE_MS));
          rig.child(id).kill('SIGKILL');
          await rig.until(`${id} is gone`, () => rig.state(id) === 'failed');
          await supervisor.revive(id);
        }
      }),
    );
    isOver = true;
    await writing;
    await rig.heal();
    expect(
      fold.view(0).invariants.filter(({ status }) => status === 'fail'),
      again,
    ).toEqual([]);
    expect(Number(await rig.get('n', 'of')), again).toBe(counted);
    for (const id of rig.nodes) expect(fold.nodeView(id).boots, again).toBe(KILLS_EACH + 1);
  });
});
