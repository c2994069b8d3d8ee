/** Lab scenarios about agreement and what it costs: rows A4 to A13 of docs/scenarios/labs.md. */
import { describe, expect, test } from 'vitest';
import { must } from '../../../server/base/assert.ts';
import type { LogIndex, NodeId } from '../../../server/raft/types.ts';
import { TIMING } from '../network.ts';
import { Lab, SETTLE_MS } from './lab.ts';

describe('agreement', () => {
  test('[A4] command after command is agreed at the next index, and nowhere before it was asked for', () => {
    const lab = new Lab(3);
    const { lastIndex } = lab.elect().raft;
    for (let i = 1; i <= 3; i++) {
      expect(lab.agreed).toHaveLength(lastIndex + i - 1);
      const data = lab.command();
      expect(lab.agree(3, data)).toBe(lastIndex + i);
      for (const { raft } of lab.net.nodes.values())
        expect(raft.entryAt(lastIndex + i)).toMatchObject({ kind: 'command', data });
    }
  });

  test('[A6] followers lost one by one: a majority goes on, the last one left commits nothing', () => {
    const lab = new Lab(3);
    const leader = lab.elect();
    lab.agree(3);
    lab.unplug(lab.after(leader.id, 1));
    lab.agree(2);
    lab.advance(SETTLE_MS);
    lab.agree(2);

    lab.unplug(lab.after(leader.id, 2));
    expect(lab.leader()).toBe(leader);
    expectNeverAgreed(lab, leader.id);
  });

  test('[A7] leaders lost one by one: the next one goes on, and the last node left commits nothing', () => {
    const lab = new Lab(3);
    const first = lab.elect();
    lab.agree(3);
    lab.unplug(first.id);
    lab.agree(2);
    lab.advance(SETTLE_MS);
    lab.agree(2);

    const second = must(lab.leader(), 'a second leader');
    expect(second.id).not.toBe(first.id);
    lab.unplug(second.id);
    expectNeverAgreed(lab, ...lab.ids);
  });

  test('[A8] a follower that was away gets all that was agreed meanwhile', () => {
    const lab = new Lab(3);
    const away = lab.net.node(lab.after(lab.elect().id, 1));
    lab.agree(3);
    lab.unplug(away.id);
    for (let i = 0; i < 4; i++) lab.agree(2);
    lab.advance(SETTLE_MS);
    lab.agree(2);
    expect(away.applied).toHaveLength(lab.agreed.length - 5);

    lab.plug(away.id);
    lab.agree(3);
    lab.advance(SETTLE_MS);
    lab.agree(3);
    expect(away.applied).toEqual(lab.agreed);
  });

  test('[A9] with three of five gone nothing is agreed, and with them back one history goes on', () => {
    const lab = new Lab(5);
    const leader = lab.elect();
    lab.agree(5);
    const { lastIndex } = leader.raft;
    const gone = [1, 2, 3].map((steps) => lab.after(leader.id, steps));
    lab.unplug(...gone);
    const lost = lab.command();
    expect(lab.start(leader.id, lost)).toBe(lastIndex + 1);
    lab.advance(2 * SETTLE_MS);
    expect(lab.agreed).toHaveLength(lastIndex);

    lab.plug(...gone);
    lab.elect();
    const index = lab.agree(5);
    // What was asked of the lost majority may have survived or not; a no-op or two stand before.
    expect(index).toBeGreaterThan(lastIndex);
    expect(index).toBeLessThanOrEqual(lastIndex + 3);
    lab.agree(5);
  });

  test.each([2, 5, 50])(
    '[A10] %i commands at one instant get an index each, and each is agreed there',
    (count) => {
      const lab = new Lab(3);
      const leader = lab.elect();
      const { term, lastIndex } = leader.raft;
      const asked = Array.from({ length: count }, (_, id) => ({ id: 1000 + id, data: `p${id}` }));
      // No effect is carried out between them.
      for (const command of asked) leader.raft.step(lab.net.now, { type: 'propose', ...command });
      lab.net.drain(leader);
      const places = leader.results.filter((result) => result.type === 'proposalAppended');
      expect(places.map(({ id }) => id)).toEqual(asked.map(({ id }) => id));
      expect(new Set(places.map(({ index }) => index)).size).toBe(count);
      expect(places.every((place) => place.term === term && place.index > lastIndex)).toBe(true);
      lab.advance(SETTLE_MS);
      for (const [i, { index }] of places.entries())
        expect(lab.holders(index, asked[i]?.data ?? '')).toBe(3);
    },
  );

  test('[A11] a leader that comes back gives up what it could not commit', () => {
    const lab = new Lab(3);
    const first = lab.elect();
    lab.agree(3);
    lab.unplug(first.id);
    const lost = [lab.command(), lab.command(), lab.command()];
    for (const data of lost) expect(lab.start(first.id, data)).not.toBeNull();
    lab.agree(2);

    const second = must(lab.leader(), 'a second leader');
    lab.unplug(second.id);
    lab.plug(first.id);
    lab.agree(2);
    expect(lab.leader()?.id).not.toBe(first.id);

    lab.plug(second.id);
    lab.agree(3);
    expect(lost.filter((data) => lab.isAgreed(data))).toEqual([]);
    expect(first.applied).toEqual(lab.agreed);
    expect(first.events.some(({ type }) => type === 'truncated')).toBe(true);
  });

  test.each([1, 2, 3])(
    '[A12] long tails that differ are mended in few rounds, however long they are (seed %i)',
    (seed) => {
      const lab = new Lab(5, { seed });
      lab.agree(5);
      // The first leader and a partner keep fifty entries that nobody else has.
      const first = lab.elect();
      const pair = [first.id, lab.after(first.id, 1)];
      const three = lab.ids.filter((id) => !pair.includes(id));
      lab.unplug(...three);
      const lost = startMany(lab, first.id);
      lab.advance(SETTLE_MS);
      // The other three agree on fifty more; then their leader and one of them go the same way.
      lab.unplug(...pair);
      lab.plug(...three);
      agreeMany(lab, 3);
      const second = lab.elect();
      const other = must(
        three.find((id) => id !== second.id),
        'one of three',
      );
      lab.unplug(other);
      lost.push(...startMany(lab, second.id));
      lab.advance(SETTLE_MS);
      // The old pair and the one that has all that was agreed make a majority.
      lab.unplug(...lab.ids);
      lab.plug(...pair, other);
      const before = lab.net.sent.length;
      agreeMany(lab, 3);
      expect(lab.leader()?.id).toBe(other);
      lab.plug(...lab.ids);
      lab.agree(5);
      expect(lost.filter((data) => lab.isAgreed(data))).toEqual([]);
      expect(lab.agreed.filter(({ kind }) => kind === 'command')).toHaveLength(102);
      // Four followers had to be met, in logs of at most five terms.
      const refusals = lab.net.sent
        .slice(before)
        .filter((m) => m.type === 'AppendEntriesResponse' && !m.success);
      expect(refusals.length).toBeGreaterThan(0);
      expect(refusals.length).toBeLessThanOrEqual(8);
    },
  );
});

describe('cost', () => {
  test('[A5] each command travels once to each peer', () => {
    const lab = new Lab(3);
    const leader = lab.elect();
    lab.agree(3);
    const big = Array.from({ length: 10 }, () => lab.command().padEnd(5000, '.'));
    for (const data of big) lab.agree(3, data);
    lab.advance(SETTLE_MS);
    const sent = lab.net.sent.filter((m) => m.type === 'AppendEntries');
    for (const data of big) {
      const carriers = sent.filter(({ entries }) => entries.some((entry) => entry.data === data));
      expect(carriers.map(({ to }) => to).sort()).toEqual(lab.ids.filter((id) => id !== leader.id));
    }
  });

  test('[A13] an election, a busy leader and an idle one send few messages', () => {
    const lab = new Lab(3);
    const leader = lab.elect();
    const forElection = requests(lab, 0);
    expect(forElection.length).toBeGreaterThan(0);
    expect(forElection.length).toBeLessThanOrEqual(30);

    lab.agree(3);
    lab.advance(TIMING.heartbeatIntervalMs);
    const beforeBusy = lab.net.sent.length;
    const asked = Array.from({ length: 10 }, () => lab.command());
    const places = asked.map((data) => lab.start(leader.id, data));
    while (lab.holders(must(places.at(-1), 'a place'), must(asked.at(-1), 'a command')) < 3)
      lab.advance(1);
    expect(asked.map((data, i) => lab.holders(places[i] as LogIndex, data))).toEqual(
      asked.map(() => 3),
    );
    expect(requests(lab, beforeBusy).length).toBeLessThanOrEqual((10 + 1 + 3) * 3);

    lab.advance(SETTLE_MS);
    const beforeIdle = lab.net.sent.length;
    const beats = 100;
    lab.advance(beats * TIMING.heartbeatIntervalMs);
    const idle = requests(lab, beforeIdle);
    expect(new Set(idle.map(({ type }) => type))).toEqual(new Set(['Heartbeat']));
    expect(idle).toHaveLength(2 * beats);
  });
});

/** Asks each of `asked` for a command of its own, none of which may ever be applied. */
function expectNeverAgreed(lab: Lab, ...asked: readonly NodeId[]): void {
  const before = lab.agreed.length;
  const places = asked.map((id) => lab.start(id, lab.command()));
  expect(places.some((index) => index !== null)).toBe(true);
  lab.advance(2 * SETTLE_MS);
  expect(lab.agreed).toHaveLength(before);
}

function startMany(lab: Lab, id: NodeId): string[] {
  const asked = Array.from({ length: 50 }, () => lab.command());
  for (const data of asked) expect(lab.start(id, data)).not.toBeNull();
  return asked;
}

function agreeMany(lab: Lab, servers: number): void {
  for (let i = 0; i < 50; i++) lab.agree(servers);
}

/** Messages that are no answers, from the `from`th on. */
function requests(lab: Lab, from: number) {
  return lab.net.sent.slice(from).filter(({ type }) => !type.endsWith('Response'));
}
