/**
 * What a node never takes back (Raft §5.1, Figure 2): within a life neither its
 * term nor its commit index falls; over all lives of its store neither does the
 * durable term, nor is a vote of that term changed or forgotten. The commit
 * index may begin lower in a new life: it is not durable.
 */
import type { NodeReport, Vote } from '../../node/control.ts';
import { Tally } from './tally.ts';
import type { Rule } from './tally.ts';

interface Seen {
  readonly storeId: string;
  readonly bootEpoch: number;
  readonly term: number;
  readonly commitIndex: number;
  readonly vote: Vote | null;
}

export class NeverBack implements Rule {
  readonly tally = new Tally('never-back', 'Terms, votes and commits never go back');
  /** One for each name that a node ever had here. */
  private readonly seen = new Map<string, Seen>();

  check(report: NodeReport): void {
    const { id, identity, status, atMs } = report;
    const { storeId, bootEpoch } = identity;
    const before = this.seen.get(id);
    const isSameStore = before?.storeId === storeId;
    if (before !== undefined && isSameStore && before.bootEpoch === bootEpoch)
      this.checkLife(report, before);
    let vote = isSameStore ? before.vote : null;
    for (const next of report.evidence.votes) {
      if (vote !== null) this.checkVote(report, vote, next);
      vote = next;
    }
    const { term, commitIndex } = status;
    this.seen.set(id, { storeId, bootEpoch, term, commitIndex, vote });
    if (before === undefined || !isSameStore) return;
    // After a break this says no more than that it was looked at.
    this.tally.pass(
      atMs,
      () => `${id} is at term ${term} and commit index ${commitIndex}, neither less than before`,
    );
  }

  private checkLife(report: NodeReport, before: Seen): void {
    const { term, commitIndex } = report.status;
    if (term < before.term)
      this.fell(report, `the term of ${report.id}`, before.term, term, commitIndex);
    if (commitIndex < before.commitIndex)
      this.fell(
        report,
        `the commit index of ${report.id}`,
        before.commitIndex,
        commitIndex,
        commitIndex,
      );
  }

  private checkVote(report: NodeReport, before: Vote, next: Vote): void {
    if (next.term < before.term)
      this.fell(report, `the stored term of ${report.id}`, before.term, next.term, null);
    const isChanged =
      next.term === before.term && before.votedFor !== null && next.votedFor !== before.votedFor;
    if (!isChanged) return;
    const { id, atMs } = report;
    this.tally.fail(atMs, {
      text: `${id} took back its vote of term ${next.term}`,
      facts: [
        `${id} had stored its vote of term ${before.term} for ${before.votedFor}`,
        `${id} has stored ${next.votedFor === null ? 'no vote' : `a vote for ${next.votedFor}`} in term ${next.term}`,
      ],
      node: id,
      term: next.term,
      index: null,
    });
  }

  private fell(
    { id, atMs, status }: NodeReport,
    what: string,
    from: number,
    to: number,
    index: number | null,
  ): void {
    this.tally.fail(atMs, {
      text: `${what} went back from ${from} to ${to}`,
      facts: [`${what} was ${from}`, `${what} is ${to}`],
      node: id,
      term: status.term,
      index,
    });
  }
}
