/**
 * No two nodes apply different entries at one index (Raft §5.4.3), and what they
 * apply leaves equal states (T19). The hash rolls over all that was ever
 * applied and what came of it, so one comparison vouches for all before. What is
 * committed at an index is compared too, before it is applied.
 */
import type { LogPoint, NodeReport } from '../../node/control.ts';
import { BoundedMap } from './bounded-map.ts';
import { Tally, inRow, short } from './tally.ts';
import type { Rule } from './tally.ts';

/** Revisions remembered, of all nodes. */
const MAX_REVISIONS = 8192;

export class StateMachineSafety implements Rule {
  readonly tally = new Tally('state-machine-safety', 'Equal states');
  private readonly states = new BoundedMap<
    number,
    { readonly hash: string; readonly by: Set<string> }
  >(MAX_REVISIONS);

  private readonly committed = new BoundedMap<
    number,
    { readonly point: LogPoint; readonly by: string }
  >(MAX_REVISIONS);

  check(report: NodeReport): void {
    for (const { point } of report.evidence.commits) this.compareCommitted(report, point);
    this.compareStates(report);
  }

  private compareStates({ id, atMs, evidence }: NodeReport): void {
    for (const { index, hash } of evidence.applied) {
      const known = this.states.get(index);
      if (known === undefined) {
        this.states.add(index, { hash, by: new Set([id]) });
        continue;
      }
      if (known.hash !== hash) {
        const others = inRow([...known.by]);
        this.tally.fail(atMs, {
          text: `${id} and ${others} differ at revision ${index}`,
          facts: [
            `${others} reported state hash ${known.hash} at revision ${index}`,
            `${id} reports state hash ${hash} at revision ${index}`,
          ],
          node: id,
          term: null,
          index,
        });
        continue;
      }
      known.by.add(id);
      if (known.by.size === 1) continue;
      const { by } = known;
      this.tally.pass(
        atMs,
        () => `${inRow([...by])} have state hash ${short(hash)} at revision ${index}`,
      );
    }
  }

  private compareCommitted({ id, atMs }: NodeReport, point: LogPoint): void {
    const { index } = point;
    const known = this.committed.get(index);
    if (known === undefined) {
      this.committed.add(index, { point, by: id });
      return;
    }
    const { by, point: before } = known;
    if (before.term === point.term && before.hash === point.hash) {
      if (by !== id)
        this.tally.pass(atMs, () => `${inRow([by, id])} committed the same up to index ${index}`);
      return;
    }
    this.tally.fail(atMs, {
      text: `${id} and ${by} committed different entries at or before index ${index}`,
      facts: [
        `${by} committed index ${index} of term ${before.term} with hash ${before.hash}`,
        `${id} committed index ${index} of term ${point.term} with hash ${point.hash}`,
      ],
      node: id,
      term: point.term,
      index,
    });
  }
}
