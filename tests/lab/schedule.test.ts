/** Schedules of chaos runs, from many seeds. */
import { describe, expect, test } from 'vitest';
import { chaosFaults } from '../../contracts/chaos.ts';
import type { ChaosSettings } from '../../contracts/chaos.ts';
import { Random } from '../../server/base/random.ts';
import { disabledBy, drawSchedule, tolerated } from '../../server/lab/schedule.ts';

const VOTERS = ['n1', 'n2', 'n3'];
const ALL: ChaosSettings = {
  seed: 1,
  faults: [...chaosFaults],
  intensity: 'high',
  durationMs: 60_000,
  clients: 8,
  keys: 12,
  keepQuorum: true,
  deleteKeys: false,
};
const AT_ONCE = { low: 1, medium: 2, high: 3 } as const;
const SEEDS = Array.from({ length: 60 }, (_, seed) => seed);

function schedule(given: Partial<ChaosSettings> = {}, voters = VOTERS) {
  const settings = { ...ALL, ...given };
  return drawSchedule(settings, voters, Random.fromSeed(settings.seed));
}

function standingAt(strikes: ReturnType<typeof schedule>, ms: number) {
  return strikes.filter(({ atMs, forMs }) => atMs <= ms && ms < atMs + forMs);
}

describe('schedule', () => {
  test('[F13] a seed gives one schedule, another seed another', () => {
    expect(schedule({ seed: 7 })).toEqual(schedule({ seed: 7 }));
    expect(schedule({ seed: 7 })).not.toEqual(schedule({ seed: 8 }));
  });

  test.each(['low', 'medium', 'high'] as const)(
    '[F13] at intensity %s no more stands at once than is meant, and all is over before the end',
    (intensity) => {
      let most = 0;
      for (const seed of SEEDS) {
        const strikes = schedule({ seed, intensity, keepQuorum: false });
        expect(strikes.length).toBeGreaterThan(3);
        for (const { atMs, forMs } of strikes) {
          most = Math.max(most, standingAt(strikes, atMs).length);
          expect(atMs + forMs).toBeLessThan(ALL.durationMs);
        }
      }
      expect(most).toBe(AT_ONCE[intensity]);
    },
  );

  test.each([1, 2, 3, 4, 5])('[F13] the quorum of %i voters is kept when asked', (size) => {
    const voters = Array.from({ length: size }, (_, i) => `n${i + 1}`);
    let most = 0;
    for (const seed of SEEDS) {
      const strikes = schedule({ seed }, voters);
      for (const { atMs } of strikes) {
        const missing = new Set(
          standingAt(strikes, atMs)
            .flatMap(({ blow }) => disabledBy(blow))
            .map((victim) => (victim === 'leader' ? victim : victim.node)),
        );
        most = Math.max(most, missing.size);
      }
    }
    expect(most).toBe(tolerated(size));
  });

  test('[F13] without that wish the quorum is lost at times', () => {
    const losing = SEEDS.filter((seed) => {
      const strikes = schedule({ seed, keepQuorum: false });
      return strikes.some(
        ({ atMs }) =>
          new Set(
            standingAt(strikes, atMs)
              .flatMap(({ blow }) => disabledBy(blow))
              .map((victim) => (victim === 'leader' ? victim : victim.node)),
          ).size > 1,
      );
    });
    expect(losing.length).toBeGreaterThan(5);
  });

  test('[F13] only what was chosen strikes, and each of it before any strikes again', () => {
    for (const seed of SEEDS) {
      const faults = ['crash', 'loss', 'compact'] as const;
      const struck = schedule({ seed, faults: [...faults] }).map(({ fault }) => fault);
      expect(struck.slice(0, 3).sort()).toEqual([...faults].sort());
    }
    expect(schedule({ faults: [] })).toEqual([]);
  });

  test.each([
    [1, true, ['slowDisk', 'clock', 'compact']],
    [1, false, ['crash', 'pause', 'slowDisk', 'clock', 'compact']],
    [2, true, ['slow', 'loss', 'duplicate', 'reorder', 'slowDisk', 'clock', 'transfer', 'compact']],
    [3, true, [...chaosFaults]],
  ])('[F13] what can strike %i voters, the quorum kept or not (%s)', (size, keepQuorum, faults) => {
    const strikes = schedule({ keepQuorum }, VOTERS.slice(0, size));
    expect(new Set(strikes.map(({ fault }) => fault))).toEqual(new Set(faults));
  });

  test('[F13] a node that stands still is out of every quorum; one with a slow disk or a wrong clock is not', () => {
    const disabled = SEEDS.flatMap((seed) => schedule({ seed })).map(({ blow }) => ({
      fault: blow.fault,
      nodes: disabledBy(blow).length,
    }));
    expect(disabled).toContainEqual({ fault: 'pause', nodes: 1 });
    expect(disabled).not.toContainEqual({ fault: 'pause', nodes: 0 });
    for (const fault of ['slowDisk', 'clock', 'reorder'])
      expect(disabled).not.toContainEqual({ fault, nodes: 1 });
  });

  test('[F13] one clock is wrong at a time, and never by so much that a lease would not hold', () => {
    const rates = SEEDS.flatMap((seed) => {
      const clocks = schedule({ seed, faults: ['clock', 'slow'] }).filter(
        ({ fault }) => fault === 'clock',
      );
      for (const { atMs } of clocks) expect(standingAt(clocks, atMs)).toHaveLength(1);
      return clocks.flatMap(({ blow }) =>
        blow.fault === 'clock' && blow.error.part === 'clockDrift' ? 1 + blow.error.by / 1000 : [],
      );
    });
    expect(rates.length).toBeGreaterThan(SEEDS.length);
    // The bound of docs/adr/0013: nobody counts more than 1.1 while another counts 1.
    expect(Math.max(...rates)).toBeLessThanOrEqual(1.1);
    expect(1 / Math.min(...rates)).toBeLessThanOrEqual(1.1);
  });

  test('[F13] the shortest run is struck too', () => {
    for (const seed of SEEDS)
      expect(schedule({ seed, durationMs: 5000, intensity: 'low' }).length).toBeGreaterThan(0);
  });

  test('[F13] what is to come is told in words', () => {
    const words = SEEDS.flatMap((seed) => schedule({ seed })).map((strike) => strike.words);
    for (const some of [
      /^the leader crashes$/,
      /^the leader stands still$/,
      /^n\d is cut off from all$/,
      /^n\d \| n\d n\d are parted$/,
      /^nothing passes from n\d to n\d$/,
      /^(?:n\d|the leader) is heard \d+ to \d+ ms late$/,
      /^\d+ % of messages are lost$/,
      /^\d+ % of messages come twice$/,
      /^\d+ % of messages are overtaken$/,
      /^n\d takes \d+ ms longer for each durable write$/,
      /^n\d’s clock jumps [0-2]\.\d s (?:ahead|back)$/,
      /^the leader’s clock counts \d+(?:\.\d)? % too (?:fast|slow)$/,
      /^the leader hands over to n\d$/,
      /^n\d shortens its log$/,
    ])
      expect(words.some((one) => some.test(one))).toBe(true);
  });
});
