/**
 * Lab scenarios in which clients write while nodes come and go: rows A20 and
 * A21 of docs/scenarios/labs.md. They need clients that remember what they were
 * told, so they run in the simulator, on whole nodes with disks.
 */
import { describe, expect, test } from 'vitest';
import { Random } from '../../../server/base/random.ts';
import { checkCertificate } from '../../../sim/certificate.ts';
import { Reference } from '../../../sim/reference.ts';
import { CALM } from '../../../sim/sim-network.ts';
import type { Weather } from '../../../sim/sim-network.ts';
import { World } from '../../../sim/world.ts';

const SEEDS = [1, 2, 3];
const ROUNDS = 20;
const WARM_UP_MS = 1000;
/** A little less than an election takes, so that nodes go while others are electing. */
const ROUND_MS = 210;
/** What the lab calls unreliable: messages late, lost or doubled. */
const FOUL: Weather = { minDelayMs: 0.1, maxDelayMs: 20, loss: 0.1, duplicate: 0.1 };

describe('churn', () => {
  test.each(SEEDS)(
    '[A20] what clients were told outlives crashes and cuts that never end (seed %i)',
    (seed) => churn(seed, CALM),
  );

  test.each(SEEDS)('[A21] and so it does while messages are lost and doubled (seed %i)', (seed) =>
    churn(seed, FOUL),
  );
});

function churn(seed: number, weather: Weather): void {
  const random = Random.fromSeed(seed);
  const world = new World({ seed, nodes: 5, spares: 0, clients: 3 });
  world.network.weather = { ...weather };
  // Writes take up to 34 ms, so that crashes may find some under way.
  for (const node of world.ids.keys())
    world.faults.inflict({
      atMs: 0,
      kind: 'disk-slow',
      forMs: ROUNDS * ROUND_MS,
      node,
      force: 0.4,
    });
  world.runUntil(WARM_UP_MS);
  for (let round = 0; round < ROUNDS; round++) {
    disturb(world, random);
    world.runUntil(world.scheduler.nowMs + ROUND_MS);
  }
  const { acknowledged } = world.invariants;
  expect(acknowledged).toBeGreaterThan(20);
  const { fired } = world.faults;
  expect((fired.get('crash') ?? 0) + (fired.get('crash-leader') ?? 0)).toBeGreaterThan(5);
  expect(world.invariants.leaderChanges).toBeGreaterThan(1);

  world.heal();
  world.runUntil(world.scheduler.nowMs + 1500);
  expect(world.invariants.acknowledged).toBeGreaterThan(acknowledged);
  world.stopClients();
  world.runUntil(world.scheduler.nowMs + 1000);
  world.invariants.checkWhole();

  const { committed } = world.invariants;
  expect(
    checkCertificate(world.history, new Reference(committed, world.settings.sessions)),
  ).toEqual([]);
  const states = world.running().map(({ kv }) => `${kv.lastApplied} ${kv.stateHash}`);
  expect(states).toHaveLength(5);
  expect(new Set(states).size).toBe(1);
}

/** One node is cut off, or all cuts are mended; one node, or the leader, is down for a while. */
function disturb(world: World, random: Random): void {
  if (random.chance(0.5)) world.network.heal();
  const victim = random.pick(world.ids);
  if (random.chance(0.4)) {
    for (const other of world.ids) {
      if (other === victim) continue;
      world.network.cut(victim, other);
      world.network.cut(other, victim);
    }
  }
  if (random.chance(0.6)) {
    world.faults.inflict({
      atMs: world.scheduler.nowMs,
      kind: random.chance(0.5) ? 'crash-leader' : 'crash',
      forMs: random.nextInt(1, 4 * ROUND_MS),
      node: random.nextInt(0, world.ids.length - 1),
      force: 0,
    });
  }
}
