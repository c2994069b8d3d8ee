import type { ApiResult } from '../api-failure.ts';
import type { SessionAnswer, SetAnswer } from '../../contracts/write.ts';
import { kill, LESSON_PREFIX, link, openSession, revive, together, write } from './calls.ts';
import {
  eventsOf,
  haveCaughtUp,
  inItsWords,
  isReplaced,
  leaderOf,
  outcomeInWords,
} from './evidence.ts';
import type { Lesson } from './lesson.ts';
import { must } from './must.ts';

const LESSON = 'once';

export const exactlyOnce: Lesson = {
  id: 'exactly-once',
  title: 'Sent twice, done once',
  teaches:
    'A write whose answer was lost can be sent again under its name: it is answered as the first time and not done again.',
  aboutSeconds: 5,
  tell: ({ leader: old, others, term, mark, electionTimeoutMs }) => {
    const value = `once ${mark}`;
    let session: SessionAnswer | null = null;
    let first: ApiResult<SetAnswer> | null = null;
    const repeats: ApiResult<SetAnswer>[] = [];
    const name = { opened: () => must(session, 'the session is open'), sequence: 1 };
    const again = () =>
      write({ lesson: LESSON, field: 'value', value, session: name }, (result) =>
        repeats.push(result),
      );
    return [
      {
        title: 'The answer is lost',
        before: `The way back from ${others.join(' and ')} to ${old} is cut: they get the write, but ${old} never hears that they have it. Then ${old} is killed. Was the write done?`,
        action: {
          label: `Write, and kill ${old}`,
          calls: () => [
            openSession((result) => {
              if (result.ok) session = result.value;
            }),
            together(
              `Cut the ways back to ${old}`,
              others.map((id) => link(id, old, { cut: true })),
            ),
            write(
              {
                lesson: LESSON,
                field: 'value',
                value,
                session: name,
                withinMs: Math.round(electionTimeoutMs / 2),
              },
              (result) => {
                first = result;
              },
            ),
            kill(old),
          ],
        },
        until: ({ view }) => isReplaced(view, old, term),
        missed: 'Nobody replaced the leader.',
        after: (scene) =>
          `The write was answered ${outcomeInWords(first)}. ${inItsWords(eventsOf(scene, 'leader-elected'))}`,
        focus: ({ view }) => [old, leaderOf(view) ?? others[0]],
        checks: () => [
          {
            name: 'The outcome was reported as unknown, not as failed',
            passed: first?.ok === false && first.failure.code === 'OUTCOME_UNKNOWN',
            evidence: outcomeInWords(first),
          },
        ],
      },
      {
        title: 'Sent again, twice',
        before:
          'The same write is sent again with the same session and sequence, and once more. The name travels in the log, so every leader knows what it has done under it.',
        action: { label: 'Send again', calls: () => [again(), again()] },
        until: () => repeats.length >= 2,
        after: () => `Answered: ${repeats.map(outcomeInWords).join('; then: ')}.`,
        focus: ({ view }) => [leaderOf(view) ?? others[0]],
        checks: async (_scene, client) => {
          const revisions = repeats.map((each) => (each.ok ? each.value.revision : 0));
          const history = await client.history(`${LESSON_PREFIX}${LESSON}`, 'value', {
            order: 'desc',
            limit: 10,
          });
          const versions = history.ok
            ? history.value.versions.filter((version) => version.value === value)
            : [];
          return [
            {
              name: 'Both repeats name the same revision',
              passed: new Set(revisions).size === 1 && (revisions[0] ?? 0) > 0,
              evidence: `revisions ${revisions.join(' and ')}`,
            },
            {
              name: 'The history has it once, at that revision',
              passed: versions.length === 1 && versions[0]?.revision === revisions[0],
              evidence: `${versions.length} version at revision ${versions.map((version) => version.revision).join(', ')}`,
            },
          ];
        },
      },
      {
        title: 'The old leader returns',
        before: `The links are mended and ${old} starts again.`,
        action: {
          label: `Start ${old}`,
          calls: () => [
            together(
              `Mend the ways back to ${old}`,
              others.map((id) => link(id, old, {})),
            ),
            revive(old),
          ],
        },
        until: (scene) => haveCaughtUp(scene),
        missed: `${old} did not catch up.`,
        after: ({ view }) => `${old} follows ${leaderOf(view) ?? '?'}.`,
        focus: () => [old],
      },
    ];
  },
};
