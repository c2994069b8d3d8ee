/** Messages on their way, over virtual time. */
import { describe, expect, test } from 'vitest';
import type { Message } from '../../server/raft/messages.ts';
import { LOST_AFTER_MS, Transit, TRANSIT_MS } from '../../server/transport/transit.ts';
import { Scheduler } from '../../sim/scheduler.ts';
import { SimClock } from '../../sim/sim-clock.ts';

const HEAD = { version: 1, clusterId: 'c', storeId: 's', bootEpoch: 1 };

function transit(gone: readonly string[] = []) {
  const scheduler = new Scheduler();
  const clock = new SimClock(scheduler, { rate: 1, wallOffsetMs: 0, pausedUntilMs: 0 });
  const arrived: string[] = [];
  const seen: string[] = [];
  const links = new Transit(
    clock,
    (to, { messages }) => {
      if (gone.includes(to)) return false;
      arrived.push(`${messages.map(({ term }) => term).join(' ')} to ${to} at ${scheduler.nowMs}`);
      return true;
    },
    (event) => seen.push(`${event.number} ${event.type === 'ended' ? event.how : event.type}`),
  );
  const carry = (to: string, ...terms: number[]): void =>
    links.carry(to, { head: HEAD, messages: terms.map((term) => message(to, term)) });
  const lose = (to: string, ...terms: number[]): void =>
    links.carryToLoss(to, { head: HEAD, messages: terms.map((term) => message(to, term)) });
  const pass = (untilMs: number): void => {
    while (scheduler.step(untilMs));
  };
  return { links, carry, lose, pass, arrived, seen, scheduler };
}

const message = (to: string, term: number): Message => ({
  type: 'HeartbeatResponse',
  from: 'n1',
  to,
  term,
  readSeq: 0,
});

describe('messages on their way', () => {
  test('[N22] go as they come at full speed, together and unseen', () => {
    const { carry, arrived, seen } = transit();
    carry('n2', 1, 2);
    expect(arrived).toEqual(['1 2 to n2 at 0']);
    expect(seen).toEqual([]);
  });

  test('[N22] take their time when slowed, each by itself and in order', () => {
    const { links, carry, pass, arrived, seen } = transit();
    links.slow(true);
    carry('n2', 1, 2);
    carry('n3', 3);
    pass(TRANSIT_MS - 1);
    expect(arrived).toEqual([]);
    expect(seen).toEqual(['1 sent', '2 sent', '3 sent']);
    pass(TRANSIT_MS);
    expect(arrived).toEqual(['1 to n2 at 20', '2 to n2 at 20', '3 to n3 at 20']);
  });

  test('[N22] can be dropped until they arrive', () => {
    const { links, carry, pass, arrived, seen } = transit();
    links.slow(true);
    carry('n2', 1, 2);
    expect(links.drop(1)).toBe('dropped');
    expect(links.drop(1)).toBe('gone');
    expect(links.drop(3)).toBe('unknown');
    expect(links.drop(0)).toBe('unknown');
    pass(100);
    expect(links.drop(2)).toBe('gone');
    expect(arrived).toEqual(['2 to n2 at 20']);
    expect(seen).toEqual(['1 sent', '2 sent', '1 dropped', '2 arrived']);
  });

  test('[N22] all arrive at once, in order, when it goes back to full speed', () => {
    const { links, carry, pass, arrived } = transit();
    links.slow(true);
    carry('n2', 1);
    carry('n3', 2);
    links.slow(false);
    carry('n2', 3);
    pass(100);
    expect(arrived).toEqual(['1 to n2 at 0', '2 to n3 at 0', '3 to n2 at 0']);
  });

  test('[N22] are lost with the line they go over', () => {
    const { links, carry, pass, arrived, seen } = transit(['n3']);
    links.slow(true);
    carry('n2', 1);
    carry('n3', 2);
    carry('n4', 3);
    links.lose('n2');
    pass(100);
    expect(arrived).toEqual(['3 to n4 at 20']);
    expect(seen.slice(3)).toEqual(['1 lost', '2 lost', '3 arrived']);
  });

  test('[U120] that their link has taken are seen to go a part of the way, and never arrive', () => {
    const { links, carry, lose, pass, arrived, seen } = transit();
    lose('n2', 1);
    expect(seen).toEqual([]);
    links.slow(true);
    lose('n2', 2, 3);
    carry('n2', 4);
    pass(LOST_AFTER_MS - 1);
    expect(seen).toEqual(['1 sent', '2 sent', '3 sent']);
    pass(LOST_AFTER_MS);
    expect(seen.slice(3)).toEqual(['1 lost', '2 lost']);
    pass(TRANSIT_MS);
    lose('n2', 5);
    links.slow(false);
    pass(100);
    expect(seen.slice(5)).toEqual(['3 arrived', '4 sent', '4 lost']);
    expect(arrived).toEqual(['4 to n2 at 20']);
  });
});
