/** Runs that met no faults prove nothing, and must not look green. */
import { expect, test } from 'vitest';
import { FAULT_KINDS } from '../../sim/nemesis.ts';
import { sweep, weaknesses } from '../../sim/sweep.ts';
import type { Sweep } from '../../sim/sweep.ts';

const GOOD: Sweep = {
  seeds: 100,
  totals: {
    virtualMs: 1_000_000,
    steps: 1_000_000,
    checks: 3_000_000,
    leaderChanges: 400,
    acknowledged: 50_000,
    failed: 20,
    unknown: 200,
    reads: 40_000,
    told: 40_000,
    compactions: 5000,
    snapshots: 100,
    confChanges: 300,
    handOvers: 100,
    searched: 50_000,
    parts: 1000,
    messagesLost: 20_000,
    writesLost: 1000,
    replaced: 100,
    lateRepeats: 100,
  },
  threeNodes: { virtualMs: 0, realMs: 0, processorMs: 0, operations: 0, paces: [] },
  faults: new Map(FAULT_KINDS.map((kind) => [kind, 60])),
};

test('[F7] runs in which everything happened are a test', () => {
  expect(weaknesses(GOOD)).toEqual([]);
});

test('[F7] each kind of fault must have fired, and each kind of thing have happened', () => {
  for (const kind of FAULT_KINDS) {
    const faults = new Map([...GOOD.faults, [kind, 14]]);
    expect(weaknesses({ ...GOOD, faults })).toEqual([`fault ${kind}: 14 where 15 were asked for`]);
  }
  const names = [
    'leaderChanges',
    'acknowledged',
    'unknown',
    'reads',
    'told',
    'compactions',
    'snapshots',
    'confChanges',
    'handOvers',
    'searched',
    'parts',
    'messagesLost',
    'writesLost',
    'replaced',
    'lateRepeats',
  ];
  for (const name of names) {
    const totals = { ...GOOD.totals, [name]: 7 };
    expect(weaknesses({ ...GOOD, totals }), name).toHaveLength(1);
  }
});

test('[F7] the runs of three nodes are timed', () => {
  const { seeds, threeNodes, totals } = sweep(1, 2);
  expect(seeds).toBe(2);
  expect(threeNodes.virtualMs).toBeLessThanOrEqual(totals.virtualMs);
  expect(threeNodes.operations > 0).toBe(threeNodes.processorMs > 0);
  expect(threeNodes.paces.length > 0).toBe(threeNodes.realMs > 0);
});
