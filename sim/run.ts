/**
 * One run: safety under faults, then everything is healed and the cluster must
 * elect and answer, do so again with one node broken for good, and at last catch
 * up and agree. At the end two judges go through what clients were told: the
 * certificate check, which sees all of it, and the search for a linearizable
 * order, which takes no word of the store's for its place. A third holds what
 * watchers were told against the log.
 */
import { assert } from '../server/base/assert.ts';
import { Random } from '../server/base/random.ts';
import type { SessionLimits } from '../server/kv/sessions.ts';
import { isJoint } from '../server/raft/conf-state.ts';
import { isVoter } from '../server/raft/quorum.ts';
import type { Entry } from '../server/raft/types.ts';
import { checkCertificate } from './certificate.ts';
import type { Operation } from './history.ts';
import { checkLinearizability } from './linearizability.ts';
import type { Verdict } from './linearizability.ts';
import { RECOVER_WITHIN_MS, recover, tend } from './recovery.ts';
import { Reference } from './reference.ts';
import { drawSchedule } from './nemesis.ts';
import type { Fault, FaultKind } from './nemesis.ts';
import { checkWatches } from './watch-judge.ts';
import { World } from './world.ts';

export interface RunOptions {
  readonly seed: number;
  /** Virtual time under faults, ms; from 2000 on, what clients date into the future has come before the end. */
  readonly chaosMs?: number;
  /** Positions in the schedule of the faults that happen; all when left out. */
  readonly only?: readonly number[];
  /** Most steps of the search in one cell; beyond it the run is red. */
  readonly searchBudget?: number;
  /** Is given what the judges see, at the end of a run, be it good or bad. */
  readonly onEnd?: (evidence: Evidence) => void;
}

/** What clients asked and were told, and the one log. */
export interface Evidence {
  readonly history: readonly Operation[];
  readonly committed: readonly Entry[];
  readonly sessions: SessionLimits;
  /** When the run ended, virtual ms. */
  readonly atMs: number;
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
  /** Changes that watchers were told. */
  readonly told: number;
  /** Operations whose answers the search judged, and the cells in which it did. */
  readonly searched: number;
  readonly parts: number;
  readonly faults: ReadonlyMap<FaultKind, number>;
  readonly compactions: number;
  readonly snapshots: number;
  readonly confChanges: number;
  readonly handOvers: number;
  readonly messagesLost: number;
  readonly writesLost: number;
  /** Nodes whose store was lost, and who have left for a new one. */
  readonly replaced: number;
  /** Repeats of writes that were done which came when their session had ended. */
  readonly lateRepeats: number;
}

const CHAOS_MS = 8000;
const QUIET_MS = 1500;

/** Throws AssertionError, or an Error with the first complaints of a judge. */
export function runSeed({
  seed,
  chaosMs = CHAOS_MS,
  only,
  searchBudget,
  onEnd,
}: RunOptions): RunReport {
  const { nodes, spares, clients, schedule } = drawRun(seed, chaosMs);
  const world = new World({ seed, nodes, spares, clients });
  try {
    live(
      world,
      only === undefined ? schedule : schedule.filter((_, i) => only.includes(i)),
      chaosMs,
    );
    const reference = new Reference(world.invariants.committed, world.settings.sessions);
    return report(seed, nodes, world, reference, judge(world, reference, searchBudget));
  } finally {
    const { history, invariants, scheduler, settings } = world;
    const { committed } = invariants;
    onEnd?.({ history, committed, sessions: settings.sessions, atMs: scheduler.nowMs });
  }
}

/** What a seed stands for. */
export function drawRun(seed: number, chaosMs = CHAOS_MS) {
  const random = Random.fromSeed(seed);
  const nodes = random.chance(0.3) ? 5 : 3;
  const spares = random.nextInt(0, 2);
  const clients = random.nextInt(2, 5);
  return { nodes, spares, clients, schedule: drawSchedule(random.fork(), nodes, chaosMs) };
}

/** Chaos, healing, quiet. */
function live(world: World, schedule: readonly Fault[], chaosMs: number): void {
  for (const fault of schedule) {
    world.scheduler.at(fault.atMs, () => world.faults.inflict(fault));
  }
  world.runUntil(chaosMs);

  world.heal();
  world.leaveOneOut();
  // A fault that began late may still be ending: nodes that it takes down are revived by it.
  recover(world, 'a healed majority');
  tend(world);
  world.heal();
  if (world.faults.breakOne()) recover(world, 'a cluster of which one node is broken');
  world.heal();

  world.stopClients();
  for (const watcher of world.watchers) watcher.settle();
  // Where none asks before it campaigns, those who cannot win may spoil some elections of those who can.
  const quietMs = world.scheduler.nowMs + RECOVER_WITHIN_MS;
  do world.runUntil(world.scheduler.nowMs + QUIET_MS);
  while (world.leader() === null && world.scheduler.nowMs < quietMs);
  world.heal();
  const leader = world.leader();
  assert(leader !== null, 'a healed cluster keeps a leader');
  const { term } = leader.raft;
  world.runUntil(world.scheduler.nowMs + QUIET_MS);
  assert(leader.raft.role === 'leader', 'nobody disturbs the leader of a quiet cluster');
  assert(leader.raft.term === term, 'a quiet cluster stays in its term');
  const { conf } = leader.raft;
  assert(!isJoint(conf), 'a quiet cluster has left its joint configuration');
  assert(isVoter(conf, leader.raft.id), 'a quiet cluster is led by one of its voters');
  const hosts = world.members();
  world.invariants.checkWhole();
  const states = new Set(hosts.map(({ kv }) => `${kv.lastApplied} ${kv.stateHash}`));
  assert(states.size === 1, `a quiet cluster agrees: ${[...states].join(', ')}`);
  for (const { through } of world.watchers)
    assert(through === leader.kv.lastApplied, 'watchers of a quiet cluster have heard everything');
}

function judge({ history, watchers }: World, reference: Reference, budget?: number): Verdict {
  complain('not linearizable', checkCertificate(history, reference));
  const heard = watchers.flatMap((watcher) => watcher.heard);
  complain('watchers were told wrong', checkWatches(heard, reference));
  const verdict = checkLinearizability(history, {
    tookEffect: new Set(reference.applied.keys()),
    ...(budget !== undefined && { budget }),
  });
  complain('not linearizable', verdict.complaints);
  return verdict;
}

function complain(what: string, complaints: readonly string[]): void {
  if (complaints.length > 0) throw new Error(`${what}:\n${complaints.slice(0, 10).join('\n')}`);
}

function report(
  seed: number,
  nodes: number,
  world: World,
  { lateRepeats }: Reference,
  verdict: Verdict,
): RunReport {
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
    told: toldTo(world.watchers),
    searched: verdict.judged,
    parts: verdict.parts,
    faults: world.faults.fired,
    compactions: world.happened.get('compacted') ?? 0,
    snapshots: world.happened.get('snapshotInstalled') ?? 0,
    confChanges: world.happened.get('conf') ?? 0,
    handOvers: world.happened.get('transfer') ?? 0,
    messagesLost: network.counts.lost + network.counts.cut,
    writesLost: world.writesLost,
    replaced: world.operator.replaced,
    lateRepeats,
  };
}

function toldTo(watchers: World['watchers']): number {
  return watchers
    .flatMap(({ heard }) => heard)
    .flatMap(({ pages }) => pages)
    .flatMap(({ batches }) => batches)
    .reduce((sum, { changes }) => sum + changes.length, 0);
}
