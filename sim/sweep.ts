/** Many runs and what they did together: a sweep that hardly met a fault proved little. */
import { FAULT_KINDS } from './nemesis.ts';
import type { FaultKind } from './nemesis.ts';
import { runSeed } from './run.ts';
import type { Evidence } from './run.ts';

export interface Totals {
  virtualMs: number;
  steps: number;
  checks: number;
  leaderChanges: number;
  acknowledged: number;
  failed: number;
  unknown: number;
  reads: number;
  compactions: number;
  snapshots: number;
  confChanges: number;
  handOvers: number;
  searched: number;
  parts: number;
  messagesLost: number;
  writesLost: number;
}

export interface Sweep {
  readonly totals: Readonly<Totals>;
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
    compactions: 0,
    snapshots: 0,
    confChanges: 0,
    handOvers: 0,
    searched: 0,
    parts: 0,
    messagesLost: 0,
    writesLost: 0,
  };
  for (let seed = from; seed < from + count; seed++) {
    const report = repeatable(seed);
    for (const name of Object.keys(totals) as (keyof Totals)[]) totals[name] += report[name];
    for (const [kind, fired] of report.faults) faults.set(kind, (faults.get(kind) ?? 0) + fired);
  }
  return { totals, faults };
}

/** One run; an error says how to see it again. `onEnd` is given the evidence, good or bad. */
export function repeatable(seed: number, onEnd?: (evidence: Evidence) => void) {
  try {
    return runSeed({ seed, ...(onEnd && { onEnd }) });
  } catch (cause) {
    throw new Error(`seed ${seed} broke a rule; repeat it with: npm run sim -- --seed ${seed}`, {
      cause,
    });
  }
}
