/**
 * What goes wrong, and when: a schedule drawn from the seed before the run and
 * plain data from then on. Each run draws its own mix of kinds (a swarm), so
 * that some runs are all crashes and some all weather.
 */
import type { Random } from '../server/base/random.ts';

export const FAULT_KINDS = [
  'crash',
  'crash-leader',
  'crash-all',
  'restart-storm',
  'isolate-leader',
  'split',
  'one-way',
  'bridge',
  'hold',
  'storm',
  'disk-slow',
  'disk-stall',
  'disk-failure',
  'disk-full',
  'disk-unsynced',
  'torn-tail',
  'disk-damage',
  'disk-unreadable',
  'wipe',
  'wall-jump',
  'clock-rate',
  'pause',
  'change-members',
  'transfer',
  'compact',
  'unknown-command',
  'garbage',
] as const;

export type FaultKind = (typeof FAULT_KINDS)[number];

export interface Fault {
  readonly atMs: number;
  readonly kind: FaultKind;
  readonly forMs: number;
  /** Index of the node it begins with. */
  readonly node: number;
  /** In [0, 1): how hard, read by each kind in its own way. */
  readonly force: number;
}

/** Faults that begin before `untilMs`, in order. */
export function drawSchedule(random: Random, nodes: number, untilMs: number): readonly Fault[] {
  const meanGapMs = 200 + random.nextFloat() * 1200;
  const kinds = FAULT_KINDS.filter(() => random.chance(0.45));
  if (kinds.length === 0) kinds.push(random.pick(FAULT_KINDS));
  const faults: Fault[] = [];
  const draw = (pick: () => FaultKind, gapMs: number): void => {
    for (let atMs = 500; ; ) {
      atMs += random.nextFloat() * 2 * gapMs;
      if (atMs >= untilMs) return;
      faults.push({
        atMs,
        kind: pick(),
        forMs: 20 + random.nextFloat() * (random.chance(0.2) ? 3000 : 700),
        node: random.nextInt(0, nodes - 1),
        force: random.nextFloat(),
      });
    }
  };
  draw(() => random.pick(kinds), meanGapMs);
  // A restless operator: membership has its worst moments in between of changes.
  if (random.chance(0.3)) draw(() => 'change-members', 200);
  return faults.sort((a, b) => a.atMs - b.atMs);
}
