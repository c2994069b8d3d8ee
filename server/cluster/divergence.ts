/**
 * Compares the state hashes of nodes at equal revisions (T19). Nodes report at
 * different instants, so the hashes of the last few revisions reported are kept.
 */

/** Revisions remembered, across all nodes. */
const MAX_REMEMBERED = 4096;

export class DivergenceCheck {
  private readonly hashes = new Map<number, { readonly node: string; readonly hash: string }>();
  private readonly reported = new Set<string>();
  /** Comparisons made between two different nodes. */
  checks = 0;

  /** The other node, when it had another hash at the same revision; each pair is told once. */
  check(node: string, revision: number, hash: string): string | null {
    const known = this.hashes.get(revision);
    if (known === undefined) {
      this.hashes.set(revision, { node, hash });
      if (this.hashes.size > MAX_REMEMBERED) {
        const oldest = this.hashes.keys().next().value;
        if (oldest !== undefined) this.hashes.delete(oldest);
      }
      return null;
    }
    if (known.node === node) return null;
    this.checks++;
    if (known.hash === hash) return null;
    const pair = [node, known.node].sort().join(' ');
    if (this.reported.has(pair)) return null;
    this.reported.add(pair);
    return known.node;
  }
}
