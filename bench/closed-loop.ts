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

export interface LoadResult {
  readonly depth: number;
  readonly operations: number;
  readonly errors: number;
  readonly perSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly maxMs: number;
}

/** `operate` does one operation, the `i`-th, and throws if it was not done. */
export async function closedLoop(
  { depth, warmupMs, measureMs }: Load,
  operate: (i: number) => Promise<void>,
): Promise<LoadResult> {
  const latencies: number[] = [];
  let next = 0;
  let errors = 0;
  let measuring = false;
  let running = true;
  const client = async (): Promise<void> => {
    while (running) {
      const startedMs = performance.now();
      try {
        await operate(next++);
        if (measuring) latencies.push(performance.now() - startedMs);
      } catch {
        errors++;
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
  await delay(measureMs);
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

/** Median, 99th percentile and greatest, ms; NaN when there is nothing. */
export function spread(values: readonly number[]): Pick<LoadResult, 'p50Ms' | 'p99Ms' | 'maxMs'> {
  const sorted = Float64Array.from(values).sort();
  const at = (share: number): number => round(percentile(sorted, share));
  return { p50Ms: at(0.5), p99Ms: at(0.99), maxMs: at(1) };
}

/** Of values that ascend; NaN when there is none. */
export function percentile(sorted: Float64Array, share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? Number.NaN;
}

function round(ms: number): number {
  return Math.round(ms * 100) / 100;
}
