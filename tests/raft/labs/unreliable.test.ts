/** Lab scenarios on a network that loses, doubles, delays and reorders: rows A18 and A19 of docs/scenarios/labs.md. */
import { describe, expect, test } from 'vitest';
import { CALM, Lab, LOSSY, REORDERING } from './lab.ts';

const SEEDS = [1, 2, 3, 4];

describe('unreliable network', () => {
  test.each(SEEDS)(
    '[A18] five commands at a time are agreed through loss and doubles, fifty times over (seed %i)',
    (seed) => {
      const lab = new Lab(5, { seed, slowDisks: true });
      lab.weather = LOSSY;
      for (let i = 0; i < 50; i++) {
        const asked = Array.from({ length: 5 }, () => lab.command());
        // All are under way together; each that got lost with a leader is asked for again.
        const leader = lab.elect();
        for (const data of asked) lab.start(leader.id, data);
        for (let ms = 0; ms < 200 && !asked.every((data) => lab.isAgreed(data)); ms++)
          lab.advance(1);
        for (const data of asked) if (!lab.isAgreed(data)) lab.agree(1, data);
      }
      lab.weather = CALM;
      const index = lab.agree(5);
      expect(new Set(lab.agreed.map(({ data }) => data).filter(Boolean)).size).toBe(251);
      expect(index).toBe(lab.agreed.length);
    },
  );

  test.each(SEEDS)(
    '[A19] leaders cut off in the middle of replication, answers late by several elections: agreed stays agreed (seed %i)',
    (seed) => {
      const lab = new Lab(5, { seed, slowDisks: true });
      lab.weather = LOSSY;
      lab.agree(1);
      let cuts = 0;
      for (let i = 0; i < 800; i++) {
        if (i === 160) lab.weather = REORDERING;
        for (const id of lab.ids) lab.start(id, lab.command());
        const leader = lab.leader();
        lab.advance(leader === null ? 20 : lab.random.nextInt(0, 25));
        if (leader !== null && lab.random.chance(0.5)) {
          lab.unplug(leader.id);
          cuts++;
        }
        const away = lab.ids.filter((id) => !lab.inReach(id));
        if (away.length > 2) lab.plug(lab.random.pick(away));
      }
      expect(cuts).toBeGreaterThan(20);
      lab.plug(...lab.ids);
      lab.weather = CALM;
      lab.agree(5);
    },
  );
});
