/**
 * Many runs, what they did together, and whether that was a test at all: runs
 * whose faults hardly fired, or in which little happened, prove nothing.
 */
import { must } from '../server/base/assert.ts';
import { FAULT_KINDS } from './nemesis.ts';
import type { FaultKind } from './nemesis.ts';
import { drawRun, runSeed } from './run.ts';
import type { Evidence, RunReport } from './run.ts';
import { shrink } from './shrink.ts';

export interface Totals {
  virtualMs: number;
  steps: number;
  checks: number;
  leaderChanges: number;
  acknowledged: number;
  failed: number;
  unknown: number;
  reads: number;
  told: number;
  compactions: number;
  snapshots: number;
  confChanges: number;
  handOvers: number;
  searched: number;
  parts: number;
  messagesLost: number;
  writesLost: number;
  replaced: number;
  lateRepeats: number;
}

/** What the runs of three nodes cost: the measure of the simulator's speed. */
export interface Pace {
  virtualMs: number;
  realMs: number;
  /** Processor time of the whole process, its compiler's and collector's threads included. */
  processorMs: number;
  /** Writes and reads that were answered. */
  operations: number;
  /** Simulated time by real time, of each run: the first are slow while they are compiled. */
  readonly paces: number[];
}

export interface Sweep {
  readonly seeds: number;
  readonly totals: Readonly<Totals>;
  readonly threeNodes: Readonly<Pace>;
  /** How often each kind fired; every kind is there. */
  readonly faults: ReadonlyMap<FaultKind, number>;
}

/** Runs `count` seeds from `from`. Throws at the first that breaks a rule, naming the command that repeats it. */
export function sweep(from: number, count: number): Sweep {
  const faults = new Map<FaultKind, number>(FAULT_KINDS.map((kind) => [kind, 0]));
  const totals: Totals = {
    virtualMs: 0,
    steps: 0,
    checks: 0,
    leaderChanges: 0,
    acknowledged: 0,
    failed: 0,
    unknown: 0,
    reads: 0,
    told: 0,
    compactions: 0,
    snapshots: 0,
    confChanges: 0,
    handOvers: 0,
    searched: 0,
    parts: 0,
    messagesLost: 0,
    writesLost: 0,
    replaced: 0,
    lateRepeats: 0,
  };
  const threeNodes: Pace = { virtualMs: 0, realMs: 0, processorMs: 0, operations: 0, paces: [] };
  for (let seed = from; seed < from + count; seed++) {
    const startedMs = performance.now();
    const startedCpu = process.cpuUsage();
    const report = repeatable(seed);
    if (report.nodes === 3) {
      const realMs = performance.now() - startedMs;
      threeNodes.realMs += realMs;
      threeNodes.paces.push(report.virtualMs / realMs);
      const { user, system } = process.cpuUsage(startedCpu);
      threeNodes.processorMs += (user + system) / 1000;
      threeNodes.virtualMs += report.virtualMs;
      threeNodes.operations += report.acknowledged + report.reads;
    }
    for (const name of Object.keys(totals) as (keyof Totals)[]) totals[name] += report[name];
    for (const [kind, fired] of report.faults) faults.set(kind, (faults.get(kind) ?? 0) + fired);
  }
  return { seeds: count, totals, threeNodes, faults };
}

/**
 * Why these runs together were not a real test, in words; empty when they were.
 * What is asked for grows with the number of seeds; of fewer than 50 nothing is
 * asked, as chance rules there.
 */
export function weaknesses({ seeds, totals, faults }: Sweep): readonly string[] {
  if (seeds < 50) return [];
  const found: string[] = [];
  const ask = (what: string, had: number, perSeed: number): void => {
    const least = Math.ceil(perSeed * seeds);
    if (had < least) found.push(`${what}: ${had} where ${least} were asked for`);
  };
  for (const [kind, fired] of faults) ask(`fault ${kind}`, fired, 0.147);
  ask('leaders elected', totals.leaderChanges, 2);
  ask('writes acknowledged', totals.acknowledged, 134);
  ask('writes of unknown fate', totals.unknown, 0.147);
  ask('reads', totals.reads, 134);
  ask('changes told to watchers', totals.told, 134);
  ask('operations judged by search', totals.searched, 134);
  ask('cells judged by search', totals.parts, 5);
  ask('logs compacted', totals.compactions, 5);
  ask('snapshots installed', totals.snapshots, 0.2);
  ask('configurations changed', totals.confChanges, 0.5);
  ask('hand-overs', totals.handOvers, 0.2);
  ask('messages lost', totals.messagesLost, 34);
  ask('disk writes lost in crashes', totals.writesLost, 4);
  ask('nodes replaced', totals.replaced, 0.2);
  ask('repeats that came too late', totals.lateRepeats, 0.08);
  return found;
}

/** One run; an error says how to see it again, with as few faults as still break the rule. `onEnd` is given the evidence, good or bad. */
export function repeatable(
  seed: number,
  only?: readonly number[],
  onEnd?: (evidence: Evidence) => void,
): RunReport {
  try {
    return runSeed({ seed, ...(only && { only }), ...(onEnd && { onEnd }) });
  } catch (cause) {
    const again = `npm run sim -- --seed ${seed}`;
    const few = only ?? smallest(seed);
    const { schedule } = drawRun(seed);
    const faults = few.map((i) => {
      const { kind, atMs } = must(schedule[i], 'a fault of this seed');
      return `${kind} at ${Math.round(atMs)} ms`;
    });
    throw new Error(
      `seed ${seed} broke a rule; repeat it with: ${again}\n` +
        `${few.length} of its ${schedule.length} faults are enough: ${again} --faults ${few.join(',') || 'none'}\n` +
        `${faults.join(', ')}`,
      { cause },
    );
  }
}

/** Runs spent on making a failing schedule small. */
const SHRINK_RUNS = 80;

function smallest(seed: number): readonly number[] {
  const fails = (only: readonly number[]): boolean => {
    try {
      runSeed({ seed, only });
      return false;
    } catch {
      return true;
    }
  };
  return shrink(drawRun(seed).schedule.length, fails, SHRINK_RUNS);
}
