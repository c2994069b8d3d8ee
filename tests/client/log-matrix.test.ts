import { describe, expect, test } from 'vitest';
import {
  cellOf,
  commitLag,
  entryBook,
  findEntry,
  isForgotten,
  lastIndexOf,
  standingTerm,
  whyNoEntry,
} from '../../client/log-matrix.ts';
import { firstRow } from '../../client/log-window.ts';
import type { EntryView } from '../../contracts/view.ts';
import { nodeView, viewOf } from './views.ts';

/** A node's log as the terms of its entries from index 1, and how far it has committed and applied. */
function holder(
  id: string,
  terms: readonly number[],
  commitIndex: number,
  lastApplied = commitIndex,
) {
  const termRuns: { term: number; from: number; to: number }[] = [];
  for (const [i, term] of terms.entries()) {
    const run = termRuns.at(-1);
    if (run?.term === term) run.to = i + 1;
    else termRuns.push({ term, from: i + 1, to: i + 1 });
  }
  return nodeView(id, { termRuns, lastIndex: terms.length, commitIndex, lastApplied });
}

describe('an index without an entry', () => {
  // n2 let the least go; n3, back from a snapshot, has a log of its own end only.
  const view = viewOf([
    nodeView('n1', { firstIndex: 1001, lastIndex: 5000 }),
    nodeView('n2', { firstIndex: 901, lastIndex: 5000 }),
    nodeView('n3', { firstIndex: 4001, lastIndex: 4800 }),
  ]);

  test.each([
    [5001, 'There is no entry 5,001 yet; the last is 5,000.'],
    [5000, null],
    [901, null],
    [
      900,
      'Entries up to 900 are compacted: no log holds them any more. The databases hold what they did.',
    ],
    [1, /^Entries up to 900 are compacted/],
  ])('[U124] at index %i it is said: %s', (index, words) => {
    if (words instanceof RegExp) expect(whyNoEntry(view, index)).toMatch(words);
    else expect(whyNoEntry(view, index)).toBe(words);
  });

  test('[U124] between a log that ends and logs that begin later, all is compacted up to their beginning', () => {
    const gap = viewOf([
      nodeView('n1', { firstIndex: 1001, lastIndex: 5000 }),
      nodeView('n2', { firstIndex: 1, lastIndex: 300 }),
    ]);
    expect(whyNoEntry(gap, 300)).toBeNull();
    expect(whyNoEntry(gap, 301)).toContain('up to 1,000 are');
  });
});

describe('cells', () => {
  // A leader of term 3 has replaced nothing yet on n3, which still holds two entries of a lost leader.
  const view = viewOf([
    holder('n1', [1, 1, 2, 3, 3], 4, 3),
    holder('n2', [1, 1, 2, 3], 4),
    holder('n3', [1, 1, 2, 2, 2, 2], 2),
  ]);

  test.each([
    [1, ['applied 1', 'applied 1', 'applied 1']],
    [3, ['applied 2', 'applied 2', 'appended 2']],
    [4, ['committed 3', 'applied 3', 'divergent 2']],
    [5, ['appended 3', 'absent null', 'divergent 2']],
    [6, ['absent null', 'absent null', 'appended 2']],
    [7, ['absent null', 'absent null', 'absent null']],
  ])('[U35] row %i says what each node holds', (index, expected) => {
    const term = standingTerm(view, index);
    const cells = view.nodes.map((node) => cellOf(node, index, term));
    expect(cells.map((cell) => `${cell.state} ${cell.term}`)).toEqual(expected);
  });

  test('[U35] what is committed stands, even against a longer log of a newer term', () => {
    const split = viewOf([holder('n1', [1, 2, 2], 2), holder('n2', [1, 3, 3, 3], 1)]);
    expect(standingTerm(split, 2)).toBe(2);
    expect(standingTerm(split, 3)).toBe(3);
    expect(standingTerm(split, 9)).toBeNull();
  });

  test('[U35] a row older than the runs that nodes tell is applied, in a term not known', () => {
    const old = viewOf([
      nodeView('n1', {
        termRuns: [{ term: 9, from: 100, to: 120 }],
        lastIndex: 120,
        commitIndex: 120,
        lastApplied: 120,
      }),
    ]);
    expect(standingTerm(old, 50)).toBeNull();
    expect(old.nodes.map((node) => cellOf(node, 50, null))).toEqual([
      { node: 'n1', state: 'applied', term: null },
    ]);
  });

  test('[U76] what a log let go is told from what it has, and from what no log has', () => {
    const cut = viewOf([
      nodeView('n1', { firstIndex: 4, lastIndex: 6, commitIndex: 6, lastApplied: 6 }),
      nodeView('n2', { firstIndex: 3, lastIndex: 5, commitIndex: 5, lastApplied: 5 }),
    ]);
    const states = [2, 3, 4, 6].map((index) => cut.nodes.map((n) => cellOf(n, index, 1).state));
    expect(states).toEqual([
      ['compacted', 'compacted'],
      ['compacted', 'applied'],
      ['applied', 'applied'],
      ['applied', 'absent'],
    ]);
    expect([1, 2, 3, 6, 7].map((index) => isForgotten(cut, index))).toEqual([
      true,
      true,
      false,
      false,
      true,
    ]);
  });

  test('[U35] the log ends where the longest does, and lag counts from the furthest commit', () => {
    expect(lastIndexOf(view)).toBe(6);
    expect(lastIndexOf(viewOf([]))).toBe(0);
    expect(view.nodes.map((node) => commitLag(view, node))).toEqual([0, 0, 2]);
  });
});

describe('rows', () => {
  test.each([
    [0, 1],
    [1, 1],
    [400_000, 1],
    [400_001, 100_001],
    [500_000, 100_001],
    [500_001, 200_001],
    [1_234_567, 900_001],
  ])('[U36] a log that ends at %i is shown from %i', (last, first) => {
    expect(firstRow(last)).toBe(first);
  });

  test('[U36] entries are found by index and term, and the old ones by index alone', () => {
    const entry = (index: number, term: number): EntryView => ({
      index,
      term,
      stamp: 0,
      kind: 'set',
      label: `${index} of ${term}`,
    });
    const book = entryBook([entry(1, 1), entry(2, 1), entry(2, 3)]);
    expect(findEntry(book, 2, 1)?.label).toBe('2 of 1');
    expect(findEntry(book, 2, 3)?.label).toBe('2 of 3');
    expect(findEntry(book, 2, 2)).toBeUndefined();
    expect(findEntry(book, 1, null)?.label).toBe('1 of 1');
    expect(findEntry(entryBook([entry(3, 3)], book), 1, 1)?.label).toBe('1 of 1');
    expect(findEntry(book, 3, 3)).toBeUndefined();
  });
});
