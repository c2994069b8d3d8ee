/**
 * The arithmetic of decisions against its definition, for every configuration
 * of up to four nodes; core.test.ts draws larger ones.
 */
import { describe, expect, test } from 'vitest';
import { allVoters, isVoter, quorumValue, voteOutcome } from '../../server/raft/quorum.ts';
import type { ConfState, NodeId } from '../../server/raft/types.ts';

const IDS: readonly NodeId[] = ['n1', 'n2', 'n3', 'n4'];
const subsets: readonly NodeId[][] = Array.from({ length: 2 ** IDS.length }, (_, bits) =>
  IDS.filter((_id, i) => (bits >> i) & 1),
);
const halves = subsets.filter((voters) => voters.length > 0);
/** Outside a configuration's voters everyone is its learner. */
const confs: readonly ConfState[] = halves.flatMap((voters) =>
  subsets.map((votersOutgoing) => ({
    voters,
    votersOutgoing,
    learners: IDS.filter((id) => !voters.includes(id) && !votersOutgoing.includes(id)),
  })),
);
/** Every way to give each node one of `values`. */
function assignments<T>(values: readonly T[]): readonly ReadonlyMap<NodeId, T>[] {
  return IDS.reduce<ReadonlyMap<NodeId, T>[]>(
    (all, id) => all.flatMap((one) => values.map((value) => new Map([...one, [id, value]]))),
    [new Map<NodeId, T>()],
  );
}

/** By definition: more than half of either half. */
function decides({ voters, votersOutgoing }: ConfState, set: readonly NodeId[]): boolean {
  return [voters, votersOutgoing]
    .filter((half) => half.length > 0)
    .every((half) => half.filter((id) => set.includes(id)).length * 2 > half.length);
}

describe('quorum', () => {
  test('[E12] the value of a quorum is right for every configuration of up to four nodes and every order of values', () => {
    const wrong: unknown[] = [];
    const values = assignments([Number.NEGATIVE_INFINITY, 1, 2, 3]);
    for (const conf of confs) {
      for (const value of values) {
        const valueOf = (id: NodeId): number => value.get(id) as number;
        const reached = [3, 2, 1, Number.NEGATIVE_INFINITY].find((least) =>
          decides(
            conf,
            IDS.filter((id) => valueOf(id) >= least),
          ),
        );
        if (quorumValue(conf, valueOf) !== reached) wrong.push([conf, [...value]]);
      }
    }
    expect(wrong).toEqual([]);
  });

  test('[E12] votes are counted right for every configuration of up to four nodes and every state of the vote', () => {
    const wrong: unknown[] = [];
    const casts = assignments([true, false, null]);
    for (const conf of confs) {
      for (const cast of casts) {
        const votes = new Map<NodeId, boolean>();
        for (const [id, vote] of cast) if (vote !== null) votes.set(id, vote);
        // Won if nothing that may still come changes it, lost if nothing that may come helps.
        const open = IDS.filter((id) => !votes.has(id));
        const ends = subsets.filter((more) => more.every((id) => open.includes(id)));
        const wins = ends.filter((more) =>
          decides(conf, [...more, ...IDS.filter((id) => votes.get(id) === true)]),
        ).length;
        const expected = wins === ends.length ? 'won' : wins === 0 ? 'lost' : 'pending';
        if (voteOutcome(conf, votes) !== expected) wrong.push([conf, [...votes], expected]);
      }
    }
    expect(wrong).toEqual([]);
  });

  test('[E12] a voter is whoever is in either half, once; what learners say or hold changes nothing', () => {
    for (const conf of confs) {
      const voters = IDS.filter((id) => [...conf.voters, ...conf.votersOutgoing].includes(id));
      expect(allVoters(conf)).toEqual(voters);
      expect(IDS.filter((id) => isVoter(conf, id))).toEqual(voters);
      const said = new Map(conf.learners.map((id) => [id, true]));
      expect(voteOutcome(conf, said)).toBe('pending');
      expect(quorumValue(conf, (id) => (conf.learners.includes(id) ? 9 : 0))).toBe(0);
    }
  });

  test('[E12] a decision of a joint configuration shares a voter with any of the one before and of the one after', () => {
    for (const conf of confs.filter(({ votersOutgoing }) => votersOutgoing.length > 0)) {
      const alone = (voters: readonly NodeId[]): ConfState => ({
        ...conf,
        voters,
        votersOutgoing: [],
      });
      const deciding = subsets.filter((set) => voteOutcome(conf, granting(set)) === 'won');
      for (const side of [alone(conf.votersOutgoing), alone(conf.voters)]) {
        const others = subsets.filter((set) => voteOutcome(side, granting(set)) === 'won');
        const apart = deciding.flatMap((set) =>
          others.filter((other) => !other.some((id) => isVoter(side, id) && set.includes(id))),
        );
        expect(apart).toEqual([]);
      }
    }
  });
});

function granting(set: readonly NodeId[]): ReadonlyMap<NodeId, boolean> {
  return new Map(set.map((id) => [id, true]));
}
