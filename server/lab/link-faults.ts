/**
 * Several faults on one link at once, and the link as it was before once the
 * last of them is over. What a person set meanwhile stays as it is.
 */
import { isSameRule, OPEN_LINK } from '../node/control.ts';
import type { LinkRule } from '../node/control.ts';
import type { Supervisor } from '../cluster/supervisor.ts';

/** One direction of a link. */
export interface Direction {
  readonly from: string;
  readonly to: string;
}

interface Touched extends Direction {
  /** As it stood before the first fault. */
  readonly before: LinkRule;
  /** As it was set last. */
  set: LinkRule;
}

interface Standing {
  readonly links: ReadonlySet<string>;
  readonly change: Partial<LinkRule>;
}

type Links = Pick<Supervisor, 'rule' | 'setLink' | 'has'>;

export class LinkFaults {
  private readonly links: Links;
  private readonly standing = new Map<number, Standing>();
  private readonly touched = new Map<string, Touched>();

  constructor(links: Links) {
    this.links = links;
  }

  begin(number: number, directions: readonly Direction[], change: Partial<LinkRule>): void {
    this.standing.set(number, { links: new Set(directions.map(keyOf)), change });
    for (const { from, to } of directions) {
      const key = keyOf({ from, to });
      const rule = this.links.rule(from, to);
      if (!this.touched.has(key)) this.touched.set(key, { from, to, before: rule, set: rule });
      this.apply(key);
    }
  }

  end(number: number): void {
    const ended = this.standing.get(number);
    this.standing.delete(number);
    for (const key of ended?.links ?? []) this.apply(key);
  }

  private apply(key: string): void {
    const link = this.touched.get(key);
    if (link === undefined) return;
    const { from, to, before } = link;
    const isThere = this.links.has(from) && this.links.has(to);
    const faults = [...this.standing.values()].filter(({ links }) => links.has(key));
    if (faults.length === 0) this.touched.delete(key);
    if (!isThere || !isSameRule(this.links.rule(from, to), link.set)) return;
    link.set = faults.reduce((rule, { change }) => joined(rule, change), before);
    this.links.setLink(from, to, link.set);
  }
}

function keyOf({ from, to }: Direction): string {
  return `${from}>${to}`;
}

function joined(rule: LinkRule, change: Partial<LinkRule>): LinkRule {
  const more = { ...OPEN_LINK, ...change };
  return {
    ...rule,
    cut: rule.cut || more.cut,
    delayMs: rule.delayMs + more.delayMs,
    jitterMs: rule.jitterMs + more.jitterMs,
    loss: Math.max(rule.loss, more.loss),
    duplicate: Math.max(rule.duplicate, more.duplicate),
    reorder: Math.max(rule.reorder, more.reorder),
  };
}
