/**
 * Runs of the simulator as tests: the default seeds are fixed, so that a red
 * build is red again; `SIM_FROM` moves them, for those who hunt.
 */
import { FAULT_KINDS } from '../../sim/nemesis.ts';
import type { FaultKind } from '../../sim/nemesis.ts';
import { runSeed } from '../../sim/run.ts';

export interface Totals {
  readonly faults: ReadonlyMap<FaultKind, number>;
  readonly leaderChanges: number;
  readonly acknowledged: number;
  readonly unknown: number;
  readonly reads: number;
  readonly messagesLost: number;
  readonly writesLost: number;
}

/** Throws at the first seed that breaks a rule, naming the command that repeats it. */
export function runSeeds(from: number, count: number): Totals {
  const first = from + Number(process.env['SIM_FROM'] ?? 0);
  const faults = new Map<FaultKind, number>(FAULT_KINDS.map((kind) => [kind, 0]));
  const totals = {
    leaderChanges: 0,
    acknowledged: 0,
    unknown: 0,
    reads: 0,
    messagesLost: 0,
    writesLost: 0,
  };
  for (let seed = first; seed < first + count; seed++) {
    const report = repeatable(seed);
    for (const name of Object.keys(totals) as (keyof typeof totals)[]) totals[name] += report[name];
    for (const [kind, fired] of report.faults) faults.set(kind, (faults.get(kind) ?? 0) + fired);
  }
  return { ...totals, faults };
}

function repeatable(seed: number) {
  try {
    return runSeed({ seed });
  } catch (cause) {
    throw new Error(`seed ${seed} broke a rule; repeat it with: npm run sim -- --seed ${seed}`, {
      cause,
    });
  }
}
