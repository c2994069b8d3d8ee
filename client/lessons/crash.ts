import { must } from './must.ts';
import { verdictOf } from '../verdict.ts';
import { burst, kill, LESSON_PREFIX, revive } from './calls.ts';
import type { BurstResult } from './calls.ts';
import {
  eventsOf,
  haveCaughtUp,
  inItsWords,
  isReplaced,
  leaderOf,
  nodeOf,
  oneLeaderATerm,
  sameLogs,
} from './evidence.ts';
import type { Check, Lesson } from './lesson.ts';
import type { ChronoraftClient } from '../http-client.ts';

const LESSON = 'crash';

export const crash: Lesson = {
  id: 'leader-crash',
  title: 'Crash the leader mid-write',
  teaches: 'What was acknowledged survives the leader; writes wait for an election and go on.',
  aboutSeconds: 6,
  tell: ({ leader, term }) => {
    let result: BurstResult | null = null;
    return [
      {
        title: 'Writes, and a crash among them',
        before: `Four clients write as fast as they are answered. After 20 answers ${leader}, the leader, is killed: whatever it had only in memory is lost.`,
        action: {
          label: `Write, and kill ${leader}`,
          calls: () => [
            burst(
              {
                lesson: LESSON,
                clients: 4,
                each: 15,
                meanwhile: { after: 20, call: kill(leader) },
              },
              (each) => {
                result = each;
              },
            ),
          ],
        },
        until: ({ view }) => result !== null && isReplaced(view, leader, term),
        missed:
          'No other node leads a later term: perhaps the remaining two cannot reach each other.',
        after: (scene) => {
          const { acknowledged, unknown, refused } = must(result, 'the writes are over');
          return `${inItsWords(eventsOf(scene, 'node-killed', 'election-timeout', 'leader-elected'))} ${acknowledged.length} writes were acknowledged, ${unknown.length} are of unknown outcome, ${refused.length} were refused.`;
        },
        focus: ({ view }) => [leader, leaderOf(view) ?? leader],
        checks: async (scene, client) => {
          const verdict = verdictOf(scene.view);
          return [
            {
              name: 'Another node leads a later term',
              passed: verdict.leader !== leader && verdict.term > term,
              evidence: `${leader} in term ${term}, then ${verdict.leader ?? 'nobody'} in term ${verdict.term}`,
            },
            await allThere(client, LESSON, must(result, 'the writes are over')),
            oneLeaderATerm(scene),
          ];
        },
      },
      {
        title: 'The old leader returns',
        before: `${leader} starts again from its own database. It knows term ${term}; it will learn of the later one and follow.`,
        action: { label: `Start ${leader}`, calls: () => [revive(leader)] },
        until: (scene) => haveCaughtUp(scene),
        missed: `${leader} did not catch up.`,
        after: ({ view }) =>
          `${leader} follows ${leaderOf(view) ?? '?'} in term ${nodeOf(view, leader)?.term ?? '?'} and has applied everything up to ${nodeOf(view, leader)?.lastApplied ?? '?'}.`,
        focus: () => [leader],
        checks: async (scene, client) => [
          {
            name: 'It is a follower now',
            passed: nodeOf(scene.view, leader)?.role === 'follower',
            evidence: `${leader}: ${nodeOf(scene.view, leader)?.role ?? '?'}`,
          },
          await sameLogs(scene, client),
        ],
      },
    ];
  },
};

/** Durability of what was acknowledged: each value is read with the revision that its answer named. */
export async function allThere(
  client: ChronoraftClient,
  lesson: string,
  { acknowledged }: BurstResult,
): Promise<Check> {
  const name = 'Every acknowledged write is there, as it was answered';
  const answer = await client.scan(`${LESSON_PREFIX}${lesson}`, undefined);
  if (!answer.ok) return { name, passed: false, evidence: answer.failure.message };
  const stored = new Map(answer.value.fields.map((field) => [field.field, field]));
  const lost = acknowledged.filter(({ field, revision }) => {
    const found = stored.get(field);
    return found?.value !== field || found.version.revision !== revision;
  });
  return {
    name,
    passed: lost.length === 0 && acknowledged.length > 0,
    evidence: `${acknowledged.length} acknowledged, ${lost.length} missing or other${lost[0] === undefined ? '' : `, the first ${lost[0].field}`}`,
  };
}
