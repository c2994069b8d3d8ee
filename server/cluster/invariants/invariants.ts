/**
 * Checks on the running cluster, report by report, what must hold of all nodes
 * together: a fold without timers or sockets. Within a node the core checks
 * itself (raft/invariants.ts); here the word of each is held against the others'
 * and against its own of before. Nodes report before they die of a broken rule,
 * and a new life begins with what is on disk. All that is remembered is bounded
 * (each rule names its limits, together an estimated 5 MB); what was forgotten, or is
 * below a snapshot, is not compared and not counted.
 */
import type { InvariantView, Violation } from '../../../contracts/invariants.ts';
import type { NodeReport } from '../../node/control.ts';
import { ElectionSafety } from './election-safety.ts';
import { LeaderCompleteness } from './leader-completeness.ts';
import { LogMatching } from './log-matching.ts';
import { NeverBack } from './never-back.ts';
import { StateMachineSafety } from './state-machine-safety.ts';
import type { InvariantCount, Rule } from './tally.ts';
import { Timestamps } from './timestamps.ts';

/** Counts rise with every report; people are told of them once in so many ms. */
const TELL_EVERY_MS = 1000;

export class Invariants {
  private readonly rules: readonly Rule[] = [
    new ElectionSafety(),
    new LogMatching(),
    new LeaderCompleteness(),
    new StateMachineSafety(),
    new NeverBack(),
    new Timestamps(),
  ];
  private changed = false;
  private broken = false;
  private toldAtMs = Number.NEGATIVE_INFINITY;

  /** `tell` is called once for each invariant that breaks, and gives the number of the event. True: one broke. */
  report(report: NodeReport, tell: (violation: Omit<Violation, 'eventSeq'>) => number): boolean {
    this.changed = true;
    let broke = false;
    for (const rule of this.rules) {
      rule.check(report);
      broke = rule.tally.tellNew(tell) || broke;
    }
    this.broken ||= broke;
    return broke;
  }

  view(): InvariantView[] {
    return this.rules.map(({ tally }) => tally.view());
  }

  counts(): InvariantCount[] {
    return this.rules.map(({ tally }) => tally.count());
  }

  /** What to tell now: a violation at once, all else once a second; null for nothing. */
  take(nowMs: number): InvariantView[] | null {
    const isDue = this.changed && nowMs - this.toldAtMs >= TELL_EVERY_MS;
    if (!isDue && !this.broken) return null;
    this.changed = false;
    this.broken = false;
    this.toldAtMs = nowMs;
    return this.view();
  }
}
