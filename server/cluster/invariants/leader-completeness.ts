/**
 * What was committed in one term stands in the log of every leader of a later
 * one (Raft §5.4). A new leader tells the log with which it was elected; it is
 * held against all that any node knew to be committed before. So is what a
 * sitting leader reports from then on. An index of which the leader has no hash
 * (compacted, or long before its end) is not compared and not counted.
 */
import type { LogPoint, NodeReport, Office } from '../../node/control.ts';
import { BoundedMap } from './bounded-map.ts';
import { Tally, inRow, short } from './tally.ts';
import type { Rule } from './tally.ts';

/** Committed indexes remembered, and terms of leaders. */
const MAX_COMMITTED = 512;
const MAX_OFFICES = 16;
/** Points of the leader of the highest term, as it reported them while it led. */
const MAX_LED = 512;

interface Committed {
  readonly point: LogPoint;
  /** Committed in this term or before; the lowest that any node told of. */
  inTerm: number;
  readonly by: Set<string>;
}

interface Elected {
  readonly id: string;
  readonly office: Office;
  readonly byIndex: ReadonlyMap<number, LogPoint>;
}

export class LeaderCompleteness implements Rule {
  readonly tally = new Tally('leader-completeness', 'Leaders have all that is committed');
  private readonly committed = new BoundedMap<number, Committed>(MAX_COMMITTED);
  private readonly elected = new BoundedMap<number, Elected>(MAX_OFFICES);
  private highest: Committed | null = null;
  private sitting: {
    readonly id: string;
    readonly term: number;
    readonly points: BoundedMap<number, LogPoint>;
  } | null = null;

  check(report: NodeReport): void {
    for (const office of report.evidence.offices) this.takeOffice(report, office);
    for (const { inTerm, point } of report.evidence.commits) {
      this.learn(report, inTerm, point);
      for (const full of report.evidence.log)
        if (full.index < point.index) this.learn(report, inTerm, full);
    }
    if (report.status.role === 'leader') this.watchLeader(report);
  }

  private takeOffice({ id, atMs }: NodeReport, office: Office): void {
    const byIndex = new Map(office.points.map((point) => [point.index, point]));
    const elected = { id, office, byIndex };
    this.elected.add(office.term, elected);
    for (const fact of this.committed.values()) this.hold(atMs, elected, fact);
  }

  private learn({ id, atMs }: NodeReport, inTerm: number, point: LogPoint): void {
    const known = this.committed.get(point.index);
    // Another entry committed there is for state machine safety to tell.
    if (known !== undefined && known.point.hash !== point.hash) return;
    known?.by.add(id);
    this.holdSitting(atMs, id, inTerm, point);
    if (known !== undefined && known.inTerm <= inTerm) return;
    const fact = known ?? { point, inTerm, by: new Set([id]) };
    fact.inTerm = inTerm;
    if (known === undefined) this.committed.add(point.index, fact);
    if (this.highest === null || point.index > this.highest.point.index) this.highest = fact;
    for (const elected of this.elected.values()) this.hold(atMs, elected, fact);
  }

  /** A fact against the log of a leader of a later term, as it was when elected. */
  private hold(atMs: number, { id, office, byIndex }: Elected, fact: Committed): void {
    if (fact.inTerm >= office.term) return;
    if (fact.point.index > office.lastIndex) {
      this.lacks(atMs, id, office.term, office.lastIndex, fact);
      return;
    }
    const held = byIndex.get(fact.point.index);
    if (held !== undefined) this.compare(atMs, id, office.term, held, fact);
  }

  /** What another node knows to be committed, against what the leader reported before. */
  private holdSitting(atMs: number, by: string, inTerm: number, point: LogPoint): void {
    const { sitting } = this;
    if (sitting === null || sitting.id === by || inTerm > sitting.term) return;
    const held = sitting.points.get(point.index);
    if (held === undefined) return;
    this.compare(atMs, sitting.id, sitting.term, held, { point, inTerm, by: new Set([by]) });
  }

  /** Its entries at what is committed never change while it leads. */
  private watchLeader({ id, atMs, status, evidence }: NodeReport): void {
    const { highest } = this;
    if (highest !== null && highest.inTerm < status.term && highest.point.index > status.lastIndex)
      this.lacks(atMs, id, status.term, status.lastIndex, highest);
    const points = [...evidence.commits.map(({ point }) => point), ...evidence.log];
    if (this.sitting === null || this.sitting.term < status.term)
      this.sitting = { id, term: status.term, points: new BoundedMap(MAX_LED) };
    const isSitting = this.sitting.id === id && this.sitting.term === status.term;
    for (const held of points) {
      if (isSitting) this.sitting.points.add(held.index, held);
      const fact = this.committed.get(held.index);
      if (fact === undefined || fact.inTerm > status.term) continue;
      if (fact.by.has(id) && fact.by.size === 1) continue;
      this.compare(atMs, id, status.term, held, fact);
    }
  }

  private compare(atMs: number, id: string, term: number, held: LogPoint, fact: Committed): void {
    const { point, by, inTerm } = fact;
    if (held.hash === point.hash && held.term === point.term) {
      this.tally.pass(
        atMs,
        () =>
          `${id}, leader of term ${term}, holds index ${point.index} with hash ${short(point.hash)}, which ${inRow(without(by, id))} knew to be committed in term ${inTerm}`,
      );
      return;
    }
    this.tally.fail(atMs, {
      text: `${id}, leader of term ${term}, has another log at committed index ${point.index}`,
      facts: [
        `${inRow([...by])} knew index ${point.index} of term ${point.term} with hash ${point.hash} to be committed in term ${inTerm}`,
        `${id} leads term ${term} and has an entry of term ${held.term} with hash ${held.hash} there`,
      ],
      node: id,
      term,
      index: point.index,
    });
  }

  private lacks(atMs: number, id: string, term: number, lastIndex: number, fact: Committed): void {
    const { point, by, inTerm } = fact;
    this.tally.fail(atMs, {
      text: `${id}, leader of term ${term}, lacks committed index ${point.index}`,
      facts: [
        `${inRow([...by])} knew index ${point.index} to be committed in term ${inTerm}`,
        `the log of ${id} ended at ${lastIndex} when it led term ${term}`,
      ],
      node: id,
      term,
      index: point.index,
    });
  }
}

/** Those who know it besides the leader; when it is the only one, what it knew before its election. */
function without(by: ReadonlySet<string>, id: string): readonly string[] {
  const others = [...by].filter((other) => other !== id);
  return others.length > 0 ? others : [id];
}
