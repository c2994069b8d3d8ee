/** Tells the silence of others from one's own: who did not run has yet to hear what was said meanwhile. */
export class OwnStalls {
  private readonly everyMs: number;
  private tickMs: number;
  private wasLate = false;

  /** For a timer that ticks every so many ms. */
  constructor(everyMs: number, nowMs: number) {
    this.everyMs = everyMs;
    this.tickMs = nowMs;
  }

  /** At each tick: may silence be judged? Not at one that comes much too late, but at the next, however late. */
  mayJudge(nowMs: number): boolean {
    this.wasLate = !this.wasLate && nowMs - this.tickMs > 2 * this.everyMs;
    this.tickMs = nowMs;
    return !this.wasLate;
  }
}
