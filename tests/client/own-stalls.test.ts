import { expect, test } from 'vitest';
import { OwnStalls } from '../../client/own-stalls.ts';

test('[U139] after a stall of its own a page hears first what came meanwhile, and then judges, however slow it is', () => {
  const stalls = new OwnStalls(500, 0);
  const mayJudge = [500, 1000, 2000, 6000, 6001, 6500, 12_000, 18_000, 18_500].map((nowMs) =>
    stalls.mayJudge(nowMs),
  );
  expect(mayJudge).toEqual([true, true, true, false, true, true, false, true, true]);
});
