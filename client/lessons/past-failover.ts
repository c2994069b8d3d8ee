import type { ApiResult } from '../api-failure.ts';
import type { GetAnswer } from '../../contracts/kv.ts';
import type { SetAnswer } from '../../contracts/write.ts';
import { kill, LESSON_PREFIX, read, revive, write } from './calls.ts';
import { answerInWords, haveCaughtUp, isReplaced, leaderOf } from './evidence.ts';
import type { Lesson } from './lesson.ts';
import { must } from './must.ts';

const LESSON = 'past';
const field = 'price';
const MINUTE_MS = 60_000;

export const pastFailover: Lesson = {
  id: 'past-failover',
  title: 'The past, across a failover',
  teaches:
    'A question about the past has one answer, whoever leads and whatever was written since.',
  aboutSeconds: 5,
  tell: ({ leader: old, term, beganAtMs, mark }) => {
    const values = { first: `10 at ${mark}`, second: `20 at ${mark}` };
    const at = beganAtMs - 3 * MINUTE_MS;
    let last: SetAnswer | null = null;
    let before: ApiResult<GetAnswer> | null = null;
    let after: ApiResult<GetAnswer> | null = null;
    let now: ApiResult<GetAnswer> | null = null;
    return [
      {
        title: 'A past',
        before:
          'A price was 10 four minutes ago and became 20 two minutes ago. We write both with their times, then ask for the price three minutes ago.',
        action: {
          label: 'Write both, read the past',
          calls: () => [
            write({
              lesson: LESSON,
              field,
              value: values.first,
              timestamp: beganAtMs - 4 * MINUTE_MS,
            }),
            write(
              {
                lesson: LESSON,
                field,
                value: values.second,
                timestamp: beganAtMs - 2 * MINUTE_MS,
              },
              (result) => {
                if (result.ok) last = result.value;
              },
            ),
            read({ lesson: LESSON, field, at }, (result) => {
              before = result;
            }),
          ],
        },
        until: () => last !== null && before !== null,
        missed: 'The writes were not acknowledged.',
        after: () => `Three minutes ago: ${answerInWords(before)}.`,
        focus: () => ['Data'],
        checks: () => [
          {
            name: 'The past is the first value',
            passed: before?.ok === true && before.value.value === values.first,
            evidence: answerInWords(before),
          },
        ],
      },
      {
        title: 'Another leader',
        before: `${old} is killed, and a third price is written under the next leader.`,
        action: {
          label: `Kill ${old}, write, read`,
          calls: () => [
            kill(old),
            write({ lesson: LESSON, field, value: `30 at ${mark}` }),
            read({ lesson: LESSON, field, at }, (result) => {
              after = result;
            }),
            read({ lesson: LESSON, field }, (result) => {
              now = result;
            }),
          ],
        },
        until: ({ view }) => isReplaced(view, old, term) && after !== null,
        missed: 'Nobody replaced the leader.',
        after: () => `Three minutes ago: ${answerInWords(after)}. Now: ${answerInWords(now)}.`,
        focus: ({ view }) => [leaderOf(view) ?? old, 'Data'],
        checks: async (_scene, client) => {
          const asOf = must(last, 'the writes were acknowledged').revision;
          const known = await client.get(`${LESSON_PREFIX}${LESSON}`, field, { at, asOf });
          return [
            {
              name: 'The same question has the same answer',
              passed:
                before?.ok === true &&
                after?.ok === true &&
                isSameAnswer(before.value, after.value),
              evidence: answerInWords(after),
            },
            {
              name: 'So it has as of the revision that was known then',
              passed: before?.ok === true && known.ok && isSameAnswer(before.value, known.value),
              evidence: `as of revision ${asOf}: ${answerInWords(known)}`,
            },
            {
              name: 'The present is the third value',
              passed: now?.ok === true && now.value.value === `30 at ${mark}`,
              evidence: answerInWords(now),
            },
          ];
        },
      },
      {
        title: 'The old leader returns',
        before: `${old} starts again; asked alone, it tells the same past.`,
        action: { label: `Start ${old}`, calls: () => [revive(old)] },
        until: (scene) => haveCaughtUp(scene),
        missed: `${old} did not catch up.`,
        after: ({ view }) => `${old} follows ${leaderOf(view) ?? '?'}.`,
        focus: () => [old],
        checks: async (_scene, client) => {
          const local = await client.get(`${LESSON_PREFIX}${LESSON}`, field, {
            at,
            localNode: old,
          });
          return [
            {
              name: `${old} alone gives the same answer`,
              passed: before?.ok === true && local.ok && isSameAnswer(before.value, local.value),
              evidence: answerInWords(local),
            },
          ];
        },
      },
    ];
  },
};

function isSameAnswer(a: GetAnswer, b: GetAnswer): boolean {
  return a.value === b.value && a.version?.revision === b.version?.revision;
}
