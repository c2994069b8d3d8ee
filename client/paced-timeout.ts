/** A limit in cluster time for an answer: what a slowed cluster needs longer for is waited for longer. */

/** How often the pace is looked at, ms. */
const LOOK_MS = 250;

export class PacedTimeout {
  private readonly controller = new AbortController();
  private readonly timer: ReturnType<typeof setInterval>;

  /** `pace` is asked again and again: cluster time in real time; 0 stops the limit. */
  constructor(ms: number, pace: () => number) {
    let leftMs = ms;
    let lastMs = performance.now();
    this.timer = setInterval(
      () => {
        const nowMs = performance.now();
        leftMs -= (nowMs - lastMs) * pace();
        lastMs = nowMs;
        if (leftMs <= 0) this.controller.abort();
      },
      Math.min(LOOK_MS, ms),
    );
  }

  get signal(): AbortSignal {
    return this.controller.signal;
  }

  /** There is an answer. */
  end(): void {
    clearInterval(this.timer);
  }
}
