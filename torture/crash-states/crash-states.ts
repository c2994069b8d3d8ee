/**
 * Which states of the disk to look at: for each moment of a recording some that
 * a loss of power at that moment may leave, the more the more is pending. All
 * lots are drawn from one seed, so that the same recording gives the same states.
 */
import { Random } from '../../server/base/random.ts';
import type { DiskEvent } from './disk-events.ts';
import { Disk, isName, sectorNumbers } from './disk.ts';
import type { Fate, Pending } from './disk.ts';

/** How what is pending was chosen. */
export type Kind =
  /** Nothing of it. */
  | 'lost'
  /** All of it: a process that was killed, on a machine that goes on. */
  | 'kept'
  /** What was asked for up to some moment. */
  | 'prefix'
  | 'subset'
  /** Of the last write the first sectors, or the last ones. */
  | 'torn'
  /** Any, and any sectors of them. */
  | 'shredded';

export const KINDS: readonly Kind[] = ['lost', 'kept', 'prefix', 'subset', 'torn', 'shredded'];

export interface CrashState {
  readonly number: number;
  /** So many events happened before the crash. */
  readonly after: number;
  readonly kind: Kind;
  readonly files: ReadonlyMap<string, Buffer>;
}

export interface Extent {
  readonly seed: number;
  /** How many states, equal ones counted each. */
  readonly states: number;
}

/** More than so many that are pending at a moment are worth no more states. */
const MOST_WEIGHT = 12;

export function* crashStates(
  events: readonly DiskEvent[],
  { seed, states }: Extent,
): Generator<CrashState> {
  const weights = weightsOf(events);
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  const random = Random.fromSeed(seed);
  const disk = new Disk();
  let number = 0;
  let weighed = 0;
  for (let after = 0; after <= events.length; after++) {
    const before = events[after - 1];
    if (before !== undefined) disk.handle(before);
    weighed += weights[after] ?? 0;
    const upTo = Math.round((weighed / total) * states);
    for (let first = true; number < upTo; first = false) {
      const kind = first ? firstKind(random, before) : random.pick(KINDS);
      const fates = chooseFates(random, kind, disk.pending);
      yield { number: number++, after, kind, files: disk.files(fates) };
    }
  }
}

/** For each number of events that happened. */
function weightsOf(events: readonly DiskEvent[]): readonly number[] {
  const disk = new Disk();
  return [
    1,
    ...events.map((event) => {
      disk.handle(event);
      // What was just promised must be there.
      const least = event.type === 'mark' ? MOST_WEIGHT / 2 : 1;
      return Math.max(least, Math.min(MOST_WEIGHT, 1 + disk.pending.length));
    }),
  ];
}

function firstKind(random: Random, before: DiskEvent | undefined): Kind {
  if (before?.type === 'mark') return 'lost';
  return random.pick(['lost', 'kept', 'torn']);
}

export function chooseFates(
  random: Random,
  kind: Kind,
  pending: readonly Pending[],
): readonly Fate[] {
  // Names may come to the disk without data, and data without names.
  const nameFate: Fate = random.chance(0.5) ? 'kept' : 'lost';
  switch (kind) {
    case 'lost':
      return pending.map((change) => (isName(change) ? nameFate : 'lost'));
    case 'kept':
      return pending.map((change) => (isName(change) ? nameFate : 'kept'));
    case 'prefix': {
      const length = random.nextInt(0, pending.length);
      return pending.map((_, at) => (at < length ? 'kept' : 'lost'));
    }
    case 'subset': {
      const share = random.pick([0.1, 0.5, 0.9]);
      return pending.map(() => (random.chance(share) ? 'kept' : 'lost'));
    }
    case 'torn': {
      const torn = pending.findLastIndex(({ type }) => type === 'write');
      const share = random.pick([1, 1, 0.5]);
      return pending.map((change, at) => {
        if (at === torn && change.type === 'write') return tear(random, change);
        return random.chance(share) ? 'kept' : 'lost';
      });
    }
    case 'shredded': {
      const share = random.pick([0.5, 0.9]);
      return pending.map((change) => {
        if (change.type !== 'write') return random.chance(share) ? 'kept' : 'lost';
        return new Set(sectorNumbers(change).filter(() => random.chance(share)));
      });
    }
  }
}

/** At a boundary of sectors; one of the two parts is there. */
function tear(random: Random, write: Parameters<typeof sectorNumbers>[0]): Fate {
  const sectors = sectorNumbers(write);
  const cut = random.nextInt(0, sectors.length);
  return new Set(random.chance(0.5) ? sectors.slice(0, cut) : sectors.slice(cut));
}
