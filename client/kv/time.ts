/** Time as the library takes it, so that a test can drive it; and deadlines, which signals tell of. */

export interface Clock {
  /** Milliseconds that never go back, from wherever. */
  now(): number;
  /** Calls once after `ms`, unless what it returns was called before. */
  after(ms: number, run: () => void): () => void;
}

export const realClock: Clock = {
  now: () => performance.now(),
  after: (ms, run) => {
    // A longer one would end at once.
    const timer = setTimeout(run, Math.min(ms, MAX_TIMER_MS));
    return () => clearTimeout(timer);
  },
};

const MAX_TIMER_MS = 2 ** 31 - 1;

/** What waits for each signal. One listener for all: platforms take many for a leak, and say so. */
const waiting = new WeakMap<AbortSignal, Set<() => void>>();

/** Calls once when the signal aborts, which it has not yet, unless what it returns was called before. */
export function onAbort(signal: AbortSignal, run: () => void): () => void {
  const runs = waiting.get(signal) ?? new Set();
  if (runs.size === 0) {
    waiting.set(signal, runs);
    signal.addEventListener('abort', runAll, { once: true });
  }
  // Whoever waits twice is called twice.
  const own = (): void => run();
  runs.add(own);
  return () => {
    runs.delete(own);
    if (runs.size > 0 || signal.aborted) return;
    signal.removeEventListener('abort', runAll);
    waiting.delete(signal);
  };
}

function runAll({ currentTarget }: Event): void {
  const signal = currentTarget as AbortSignal;
  const runs = waiting.get(signal);
  waiting.delete(signal);
  for (const run of runs ?? []) run();
}

/** Whether the time passed; false: a signal came first. */
export function sleep(clock: Clock, ms: number, signal: AbortSignal): Promise<boolean> {
  return new Promise((resolve) => {
    if (signal.aborted) {
      resolve(false);
      return;
    }
    const cancel = clock.after(ms, () => {
      forget();
      resolve(true);
    });
    const forget = onAbort(signal, () => {
      cancel();
      resolve(false);
    });
  });
}

/** A signal that follows others, or the end of a time. Must be ended, or it hangs on them. */
export class Scope {
  private readonly controller = new AbortController();
  private readonly ends: (() => void)[] = [];

  constructor(...signals: readonly (AbortSignal | undefined)[]) {
    for (const signal of signals) {
      if (signal === undefined) continue;
      const follow = (): void => this.controller.abort(signal.reason);
      if (signal.aborted) follow();
      else this.ends.push(onAbort(signal, follow));
    }
  }

  get signal(): AbortSignal {
    return this.controller.signal;
  }

  abortAfter(clock: Clock, ms: number): void {
    this.ends.push(clock.after(ms, () => this.controller.abort(TIMED_OUT)));
  }

  abort(reason: unknown): void {
    this.controller.abort(reason);
  }

  end(): void {
    for (const end of this.ends.splice(0)) end();
  }
}

const TIMED_OUT = new Error('it took too long');
