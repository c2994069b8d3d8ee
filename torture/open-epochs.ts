/** Of which epochs something is still open. */
export class OpenEpochs {
  private readonly counts = new Map<number, number>();
  private told = -1;

  open(epoch: number): void {
    this.counts.set(epoch, (this.counts.get(epoch) ?? 0) + 1);
  }

  close(epoch: number): void {
    const left = (this.counts.get(epoch) ?? 0) - 1;
    if (left > 0) this.counts.set(epoch, left);
    else this.counts.delete(epoch);
  }

  /** The last epoch, earlier than `before`, up to which all is over; null: none that was not told yet. */
  closedBefore(before: number): number | null {
    const closed = Math.min(before, ...this.counts.keys()) - 1;
    if (closed <= this.told) return null;
    this.told = closed;
    return closed;
  }
}
