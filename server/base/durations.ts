/**
 * Durations counted into buckets as they happen: exact counts under any load,
 * where samples would have to be bounded. The bounds are the same everywhere, so
 * that counts of nodes and of requests can be added and compared.
 */

/** Upper bounds of the buckets, ms, inclusive; what is longer than the last falls into one more. */
export const DURATION_BOUNDS_MS: readonly number[] = [
  0.1, 0.25, 0.5, 1, 2.5, 5, 10, 25, 50, 100, 250, 500, 1000, 2500, 5000, 10_000,
];

export interface DurationCounts {
  /** One a bucket, not cumulative; one more than there are bounds. */
  readonly counts: readonly number[];
  readonly sumMs: number;
}

export class Durations {
  private counts: number[] = empty();
  private sumMs = 0;
  private isEmpty = true;

  /** A clock that was set wrong on purpose may tell of less than nothing: that counts as nothing. */
  add(ms: number): void {
    let bucket = 0;
    while (ms > (DURATION_BOUNDS_MS[bucket] ?? Number.POSITIVE_INFINITY)) bucket++;
    this.counts[bucket] = (this.counts[bucket] ?? 0) + 1;
    this.sumMs += Math.max(0, ms);
    this.isEmpty = false;
  }

  addAll(other: DurationCounts): void {
    for (const [bucket, count] of other.counts.entries())
      this.counts[bucket] = (this.counts[bucket] ?? 0) + count;
    this.sumMs += other.sumMs;
    this.isEmpty = false;
  }

  /** What there is; it goes on counting. */
  get all(): DurationCounts {
    return { counts: this.counts, sumMs: this.sumMs };
  }

  /** What was counted since the last call; null when nothing was. */
  take(): DurationCounts | null {
    if (this.isEmpty) return null;
    const taken = this.all;
    this.counts = empty();
    this.sumMs = 0;
    this.isEmpty = true;
    return taken;
  }
}

function empty(): number[] {
  return Array.from({ length: DURATION_BOUNDS_MS.length + 1 }, () => 0);
}
