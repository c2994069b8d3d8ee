import type { ApiResult } from '../api-failure.ts';
import type { SessionAnswer, SetAnswer } from '../../contracts/write.ts';
import { isolate, openSession, reconnect, together, write } from './calls.ts';
import {
  eventsOf,
  haveCaughtUp,
  inItsWords,
  isReplaced,
  leaderOf,
  nodeOf,
  sameLocally,
  sameLogs,
} from './evidence.ts';
import type { Lesson } from './lesson.ts';
import { must } from './must.ts';

const LESSON = 'repair';
const TAIL = ['a', 'b', 'c'] as const;

export const logRepair: Lesson = {
  id: 'log-repair',
  title: 'A log is repaired',
  teaches:
    'What a cut-off leader appended and never committed is overwritten by the new leader’s entries.',
  aboutSeconds: 5,
  tell: ({ leader: old, others, term, mark, electionTimeoutMs }) => {
    const value = `repaired ${mark}`;
    const sessions: SessionAnswer[] = [];
    const outcomes: ApiResult<SetAnswer>[] = [];
    let answer: SetAnswer | null = null;
    /** The first index of the tail, and its last. */
    let tail = { from: 0, to: 0 };
    return [
      {
        title: 'A tail that nobody else has',
        before: `${old} is cut off and gets three writes before it notices. It appends them in term ${term}; they reach nobody.`,
        action: {
          label: `Cut ${old} off and write`,
          calls: () => [
            ...TAIL.map(() =>
              openSession((result) => {
                if (result.ok) sessions.push(result.value);
              }),
            ),
            isolate(old),
            together(
              'Write three values at once',
              TAIL.map((field, i) =>
                write(
                  {
                    lesson: LESSON,
                    field,
                    value: `lost ${mark}`,
                    session: {
                      opened: () => must(sessions[i], 'the session is open'),
                      sequence: 1,
                    },
                    withinMs: Math.round(electionTimeoutMs / 2),
                  },
                  (result) => outcomes.push(result),
                ),
              ),
            ),
          ],
        },
        until: ({ view }) => {
          const alone = nodeOf(view, old);
          return (
            isReplaced(view, old, term) &&
            alone !== undefined &&
            alone.role !== 'leader' &&
            alone.lastIndex >= alone.commitIndex + TAIL.length
          );
        },
        missed: `${old} has no tail of its own, or nobody replaced it: it may have stepped down before the writes came. Begin the lesson again.`,
        withinMs: 12_000,
        after: ({ view }) => {
          const alone = must(nodeOf(view, old), 'the node is a member');
          tail = { from: alone.commitIndex + 1, to: alone.lastIndex };
          const codes = outcomes.map((each) => (each.ok ? 'committed' : each.failure.code));
          return `${old} holds ${tail.from} to ${tail.to} of term ${term}, uncommitted. The writes were answered ${[...new Set(codes)].join(', ')}. ${leaderOf(view) ?? '?'} leads on the other side, in a later term.`;
        },
        focus: () => [old, 'Replicated log'],
        checks: () => [
          {
            name: 'None of the three was acknowledged',
            passed: outcomes.length === TAIL.length && outcomes.every((each) => !each.ok),
            evidence: outcomes
              .map((each) => (each.ok ? 'committed' : each.failure.code))
              .join(', '),
          },
        ],
      },
      {
        title: 'Other entries at the same places',
        before: `On the side with a quorum the log goes on, from the same index.`,
        action: {
          label: 'Write there',
          calls: () => [
            write({ lesson: LESSON, field: 'value', value }, (result) => {
              if (result.ok) answer = result.value;
            }),
          ],
        },
        until: () => answer !== null,
        missed: 'The write was not acknowledged.',
        after: ({ view }) =>
          `At ${tail.from} the new leader has an entry of term ${nodeOf(view, leaderOf(view) ?? '')?.term ?? '?'}, ${old} still one of term ${term}: stripes in the log mark what will be replaced.`,
        focus: () => ['Replicated log'],
      },
      {
        title: 'The repair',
        before: `${old} is joined again. The leader finds the place where the two logs meet, and ${old} drops everything after it.`,
        action: { label: `Join ${old}`, calls: () => [reconnect(old)] },
        until: (scene) =>
          haveCaughtUp(scene) &&
          eventsOf(scene, 'log-truncated').some((event) => event.node === old),
        missed: `${old} did not drop its tail.`,
        after: (scene) => inItsWords(eventsOf(scene, 'log-truncated')),
        focus: () => [old, 'Replicated log'],
        checks: async (scene, client) => {
          const logs = await Promise.all(
            [old, ...others].map((id) => client.nodeLog(id, tail.from, 1)),
          );
          const terms = logs.map((log) => (log.ok ? (log.value.entries[0]?.term ?? 0) : 0));
          return [
            {
              name: `At index ${tail.from} every node has the entry of the later term`,
              passed: new Set(terms).size === 1 && (terms[0] ?? 0) > term,
              evidence: `term ${term} before on ${old}; now ${[old, ...others].map((id, i) => `${id}: ${terms[i] ?? '?'}`).join(', ')}`,
            },
            await sameLogs(scene, client),
            await sameLocally(client, [old, ...others], { lesson: LESSON, field: 'value', value }),
          ];
        },
      },
    ];
  },
};
