/**
 * What will strike, when, and for how long: drawn from the seed of a run and the
 * names of its voters, and from nothing else. So it can be shown before, and run
 * again. Whom "the leader" is, only the moment of the strike can tell.
 */
import type { ChaosFault, ChaosSettings, PlannedStrike } from '../../contracts/chaos.ts';
import { unreachable } from '../base/assert.ts';
import type { Random } from '../base/random.ts';

/** The node that leads when it happens, or one by name. */
export type Victim = 'leader' | { readonly node: string };

/** Of the wall clock, ms, or of the rate, thousandths; either way. */
export type ClockError =
  | { readonly part: 'clockOffsetMs'; readonly by: number }
  | { readonly part: 'clockDrift'; readonly by: number };

/** What is done. */
export type Blow =
  | { readonly fault: 'crash' | 'pause' | 'isolate' | 'compact'; readonly victim: Victim }
  /** The first part is the smaller one. */
  | { readonly fault: 'split'; readonly parts: readonly [readonly string[], readonly string[]] }
  | { readonly fault: 'oneWay'; readonly from: string; readonly to: string }
  /** Of every link of the victim. */
  | {
      readonly fault: 'slow';
      readonly victim: Victim;
      readonly delayMs: number;
      readonly jitterMs: number;
    }
  /** Of every link; `share` in (0, 1). */
  | { readonly fault: 'loss' | 'duplicate' | 'reorder'; readonly share: number }
  | { readonly fault: 'slowDisk'; readonly victim: Victim; readonly delayMs: number }
  | { readonly fault: 'clock'; readonly victim: Victim; readonly error: ClockError }
  | { readonly fault: 'transfer'; readonly to: string };

export interface Strike extends PlannedStrike {
  readonly blow: Blow;
}

interface Pace {
  readonly atOnce: number;
  readonly gapMs: readonly [number, number];
  readonly forMs: readonly [number, number];
}

const PACES: Record<ChaosSettings['intensity'], Pace> = {
  low: { atOnce: 1, gapMs: [3000, 7000], forMs: [1000, 3000] },
  medium: { atOnce: 2, gapMs: [1200, 3500], forMs: [1000, 3500] },
  high: { atOnce: 3, gapMs: [300, 1500], forMs: [800, 3500] },
};
/** The load runs alone for so long at first. */
const FIRST_AT_MS = [700, 1200] as const;
/** And at the end: nothing begins so late, and nothing lasts so long. */
const LAST_BEFORE_END_MS = 1200;
const OVER_BEFORE_END_MS = 400;
/** What is over may take so long to be undone: a node has to start. */
const UNDONE_WITHIN_MS = 300;
const JUMP_MS = [200, 2000] as const;
/** One clock that is wrong by so much still counts within the tenth that leases allow (ADR 13): 1 to 0.91. */
const FAST = [20, 100] as const;
const SLOW = [20, 90] as const;

export function drawSchedule(
  settings: ChaosSettings,
  voters: readonly string[],
  random: Random,
): readonly Strike[] {
  const faults = settings.faults.filter((fault) => isPossible(fault, voters, settings));
  if (faults.length === 0) return [];
  const { atOnce, gapMs, forMs } = PACES[settings.intensity];
  const untilMs = settings.durationMs - LAST_BEFORE_END_MS;
  const overMs = settings.durationMs - OVER_BEFORE_END_MS;
  const strikes: Strike[] = [];
  let bag: ChaosFault[] = [];
  for (let atMs = random.nextInt(...FIRST_AT_MS); atMs < untilMs; ) {
    // Each is drawn once before any is drawn again.
    if (bag.length === 0) bag = shuffled(faults, random);
    const standing = strikes.filter((strike) => isOverAt(strike) > atMs);
    const fault = bag.at(-1) as ChaosFault;
    const blow =
      standing.length < atOnce ? drawBlow(fault, voters, settings, standing, random) : null;
    if (blow === null) {
      // No room for it: when the first of those that stand is over.
      atMs = Math.min(...standing.map(isOverAt));
      continue;
    }
    bag.pop();
    const lasts = isInstant(fault) ? 0 : Math.min(random.nextInt(...forMs), overMs - atMs);
    const words = wordsOf(blow);
    strikes.push({ number: strikes.length + 1, fault, words, atMs, forMs: lasts, blow });
    atMs += random.nextInt(...gapMs);
  }
  return strikes;
}

/** What is told of it beforehand. */
export function planOf({ number, fault, words, atMs, forMs }: Strike): PlannedStrike {
  return { number, fault, words, atMs, forMs };
}

function isOverAt({ atMs, forMs }: Strike): number {
  return forMs === 0 ? atMs : atMs + forMs + UNDONE_WITHIN_MS;
}

/** Nodes that a blow takes out of every quorum, at worst. */
export function disabledBy(blow: Blow): readonly Victim[] {
  switch (blow.fault) {
    case 'crash':
    case 'pause':
    case 'isolate':
      return [blow.victim];
    case 'split':
      return blow.parts[0].map((node) => ({ node }));
    case 'oneWay':
      return [{ node: blow.from }];
    case 'compact':
    case 'slow':
    case 'loss':
    case 'duplicate':
    case 'reorder':
    case 'slowDisk':
    case 'clock':
    case 'transfer':
      return [];
    default:
      return unreachable(blow);
  }
}

/** Voters that may be missing. */
export function tolerated(voters: number): number {
  return Math.floor((voters - 1) / 2);
}

function isInstant(fault: ChaosFault): boolean {
  return fault === 'transfer' || fault === 'compact';
}

function isPossible(
  fault: ChaosFault,
  voters: readonly string[],
  { keepQuorum }: ChaosSettings,
): boolean {
  switch (fault) {
    case 'crash':
    case 'pause':
      return !keepQuorum || tolerated(voters.length) > 0;
    case 'isolate':
    case 'split':
    case 'oneWay':
      return voters.length > 1 && (!keepQuorum || tolerated(voters.length) > 0);
    case 'slow':
    case 'loss':
    case 'duplicate':
    case 'reorder':
    case 'transfer':
      return voters.length > 1;
    case 'slowDisk':
    case 'clock':
    case 'compact':
      return voters.length > 0;
    default:
      return unreachable(fault);
  }
}

/** Null: beside what stands there is no room for it. */
function drawBlow(
  fault: ChaosFault,
  voters: readonly string[],
  { keepQuorum }: ChaosSettings,
  standing: readonly Strike[],
  random: Random,
): Blow | null {
  const hit = new Set(standing.flatMap(({ blow }) => disabledBy(blow)).map(nameOf));
  const free = voters.filter((node) => !hit.has(node));
  const room = keepQuorum ? tolerated(voters.length) - hit.size : free.length;
  const victim = (): Victim | null => {
    if (!hit.has('leader') && random.chance(0.4)) return 'leader';
    return free.length === 0 ? null : { node: random.pick(free) };
  };
  const anyone = (): Victim => (random.chance(0.4) ? 'leader' : { node: random.pick(voters) });
  switch (fault) {
    case 'crash':
    case 'pause':
    case 'isolate': {
      const whom = room < 1 ? null : victim();
      return whom === null ? null : { fault, victim: whom };
    }
    case 'split': {
      const most = keepQuorum ? room : Math.floor(voters.length / 2);
      const size = Math.min(most, Math.floor(voters.length / 2));
      // One at a time: two would make three parts.
      if (size < 1 || standing.some(({ blow }) => blow.fault === 'split')) return null;
      const order = shuffled(voters, random);
      const small = order.slice(0, size).sort(byName);
      if (keepQuorum && small.filter((node) => !hit.has(node)).length > room) return null;
      return { fault, parts: [small, order.slice(size).sort(byName)] };
    }
    case 'oneWay': {
      if (room < 1 || free.length === 0) return null;
      const from = random.pick(free);
      return { fault, from, to: random.pick(voters.filter((node) => node !== from)) };
    }
    case 'slow': {
      const delayMs = random.nextInt(20, 150);
      return { fault, victim: anyone(), delayMs, jitterMs: random.nextInt(0, delayMs) };
    }
    case 'loss':
    case 'duplicate':
    case 'reorder':
      return { fault, share: random.nextInt(5, 30) / 100 };
    case 'slowDisk':
      return { fault, victim: anyone(), delayMs: random.nextInt(20, 150) };
    case 'clock':
      // One at a time: two would differ by more than either is wrong.
      if (standing.some(({ blow }) => blow.fault === 'clock')) return null;
      return { fault, victim: anyone(), error: drawClockError(random) };
    case 'transfer':
      return { fault, to: random.pick(voters) };
    case 'compact':
      return { fault, victim: { node: random.pick(voters) } };
    default:
      return unreachable(fault);
  }
}

function drawClockError(random: Random): ClockError {
  const isMore = random.chance(0.5);
  if (random.chance(0.5)) {
    const by = random.nextInt(...JUMP_MS);
    return { part: 'clockOffsetMs', by: isMore ? by : -by };
  }
  const by = isMore ? random.nextInt(...FAST) : -random.nextInt(...SLOW);
  return { part: 'clockDrift', by };
}

function wordsOf(blow: Blow): string {
  switch (blow.fault) {
    case 'crash':
      return `${called(blow.victim)} crashes`;
    case 'pause':
      return `${called(blow.victim)} stands still`;
    case 'isolate':
      return `${called(blow.victim)} is cut off from all`;
    case 'split':
      return `${blow.parts[0].join(' ')} | ${blow.parts[1].join(' ')} are parted`;
    case 'oneWay':
      return `nothing passes from ${blow.from} to ${blow.to}`;
    case 'slow':
      return `${called(blow.victim)} is heard ${blow.delayMs} to ${blow.delayMs + blow.jitterMs} ms late`;
    case 'loss':
      return `${Math.round(blow.share * 100)} % of messages are lost`;
    case 'duplicate':
      return `${Math.round(blow.share * 100)} % of messages come twice`;
    case 'reorder':
      return `${Math.round(blow.share * 100)} % of messages are overtaken`;
    case 'slowDisk':
      return `${called(blow.victim)} takes ${blow.delayMs} ms longer for each durable write`;
    case 'clock':
      return blow.error.part === 'clockOffsetMs'
        ? `${called(blow.victim)}’s clock jumps ${jumpOf(blow.error.by)}`
        : `${called(blow.victim)}’s clock counts ${rateOf(blow.error.by)}`;
    case 'transfer':
      return `the leader hands over to ${blow.to}`;
    case 'compact':
      return `${called(blow.victim)} shortens its log`;
    default:
      return unreachable(blow);
  }
}

/** "1.4 s ahead". */
export function jumpOf(ms: number): string {
  return `${(Math.abs(ms) / 1000).toFixed(1)} s ${ms > 0 ? 'ahead' : 'back'}`;
}

/** "7.3 % too fast"; of thousandths. */
export function rateOf(drift: number): string {
  return `${Math.abs(drift) / 10} % too ${drift > 0 ? 'fast' : 'slow'}`;
}

function called(victim: Victim): string {
  return victim === 'leader' ? 'the leader' : victim.node;
}

function nameOf(victim: Victim): string {
  return victim === 'leader' ? victim : victim.node;
}

function byName(a: string, b: string): number {
  return a < b ? -1 : 1;
}

/** Fisher and Yates. */
function shuffled<T>(items: readonly T[], random: Random): T[] {
  const order = [...items];
  for (let i = order.length - 1; i > 0; i--) {
    const j = random.nextInt(0, i);
    [order[i], order[j]] = [order[j] as T, order[i] as T];
  }
  return order;
}
