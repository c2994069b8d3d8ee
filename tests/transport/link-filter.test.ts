/** What links do to messages, in virtual time. */
import { describe, expect, test } from 'vitest';
import { Random } from '../../server/base/random.ts';
import { OPEN_LINK } from '../../server/node/control.ts';
import type { LinkRule } from '../../server/node/control.ts';
import type { Message } from '../../server/raft/messages.ts';
import { LinkFilter } from '../../server/transport/link-filter.ts';
import { Scheduler } from '../../sim/scheduler.ts';
import { SimClock } from '../../sim/sim-clock.ts';

function link(rule: Partial<LinkRule>) {
  const scheduler = new Scheduler();
  const clock = new SimClock(scheduler, { rate: 1, wallOffsetMs: 0, pausedUntilMs: 0 });
  const arrived: { atMs: number; terms: number[] }[] = [];
  const filter = new LinkFilter({ ...OPEN_LINK, ...rule }, clock, Random.fromSeed(7), (messages) =>
    arrived.push({ atMs: scheduler.nowMs, terms: messages.map(({ term }) => term) }),
  );
  const pass = (untilMs: number): void => {
    while (scheduler.step(untilMs));
  };
  return { filter, arrived, pass };
}

const message = (term: number): Message => ({
  type: 'HeartbeatResponse',
  from: 'n1',
  to: 'n2',
  term,
  readSeq: 0,
});

describe('link', () => {
  test('[N1] an open link passes a hand-over as it is, at once', () => {
    const { filter, arrived } = link({});
    filter.send([message(1), message(2)]);
    expect(arrived).toEqual([{ atMs: 0, terms: [1, 2] }]);
  });

  test('[N1] a cut link passes nothing, and loses what was on its way', () => {
    const { filter, arrived, pass } = link({ delayMs: 10 });
    filter.send([message(1)]);
    filter.rule = { ...filter.rule, cut: true };
    filter.send([message(2)]);
    pass(100);
    expect(arrived).toEqual([]);
    filter.rule = OPEN_LINK;
    filter.send([message(3)]);
    expect(arrived).toEqual([{ atMs: 100, terms: [3] }]);
  });

  test('[N1] delay and jitter lie within their bounds, and jitter reorders', () => {
    const { filter, arrived, pass } = link({ delayMs: 20, jitterMs: 30 });
    for (let term = 1; term <= 100; term++) filter.send([message(term)]);
    pass(19.9);
    expect(arrived).toEqual([]);
    pass(50);
    expect(arrived).toHaveLength(100);
    const order = arrived.flatMap(({ terms }) => terms);
    expect(order).not.toEqual([...order].sort((a, b) => a - b));
    expect(new Set(order).size).toBe(100);
  });

  test('[N1] loss and duplication happen as often as asked for', () => {
    const lossy = link({ loss: 0.3 });
    const doubling = link({ duplicate: 0.3 });
    for (let term = 1; term <= 2000; term++) {
      lossy.filter.send([message(term)]);
      doubling.filter.send([message(term)]);
    }
    expect(lossy.arrived.length / 2000).toBeCloseTo(0.7, 1);
    expect(doubling.arrived.length / 2000).toBeCloseTo(1.3, 1);
    const total = link({ loss: 1 });
    total.filter.send([message(1)]);
    expect(total.arrived).toEqual([]);
  });
});
