/** Whether a long life costs the machine more and more. */
export interface Sample {
  /** Since the run began. */
  readonly atMs: number;
  /** Operations answered since the run began. */
  readonly answered: number;
  /** Of the server and of its nodes where they are processes, MiB. */
  readonly residentMb: number;
  /** Of all nodes, MiB. */
  readonly databaseMb: number;
  /** Write-ahead logs of all nodes, MiB. */
  readonly walMb: number;
}

/** Growth that is noise: of a collector of garbage, of pages that a database has in reserve. */
const FLAT = { factor: 1.2, residentMb: 40, databaseMb: 4 } as const;
/** Each third has so many samples at least. */
const LEAST = 10;

/**
 * Complaints about what grows without bound: the last third of what was sampled after
 * `settledMs` is held against the first third. Null where that is too little to judge by.
 */
export function checkFlat(samples: readonly Sample[], settledMs: number): readonly string[] | null {
  const settled = samples.filter(({ atMs }) => atMs >= settledMs);
  const third = Math.floor(settled.length / 3);
  if (third < LEAST) return null;
  const [early, late] = [settled.slice(0, third), settled.slice(-third)];
  const complaints: string[] = [];
  for (const [what, name, noise] of [
    ['memory', 'residentMb', FLAT.residentMb],
    ['databases', 'databaseMb', FLAT.databaseMb],
    ['write-ahead logs', 'walMb', FLAT.databaseMb],
  ] as const) {
    const [before, after] = [middle(early, name), middle(late, name)];
    if (after > before * FLAT.factor + noise)
      complaints.push(
        `${what}: grew from ${before.toFixed(1)} to ${after.toFixed(1)} MiB (medians of thirds)`,
      );
  }
  return complaints;
}

export function middle(
  samples: readonly Sample[],
  name: 'residentMb' | 'databaseMb' | 'walMb',
): number {
  const sorted = samples.map((sample) => sample[name]).sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? 0;
}
