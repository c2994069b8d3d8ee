/** A cluster that hangs is accused, and one whose clients hardly write is not. */
import { expect, test } from 'vitest';
import { must } from '../../server/base/assert.ts';
import { recover } from '../../sim/recovery.ts';
import { runSeed } from '../../sim/run.ts';
import { World } from '../../sim/world.ts';

const WHO = 'this cluster';

/** Three nodes and two clients, a second after they began. */
function begun(seed: number): World {
  const world = new World({ seed, nodes: 3, spares: 0, clients: 2 });
  world.runUntil(1000);
  return world;
}

test('[F1] clients who hardly write, in sessions that end early, accuse no cluster that answers (seed 362)', () => {
  runSeed({ seed: 362 });
  runSeed({ seed: 362, only: [0, 1, 2, 3, 5, 6] });
});

test('[F1] a cluster that cannot elect is accused', () => {
  const world = begun(1);
  for (const a of world.ids) for (const b of world.ids) world.network.cut(a, b);
  world.runUntil(2000);
  expect(() => recover(world, WHO)).toThrow(`${WHO} has a leader`);
});

test('[F1] a cluster that has a leader and does no write is accused, though nobody else asks', () => {
  const world = begun(2);
  world.stopClients();
  const { id } = must(world.leader(), 'a leader').raft;
  // Heartbeats need no disk: those who follow it go on, and hold nothing of what it sends.
  for (const [node, other] of world.ids.entries())
    if (other !== id)
      world.faults.inflict({ kind: 'disk-stall', atMs: 1000, forMs: 1e6, node, force: 0 });
  world.runUntil(2000);
  expect(world.leader()?.raft.id).toBe(id);
  expect(() => recover(world, WHO)).toThrow(`${WHO} acknowledges writes`);
});

test('[F1] a cluster that answers the operator and never its clients is accused', () => {
  const world = begun(3);
  world.stopClients();
  world.runUntil(2000);
  expect(() => recover(world, WHO)).toThrow(`${WHO} acknowledges clients' writes`);
});
