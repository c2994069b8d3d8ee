/** Cluster time and messages on their way, as the page reckons with them. */
import { describe, expect, test, vi, afterEach } from 'vitest';
import { applyPatch, initialState, reduce } from '../../client/live-store.ts';
import type { LiveState } from '../../client/live-store.ts';
import {
  clusterMsAt,
  lossWords,
  paceLabel,
  partOfWay,
  speedNote,
} from '../../client/pace-state.ts';
import { PacedTimeout } from '../../client/paced-timeout.ts';
import type { TransitEnd, TransitView } from '../../contracts/pace.ts';
import { viewOf } from './views.ts';

const packet = (id: string): TransitView => ({
  id,
  from: 'n1',
  to: 'n2',
  type: 'Heartbeat',
  term: 1,
  refused: false,
  entries: 0,
  fields: [],
  sentAtMs: 100,
  arrivesAtMs: 120,
});

describe('cluster time on the page', () => {
  test('[V16] runs on from what the server said, at its pace, and stands still in a pause', () => {
    const at = { clusterMs: 500, atMs: 10_000 };
    expect(clusterMsAt({ pace: 0.1, ...at }, 10_200)).toBeCloseTo(520);
    expect(clusterMsAt({ pace: 0, ...at }, 99_000)).toBe(500);
    // A page whose clock is a little behind.
    expect(clusterMsAt({ pace: 1, ...at }, 9_990)).toBe(500);
  });

  test('[V16] puts a message on its way, never before its beginning or beyond its end', () => {
    expect(partOfWay(packet('a'), 105)).toBeCloseTo(0.25);
    expect(partOfWay(packet('a'), 90)).toBe(0);
    expect(partOfWay(packet('a'), 130)).toBe(1);
  });

  test('[V16] holds a message from when it is told of until its end is, once', () => {
    const patch = { epoch: 'e1', atMs: 0 };
    const view = viewOf([], { transit: [packet('a')] });
    const more = applyPatch(view, {
      ...patch,
      seq: 1,
      transit: { sent: [packet('a'), packet('b')], ended: [] },
    });
    expect(more.transit.map(({ id }) => id)).toEqual(['a', 'b']);
    const less = applyPatch(more, {
      ...patch,
      seq: 2,
      pace: { pace: 0, clusterMs: 7, atMs: 8 },
      transit: { sent: [packet('c')], ended: [{ id: 'a', how: 'arrived' }] },
    });
    expect(less.transit.map(({ id }) => id)).toEqual(['b', 'c']);
    expect(less.pace.pace).toBe(0);
  });

  test('[U120] keeps where and how a message was lost, and nothing of one that arrived', () => {
    const ids = Array.from({ length: 25 }, (_, i) => `p${i}`);
    const pace = { pace: 0.1, clusterMs: 100, atMs: 1000 } as const;
    const view = viewOf([], { pace, transit: ids.map(packet) });
    let state = reduce(initialState(null), { type: 'view', view, nowMs: 1 });
    const end = (how: TransitEnd, atMs: number, ...ended: string[]): LiveState => {
      const transit = { sent: [], ended: ended.map((id) => ({ id, how })) };
      const patch = { epoch: 'e1', seq: (state.view?.seq ?? 0) + 1, atMs, transit };
      state = reduce(state, { type: 'patch', patch, nowMs: atMs + 7 });
      return state;
    };
    expect(end('arrived', 1010, 'p0').losses).toEqual([]);
    expect(end('untold', 1010, 'p1').losses).toEqual([]);
    // Five ms of cluster time later, of the twenty that it takes.
    expect(end('dropped', 1050, 'p2', 'never-heard-of').losses).toEqual([
      { packet: packet('p2'), how: 'dropped', part: 0.25, toldAtMs: 1057 },
    ]);
    expect(end('lost', 1100, 'p3').losses.map(({ part }) => part)).toEqual([0.25, 0.5]);
    expect(state.losses.map(lossWords)).toEqual(['dropped by hand', 'lost on its way']);
    end('lost', 1100, ...ids.slice(4));
    expect(state.losses.map(({ packet: { id } }) => id)).toEqual(ids.slice(5));
    const other = viewOf([], { epoch: 'e2', transit: [] });
    expect(reduce(state, { type: 'view', view: other, nowMs: 9 }).losses).toEqual([]);
  });

  test('[V16] is said in words', () => {
    expect([1, 0.25, 0.1, 0.025, 0].map((pace) => paceLabel(pace as 1))).toEqual([
      '1x',
      '1/4',
      '1/10',
      '1/40',
      'Pause',
    ]);
    expect([1, 0.1, 0].map((pace) => speedNote(pace as 1))).toEqual([
      '',
      ', at 1/10 speed',
      '; paused for everyone, writes wait',
    ]);
  });
});

describe('the wait for an answer', () => {
  afterEach(() => {
    vi.useRealTimers();
  });

  test('[V17] is as much longer as the cluster is slower, and does not end in a pause', () => {
    vi.useFakeTimers();
    let pace = 1;
    const limit = new PacedTimeout(1000, () => pace);
    vi.advanceTimersByTime(500);
    pace = 0;
    vi.advanceTimersByTime(60_000);
    pace = 0.1;
    vi.advanceTimersByTime(4500);
    expect(limit.signal.aborted).toBe(false);
    vi.advanceTimersByTime(1000);
    expect(limit.signal.aborted).toBe(true);
    limit.end();
    expect(vi.getTimerCount()).toBe(0);
  });
});
