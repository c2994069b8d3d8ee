/** Lab scenarios about who leads: rows A1 to A3 of docs/scenarios/labs.md. */
import { describe, expect, test } from 'vitest';
import { Lab, SETTLE_MS } from './lab.ts';

const SEEDS = [1, 2, 3, 4, 5];

describe('elections', () => {
  test.each(SEEDS)('[A1] one leader, and its term stands while nothing fails (seed %i)', (seed) => {
    const lab = new Lab(3, { seed });
    const leader = lab.elect();
    const { term } = leader.raft;
    expect(term).toBeGreaterThanOrEqual(1);
    lab.advance(3 * SETTLE_MS);
    expect(lab.net.leaders()).toEqual([leader]);
    for (const { raft } of lab.net.nodes.values())
      expect(raft).toMatchObject({ term, leader: leader.id });
  });

  test.each(SEEDS)(
    '[A2] a lost leader is replaced and rejoins quietly, and without a quorum nobody leads (seed %i)',
    (seed) => {
      const lab = new Lab(3, { seed });
      const first = lab.elect();
      lab.unplug(first.id);
      const second = lab.elect();
      expect(second.id).not.toBe(first.id);
      expect(second.raft.term).toBeGreaterThan(1);

      const { term } = second.raft;
      lab.plug(first.id);
      expect(lab.elect()).toBe(second);
      lab.advance(SETTLE_MS);
      expect(second.raft).toMatchObject({ role: 'leader', term });
      expect(first.raft).toMatchObject({ role: 'follower', leader: second.id, term });

      const other = lab.after(second.id, 1);
      lab.unplug(second.id, other);
      lab.advance(SETTLE_MS);
      for (let ms = 0; ms < SETTLE_MS; ms++) {
        lab.advance(1);
        expect(lab.net.leaders()).toEqual([]);
      }

      lab.plug(other);
      const third = lab.elect();
      expect(third.raft.term).toBeGreaterThan(term);
      lab.plug(second.id);
      expect(lab.elect()).toBe(third);
    },
  );

  test.each(SEEDS)(
    '[A3] of seven, any four have one leader, round after round (seed %i)',
    (seed) => {
      const lab = new Lab(7, { seed });
      lab.elect();
      let changes = 0;
      for (let round = 0; round < 10; round++) {
        const before = lab.elect();
        // Three drawn without the leader would show little: every other round it is among them.
        const drawn = [before.id, ...shuffled(lab).filter((id) => id !== before.id)];
        const cut = round % 2 === 0 ? drawn.slice(0, 3) : drawn.slice(1, 4);
        lab.unplug(...cut);
        const during = lab.elect();
        expect(cut).not.toContain(during.id);
        if (round % 2 === 1) expect(during).toBe(before);
        else changes++;
        lab.advance(SETTLE_MS);
        expect(lab.net.leaders()).toEqual([during]);
        lab.plug(...cut);
      }
      lab.elect();
      expect(changes).toBe(5);
    },
  );
});

function shuffled(lab: Lab): string[] {
  const drawn = lab.ids.map((id) => ({ id, at: lab.random.nextFloat() }));
  return drawn.sort((a, b) => a.at - b.at).map(({ id }) => id);
}
