import { must } from './must.ts';
import type { ApiResult } from '../api-failure.ts';
import type { GetAnswer } from '../../contracts/kv.ts';
import type { SetAnswer } from '../../contracts/write.ts';
import { healAll, joinBetween, read, split, write } from './calls.ts';
import {
  answerInWords,
  haveApplied,
  haveCaughtUp,
  isReplaced,
  leaderOf,
  sameLocally,
} from './evidence.ts';
import type { Lesson } from './lesson.ts';

const LESSON = 'stale';

export const staleRead: Lesson = {
  id: 'stale-read',
  title: 'A read at a stale leader',
  teaches:
    'A leader that is cut off may not answer from memory: it must prove first that it still leads. A local read answers, and says how far it is.',
  aboutSeconds: 5,
  tell: ({ leader: old, others, term, mark }) => {
    const [before, after] = [`old ${mark}`, `new ${mark}`];
    const field = 'value';
    let first: SetAnswer | null = null;
    let second: SetAnswer | null = null;
    let linearizable: ApiResult<GetAnswer> | null = null;
    let local: ApiResult<GetAnswer> | null = null;
    let stale: ApiResult<GetAnswer> | null = null;
    let fresh: ApiResult<GetAnswer> | null = null;
    return [
      {
        title: 'A value',
        before: `We write “${before}”; all three get it.`,
        action: {
          label: 'Write',
          calls: () => [
            write({ lesson: LESSON, field, value: before }, (result) => {
              if (result.ok) first = result.value;
            }),
          ],
        },
        until: ({ view }) => first !== null && haveApplied(view, first.revision),
        missed: 'The write did not reach all three.',
        after: () =>
          `It is at revision ${must(first, 'the write was answered').revision} on all three.`,
        focus: () => ['Replicated log'],
      },
      {
        title: 'Cut off, and asked',
        before: `Every link is cut, so nobody can replace ${old} yet. At once we read twice: for sure, which a quorum must confirm, and only what ${old} has.`,
        action: {
          label: 'Cut every link and read',
          calls: () => [
            split([old], [others[0]], [others[1]]),
            read({ lesson: LESSON, field, withinMs: 1000 }, (result) => {
              linearizable = result;
            }),
            read({ lesson: LESSON, field, localNode: old }, (result) => {
              local = result;
            }),
          ],
        },
        until: () => linearizable !== null && local !== null,
        after: () =>
          `For sure: ${answerInWords(linearizable)}. Only what ${old} has: ${answerInWords(local)}.`,
        focus: () => [old],
        checks: () => [
          {
            name: 'The linearizable read was refused',
            passed: linearizable?.ok === false && linearizable.failure.code === 'READ_TIMEOUT',
            evidence: answerInWords(linearizable),
          },
          {
            name: 'The local read answered, and says that it is local',
            passed:
              local?.ok === true &&
              local.value.consistency === 'local' &&
              local.value.value === before,
            evidence: answerInWords(local),
          },
        ],
      },
      {
        title: 'The others go on',
        before: `${others.join(' and ')} are joined again; they elect a leader, and we write “${after}”. ${old} cannot know.`,
        action: {
          label: `Join ${others.join(' and ')}, write, read`,
          calls: () => [
            joinBetween(others[0], others[1]),
            write({ lesson: LESSON, field, value: after }, (result) => {
              if (result.ok) second = result.value;
            }),
            read({ lesson: LESSON, field }, (result) => {
              fresh = result;
            }),
            read({ lesson: LESSON, field, localNode: old }, (result) => {
              stale = result;
            }),
          ],
        },
        until: ({ view }) => isReplaced(view, old, term) && second !== null && stale !== null,
        missed: 'The two did not elect a leader, or the write was not acknowledged.',
        after: () =>
          `For sure: ${answerInWords(fresh)}. Only what ${old} has: ${answerInWords(stale)}.`,
        focus: ({ view }) => [leaderOf(view) ?? others[0], old],
        checks: () => [
          {
            name: 'The linearizable read sees the new value',
            passed: fresh?.ok === true && fresh.value.value === after,
            evidence: answerInWords(fresh),
          },
          {
            name: 'The stale answer can be told by its revision',
            passed:
              stale?.ok === true &&
              stale.value.value === before &&
              stale.value.appliedRevision < (second?.revision ?? 0),
            evidence: `${answerInWords(stale)}; the new value is at revision ${second?.revision ?? '?'}`,
          },
        ],
      },
      {
        title: 'Together again',
        before: `The links are healed and ${old} catches up.`,
        action: { label: 'Heal', calls: () => [healAll()] },
        until: (scene) => haveCaughtUp(scene),
        missed: 'The nodes did not agree again.',
        after: () => `${old} has the new value too.`,
        focus: () => [old],
        checks: async (_scene, client) => [
          await sameLocally(client, [old, ...others], { lesson: LESSON, field, value: after }),
        ],
      },
    ];
  },
};
