/**
 * At most one leader a term (Raft §5.2). Every node tells whom it follows, or
 * that it leads; all who name a leader of one term must name the same. And the
 * cause of it: a store gives one vote a term, over all its lives.
 */
import type { NodeReport } from '../../node/control.ts';
import { BoundedMap } from './bounded-map.ts';
import { Tally, inRow } from './tally.ts';
import type { Rule } from './tally.ts';

/** Terms remembered, and votes. */
const MAX_TERMS = 1024;
const MAX_VOTES = 4096;

interface Claim {
  readonly leader: string;
  readonly by: Set<string>;
}

export class ElectionSafety implements Rule {
  readonly tally = new Tally('election-safety', 'One leader a term');
  private readonly claims = new BoundedMap<number, Claim>(MAX_TERMS);
  private readonly votes = new BoundedMap<string, string>(MAX_VOTES);

  check(report: NodeReport): void {
    const { id, status, evidence } = report;
    for (const { term } of evidence.offices) this.claim(report, term, id);
    for (const { event } of report.events)
      if (event.type === 'role' && event.leader !== null)
        this.claim(report, event.term, event.leader);
    if (status.leader !== null) this.claim(report, status.term, status.leader);
    for (const { term, votedFor } of evidence.votes)
      if (votedFor !== null) this.vote(report, term, votedFor);
  }

  private claim({ id, atMs }: NodeReport, term: number, leader: string): void {
    const known = this.claims.get(term);
    if (known === undefined) {
      this.claims.add(term, { leader, by: new Set([id]) });
      return;
    }
    if (known.leader !== leader) {
      this.tally.fail(atMs, {
        text: `term ${term} has two leaders, ${known.leader} and ${leader}`,
        facts: [
          `${inRow([...known.by])} said that ${known.leader} leads term ${term}`,
          `${id} says that ${leader} leads term ${term}`,
        ],
        node: id,
        term,
        index: null,
      });
      return;
    }
    known.by.add(id);
    // A node that agrees with itself proves nothing.
    if (known.by.size === 1) return;
    const { by } = known;
    this.tally.pass(atMs, () => `${inRow([...by])} all say that ${leader} leads term ${term}`);
  }

  private vote({ id, atMs, identity }: NodeReport, term: number, votedFor: string): void {
    const key = `${identity.storeId} ${term}`;
    const known = this.votes.get(key);
    if (known === undefined) this.votes.add(key, votedFor);
    else if (known === votedFor)
      this.tally.pass(atMs, () => `${id} still has its vote of term ${term}, for ${votedFor}`);
    else
      this.tally.fail(atMs, {
        text: `${id} voted twice in term ${term}, for ${known} and for ${votedFor}`,
        facts: [
          `${id} had stored its vote of term ${term} for ${known}`,
          `${id} has stored its vote of term ${term} for ${votedFor}`,
        ],
        node: id,
        term,
        index: null,
      });
  }
}
