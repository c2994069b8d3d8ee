/**
 * A closed loop: `depth` clients that each send the next request when the last
 * is answered. Latency is what such a client waits. What is measured comes
 * after a warm-up, and an error counts as an error, never as an operation.
 */
import { setTimeout as delay } from 'node:timers/promises';

export interface Load {
  /** Requests under way at once. */
  readonly depth: number;
  readonly warmupMs: number;
  readonly measureMs: number;
}

/** Median, 99th percentile and greatest of some durations; null when there were none. */
export interface Spread {
  readonly p50Ms: number | null;
  readonly p99Ms: number | null;
  readonly maxMs: number | null;
}

export interface LoadResult extends Spread {
  readonly depth: number;
  readonly operations: number;
  readonly errors: number;
  readonly perSecond: number;
}

/**
 * `operate` does one operation, the `i`-th, and throws if it was not done. A
 * measurement goes on until something came of it, however slow the machine is.
 */
export async function closedLoop(
  { depth, warmupMs, measureMs }: Load,
  operate: (i: number) => Promise<void>,
): Promise<LoadResult> {
  const latencies: number[] = [];
  let next = 0;
  let errors = 0;
  let measuring = false;
  let running = true;
  let onOutcome = (): void => {};
  const client = async (): Promise<void> => {
    while (running) {
      const startedMs = performance.now();
      try {
        await operate(next++);
        if (measuring) latencies.push(performance.now() - startedMs);
        onOutcome();
      } catch {
        errors++;
        onOutcome();
        // A refusing server must not be hammered into the ground.
        await delay(1);
      }
    }
  };
  const clients = Array.from({ length: depth }, client);
  await delay(warmupMs);
  measuring = true;
  errors = 0;
  const startedMs = performance.now();
  const outcome = new Promise<void>((resolve) => {
    onOutcome = resolve;
  });
  await Promise.all([delay(measureMs), outcome]);
  measuring = false;
  const tookMs = performance.now() - startedMs;
  running = false;
  await Promise.all(clients);
  return {
    depth,
    operations: latencies.length,
    errors,
    perSecond: Math.round((latencies.length / tookMs) * 1000),
    ...spread(latencies),
  };
}

export function spread(values: readonly number[]): Spread {
  const sorted = Float64Array.from(values).sort();
  const at = (share: number): number | null =>
    sorted.length === 0 ? null : round(percentile(sorted, share));
  return { p50Ms: at(0.5), p99Ms: at(0.99), maxMs: at(1) };
}

/** Of values that ascend; NaN when there is none. */
export function percentile(sorted: Float64Array, share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? Number.NaN;
}

function round(ms: number): number {
  return Math.round(ms * 100) / 100;
}
