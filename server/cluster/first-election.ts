/**
 * After a common start nobody leads, and every node would wait for an election
 * time-out to learn that. We know it from outside: as soon as a quorum serves,
 * the node whose log reaches furthest is asked to campaign, as an operator might.
 * It is a wish: who leads is for the nodes to decide, and time-outs go on.
 */
import { must } from '../base/assert.ts';
import type { NodeReport } from '../node/control.ts';

/** What is needed of a report. */
export interface FirstReport {
  readonly id: string;
  readonly status: Pick<NodeReport['status'], 'lastTerm' | 'lastIndex' | 'leader'>;
}

type Log = FirstReport['status'];

export class FirstElection {
  private readonly quorum: number;
  private readonly campaign: (id: string) => void;
  private readonly logs = new Map<string, Log>();
  private isOver = false;

  constructor(nodes: number, campaign: (id: string) => void) {
    this.quorum = Math.floor(nodes / 2) + 1;
    this.campaign = campaign;
  }

  /** Nodes report from when they serve. */
  report({ id, status }: FirstReport): void {
    if (this.isOver) return;
    this.logs.set(id, status);
    if (status.leader !== null) this.isOver = true;
    if (this.isOver || this.logs.size < this.quorum) return;
    this.isOver = true;
    const [first, ...others] = this.logs;
    const [best] = others.reduce(
      (a, b) => (compareLogs(b[1], a[1]) > 0 ? b : a),
      must(first, 'a quorum has reported'),
    );
    this.campaign(best);
  }
}

/** Which is more up to date (§5.4.1). */
function compareLogs(a: Log, b: Log): number {
  return a.lastTerm - b.lastTerm || a.lastIndex - b.lastIndex;
}
