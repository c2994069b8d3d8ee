/**
 * What the live invariants (ADR 22) came to while a run went on: their counts at the
 * beginning, taken from those at the end. The judge of a run believes clients
 * alone; these look at the nodes, and see what no client happened to ask for.
 */
import type { ChaosCheck, ChaosInvariant } from '../../contracts/chaos.ts';
import type { InvariantId } from '../../contracts/invariants.ts';
import type { InvariantCount } from '../cluster/invariants/tally.ts';

export class InvariantWatch {
  private readonly look: () => readonly InvariantCount[];
  private readonly before: ReadonlyMap<InvariantId, InvariantCount>;

  /** Begins now. */
  constructor(look: () => readonly InvariantCount[]) {
    this.look = look;
    this.before = new Map(look().map((count) => [count.id, count]));
  }

  soFar(): ChaosInvariant[] {
    return this.look().map(({ id, title, checks, clashes, violation }) => {
      const before = this.before.get(id);
      const during = checks - (before?.checks ?? 0);
      const isViolated = clashes > (before?.clashes ?? 0);
      return {
        id,
        title,
        status: isViolated ? 'violated' : during > 0 ? 'held' : 'unchecked',
        checks: during,
        // The first one is kept: it may be older than the run.
        violation: isViolated ? violation : null,
      };
    });
  }
}

export function invariantCheck(invariants: readonly ChaosInvariant[]): ChaosCheck {
  const checked = invariants.reduce((sum, { checks }) => sum + checks, 0);
  const told = (status: ChaosCheck['status'], words: string): ChaosCheck => ({
    check: 'invariants',
    status,
    checked,
    words,
  });
  const violated = invariants.filter(({ status }) => status === 'violated');
  if (violated.length > 0) return told('fail', violated.map(violationWords).join(' '));
  const unchecked = invariants.filter(({ status }) => status === 'unchecked');
  const held = invariants.length - unchecked.length;
  if (unchecked.length > 0)
    return told(
      'unknown',
      `${held} of ${invariants.length} invariants held; not checked once: ${unchecked.map(({ title }) => title).join(', ')}.`,
    );
  return told(
    'pass',
    `All ${invariants.length} invariants held on the nodes, at every comparison.`,
  );
}

function violationWords({ title, violation }: ChaosInvariant): string {
  return violation === null
    ? `${title}: violated.`
    : `${title}: ${violation.text} (event ${violation.eventSeq}).`;
}
