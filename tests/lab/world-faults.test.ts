/** Faults that meet on one node's disk and clock. */
import { expect, test } from 'vitest';
import { SOUND_WORLD } from '../../server/node/control.ts';
import type { NodeWorld } from '../../server/node/control.ts';
import { WorldFaults } from '../../server/lab/world-faults.ts';

/** The nodes' worlds as a server keeps them. */
class Worlds {
  readonly set = new Map<string, NodeWorld>();
  gone: string | null = null;

  world(id: string): NodeWorld {
    return this.set.get(id) ?? SOUND_WORLD;
  }

  setWorld(id: string, world: NodeWorld): void {
    this.set.set(id, world);
  }

  has(id: string): boolean {
    return id !== this.gone;
  }
}

const SLOW_DISK = { node: 'n1', part: 'diskDelayMs', by: 50 } as const;

test('[K45] faults on one node add to what a person set, which is there again once the last is over', () => {
  const worlds = new Worlds();
  const before = { diskDelayMs: 10, diskFull: true, clockOffsetMs: -700, clockDrift: 5 };
  worlds.setWorld('n1', before);
  const faults = new WorldFaults(worlds);
  faults.begin(1, SLOW_DISK);
  faults.begin(2, { ...SLOW_DISK, by: 20 });
  faults.begin(3, { node: 'n1', part: 'clockDrift', by: -40 });
  faults.begin(4, { node: 'n1', part: 'clockOffsetMs', by: 900 });
  expect(worlds.world('n1')).toEqual({
    diskDelayMs: 80,
    diskFull: true,
    clockOffsetMs: 200,
    clockDrift: -35,
  });
  for (const number of [1, 3, 4]) faults.end(number);
  expect(worlds.world('n1')).toEqual({ ...before, diskDelayMs: 30 });
  faults.end(2);
  expect(worlds.world('n1')).toEqual(before);
  expect(worlds.world('n2')).toEqual(SOUND_WORLD);
});

test('[K45] the part that a person set meanwhile stays, and the others are undone', () => {
  const worlds = new Worlds();
  const faults = new WorldFaults(worlds);
  faults.begin(1, SLOW_DISK);
  faults.begin(2, { node: 'n1', part: 'clockDrift', by: 100 });
  worlds.setWorld('n1', { ...worlds.world('n1'), diskDelayMs: 7 });
  faults.end(1);
  faults.end(2);
  expect(worlds.world('n1')).toEqual({ ...SOUND_WORLD, diskDelayMs: 7 });
});

test('[K45] a node that was removed is left alone', () => {
  const worlds = new Worlds();
  const faults = new WorldFaults(worlds);
  faults.begin(1, SLOW_DISK);
  worlds.gone = 'n1';
  faults.end(1);
  expect(worlds.world('n1').diskDelayMs).toBe(50);
});
