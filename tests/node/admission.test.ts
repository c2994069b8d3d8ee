/** What a node lets in of what comes from other nodes. */
import fc from 'fast-check';
import { beforeEach, describe, expect, test } from 'vitest';
import { Random } from '../../server/base/random.ts';
import { Admission } from '../../server/node/admission.ts';
import type { Message } from '../../server/raft/messages.ts';
import { spoil } from '../../sim/garbage.ts';
import { FROM, MESSAGE, TO } from '../raft/messages.ts';

const PEER = { clusterId: 'c', nodeId: FROM, storeId: 'peer', bootEpoch: 5 };
const OWN = { clusterId: 'c', nodeId: TO, storeId: 'own', bootEpoch: 2 };
const beat: Message = {
  type: 'Heartbeat',
  from: FROM,
  to: TO,
  term: 1,
  leaderCommit: 0,
  readSeq: 0,
};

describe('a node', () => {
  const { head } = new Admission(PEER);
  const packet = { head, messages: [beat] };
  let door: Admission;

  beforeEach(() => {
    door = new Admission(OWN);
  });

  test('[N8] lets in what a peer of its cluster says, in any number', () => {
    expect(door.admit(FROM, { head, messages: [beat, beat] })).toEqual([beat, beat]);
    expect(Object.values(door.drops)).toEqual([0, 0, 0, 0, 0, 0]);
  });

  test('[N8] drops what is of another version or cluster, later or earlier', () => {
    for (const version of [head.version + 1, head.version - 1])
      expect(door.admit(FROM, { ...packet, head: { ...head, version } })).toEqual([]);
    expect(door.admit(FROM, { ...packet, head: { ...head, clusterId: 'd' } })).toEqual([]);
    expect(door.drops).toMatchObject({ version: 2, cluster: 1 });
  });

  test('[N8] hears the newest life of a peer alone, and no other store under its name', () => {
    const inLife = (bootEpoch: number) => ({ ...packet, head: { ...head, bootEpoch } });
    expect(door.admit(FROM, inLife(5))).toEqual([beat]);
    expect(door.admit(FROM, inLife(6))).toEqual([beat]);
    expect(door.admit(FROM, inLife(5))).toEqual([]);
    expect(door.admit(FROM, inLife(6))).toEqual([beat]);
    const other = { ...head, storeId: 'new', bootEpoch: 9 };
    expect(door.admit(FROM, { ...packet, head: other })).toEqual([]);
    expect(door.admit(FROM, inLife(6))).toEqual([beat]);
    expect(door.drops).toMatchObject({ earlierLife: 1, store: 1 });
    // Another peer's lives are its own.
    const fromThird = { ...beat, from: 'n3' };
    expect(door.admit('n3', { ...inLife(1), messages: [fromThird] })).toEqual([fromThird]);
  });

  test('[N8] takes no life from a packet that it refuses', () => {
    const later = { ...head, bootEpoch: 99 };
    door.admit(FROM, { ...packet, head: { ...later, clusterId: 'd' } });
    door.admit(FROM, { ...packet, head: { ...later, version: 2 } });
    expect(door.admit(FROM, packet)).toEqual([beat]);
  });

  test('[N8] drops what is for another, or in the name of another', () => {
    expect(door.admit(FROM, { head, messages: [{ ...beat, to: 'n3' }] })).toEqual([]);
    expect(door.admit('n3', packet)).toEqual([]);
    expect(door.drops.misdirected).toBe(2);
  });

  test('[N8] drops what is no message alone, and lets in what came with it', () => {
    const messages = [{ ...beat, term: -1 }, beat, null];
    expect(door.admit(FROM, { head, messages })).toEqual([beat]);
    expect(door.drops.malformed).toBe(2);
  });

  test('[N8] throws at nothing', () => {
    fc.assert(
      fc.property(fc.anything(), (anything) => {
        expect(new Admission(OWN).admit(FROM, anything)).toEqual([]);
      }),
    );
  });

  test('[N8] refuses whatever the simulator spoils, and counts it as that', () => {
    fc.assert(
      fc.property(MESSAGE, fc.nat(), (message, seed) => {
        const own = new Admission(OWN);
        const real = { head, messages: [message] };
        expect(own.admit(FROM, real)).toEqual([message]);
        const { packet: spoiled, cause } = spoil(Random.fromSeed(seed), real);
        expect(own.admit(FROM, spoiled)).toEqual([]);
        expect(own.drops[cause]).toBe(1);
      }),
      { numRuns: 2000 },
    );
  });
});
