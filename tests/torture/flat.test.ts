/** Whether memory and files grow without bound, told from samples. */
import { describe, expect, it } from 'vitest';
import { checkFlat } from '../../torture/flat.ts';
import type { Sample } from '../../torture/flat.ts';

const FLAT: Omit<Sample, 'atMs' | 'answered'> = { residentMb: 400, databaseMb: 50, walMb: 12 };
const SETTLED_MS = 60_000;

/** One a second for three minutes; `at`: 0 when it has settled, 1 in the end. */
function samples(of: (at: number) => Partial<Sample>): readonly Sample[] {
  return Array.from({ length: 180 }, (_, i) => ({
    ...FLAT,
    atMs: i * 1000,
    answered: i,
    ...of((i - 60) / 120),
  }));
}

describe('growth', () => {
  it('[X35] what rises until it has settled, and what goes up and down, is flat', () => {
    const wave = samples((at) => ({
      residentMb: at < 0 ? 100 : 400 + 80 * Math.sin(at * 40),
      databaseMb: at < 0 ? 1 : 50,
      walMb: 12 + 10 * Math.sin(at * 90),
    }));
    expect(checkFlat(wave, SETTLED_MS)).toEqual([]);
  });

  it.each([
    ['memory', (at: number) => ({ residentMb: 400 + 300 * at })],
    ['databases', (at: number) => ({ databaseMb: 50 + 40 * at })],
    ['write-ahead logs', (at: number) => ({ walMb: 12 + 20 * at })],
  ])('[X35] %s that grow on are found out', (what, of) => {
    expect(checkFlat(samples(of), SETTLED_MS)).toEqual([
      expect.stringMatching(new RegExp(`^${what}: grew from`)),
    ]);
  });

  it('[X35] too few samples are not judged by', () => {
    expect(
      checkFlat(
        samples(() => ({})),
        170_000,
      ),
    ).toBeNull();
  });
});
