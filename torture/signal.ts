/** Waiting for what messages bring about, without looking again and again. */
import { setTimeout as delay } from 'node:timers/promises';

export class Signal {
  private readonly waiting = new Set<() => void>();

  /** Something has changed. */
  notify(): void {
    for (const look of this.waiting) look();
  }

  /** Whether it came to hold, within so many ms, if there is a limit, and before `signal` was aborted. */
  async until(
    holds: () => boolean,
    withinMs: number | null,
    signal: AbortSignal = new AbortController().signal,
  ): Promise<boolean> {
    if (signal.aborted) return false;
    if (holds()) return true;
    const over = new AbortController();
    return new Promise<boolean>((resolve) => {
      const end = (held: boolean): void => {
        this.waiting.delete(look);
        signal.removeEventListener('abort', stop);
        over.abort();
        resolve(held);
      };
      const look = (): void => {
        if (holds()) end(true);
      };
      const stop = (): void => end(false);
      this.waiting.add(look);
      signal.addEventListener('abort', stop);
      if (withinMs !== null)
        void delay(withinMs, null, { signal: over.signal }).then(stop, () => {});
    });
  }
}
