/** The driver's part of forgetting, on simulated machines. */
import { expect, test } from 'vitest';
import { must } from '../../server/base/assert.ts';
import { encodeCommand } from '../../server/kv/command.ts';
import type { RetentionPolicy } from '../../server/kv/types.ts';
import type { NodeHost } from '../../server/node/node-host.ts';
import { World } from '../../sim/world.ts';

/** Unlike any that a client of the simulation uses. */
const ID = 1_000_000_000;

function setPolicy(world: World, policy: RetentionPolicy): void {
  const data = encodeCommand({ op: 'retention', ...policy });
  must(world.leader(), 'someone leads').propose([{ id: ID, data }]);
}

function retentionOf({ kv }: NodeHost) {
  const result = kv.query({ type: 'retention' });
  if (!result.ok) throw new Error(result.error.message);
  return result.answer;
}

/** All that can still be told of a node's store. */
function told({ kv }: NodeHost): unknown {
  const { watchableAfter: after } = retentionOf({ kv } as NodeHost);
  return {
    hash: kv.stateHash,
    retention: retentionOf({ kv } as NodeHost),
    versions: kv.query({ type: 'versions', limit: 1000 }),
    changes: kv.query({ type: 'changes', after, limit: 1000 }),
  };
}

test('[T17] a busy cluster forgets what is too old, alike on a node that was away, and an idle one logs nothing for it', () => {
  const world = new World({ seed: 7, nodes: 3, spares: 0, clients: 4 });
  world.runUntil(1000);
  setPolicy(world, { maxAgeMs: 500, maxVersions: 3 });
  world.runUntil(3000);
  world.faults.inflict({ kind: 'crash', atMs: 3000, forMs: 4000, node: 2, force: 0.5 });
  world.runUntil(10_000);
  expect(world.happened.get('snapshotInstalled')).toBeGreaterThan(0);
  world.stopClients();
  // The last are counted a minute later.
  world.runUntil(90_000);

  const [one, ...others] = world.running();
  if (one === undefined) throw new Error('nobody runs');
  const { horizon, watchableAfter } = retentionOf(one);
  expect(horizon?.revision).toBeGreaterThan(100);
  expect(watchableAfter).toBeGreaterThanOrEqual(horizon?.revision ?? 0);
  expect(others).toHaveLength(2);
  for (const other of others) expect(told(other)).toEqual(told(one));

  // All that was written is older now: every field has what stands alone.
  const result = one.kv.query({ type: 'versions', limit: 1000 });
  if (!result.ok) throw new Error(result.error.message);
  const cells = result.answer.versions.map(({ key, field }) => `${key}.${field}`);
  expect(new Set(cells).size).toBe(cells.length);

  // A step a second: what little there is comes together.
  const steps = world.invariants.committed.filter(({ data }) => data.startsWith('["compact"'));
  expect(steps.length).toBeGreaterThan(5);
  expect(steps.length).toBeLessThan(20);

  const { lastIndex } = one.raft;
  world.runUntil(200_000);
  expect(one.raft.lastIndex).toBe(lastIndex);
});

test('[T17] a step that another leader did not finish is done by the next', () => {
  const world = new World({ seed: 8, nodes: 3, spares: 0, clients: 4 });
  world.runUntil(1000);
  setPolicy(world, { maxAgeMs: 300, maxVersions: null });
  for (let atMs = 2000; atMs <= 6000; atMs += 1000) {
    world.runUntil(atMs);
    world.faults.inflict({ kind: 'crash-leader', atMs, forMs: 400, node: 0, force: 0.5 });
  }
  world.runUntil(9000);
  world.stopClients();
  world.runUntil(24_000);
  const states = world.running().map(told);
  expect(states).toHaveLength(3);
  for (const state of states) expect(state).toEqual(states[0]);
  const [one] = world.running();
  expect(one && retentionOf(one).horizon?.revision).toBeGreaterThan(
    (one?.kv.lastApplied ?? 0) - 200,
  );
});
