/**
 * Two logs that hold an entry of the same index and term are equal up to there
 * (Raft §5.3). Each point that a node reports hashes its block of the log, and
 * blocks follow each other without a gap.
 */
import type { LogPoint, NodeReport } from '../../node/control.ts';
import { BoundedMap } from './bounded-map.ts';
import { Tally, inRow, short } from './tally.ts';
import type { Rule } from './tally.ts';

/** Points remembered, of all nodes. */
const MAX_POINTS = 8192;

export class LogMatching implements Rule {
  readonly tally = new Tally('log-matching', 'Logs match');
  private readonly points = new BoundedMap<
    string,
    { readonly hash: string; readonly by: Set<string> }
  >(MAX_POINTS);

  check(report: NodeReport): void {
    for (const point of report.evidence.log) this.compare(report, point);
    for (const { point } of report.evidence.commits) this.compare(report, point);
  }

  private compare({ id, atMs }: NodeReport, { index, term, hash }: LogPoint): void {
    const key = `${index}/${term}`;
    const known = this.points.get(key);
    if (known === undefined) {
      this.points.add(key, { hash, by: new Set([id]) });
      return;
    }
    if (known.hash !== hash) {
      const others = inRow([...known.by]);
      this.tally.fail(atMs, {
        text: `the logs of ${others} and ${id} both hold index ${index} of term ${term}, and differ at or before it`,
        facts: [
          `${others} reported hash ${known.hash} up to index ${index}, term ${term}`,
          `${id} reports hash ${hash} up to index ${index}, term ${term}`,
        ],
        node: id,
        term,
        index,
      });
      return;
    }
    known.by.add(id);
    if (known.by.size === 1) return;
    const { by } = known;
    this.tally.pass(
      atMs,
      () => `${inRow([...by])} have hash ${short(hash)} up to index ${index}, term ${term}`,
    );
  }
}
