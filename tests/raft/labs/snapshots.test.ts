/**
 * Lab scenarios about snapshots: rows A22 to A28 of docs/scenarios/labs.md.
 * Every node saves its state and drops its log each ten entries.
 */
import { describe, expect, test } from 'vitest';
import type { LogIndex, NodeId } from '../../../server/raft/types.ts';
import { CALM, Lab, LOSSY, SETTLE_MS } from './lab.ts';
import type { Weather } from './lab.ts';

const EVERY = 10;
const ROUNDS = 30;
const SEEDS = [1, 2, 3];

describe('snapshots', () => {
  test('[A22] logs are trimmed as they grow, and nobody who keeps up needs a snapshot', () => {
    const lab = new Lab(3, { snapshotEvery: EVERY });
    lab.agree(3);
    for (let round = 0; round < ROUNDS; round++) {
      lab.elect();
      sendSome(lab);
      lab.agree(3);
      expectTrimmed(lab);
    }
    expect(lab.agreed.length).toBeGreaterThan(ROUNDS * EVERY);
    expect(lab.net.sent.filter(({ type }) => type === 'InstallSnapshot')).toEqual([]);
  });

  test.each(SEEDS)(
    '[A23] a node that was cut off gets a snapshot and then the log (seed %i)',
    (seed) => {
      bringBack(seed, CALM, cutOff);
    },
  );

  test.each(SEEDS)(
    '[A24] a node that was cut off gets its snapshot over lossy links (seed %i)',
    (seed) => {
      bringBack(seed, LOSSY, cutOff);
    },
  );

  test.each(SEEDS)(
    '[A25] a node that crashed gets a snapshot and then the log (seed %i)',
    (seed) => {
      bringBack(seed, CALM, crashed);
    },
  );

  test.each(SEEDS)(
    '[A26] a node that crashed gets its snapshot over lossy links (seed %i)',
    (seed) => {
      bringBack(seed, LOSSY, crashed);
    },
  );

  test.each(SEEDS)(
    '[A27] all crash and go on from snapshot and tail: no index is ever given twice (seed %i)',
    (seed) => {
      const lab = new Lab(3, { seed, slowDisks: true, snapshotEvery: EVERY });
      lab.agree(3);
      for (let round = 0; round < 8; round++) {
        sendSome(lab);
        const before = lab.agree(3);
        lab.advance(SETTLE_MS);
        const held = lab.ids.map((id) => lab.net.node(id).raft.status());
        lab.restart(...lab.ids);
        for (const [i, id] of lab.ids.entries()) {
          const { firstIndex, lastIndex, lastApplied } = lab.net.node(id).raft.status();
          expect({ firstIndex, lastIndex }).toMatchObject({
            firstIndex: held[i]?.firstIndex,
            lastIndex: held[i]?.lastIndex,
          });
          expect(lastApplied).toBeGreaterThanOrEqual(firstIndex - 1);
        }
        expect(lab.agree(3)).toBeGreaterThan(before);
      }
      expect(Math.min(...firstIndexes(lab))).toBeGreaterThan(EVERY);
    },
  );

  test.each(SEEDS)(
    '[A28] what a node knows of its snapshot is right after one restart and after two (seed %i)',
    (seed) => {
      const lab = new Lab(3, { seed, slowDisks: true, snapshotEvery: EVERY });
      for (let i = 0; i <= EVERY; i++) lab.agree(3);
      lab.advance(SETTLE_MS);
      const bases = firstIndexes(lab);
      expect(Math.min(...bases)).toBeGreaterThan(1);
      const { conf } = lab.elect().raft;

      lab.restart(...lab.ids);
      expect(firstIndexes(lab)).toEqual(bases);
      // One write to the disk that brings no new snapshot must not take the old one's place.
      lab.agree(3);
      lab.restart(...lab.ids);
      expect(firstIndexes(lab)).toEqual(bases);
      for (const { raft } of lab.net.nodes.values()) expect(raft.conf).toEqual(conf);
      lab.agree(3);

      // It serves for bringing up a node that has nothing.
      const leader = lab.elect();
      const fresh = lab.net.join('n4');
      lab.net.change(leader.id, { type: 'addLearner', id: fresh.id });
      lab.agree(4);
      expect(fresh.applied).toEqual(lab.agreed);
      expect(fresh.events.some(({ type }) => type === 'snapshotInstalled')).toBe(true);
    },
  );
});

interface Absence {
  begin(lab: Lab, id: NodeId): void;
  end(lab: Lab, id: NodeId): void;
}

const cutOff: Absence = {
  begin: (lab, id) => lab.unplug(id),
  end: (lab, id) => lab.plug(id),
};

const crashed: Absence = {
  begin: (lab, id) => lab.crash(id),
  end: (lab, id) => lab.restart(id),
};

/** Round after round one node is away while the other two go on and trim their logs; then all three agree. */
function bringBack(seed: number, weather: Weather, absence: Absence): void {
  const lab = new Lab(3, { seed, slowDisks: true, snapshotEvery: EVERY });
  lab.weather = weather;
  lab.agree(3);
  for (let round = 0; round < ROUNDS; round++) {
    const leader = lab.elect();
    // Every third time it is the leader that goes.
    const away = round % 3 === 1 ? leader.id : lab.after(leader.id, 1);
    absence.begin(lab, away);
    lab.agree(2);
    sendSome(lab);
    lab.agree(2);
    expectTrimmed(lab);
    absence.end(lab, away);
    lab.agree(3);
    expectTrimmed(lab);
  }
  const told = [...lab.net.nodes.values()].flatMap(({ events }) => events);
  const installs = told.filter(({ type }) => type === 'snapshotInstalled');
  expect(installs.length).toBeGreaterThan(ROUNDS / 2);
}

/** Half as many commands as a snapshot covers, or up to half as many again as that, handed to the leader at once. */
function sendSome(lab: Lab): void {
  const count = lab.random.nextInt(EVERY / 2, (3 * EVERY) / 2);
  const leader = lab.elect();
  for (let i = 0; i < count; i++) lab.start(leader.id, lab.command());
}

/** Once snapshots are made that are due, no log holds much more than what one is made for. */
function expectTrimmed(lab: Lab): void {
  lab.advance(1);
  for (const { id, raft } of lab.net.nodes.values())
    if (lab.inReach(id)) expect(raft.lastIndex - raft.firstIndex).toBeLessThan(2 * EVERY);
}

function firstIndexes(lab: Lab): LogIndex[] {
  return [...lab.net.nodes.values()].map(({ raft }) => raft.firstIndex);
}
