import { verdictOf } from '../verdict.ts';
import { kill, revive, together } from './calls.ts';
import { eventsOf, inItsWords, leaderOf, oneLeaderATerm } from './evidence.ts';
import type { Lesson, Scene } from './lesson.ts';

export const firstElection: Lesson = {
  id: 'first-election',
  title: 'First election',
  teaches: 'How nodes that know of no leader agree on one, by time-outs and votes.',
  aboutSeconds: 4,
  tell: ({ leader, others, term }) => {
    const all = [leader, ...others].sort();
    return [
      {
        title: 'Everything stops',
        before: `${leader} leads term ${term}. We kill all three nodes, so that nobody leads and nobody remembers who did: only terms, votes and logs are on disk.`,
        action: {
          label: 'Kill all three',
          calls: () => [together('Kill all three: they end at once', all.map(kill))],
        },
        until: ({ view }) => verdictOf(view).state === 'stopped',
        missed: 'A node still runs: it may have been started again by hand.',
        after: () => `All three are down. Each has term ${term} and its log in its own database.`,
        focus: () => all,
      },
      {
        title: 'They come back and vote',
        before:
          'All three start as followers. Each waits a random time for a leader; the first whose wait is over asks the others whether it could win, then for their votes. Two of three votes make a leader.',
        action: {
          label: 'Start all three',
          calls: () => [together('Start all three from their own databases', all.map(revive))],
        },
        until: (scene) =>
          verdictOf(scene.view).state === 'healthy' && votersIn(scene).size >= scene.view.quorum,
        missed: 'No leader that all follow: perhaps a link is cut, or a node did not come up.',
        after: (scene) => {
          const story = inItsWords(
            eventsOf(scene, 'election-timeout', 'candidate', 'vote-cast', 'leader-elected'),
          );
          return `${story} The others follow.`;
        },
        focus: ({ view }) => [leaderOf(view) ?? '', 'Events'],
        checks: (scene) => {
          const verdict = verdictOf(scene.view);
          const voters = votersIn(scene);
          return [
            {
              name: 'The new term is later than the old one',
              passed: verdict.term > term,
              evidence: `term ${term} before, term ${verdict.term} now`,
            },
            {
              name: 'A quorum voted in that term',
              passed: voters.size >= scene.view.quorum,
              evidence: `${[...voters].join(' and ')} voted for ${verdict.leader ?? '?'} in term ${verdict.term}`,
            },
            oneLeaderATerm(scene),
          ];
        },
      },
    ];
  },
};

/** Who says that its vote of the term that is led now is the leader's. */
function votersIn({ view }: Scene): ReadonlySet<string> {
  const { leader, term } = verdictOf(view);
  const voters = view.nodes.filter((node) => node.term === term && node.votedFor === leader);
  return new Set(voters.map(({ id }) => id));
}
