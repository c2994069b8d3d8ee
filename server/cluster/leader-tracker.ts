/** Who leads, from what the nodes report of themselves: the leader of the highest term among those that run. */

export class LeaderTracker {
  private readonly leads = new Map<string, number>();
  private readonly onChange: () => void;
  private current: string | null = null;

  constructor(onChange: () => void) {
    this.onChange = onChange;
  }

  get leader(): string | null {
    return this.current;
  }

  /** `term` in which the node says it leads; null when it does not, or is gone. */
  update(node: string, term: number | null): void {
    if (term === null) this.leads.delete(node);
    else this.leads.set(node, term);
    let best: string | null = null;
    for (const [id, led] of this.leads) {
      if (best === null || led > (this.leads.get(best) ?? 0)) best = id;
    }
    if (best === this.current) return;
    this.current = best;
    this.onChange();
  }
}
