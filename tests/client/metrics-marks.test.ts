import { describe, expect, test } from 'vitest';
import { joinSeconds, markWords, marksOf } from '../../client/metrics-marks.ts';
import { secondAt } from './seconds.ts';

const UP = { n1: 0, n2: 0 };

describe('marks', () => {
  test('[U81] a node that is down, links that are faulty and time without a leader are spans; a new leader is a line', () => {
    const seconds = [
      secondAt(1, { lag: UP }),
      secondAt(2, { lag: { n1: null, n2: 0 }, leader: null }),
      secondAt(3, { lag: { n1: null, n2: 0 }, leader: 'n2', faultyLinks: 2 }),
      secondAt(4, { lag: UP, leader: 'n2' }),
      secondAt(5, { lag: { n1: 0, n2: null }, leader: null }),
    ];
    const marks = marksOf(seconds, ['n1', 'n2']);
    expect(marks).toEqual({
      changes: [{ atMs: 3000, leader: 'n2', isCrowded: false }],
      spans: [
        { kind: 'down', node: 'n1', fromMs: 2000, toMs: 4000 },
        { kind: 'down', node: 'n2', fromMs: 5000, toMs: 6000 },
        { kind: 'links', node: null, fromMs: 3000, toMs: 4000 },
        { kind: 'leaderless', node: null, fromMs: 2000, toMs: 3000 },
        { kind: 'leaderless', node: null, fromMs: 5000, toMs: 6000 },
      ],
    });
    expect(markWords(marks).map(({ atMs, text }) => `${atMs / 1000} ${text}`)).toEqual([
      '5 n2 down for 1 s',
      '5 no leader for 1 s',
      '3 n2 leads',
      '3 links cut, slow or lossy for 1 s',
      '2 n1 down for 2 s',
      '2 no leader for 1 s',
    ]);
  });

  test('[U81] of seconds that are missing nothing is claimed', () => {
    const cut = [secondAt(1, { faultyLinks: 1 }), secondAt(9, { faultyLinks: 1 })];
    expect(marksOf(cut, []).spans).toEqual([
      { kind: 'links', node: null, fromMs: 1000, toMs: 2000 },
      { kind: 'links', node: null, fromMs: 9000, toMs: 10_000 },
    ]);
    expect(marksOf([], ['n1'])).toEqual({ changes: [], spans: [] });
  });

  test('[U81] what was fetched and what was heard are one row of seconds, each once', () => {
    const heard = [secondAt(3, { elections: 1 }), secondAt(4)];
    const joined = joinSeconds([secondAt(1), secondAt(2), secondAt(3)], heard);
    expect(joined.map(({ atMs, elections }) => `${atMs / 1000} ${elections}`)).toEqual([
      '1 0',
      '2 0',
      '3 1',
      '4 0',
    ]);
  });
});
