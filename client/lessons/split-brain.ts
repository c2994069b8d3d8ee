import { must } from './must.ts';
import { verdictOf } from '../verdict.ts';
import type { ClusterView } from '../../contracts/view.ts';
import type { SetAnswer } from '../../contracts/write.ts';
import { healAll, lead, LESSON_PREFIX, link, split, together, write } from './calls.ts';
import {
  eventsOf,
  firstAtMs,
  haveCaughtUp,
  inItsWords,
  isReplaced,
  leaderOf,
  nodeOf,
  oneLeaderATerm,
  sameLocally,
} from './evidence.ts';
import type { Lesson } from './lesson.ts';

const LESSON = 'split';

export const splitBrain: Lesson = {
  id: 'split-brain',
  title: 'Split brain, attempted',
  teaches: 'Two nodes may believe that they lead, but never in one term, and only one can commit.',
  aboutSeconds: 5,
  tell: ({ leader: old, others, term, mark }) => {
    const next = others[0];
    const value = `majority ${mark}`;
    let answer: SetAnswer | null = null;
    return [
      {
        title: 'A partition with a leader on each side',
        before: `${old} leads term ${term}. First nothing reaches ${old} any more, though what it sends arrives; so its last order, that ${next} take over, is obeyed without ${old} hearing of it. Then the last links are cut: ${old} alone against ${others.join(' and ')}.`,
        action: {
          label: 'Make two leaders',
          calls: () => [
            together(
              `Let nothing reach ${old} any more`,
              others.map((id) => link(id, old, { cut: true })),
            ),
            lead(next),
            split([old], others),
          ],
        },
        until: ({ view }) => isReplaced(view, old, term) && !doesLead(view, old),
        missed: `Either nobody took over, or ${old} has not noticed that it is alone.`,
        after: (scene) => {
          const both = scene.heard.filter((view) => doesLead(view, old) && doesLead(view, next));
          const [first, last] = [both[0], both.at(-1)];
          const overlap =
            first === undefined || last === undefined
              ? `${old} stepped down before the page heard of two leaders`
              : `For at least ${last.atMs - first.atMs} ms two nodes said that they lead: ${old} in term ${term}, ${next} in term ${nodeOf(last, next)?.term ?? '?'}`;
          return `${overlap}. ${inItsWords(eventsOf(scene, 'leader-elected', 'quorum-lost'))}`;
        },
        focus: () => [old, next],
        checks: (scene) => {
          const newTerm = verdictOf(scene.view).term;
          const steppedAtMs = firstAtMs(
            scene.heard,
            (view) => view.atMs > scene.begun.atMs && !doesLead(view, old),
          );
          return [
            oneLeaderATerm(scene),
            {
              name: `${old} stepped down by itself, without hearing of a new leader`,
              passed: !doesLead(scene.view, old) && nodeOf(scene.view, old)?.term === term,
              evidence: `still in term ${nodeOf(scene.view, old)?.term ?? '?'}, ${(steppedAtMs ?? scene.view.atMs) - scene.begun.atMs} ms after the partition`,
            },
            {
              name: 'The new leader is of a later term',
              passed: newTerm > term,
              evidence: `term ${term}, then term ${newTerm}`,
            },
          ];
        },
      },
      {
        title: 'Only one side commits',
        before:
          'We write one value. The side with two of three commits it; the other knows nothing of it.',
        action: {
          label: 'Write',
          calls: () => [
            write({ lesson: LESSON, field: 'value', value }, (result) => {
              if (result.ok) answer = result.value;
            }),
          ],
        },
        until: () => answer !== null,
        missed: 'The side with a quorum did not acknowledge the write.',
        after: () => {
          const { revision, term: inTerm, leader } = must(answer, 'the write was answered');
          return `${leader} committed it at revision ${revision} in term ${inTerm}.`;
        },
        focus: ({ view }) => [leaderOf(view) ?? next, 'Replicated log'],
        checks: async (_scene, client) => {
          const key = `${LESSON_PREFIX}${LESSON}`;
          const there = await client.get(key, 'value', { localNode: old });
          return [
            {
              name: `${old}, on the side without a quorum, does not have it`,
              passed: there.ok && there.value.value !== value,
              evidence: there.ok
                ? `${old} has applied ${there.value.appliedRevision} and finds ${String(there.value.value ?? 'nothing')}`
                : there.failure.message,
            },
          ];
        },
      },
      {
        title: 'The partition heals',
        before: `${old} hears of the later term, follows, and gets what it missed.`,
        action: { label: 'Heal', calls: () => [healAll()] },
        until: (scene) => haveCaughtUp(scene),
        missed: 'The nodes did not agree again.',
        after: ({ view }) =>
          `${old} follows ${leaderOf(view) ?? '?'} in term ${nodeOf(view, old)?.term ?? '?'}.`,
        focus: () => [old],
        checks: async (scene, client) => [
          await sameLocally(client, [old, ...others], { lesson: LESSON, field: 'value', value }),
          oneLeaderATerm(scene),
        ],
      },
    ];
  },
};

function doesLead(view: ClusterView, id: string): boolean {
  return nodeOf(view, id)?.role === 'leader';
}
