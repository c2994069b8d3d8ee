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
  const lost: number[] = [];
  const filter = new LinkFilter(
    { ...OPEN_LINK, ...rule },
    clock,
    Random.fromSeed(7),
    ({ messages }) =>
      arrived.push({ atMs: scheduler.nowMs, terms: messages.map(({ term }) => term) }),
    ({ messages }) => lost.push(...messages.map(({ term }) => term)),
  );
  const pass = (untilMs: number): void => {
    while (scheduler.step(untilMs));
  };
  const send = (...terms: number[]): void =>
    filter.send({ head: HEAD, messages: terms.map(message) });
  return { filter, send, arrived, lost, pass };
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
  test('[H56] tells of each message that goes no further: cut off, lost, or cut off on its way', () => {
    const terms = Array.from({ length: 40 }, (_, i) => i);
    const cut = link({ cut: true });
    cut.send(1, 2);
    expect(cut.lost).toEqual([1, 2]);
    const lossy = link({ loss: 0.5 });
    lossy.send(...terms);
    const through = lossy.arrived.flatMap((packet) => packet.terms);
    expect([...through, ...lossy.lost].toSorted((a, b) => a - b)).toEqual(terms);
    expect(through.length * lossy.lost.length).toBeGreaterThan(0);
    const slow = link({ delayMs: 50 });
    slow.send(7);
    slow.filter.rule = { ...OPEN_LINK, cut: true };
    slow.pass(100);
    expect([slow.arrived, slow.lost]).toEqual([[], [7]]);
  });

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

  test('[U120] what the rule takes, now or on its way, is told of once; what passes is not', () => {
    const { filter, send, arrived, lost, pass } = link({ delayMs: 10 });
    send(1);
    filter.rule = { ...filter.rule, cut: true };
    send(2, 3);
    pass(20);
    expect(lost).toEqual([2, 3, 1]);
    filter.rule = { ...OPEN_LINK, reorder: 1 };
    send(4);
    filter.rule = { ...filter.rule, cut: true };
    pass(1000);
    filter.rule = { ...OPEN_LINK, loss: 0.5 };
    for (let term = 5; term <= 100; term++) send(term);
    const seen = [...lost, ...arrived.flatMap(({ terms }) => terms)];
    expect(lost.slice(0, 4)).toEqual([2, 3, 1, 4]);
    expect(seen.sort((a, b) => a - b)).toEqual(Array.from({ length: 100 }, (_, i) => i + 1));
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

  test('[N9] a message that is held back follows the next one, or goes alone when none comes', () => {
    const { send, arrived, pass } = link({ reorder: 1 });
    send(1, 2, 3);
    expect(arrived.flatMap(({ terms }) => terms)).toEqual([2, 1]);
    pass(1000);
    expect(arrived.flatMap(({ terms }) => terms)).toEqual([2, 1, 3]);
  });

  test('[N9] as many are held back as asked for, none is lost, and each by one place', () => {
    const { send, arrived, pass } = link({ reorder: 0.2 });
    for (let term = 1; term <= 2000; term++) send(term);
    pass(1000);
    const order = arrived.flatMap(({ terms }) => terms);
    expect([...order].sort((a, b) => a - b)).toEqual(Array.from({ length: 2000 }, (_, i) => i + 1));
    const swaps = order.filter((term, i) => term < (order[i - 1] ?? 0)).length;
    // The one that overtakes is not held back itself: of p, p / (1 + p) are.
    expect(swaps / 2000).toBeCloseTo(0.2 / 1.2, 1);
    expect(Math.max(...order.map((term, i) => Math.abs(term - i - 1)))).toBe(1);
  });

  test('[N9] a link cut or healed meanwhile loses or frees what it held back', () => {
    const { filter, send, arrived, pass } = link({ reorder: 1 });
    send(1);
    filter.rule = { ...filter.rule, cut: true };
    pass(1000);
    expect(arrived).toEqual([]);
    filter.rule = { ...OPEN_LINK, reorder: 1 };
    send(2);
    filter.rule = OPEN_LINK;
    send(3);
    expect(arrived.flatMap(({ terms }) => terms)).toEqual([3, 2]);
  });
});
