import { describe, expect, test } from 'vitest';
import { overwritten } from '../../client/overwritten.ts';
import type { EntryView } from '../../contracts/view.ts';
import { nodeView, viewOf } from './views.ts';

function entry(index: number, term: number): EntryView {
  return { index, term, stamp: 0, kind: 'set', label: `x.y = ${index} of ${term}` };
}

/** A node that holds `terms` from index 1 on, and knows so many committed. */
function holder(id: string, terms: readonly number[], commitIndex: number) {
  return nodeView(id, {
    termRuns: terms.map((term, at) => ({ term, from: at + 1, to: at + 1 })),
    lastIndex: terms.length,
    commitIndex,
  });
}

/** n1 led term 1 alone and wrote twice; n2 and n3 went on in term 2. */
const ENTRIES = [entry(1, 1), entry(2, 1), entry(2, 2), entry(3, 1), entry(3, 2)];

describe('overwritten entries', () => {
  test('[U78] what is not committed may still stand', () => {
    const cut = viewOf([holder('n1', [1, 1, 1], 1), holder('n2', [1, 2, 2], 1)], {
      entries: ENTRIES,
    });
    expect(overwritten(cut)).toEqual([]);
  });

  test('[U78] what another entry was committed over is told with it, and by whom it is held until it is gone', () => {
    const divergent = viewOf([holder('n1', [1, 1, 1], 1), holder('n2', [1, 2, 2], 2)], {
      entries: ENTRIES,
    });
    const seen = overwritten(divergent);
    expect(seen).toEqual([{ lost: entry(2, 1), byTerm: 2, by: entry(2, 2), heldBy: ['n1'] }]);
    const healed = viewOf([holder('n1', [1, 2, 2], 3), holder('n2', [1, 2, 2], 3)], {
      entries: ENTRIES,
    });
    expect(overwritten(healed, seen)).toEqual([
      { lost: entry(2, 1), byTerm: 2, by: entry(2, 2), heldBy: [] },
      { lost: entry(3, 1), byTerm: 2, by: entry(3, 2), heldBy: [] },
    ]);
  });

  test('[U78] it stays when the view has let go of the entries, and what replaced it is added when heard of', () => {
    const nodes = [holder('n1', [1, 2], 2), holder('n2', [1, 2], 2)];
    const seen = overwritten(viewOf(nodes, { entries: [entry(2, 1)] }));
    expect(seen).toEqual([{ lost: entry(2, 1), byTerm: 2, by: null, heldBy: [] }]);
    expect(overwritten(viewOf(nodes, { entries: [] }), seen)).toEqual(seen);
    const both = viewOf(nodes, { entries: [entry(2, 1), entry(2, 2)] });
    expect(overwritten(both, seen)[0]?.by).toEqual(entry(2, 2));
    const later = viewOf(nodes, { entries: [] });
    expect(overwritten(later, overwritten(both, seen))[0]?.by).toEqual(entry(2, 2));
  });

  test('[U78] an entry of a place that no log tells of any more is not accused', () => {
    const cut = nodeView('n1', { firstIndex: 9, lastIndex: 9, commitIndex: 9 });
    expect(overwritten(viewOf([cut], { entries: ENTRIES }))).toEqual([]);
  });
});
