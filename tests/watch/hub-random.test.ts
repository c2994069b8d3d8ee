/** The hub under whatever a seed does to nodes and readers: every watcher is told what a store that has everything tells. */
import { describe, expect, test } from 'vitest';
import { Random } from '../../server/base/random.ts';
import type { Scope } from '../../server/kv/types.ts';
import { WatchHub } from '../../server/watch/hub.ts';
import { PlayedNodes, PlayedReader, PlayedTime } from './played-nodes.ts';

const SEEDS = 60;
const STEPS = 400;
const KEYS = ['a', 'a1', 'b', 'b1'];
const FIELDS = ['x', 'y'];

interface Watching {
  readonly scope: Scope;
  readonly after: number;
  readonly reader: PlayedReader;
}

async function run(seed: number): Promise<void> {
  const random = Random.fromSeed(seed);
  const nodes = new PlayedNodes();
  const time = new PlayedTime();
  const hub = new WatchHub(nodes, time, { changes: random.nextInt(1, 40), chars: 100_000 });
  const watching: Watching[] = [];
  let stampMs = 0;

  const write = (): void => {
    stampMs += random.nextInt(1, 30);
    const cell = { key: random.pick(KEYS), field: random.pick(FIELDS) };
    const die = random.nextInt(1, 10);
    if (die <= 2) nodes.commit({ op: 'tick' }, stampMs);
    else if (die <= 4) nodes.commit({ op: 'deleteRecord', key: cell.key }, stampMs);
    else {
      const ttl = random.chance(0.4) ? random.nextInt(1, 100) : undefined;
      const timestamp = random.chance(0.2) ? stampMs + random.nextInt(0, 100) : undefined;
      nodes.commit({ op: 'set', ...cell, value: `${stampMs}`, ttl, timestamp }, stampMs);
    }
  };
  const open = async (after: number | null): Promise<void> => {
    const scope = random.pick<Scope>([
      {},
      { key: random.pick(KEYS) },
      { key: random.pick(KEYS), field: random.pick(FIELDS) },
      { prefix: random.pick(['a', 'b', 'b1', '']) },
    ]);
    const reader = new PlayedReader(random.nextInt(1, 20));
    const opened = await hub.open({ scope, after }, reader.attach, 1000);
    if (!opened.ok) throw new Error(opened.code);
    watching.push({ scope, after: opened.watch.after, reader });
  };
  const step = async (): Promise<void> => {
    const die = random.nextInt(1, 100);
    const node = random.pick(nodes.ids);
    if (die <= 40) write();
    else if (die <= 60) nodes.apply(node, nodes.log.store.lastApplied - random.nextInt(0, 5));
    else if (die <= 75) nodes.deliver(random.nextInt(1, 5));
    else if (die <= 88) {
      if (watching.length > 0) random.pick(watching).reader.take(random.nextInt(1, 8));
    } else if (die <= 91) {
      nodes.kill(node);
      hub.nudge();
    } else if (die <= 95) {
      for (const id of nodes.ids) nodes.revive(id);
      nodes.leader = random.pick(nodes.running);
      hub.nudge();
    } else if (die <= 97) time.pass(random.nextInt(1, 3000));
    else if (watching.length < 8) {
      await open(random.chance(0.4) ? null : random.nextInt(0, nodes.log.store.lastApplied));
    }
  };

  await open(null);
  for (let i = 0; i < STEPS; i++) await step();
  for (const id of nodes.ids) nodes.revive(id);
  nodes.leader = random.pick(nodes.ids);
  nodes.applyAll();
  for (let seconds = 0; seconds < 3; seconds++) {
    hub.nudge();
    while (nodes.underWay > 0 || watching.some(({ reader }) => !reader.isIdle)) {
      nodes.deliver();
      for (const { reader } of watching) reader.takeAll();
    }
    time.pass(1000);
  }
  for (const { scope, after, reader } of watching) {
    expect(reader.end).toBeNull();
    expect(reader.batches).toEqual(nodes.changes(scope, after));
  }
}

describe('watchers', () => {
  test('[W2] are told every change of their scope once and in order, whoever leads, falls, lags or is slow', async () => {
    for (let seed = 1; seed <= SEEDS; seed++) {
      try {
        await run(seed);
      } catch (error) {
        throw new Error(`seed ${seed}: ${String(error)}`, { cause: error });
      }
    }
  });
});
