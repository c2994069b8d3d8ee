/**
 * Stamps strictly rise in the order of the log, on all nodes and through all
 * leaders (T2): what makes "as of" have one answer. Each revision reported is
 * held against the nearest known before and after it, by whomever they were
 * reported, and against itself.
 */
import type { AppliedPoint, NodeReport } from '../../node/control.ts';
import { Tally } from './tally.ts';
import type { Rule } from './tally.ts';

/** Revisions remembered, the highest ones. */
const MAX_REVISIONS = 4096;

interface Stamped extends AppliedPoint {
  readonly by: string;
}

export class Timestamps implements Rule {
  readonly tally = new Tally('timestamps', 'Timestamps rise');
  /** By revision. */
  private readonly known: Stamped[] = [];

  check(report: NodeReport): void {
    for (const point of report.evidence.applied)
      if (point.index > 0) this.place(report.atMs, { ...point, by: report.id });
  }

  private place(atMs: number, point: Stamped): void {
    const at = this.placeOf(point.index);
    const here = this.known[at];
    if (here?.index === point.index) {
      if (here.stamp !== point.stamp) this.clash(atMs, here, point);
      else if (here.by !== point.by) this.holds(atMs, here, point);
      return;
    }
    const before = this.known[at - 1];
    if (before !== undefined) this.inOrder(atMs, before, point, before.stamp < point.stamp);
    if (here !== undefined) this.inOrder(atMs, here, point, point.stamp < here.stamp);
    this.known.splice(at, 0, point);
    if (this.known.length > MAX_REVISIONS) this.known.shift();
  }

  /** Of the first that is not below `index`. */
  private placeOf(index: number): number {
    let low = 0;
    let high = this.known.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.known[middle] as Stamped).index < index) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  private inOrder(atMs: number, other: Stamped, point: Stamped, holds: boolean): void {
    if (holds) this.holds(atMs, other, point);
    else this.clash(atMs, other, point);
  }

  private holds(atMs: number, other: Stamped, point: Stamped): void {
    this.tally.pass(atMs, () =>
      other.index === point.index
        ? `${other.by} and ${point.by} have the same time at revision ${point.index}, ${timeOf(point)}`
        : `revision ${other.index} is of ${timeOf(other)}, revision ${point.index} of ${timeOf(point)}`,
    );
  }

  private clash(atMs: number, other: Stamped, point: Stamped): void {
    this.tally.fail(atMs, {
      text: `time does not rise from revision ${Math.min(other.index, point.index)} to ${Math.max(other.index, point.index)}`,
      facts: [other, point].map(
        (told) => `${told.by} reported ${timeOf(told)} at revision ${told.index}`,
      ) as [string, string],
      node: point.by,
      term: null,
      index: point.index,
    });
  }
}

/** To the microsecond: 14:03:22.118204 UTC. */
function timeOf({ stamp }: Stamped): string {
  const micros = String(stamp % 1000).padStart(3, '0');
  return `${new Date(Math.floor(stamp / 1000)).toISOString().slice(11, 23)}${micros} UTC`;
}
