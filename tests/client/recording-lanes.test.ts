/** The lanes of a recording as the time bar draws and walks them. */
import { describe, expect, it } from 'vitest';
import {
  eventAfter,
  eventBefore,
  faultsAt,
  joinLanes,
  leaderAt,
  quietSpans,
} from '../../client/recording-lanes.ts';
import type { Lanes } from '../../contracts/recording.ts';

const NONE: Lanes = { leaders: [], faults: [], failed: [], busy: [], events: [] };

function event(seq: number, atMs: number): Lanes['events'][number] {
  return { seq, atMs, kind: 'node-killed', text: `event ${seq}` };
}

describe('the lanes', () => {
  it('[V30] join spans that go on in the next segment, and no others', () => {
    const n1 = { node: 'n1', term: 1 };
    const down = { kind: 'node-down' as const, what: 'n2' };
    const joined = joinLanes([
      {
        lanes: {
          ...NONE,
          leaders: [{ ...n1, fromMs: 0, toMs: 10 }],
          faults: [
            { ...down, fromMs: 5, toMs: 10 },
            { ...down, what: 'n3', fromMs: 1, toMs: 2 },
          ],
        },
      },
      {
        lanes: {
          ...NONE,
          leaders: [
            { ...n1, fromMs: 10, toMs: 15 },
            { ...n1, term: 2, fromMs: 15, toMs: 20 },
            { ...n1, term: 3, fromMs: 20, toMs: 20 },
          ],
          faults: [
            { ...down, fromMs: 10, toMs: 12 },
            { ...down, fromMs: 14, toMs: 20 },
          ],
        },
      },
    ]);
    expect(joined.leaders).toEqual([
      { ...n1, fromMs: 0, toMs: 15 },
      { ...n1, term: 2, fromMs: 15, toMs: 20 },
    ]);
    expect(joined.faults.map(({ what, fromMs, toMs }) => [what, fromMs, toMs])).toEqual([
      ['n2', 5, 12],
      ['n3', 1, 2],
      ['n2', 14, 20],
    ]);
  });

  it('[V30] lead from one event to the next and back, past several at once', () => {
    const lanes = { ...NONE, events: [event(1, 100), event(2, 300), event(3, 300), event(4, 700)] };
    expect([0, 100, 300, 650, 700].map((ms) => eventAfter(lanes, ms))).toEqual([
      100,
      300,
      700,
      700,
      null,
    ]);
    expect([100, 101, 300, 700, 900].map((ms) => eventBefore(lanes, ms))).toEqual([
      null,
      100,
      100,
      300,
      700,
    ]);
  });

  it('[V30] name the leader of a moment, and what was broken', () => {
    const lanes = {
      ...NONE,
      faults: [{ kind: 'node-down' as const, what: 'n1', fromMs: 20, toMs: 25 }],
      leaders: [
        { node: 'n1', term: 1, fromMs: 10, toMs: 20 },
        { node: null, term: null, fromMs: 20, toMs: 30 },
      ],
    };
    expect([5, 10, 19, 20, 99].map((ms) => leaderAt(lanes, ms)?.node)).toEqual([
      undefined,
      'n1',
      'n1',
      null,
      null,
    ]);
    expect([19, 20, 24, 25].map((ms) => faultsAt(lanes, ms).length)).toEqual([0, 1, 1, 0]);
  });

  it('[V30] are quiet where nothing happens for five seconds, but for a second at each end', () => {
    const lanes = { ...NONE, events: [event(1, 10_000)], failed: [{ atMs: 14_000, count: 1 }] };
    expect(quietSpans(lanes, { fromMs: 6000, toMs: 30_000 })).toEqual([
      { fromMs: 15_000, toMs: 29_000 },
    ]);
    const work = { ...lanes, busy: [{ fromMs: 9000, toMs: 18_000 }] };
    expect(quietSpans(work, { fromMs: 6000, toMs: 30_000 })).toEqual([
      { fromMs: 19_000, toMs: 29_000 },
    ]);
    expect(quietSpans(work, { fromMs: 12_000, toMs: 22_000 })).toEqual([]);
    expect(quietSpans(NONE, { fromMs: 0, toMs: 5000 })).toEqual([{ fromMs: 1000, toMs: 4000 }]);
  });
});
