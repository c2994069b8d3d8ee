/** How long linearizable reads take in this node, from being taken to being answered, and how many wait. */

/** Times kept until they are asked for. */
const MAX_SAMPLES = 256;

export class ReadTimes {
  /** When each read that waits was taken, monotonic ms. */
  private readonly since = new Map<number, number>();
  private samples: number[] = [];

  /** Reads taken and not answered. */
  get waiting(): number {
    return this.since.size;
  }

  taken(id: number, nowMono: number): void {
    this.since.set(id, nowMono);
  }

  /** Answered: gives how long it took; or failed, which is no time of a read; of one that was never taken nothing is known. */
  ended(id: number, isAnswered: boolean, nowMono: number): number | null {
    const sinceMono = this.since.get(id);
    if (sinceMono === undefined) return null;
    this.since.delete(id);
    if (!isAnswered) return null;
    if (this.samples.length < MAX_SAMPLES) this.samples.push(nowMono - sinceMono);
    return nowMono - sinceMono;
  }

  /** Times, ms, since the last call. */
  take(): readonly number[] {
    const { samples } = this;
    this.samples = [];
    return samples;
  }
}
