/** The account of one invariant: how often it was checked, by what evidence, and the first clash. */
import type { InvariantId, InvariantView, Violation } from '../../../contracts/invariants.ts';
import type { NodeReport } from '../../node/control.ts';

/** One invariant: looks at each report once, in the order of arrival. */
export interface Rule {
  readonly tally: Tally;
  check(report: NodeReport): void;
}

export type Clash = Omit<Violation, 'atMs' | 'eventSeq'>;

/** What one invariant came to since the server started. */
export interface InvariantCount {
  readonly id: InvariantId;
  readonly title: string;
  readonly checks: number;
  /** Of the checks, those that did not hold; a fact that clashes is met again and again. */
  readonly clashes: number;
  /** The first of them. */
  readonly violation: Violation | null;
}

export class Tally {
  readonly id: InvariantId;
  readonly title: string;
  private checks = 0;
  private clashes = 0;
  private lastCheckedAtMs: number | null = null;
  /** Made into words only for those who look. */
  private evidence: (() => string) | null = null;
  private violation: Violation | null = null;
  private untold: Omit<Violation, 'eventSeq'> | null = null;

  constructor(id: InvariantId, title: string) {
    this.id = id;
    this.title = title;
  }

  pass(atMs: number, evidence: () => string): void {
    this.checked(atMs);
    this.evidence = evidence;
  }

  /** The first clash is kept for good. */
  fail(atMs: number, clash: Clash): void {
    this.checked(atMs);
    this.clashes++;
    if (this.violation === null) this.untold ??= { ...clash, atMs };
  }

  /** A violation that is new: `tell` gives it its event. */
  tellNew(tell: (violation: Omit<Violation, 'eventSeq'>) => number): boolean {
    if (this.untold === null) return false;
    this.violation = { ...this.untold, eventSeq: tell(this.untold) };
    this.untold = null;
    return true;
  }

  count(): InvariantCount {
    const { id, title, checks, clashes, violation } = this;
    return { id, title, checks, clashes, violation };
  }

  view(): InvariantView {
    const { id, title, checks, lastCheckedAtMs, violation } = this;
    return {
      id,
      title,
      status: violation !== null ? 'fail' : checks > 0 ? 'pass' : 'unknown',
      checks,
      lastCheckedAtMs,
      evidence: this.evidence?.() ?? null,
      violation,
    };
  }

  private checked(atMs: number): void {
    this.checks++;
    this.lastCheckedAtMs = atMs;
  }
}

/** "n1", "n1 and n2", "n1, n2 and n3". */
export function inRow(names: readonly string[]): string {
  const sorted = [...names].sort();
  const last = sorted.pop() ?? '';
  return sorted.length === 0 ? last : `${sorted.join(', ')} and ${last}`;
}

/** The first four of its digits: enough for an eye. */
export function short(hash: string): string {
  return `${hash.slice(0, 4)}…`;
}
