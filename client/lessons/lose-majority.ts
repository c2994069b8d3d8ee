import { must } from './must.ts';
import type { ApiResult } from '../api-failure.ts';
import { verdictOf } from '../verdict.ts';
import type { GetAnswer } from '../../contracts/kv.ts';
import type { ClusterView } from '../../contracts/view.ts';
import type { SessionAnswer, SetAnswer } from '../../contracts/write.ts';
import { kill, LESSON_PREFIX, openSession, read, revive, together, write } from './calls.ts';
import { answerInWords, haveCaughtUp, leaderOf, outcomeInWords, sameLocally } from './evidence.ts';
import type { Lesson } from './lesson.ts';

const LESSON = 'majority';

export const loseMajority: Lesson = {
  id: 'lose-majority',
  title: 'Lose the majority',
  teaches: 'One node of three can neither write nor read for sure: it says so instead of guessing.',
  aboutSeconds: 6,
  tell: ({ leader, others, mark }) => {
    const value = `alone ${mark}`;
    let session: SessionAnswer | null = null;
    let alone: ApiResult<SetAnswer> | null = null;
    let readAlone: ApiResult<GetAnswer> | null = null;
    let again: SetAnswer | null = null;
    const name = { opened: () => must(session, 'the session is open'), sequence: 1 };
    return [
      {
        title: 'Two of three die',
        before: `We open a session while all is well, then kill ${others.join(' and ')}. ${leader} is left alone: one of three is no quorum.`,
        action: {
          label: `Kill ${others.join(' and ')}`,
          calls: () => [
            openSession((result) => {
              if (result.ok) session = result.value;
            }),
            together(`Kill ${others.join(' and ')}`, others.map(kill)),
          ],
        },
        until: ({ view }) => isAlone(view, leader),
        missed: 'There still is a quorum: a node may have been started again by hand.',
        after: () => `${leader} is alone. Nothing can be committed now, by design.`,
        focus: () => [leader],
      },
      {
        title: 'A write and a read, alone',
        before: 'We try both, and wait a second for each.',
        action: {
          label: 'Try to write and to read',
          calls: () => [
            write(
              { lesson: LESSON, field: 'value', value, session: name, withinMs: 1000 },
              (result) => {
                alone = result;
              },
            ),
            read({ lesson: LESSON, field: 'value', withinMs: 1000 }, (result) => {
              readAlone = result;
            }),
          ],
        },
        until: () => alone !== null && readAlone !== null,
        after: () =>
          `The write: ${outcomeInWords(alone)}. The read: ${answerInWords(readAlone)}. Neither pretends.`,
        focus: () => [leader],
        checks: ({ heard }) => {
          const { commit, end } = madeAlone(heard, leader);
          return [
            {
              name: 'The write was not acknowledged',
              passed: alone?.ok === false && isNoAnswer(alone.failure.code),
              evidence: outcomeInWords(alone),
            },
            {
              name: 'The read was refused',
              passed: readAlone?.ok === false,
              evidence: answerInWords(readAlone),
            },
            {
              name: 'Nothing was committed meanwhile',
              passed: commit <= end,
              evidence: `commit index ${commit}; the log ended at ${end} when the others died`,
            },
          ];
        },
      },
      {
        title: 'One comes back',
        before: `${others[0]} starts again: two of three are a quorum. The same write is sent again under the same name: had it been done, it would not be done twice.`,
        action: {
          label: `Start ${others[0]}, write again`,
          calls: () => [
            revive(others[0]),
            write({ lesson: LESSON, field: 'value', value, session: name }, (result) => {
              if (result.ok) again = result.value;
            }),
          ],
        },
        until: ({ view }) => leaderOf(view) !== null && again !== null,
        missed: 'The write was not acknowledged though two nodes are up.',
        after: () =>
          `The write: ${outcomeInWords(again === null ? null : { ok: true, value: again })}.`,
        focus: ({ view }) => [leaderOf(view) ?? leader, others[0]],
        checks: async (_scene, client) => {
          const history = await client.history(`${LESSON_PREFIX}${LESSON}`, 'value', {
            order: 'desc',
            limit: 10,
          });
          const times = history.ok
            ? history.value.versions.filter((version) => version.value === value).length
            : 0;
          return [
            {
              name: 'It was done, and once',
              passed: times === 1,
              evidence: `${times} version with this value, at revision ${again?.revision ?? '?'}`,
            },
          ];
        },
      },
      {
        title: 'All three again',
        before: `${others[1]} starts too and gets what it missed.`,
        action: { label: `Start ${others[1]}`, calls: () => [revive(others[1])] },
        until: (scene) => haveCaughtUp(scene),
        missed: `${others[1]} did not catch up.`,
        after: () => 'All three follow one leader again; one may be lost.',
        focus: () => [others[1]],
        checks: async (_scene, client) => [
          await sameLocally(client, [leader, ...others], { lesson: LESSON, field: 'value', value }),
        ],
      },
    ];
  },
};

function isNoAnswer(code: string): boolean {
  return code === 'NO_LEADER' || code === 'OUTCOME_UNKNOWN';
}

/**
 * Whether `id` is left without a quorum and has said where it stands since the last death. What the
 * dead had stored before may still be committed after it; nothing that is appended later.
 */
function isAlone(view: ClusterView, id: string): boolean {
  const diedMs = view.nodes.flatMap((node) => (node.state === 'down' ? [node.sinceMs] : []));
  const said = view.nodes.find((node) => node.id === id)?.reportedAtMs ?? -Infinity;
  return verdictOf(view).state === 'no-quorum' && said >= Math.max(...diedMs);
}

/** Where the log of `id` ended when it was first alone, and how far commits went while it was. */
function madeAlone(heard: readonly ClusterView[], id: string): { commit: number; end: number } {
  const alone = heard.filter((view) => isAlone(view, id));
  const ends = alone.map((view) => view.nodes.find((node) => node.id === id)?.lastIndex ?? 0);
  const commits = alone.flatMap((view) => view.nodes.map((node) => node.commitIndex));
  return { commit: Math.max(...commits), end: ends[0] ?? 0 };
}
