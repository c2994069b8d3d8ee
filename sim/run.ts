/**
 * One run: safety under faults, then everything is healed and the cluster must
 * elect, catch up, answer and agree. At the end the certificate check judges
 * everything that clients were told.
 */
import { assert } from '../server/base/assert.ts';
import { Random } from '../server/base/random.ts';
import { checkCertificate } from './certificate.ts';
import { drawSchedule } from './nemesis.ts';
import type { FaultKind } from './nemesis.ts';
import type { DiskMutant } from './sim-disk.ts';
import { World } from './world.ts';

export interface RunOptions {
  readonly seed: number;
  /** Virtual time under faults, ms. */
  readonly chaosMs?: number;
  readonly mutant?: DiskMutant;
}

export interface RunReport {
  readonly seed: number;
  readonly traceHash: string;
  readonly virtualMs: number;
  readonly steps: number;
  readonly checks: number;
  readonly nodes: number;
  readonly leaderChanges: number;
  readonly committed: number;
  readonly acknowledged: number;
  readonly failed: number;
  readonly unknown: number;
  readonly reads: number;
  readonly faults: ReadonlyMap<FaultKind, number>;
  readonly compactions: number;
  readonly snapshots: number;
  readonly confChanges: number;
  readonly handOvers: number;
  readonly messagesLost: number;
  readonly writesLost: number;
}

/** After the last fault the cluster is whole again within this virtual time. */
const RECOVER_WITHIN_MS = 5000;
const QUIET_MS = 1500;

/** Throws AssertionError, or an Error with every complaint of the certificate check. */
export function runSeed({ seed, chaosMs = 8000, mutant }: RunOptions): RunReport {
  const random = Random.fromSeed(seed);
  const nodes = random.chance(0.3) ? 5 : 3;
  const world = new World({
    seed,
    nodes,
    spares: random.nextInt(0, 2),
    clients: random.nextInt(2, 5),
    ...(mutant && { mutant }),
  });
  for (const fault of drawSchedule(random.fork(), nodes, chaosMs)) {
    world.scheduler.at(fault.atMs, () => world.inflict(fault));
  }
  world.runUntil(chaosMs);

  world.heal();
  const acknowledgedBefore = world.invariants.acknowledged;
  const deadlineMs = chaosMs + RECOVER_WITHIN_MS;
  // A fault that began late may still be ending: nodes that it takes down are revived by it.
  while (world.scheduler.nowMs < deadlineMs) {
    world.runUntil(world.scheduler.nowMs + 50);
    if (world.leader() !== null && world.invariants.acknowledged > acknowledgedBefore + 3) break;
  }
  world.heal();
  assert(world.leader() !== null, 'a healed cluster has a leader');
  assert(
    world.invariants.acknowledged > acknowledgedBefore,
    'a healed cluster acknowledges writes',
  );

  world.stopClients();
  world.runUntil(world.scheduler.nowMs + QUIET_MS);
  world.heal();
  world.runUntil(world.scheduler.nowMs + QUIET_MS);
  const hosts = world.members();
  assert(hosts.length > 0, 'a healed cluster keeps its leader');
  world.invariants.checkWhole();
  const states = new Set(hosts.map(({ kv }) => `${kv.lastApplied} ${kv.stateHash}`));
  assert(states.size === 1, `a quiet cluster agrees: ${[...states].join(', ')}`);

  const complaints = checkCertificate(world.history, world.invariants.committed);
  if (complaints.length > 0)
    throw new Error(`not linearizable:\n${complaints.slice(0, 10).join('\n')}`);
  return report(seed, nodes, world);
}

function report(seed: number, nodes: number, world: World): RunReport {
  const { history, invariants, network, scheduler } = world;
  const writes = history.filter((op) => op.kind === 'write');
  return {
    seed,
    traceHash: world.trace.hex,
    virtualMs: scheduler.nowMs,
    steps: scheduler.steps,
    checks: invariants.checks,
    nodes,
    leaderChanges: invariants.leaderChanges,
    committed: invariants.committed.length,
    acknowledged: writes.filter((op) => op.outcome === 'ok').length,
    failed: writes.filter((op) => op.outcome === 'failed').length,
    unknown: writes.filter((op) => op.outcome === 'unknown').length,
    reads: history.filter((op) => op.kind === 'read' && op.outcome === 'ok').length,
    faults: world.faultsFired,
    compactions: world.happened.get('compacted') ?? 0,
    snapshots: world.happened.get('snapshotInstalled') ?? 0,
    confChanges: world.happened.get('conf') ?? 0,
    handOvers: world.happened.get('transfer') ?? 0,
    messagesLost: network.counts.lost + network.counts.cut,
    writesLost: world.writesLost,
  };
}
