/** The pure parts: quorum arithmetic, conflict search, and determinism of the whole. */
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { RaftLog } from '../../server/raft/log.ts';
import { quorumValue, voteOutcome } from '../../server/raft/quorum.ts';
import type { ConfState } from '../../server/raft/types.ts';
import { log, Network } from './network.ts';

const ids = ['a', 'b', 'c', 'd', 'e', 'f', 'g'];
const half = (minLength: number) =>
  fc.uniqueArray(fc.constantFrom(...ids), { minLength, maxLength: 7 });
const conf: fc.Arbitrary<ConfState> = fc
  .record({ voters: half(1), votersOutgoing: half(0) })
  .map(({ voters, votersOutgoing }) => ({ voters, votersOutgoing, learners: [] }));

/** Does this set of nodes make a decision? By definition, without arithmetic on sorted values. */
function decides(configuration: ConfState, members: ReadonlySet<string>): boolean {
  return [configuration.voters, configuration.votersOutgoing].every(
    (voters) =>
      voters.length === 0 || voters.filter((id) => members.has(id)).length * 2 > voters.length,
  );
}

describe('quorum', () => {
  test('[E12] the value of a quorum is the greatest that a deciding set has reached, joint or not (§6)', () => {
    fc.assert(
      fc.property(
        conf,
        fc.array(fc.nat(5), { minLength: 7, maxLength: 7 }),
        (configuration, values) => {
          const valueOf = (id: string): number => values[ids.indexOf(id)] ?? 0;
          const brute = [0, 1, 2, 3, 4, 5].filter((v) =>
            decides(configuration, new Set(ids.filter((id) => valueOf(id) >= v))),
          );
          expect(quorumValue(configuration, valueOf)).toBe(Math.max(...brute));
        },
      ),
    );
  });

  test('[E12] votes are won when the granting set decides, lost when it no longer can (§5.2, §6)', () => {
    fc.assert(
      fc.property(
        conf,
        fc.array(fc.constantFrom(true, false, null), { minLength: 7, maxLength: 7 }),
        (configuration, cast) => {
          const votes = new Map<string, boolean>();
          for (const [i, vote] of cast.entries()) if (vote !== null) votes.set(ids[i] ?? '', vote);
          const granted = new Set(ids.filter((id) => votes.get(id) === true));
          const possible = new Set(ids.filter((id) => votes.get(id) !== false));
          const expected = decides(configuration, granted)
            ? 'won'
            : decides(configuration, possible)
              ? 'pending'
              : 'lost';
          expect(voteOutcome(configuration, votes)).toBe(expected);
        },
      ),
    );
  });
});

describe('log', () => {
  const terms = fc
    .array(fc.integer({ min: 1, max: 5 }), { maxLength: 12 })
    .map((ts) => ts.sort((a, b) => a - b));

  test('[R8] the place where logs can meet is the last entry at or before the index whose term is not above', () => {
    fc.assert(
      fc.property(terms, fc.nat(15), fc.nat(6), (ts, index, term) => {
        const raftLog = new RaftLog({
          entries: log(...ts),
          base: { index: 0, term: 0, stamp: 0 },
        });
        let brute = 0;
        for (let i = 1; i <= Math.min(index, ts.length); i++)
          if ((ts[i - 1] ?? 0) <= term) brute = i;
        expect(raftLog.lastIndexWithTermAtMost(index, term)).toBe(brute);
      }),
    );
  });

  test('[R18] what a log hands out to be written, applied to a store, always gives back the log', () => {
    const step = fc.oneof(
      fc.record({ do: fc.constant('append' as const), count: fc.integer({ min: 1, max: 4 }) }),
      fc.record({ do: fc.constant('truncate' as const), keep: fc.nat(10) }),
      fc.record({ do: fc.constant('take' as const) }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        const raftLog = new RaftLog({
          entries: [],
          base: { index: 0, term: 0, stamp: 0 },
        });
        let stored: { index: number; term: number }[] = [];
        let term = 1;
        let stamp = 1;
        const take = (): void => {
          const { truncateFrom, append } = raftLog.takeUnwritten();
          if (truncateFrom !== null) stored = stored.filter((e) => e.index < truncateFrom);
          for (const e of append) {
            expect(e.index).toBe((stored.at(-1)?.index ?? 0) + 1);
            stored.push({ index: e.index, term: e.term });
          }
        };
        for (const s of steps) {
          if (s.do === 'take') take();
          else if (s.do === 'truncate') {
            const from = Math.max(1, raftLog.lastIndex - s.keep + 1);
            if (from <= raftLog.lastIndex) raftLog.truncateFrom(from);
            term++;
          } else {
            for (let i = 0; i < s.count; i++) {
              raftLog.append({
                index: raftLog.lastIndex + 1,
                term,
                stamp: ++stamp + raftLog.lastStamp,
                kind: 'noop',
                data: '',
              });
            }
          }
        }
        take();
        const inMemory = Array.from({ length: raftLog.lastIndex }, (_, i) => ({
          index: i + 1,
          term: raftLog.termAt(i + 1),
        }));
        expect(stored).toEqual(inMemory);
        expect(
          raftLog.termRuns.flatMap((run) =>
            Array.from({ length: run.to - run.from + 1 }, () => run.term),
          ),
        ).toEqual(inMemory.map((e) => e.term));
      }),
    );
  });
});

describe('determinism', () => {
  test('[R19] the same inputs give the same messages, states and commentary', () => {
    const run = (): unknown => {
      const net = new Network(5, { seed: 77 });
      const leader = net.elect();
      for (let i = 0; i < 20; i++) net.propose(leader.id, `x${i}`);
      net.advance(50);
      net.isolate(leader.id);
      net.advance(800);
      net.heal();
      net.advance(300);
      return [
        net.sent,
        [...net.nodes.values()].map((node) => [node.raft.status(), node.events, node.applied]),
      ];
    };
    expect(JSON.stringify(run())).toBe(JSON.stringify(run()));
  });
});
