/** Where things stand in the pictures of a chaos run. */
import { expect, test } from 'vitest';
import { axisMarks, faultSpans, lanesOf } from '../../client/chaos-chart.ts';
import type { ChaosStrike, ClashOperation } from '../../contracts/chaos.ts';

function strike(number: number, beganMs: number | null, endedMs: number | null): ChaosStrike {
  return {
    number,
    fault: 'crash',
    words: 'n1 crashes',
    atMs: 0,
    forMs: 1,
    state: 'over',
    beganMs,
    endedMs,
    note: null,
  };
}

function operation(client: string, callMs: number, returnedMs: number | null): ClashOperation {
  return { client, words: 'read nothing', callMs, returnedMs, place: 1 };
}

test('[U92] faults that stand at once are in different rows, others share one', () => {
  const spans = faultSpans(
    [strike(1, 0, 400), strike(2, 100, 300), strike(3, 350, 600), strike(4, null, null)],
    1000,
  );
  expect(spans.map(({ strike: { number }, row }) => [number, row])).toEqual([
    [1, 0],
    [2, 1],
    [3, 1],
  ]);
});

test('[U92] what stands still reaches until now, and what takes an instant is seen', () => {
  const [standing, instant] = faultSpans([strike(1, 100, null), strike(2, 500, 500)], 1000);
  expect(standing?.toMs).toBe(1000);
  expect((instant?.toMs ?? 0) - (instant?.fromMs ?? 0)).toBeGreaterThan(5);
});

test('[U92] each client has a lane; bars keep the order of calls and returns, and open ones reach the end', () => {
  const lanes = lanesOf([
    operation('b', 5, 9),
    operation('a', 0, 4),
    operation('a', 6, null),
    operation('b', 4000, 4001),
  ]);
  expect(lanes.map(({ client }) => client)).toEqual(['a', 'b']);
  const [a1, a2] = lanes[0]?.bars ?? [];
  const [b1, b2] = lanes[1]?.bars ?? [];
  expect(a1?.left).toBe(0);
  expect((a1?.left ?? 0) + (a1?.width ?? 0)).toBeLessThanOrEqual(b1?.left ?? 0);
  expect(a2?.isOpen).toBe(true);
  expect((a2?.left ?? 0) + (a2?.width ?? 0)).toBe(100);
  expect(b2?.left).toBeGreaterThan((b1?.left ?? 0) + (b1?.width ?? 0));
});

test('[U133] the axis of a run is marked at whole seconds, few enough to be read, none beyond its end', () => {
  expect(axisMarks(6400)).toEqual([0, 1000, 2000, 3000, 4000, 5000, 6000]);
  expect(axisMarks(6100)).toEqual([0, 1000, 2000, 3000, 4000, 5000]);
  expect(axisMarks(30_000)).toEqual([0, 5000, 10_000, 15_000, 20_000, 25_000]);
  expect(axisMarks(600_000)).toEqual([0, 120_000, 240_000, 360_000, 480_000]);
  for (let wholeMs = 1000; wholeMs <= 615_000; wholeMs += 700)
    expect(axisMarks(wholeMs).length).toBeLessThanOrEqual(7);
});
