/** Time that is slowed, stopped and led, over virtual time. */
import { describe, expect, test } from 'vitest';
import { Random } from '../../server/base/random.ts';
import { PacedClock } from '../../server/ports/paced-clock.ts';
import { Scheduler } from '../../sim/scheduler.ts';
import { SimClock, START_MS } from '../../sim/sim-clock.ts';

function slowable() {
  const scheduler = new Scheduler();
  const clock = new PacedClock(
    new SimClock(scheduler, { rate: 1, wallOffsetMs: 0, pausedUntilMs: 0 }),
  );
  const fired: string[] = [];
  const arm = (name: string, delayMs: number) =>
    clock.setTimer(delayMs, () => fired.push(`${name} at ${Math.round(scheduler.nowMs)}`));
  const pass = (ms: number): void => {
    const untilMs = scheduler.nowMs + ms;
    scheduler.after(ms, () => {});
    while (scheduler.nowMs < untilMs && scheduler.step(untilMs));
  };
  return { scheduler, clock, fired, arm, pass };
}

describe('a slowed clock', () => {
  test('[N20] runs at the pace from the moment it is set, and what is armed fires by it', () => {
    const { clock, fired, arm, pass } = slowable();
    arm('a', 100);
    arm('b', 200);
    pass(50);
    clock.pace = 0.1;
    pass(250);
    expect(clock.now().mono).toBeCloseTo(75);
    expect(fired).toEqual([]);
    pass(250);
    expect(fired).toEqual(['a at 550']);
    clock.pace = 1;
    pass(100);
    expect(fired).toEqual(['a at 550', 'b at 650']);
    expect(clock.now().mono).toBeCloseTo(200);
  });

  test('[N20] never goes back, whatever the pace does', () => {
    const seed = 20;
    const random = Random.fromSeed(seed);
    const { clock, pass } = slowable();
    let before = clock.now().mono;
    for (let i = 0; i < 300; i++) {
      clock.pace = [0, 0.025, 0.1, 0.25, 1][random.nextInt(0, 4)] ?? 1;
      if (clock.pace === 0) clock.advance(random.nextFloat() * 30);
      pass(random.nextFloat() * 50);
      const now = clock.now().mono;
      expect(now, `seed ${seed}, change ${i}`).toBeGreaterThanOrEqual(before);
      before = now;
    }
  });

  test('[N20] forgets a timer that is cancelled, slowed or not', () => {
    const { clock, fired, arm, pass } = slowable();
    const a = arm('a', 10);
    clock.pace = 0.5;
    a.cancel();
    a.cancel();
    const b = arm('b', 10);
    b.cancel();
    expect(clock.nextDueInMs()).toBeNull();
    pass(100);
    expect(fired).toEqual([]);
  });

  test('[N23] leaves the wall clock alone, and tells a time that was never slowed', () => {
    const { clock, pass } = slowable();
    clock.pace = 0.1;
    pass(1000);
    const { mono, wall, steady } = clock.now();
    expect(mono).toBeCloseTo(100);
    expect(wall).toBe((START_MS + 1000) * 1000);
    expect(steady).toBeCloseTo(1000);
  });

  test('[N23] times at full speed what goes by the wall clock, and nothing while it stands still', () => {
    const { clock, fired, scheduler, pass } = slowable();
    clock.pace = 0.1;
    const note = (): number => fired.push(String(scheduler.nowMs));
    clock.unslowed.setTimer(100, note);
    pass(150);
    expect(fired).toEqual(['100']);
    clock.unslowed.setTimer(100, note);
    clock.pace = 0;
    pass(1000);
    expect(fired).toHaveLength(1);
    expect(clock.nextDueInMs()).toBeNull();
    clock.pace = 0.1;
    pass(1);
    expect(fired).toHaveLength(2);
  });
});

describe('a clock that stands still', () => {
  test('[N21] fires nothing by itself, and goes on where it stood', () => {
    const { clock, fired, arm, pass } = slowable();
    arm('a', 30);
    pass(10);
    clock.pace = 0;
    arm('b', 5);
    pass(10_000);
    expect(fired).toEqual([]);
    expect(clock.now().mono).toBeCloseTo(10);
    expect(clock.nextDueInMs()).toBeCloseTo(5);
    clock.pace = 1;
    pass(20);
    expect(fired).toEqual(['b at 10015', 'a at 10030']);
  });

  test('[N21] is led on, and fires one timer at a time: the one that is due first', () => {
    const { clock, fired, arm } = slowable();
    clock.pace = 0;
    arm('late', 20);
    arm('first', 7);
    arm('second', 7);
    clock.advance(6);
    clock.fireNext();
    expect(fired).toEqual([]);
    clock.advance(clock.nextDueInMs() ?? 0);
    clock.fireNext();
    expect(fired).toEqual(['first at 0']);
    expect(clock.nextDueInMs()).toBe(0);
    clock.fireNext();
    clock.fireNext();
    expect(fired).toEqual(['first at 0', 'second at 0']);
    expect(clock.now().mono).toBeCloseTo(7);
  });
});
