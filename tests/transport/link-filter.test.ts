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
  const filter = new LinkFilter(
    { ...OPEN_LINK, ...rule },
    clock,
    Random.fromSeed(7),
    ({ messages }) =>
      arrived.push({ atMs: scheduler.nowMs, terms: messages.map(({ term }) => term) }),
  );
  const pass = (untilMs: number): void => {
    while (scheduler.step(untilMs));
  };
  const send = (...terms: number[]): void =>
    filter.send({ head: HEAD, messages: terms.map(message) });
  return { filter, send, arrived, pass };
}

const HEAD = { version: 1, clusterId: 'c', storeId: 's', bootEpoch: 1 };

const message = (term: number): Message => ({
  type: 'HeartbeatResponse',
  from: 'n1',
  to: 'n2',
  term,
  readSeq: 0,
});

describe('link', () => {
  test('[N1] an open link passes a hand-over as it is, at once', () => {
    const { send, arrived } = link({});
    send(1, 2);
    expect(arrived).toEqual([{ atMs: 0, terms: [1, 2] }]);
  });

  test('[N1] a cut link passes nothing, and loses what was on its way', () => {
    const { filter, send, arrived, pass } = link({ delayMs: 10 });
    send(1);
    filter.rule = { ...filter.rule, cut: true };
    send(2);
    pass(100);
    expect(arrived).toEqual([]);
    filter.rule = OPEN_LINK;
    send(3);
    expect(arrived).toEqual([{ atMs: 100, terms: [3] }]);
  });

  test('[N1] delay and jitter lie within their bounds, and jitter reorders', () => {
    const { send, arrived, pass } = link({ delayMs: 20, jitterMs: 30 });
    for (let term = 1; term <= 100; term++) send(term);
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
      lossy.send(term);
      doubling.send(term);
    }
    expect(lossy.arrived.length / 2000).toBeCloseTo(0.7, 1);
    expect(doubling.arrived.length / 2000).toBeCloseTo(1.3, 1);
    const total = link({ loss: 1 });
    total.send(1);
    expect(total.arrived).toEqual([]);
  });
});
