/** Invariants in words. */
import { describe, expect, test } from 'vitest';
import { ago, lastCheckOf, summaryOf, violationOf } from '../../client/invariant-words.ts';
import { headlineOf, verdictOf } from '../../client/verdict.ts';
import type { InvariantView, Violation } from '../../contracts/invariants.ts';
import { nodeView, viewOf } from './views.ts';

const CLASH: Violation = {
  text: 'term 3 has two leaders, n1 and n2',
  facts: ['n1 said that n1 leads term 3', 'n2 says that n2 leads term 3'],
  atMs: 5,
  node: 'n2',
  term: 3,
  index: null,
  eventSeq: 9,
};

function invariant(part: Partial<InvariantView>): InvariantView {
  const checks = part.checks ?? 0;
  return {
    id: 'election-safety',
    title: 'One leader a term',
    status: checks > 0 ? 'pass' : 'unknown',
    checks,
    lastCheckedAtMs: checks > 0 ? 100 : null,
    evidence: null,
    violation: null,
    ...part,
  };
}

describe('invariants in words', () => {
  test.each([
    [[0, 0], 'No invariant was checked yet'],
    [[1, 0], '1 invariant holds, 1 not checked yet, 1 check'],
    [[9000, 204], '2 invariants hold, 9,204 checks'],
  ])('[U70] counts of %j make one sentence: "%s"', (counts, sentence) => {
    expect(summaryOf(counts.map((checks) => invariant({ checks })))).toBe(sentence);
  });

  test('[U70] a violation is all that the sentence says', () => {
    const broken = invariant({ checks: 7, status: 'fail', violation: CLASH });
    expect(summaryOf([invariant({ checks: 3 }), broken])).toBe(
      '1 of 2 invariants is violated, 10 checks',
    );
  });

  test('[U70] the last check is the latest of any, and its age is told in the unit that fits', () => {
    expect(lastCheckOf([invariant({}), invariant({ checks: 1 })])).toBe(100);
    expect(lastCheckOf([invariant({})])).toBeNull();
    expect([-5, 240, 9949, 9951, 119_400, 130_000, 7_300_000].map(ago)).toEqual([
      '0.0 s ago',
      '0.2 s ago',
      '9.9 s ago',
      '10 s ago',
      '119 s ago',
      '2 min ago',
      '2 h ago',
    ]);
  });
});

describe('the verdict', () => {
  const nodes = [
    nodeView('n1', { role: 'leader', leader: 'n1' }),
    nodeView('n2', { leader: 'n1' }),
    nodeView('n3', { leader: 'n1' }),
  ];
  const broken = invariant({ checks: 7, status: 'fail', violation: CLASH });

  test('[U71] a violation comes before all else, and changes nothing of what is up', () => {
    const healthy = viewOf(nodes, { invariants: [invariant({ checks: 1 })] });
    expect(headlineOf(healthy)).toEqual(verdictOf(healthy));
    const view = viewOf(nodes, { invariants: [invariant({ checks: 1 }), broken] });
    expect(headlineOf(view)).toEqual({
      ...verdictOf(view),
      state: 'violated',
      word: 'Safety violated',
      sentence: CLASH.text,
    });
    const stopped = viewOf([nodeView('n1', { state: 'down' })], { invariants: [broken] });
    expect(headlineOf(stopped).state).toBe('violated');
  });

  test('[U71] of several violations the first one leads', () => {
    const earlier = { ...CLASH, text: 'earlier', eventSeq: 4 };
    expect(violationOf([broken, { ...broken, violation: earlier }])?.text).toBe('earlier');
  });
});
