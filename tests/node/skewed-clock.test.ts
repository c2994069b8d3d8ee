/** A node's clocks that are wrong on purpose, in virtual time. */
import { expect, test } from 'vitest';
import { SkewedClock } from '../../server/node/skewed-clock.ts';
import { Scheduler } from '../../sim/scheduler.ts';
import { SimClock } from '../../sim/sim-clock.ts';

function skewed(offsetMs: number, drift: number) {
  const scheduler = new Scheduler();
  const truth = new SimClock(scheduler, { rate: 1, wallOffsetMs: 0, pausedUntilMs: 0 });
  const clock = new SkewedClock(truth, { offsetMs, drift });
  const pass = (untilMs: number): void => {
    scheduler.at(untilMs, () => {});
    while (scheduler.step(untilMs));
  };
  /** How far its clocks are from the truth, ms. */
  const off = () => ({
    mono: Math.round(clock.now().mono - truth.now().mono),
    wall: Math.round((clock.now().wall - truth.now().wall) / 1000),
  });
  return { clock, scheduler, pass, off };
}

test('[N10] an offset moves the wall clock alone', () => {
  const { clock, pass, off } = skewed(5000, 0);
  expect(off()).toEqual({ mono: 0, wall: 5000 });
  pass(1000);
  clock.set({ offsetMs: -300, drift: 0 });
  expect(off()).toEqual({ mono: 0, wall: -300 });
});

test('[N10] drift makes both clocks count faster or slower; the monotonic one never jumps, the wall clock is right again after it', () => {
  const { clock, pass, off } = skewed(0, 100);
  pass(1000);
  expect(off()).toEqual({ mono: 100, wall: 100 });
  clock.set({ offsetMs: 0, drift: -500 });
  expect(off()).toEqual({ mono: 100, wall: 100 });
  pass(1100);
  expect(off()).toEqual({ mono: 50, wall: 50 });
  clock.set({ offsetMs: 7, drift: 0 });
  expect(off()).toEqual({ mono: 50, wall: 7 });
  pass(2000);
  expect(off()).toEqual({ mono: 50, wall: 7 });
});

test('[N10] timers go by the node’s own clock, never early by it, and stay cancelled', () => {
  const { clock, scheduler, pass } = skewed(0, 1000);
  const fired: string[] = [];
  const timer = (name: string, delayMs: number) =>
    clock.setTimer(delayMs, () => fired.push(`${name} at ${Math.round(scheduler.nowMs)}`));
  timer('timer', 100);
  const cancelled = timer('cancelled', 200);
  pass(40);
  clock.set({ offsetMs: 0, drift: -500 });
  pass(60);
  cancelled.cancel();
  pass(1000);
  // 80 of its ms in the first 40, the other 20 in the next 40.
  expect(fired).toEqual(['timer at 80']);
});
