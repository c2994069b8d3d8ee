/** Bugs planted in the disk: a simulator that does not see them would see nothing. */
import { expect, test } from 'vitest';
import { runSeed } from '../../sim/run.ts';
import type { DiskMutant } from '../../sim/sim-disk.ts';

/** The complaint of the first of `most` seeds that shows the bug; null when none does. */
function firstComplaint(mutant: DiskMutant, most: number): string | null {
  for (let seed = 1; seed <= most; seed++) {
    try {
      runSeed({ seed, mutant });
    } catch (error) {
      return error instanceof Error ? error.message : String(error);
    }
  }
  return null;
}

test('[F4] a disk that acknowledges before the data is safe is found out', () => {
  expect(firstComplaint({ acknowledgesEarly: true }, 5)).toMatch(
    /durable on a quorum|never changes|holds committed|never go back|not in the log/,
  );
});

test('[F4] a disk that forgets term and vote in a crash is found out', () => {
  expect(firstComplaint({ forgetsHardState: true }, 20)).toMatch(
    /never go(?:es)? back|one leader in term|one durable vote/,
  );
});
