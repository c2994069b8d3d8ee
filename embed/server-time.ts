/** The time of clients within the server's process: it is over when the server is, so that none of them waits for nobody. */
import type { Clock } from '../client/kv/index.ts';

const MAX_TIMER_MS = 2 ** 31 - 1;

export class ServerTime implements Clock {
  private readonly waiting = new Set<() => void>();
  private isOver = false;

  now(): number {
    return this.isOver ? Number.MAX_SAFE_INTEGER : performance.now();
  }

  after(ms: number, run: () => void): () => void {
    const timer = setTimeout(ring, this.isOver ? 0 : Math.min(ms, MAX_TIMER_MS));
    const { waiting } = this;
    waiting.add(ring);
    function ring(): void {
      if (!waiting.delete(ring)) return;
      clearTimeout(timer);
      run();
    }
    return () => {
      waiting.delete(ring);
      clearTimeout(timer);
    };
  }

  /** All that is waited for is over now. */
  end(): void {
    this.isOver = true;
    // What begins to wait meanwhile ends by its own timer.
    const waiting = Array.from(this.waiting);
    for (const ring of waiting) ring();
  }
}
