/** Faults that meet on one link. */
import { expect, test } from 'vitest';
import { OPEN_LINK } from '../../server/node/control.ts';
import type { LinkRule } from '../../server/node/control.ts';
import { LinkFaults } from '../../server/lab/link-faults.ts';

const LINK = { from: 'n1', to: 'n2' };

/** Links as a server keeps them. */
class Links {
  readonly rules = new Map<string, LinkRule>();
  gone: string | null = null;

  rule(from: string, to: string): LinkRule {
    return this.rules.get(`${from}>${to}`) ?? OPEN_LINK;
  }

  setLink(from: string, to: string, rule: LinkRule): void {
    this.rules.set(`${from}>${to}`, rule);
  }

  has(id: string): boolean {
    return id !== this.gone;
  }
}

test('[K45] faults on one link join, and it is as it was before once the last is over', () => {
  const links = new Links();
  const before = { ...OPEN_LINK, delayMs: 10 };
  links.setLink('n1', 'n2', before);
  const faults = new LinkFaults(links);
  faults.begin(1, [LINK], { delayMs: 50, loss: 0.1 });
  faults.begin(2, [LINK], { cut: true, loss: 0.3 });
  expect(links.rule('n1', 'n2')).toEqual({ ...OPEN_LINK, cut: true, delayMs: 60, loss: 0.3 });
  faults.end(2);
  expect(links.rule('n1', 'n2')).toEqual({ ...OPEN_LINK, delayMs: 60, loss: 0.1 });
  faults.end(1);
  expect(links.rule('n1', 'n2')).toEqual(before);
  expect(links.rule('n2', 'n1')).toEqual(OPEN_LINK);
});

test('[K45] what a person set meanwhile stays', () => {
  const links = new Links();
  const faults = new LinkFaults(links);
  faults.begin(1, [LINK], { cut: true });
  const theirs = { ...OPEN_LINK, delayMs: 7 };
  links.setLink('n1', 'n2', theirs);
  faults.begin(2, [LINK], { loss: 0.5 });
  faults.end(1);
  faults.end(2);
  expect(links.rule('n1', 'n2')).toEqual(theirs);
});

test('[K45] a link of a node that was removed is left alone', () => {
  const links = new Links();
  const faults = new LinkFaults(links);
  faults.begin(1, [LINK], { cut: true });
  links.gone = 'n2';
  faults.end(1);
  expect(links.rule('n1', 'n2').cut).toBe(true);
});
