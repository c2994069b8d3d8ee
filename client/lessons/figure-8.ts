import { must } from './must.ts';
import type { ApiResult } from '../api-failure.ts';
import type { ClusterView } from '../../contracts/view.ts';
import type { SessionAnswer, SetAnswer } from '../../contracts/write.ts';
import { healAll, joinBetween, openSession, slowDisk, split, write } from './calls.ts';
import { haveCaughtUp, leaderOf, nodeOf, sameLogs, outcomeInWords } from './evidence.ts';
import type { Lesson } from './lesson.ts';

const LESSON = 'figure-8';

/**
 * (a), (c) and (e) of Raft's Figure 8 (§5.4.2). Its (d), where the old entry is overwritten though a
 * majority has it, needs a crash between two messages that follow each other at once: it is
 * a test of the core, step by step.
 */
export const figure8: Lesson = {
  id: LESSON,
  title: 'Figure 8: an entry of an old term',
  teaches:
    'A leader does not commit an old term’s entry by counting copies: only an entry of its own term, and with it all before.',
  aboutSeconds: 6,
  tell: ({ leader: first, others, term, mark, electionTimeoutMs }) => {
    const [second, third] = others;
    let session: SessionAnswer | null = null;
    let outcome: ApiResult<SetAnswer> | null = null;
    let again: SetAnswer | null = null;
    let index = 0;
    const value = `old term ${mark}`;
    const name = { opened: () => must(session, 'the session is open'), sequence: 1 };
    return [
      {
        title: 'An entry on one node only',
        before: `Every link is cut, then ${first}, which does not know yet, gets a write. It appends it in term ${term}, and nobody else ever hears of it.`,
        action: {
          label: 'Cut every link and write',
          calls: () => [
            openSession((result) => {
              if (result.ok) session = result.value;
            }),
            split([first], [second], [third]),
            write(
              {
                lesson: LESSON,
                field: 'value',
                value,
                session: name,
                withinMs: Math.round(electionTimeoutMs / 2),
              },
              (result) => {
                outcome = result;
              },
            ),
          ],
        },
        until: ({ view }) => {
          const alone = nodeOf(view, first);
          const last = alone?.lastIndex ?? 0;
          return (
            outcome !== null &&
            alone?.role !== 'leader' &&
            others.every((id) => (nodeOf(view, id)?.lastIndex ?? 0) < last)
          );
        },
        missed: `${first} does not hold an entry of its own: it may have stepped down before the write came. Begin the lesson again.`,
        withinMs: 12_000,
        after: ({ view }) => {
          index = nodeOf(view, first)?.lastIndex ?? 0;
          return `Index ${index} of term ${term} is on ${first} alone. The write was answered ${outcomeInWords(outcome)}. ${first} no longer hears from a quorum and has stepped down.`;
        },
        focus: () => [first, 'Replicated log'],
        checks: async (_scene, client) => {
          const log = await client.nodeLog(first, index, 1);
          const held = log.ok ? log.value.entries[0]?.term : undefined;
          return [
            {
              name: `${first} holds an uncommitted entry of term ${term}`,
              passed: held === term,
              evidence: `index ${index}, term ${held ?? '?'}; the others end before it`,
            },
          ];
        },
      },
      {
        title: 'It leads again, in a later term',
        before: `${first} and ${second} are joined. Only ${first} can win, since its log is longer. It copies the old entry to ${second}: then two of three have it. Is it committed? Not by that count: first an entry of the new term must be on two of three. So that there is time to see it, the disk of ${first} is slow: its own copy of the new entry comes late.`,
        action: {
          label: `Join ${first} and ${second}`,
          calls: () => [
            slowDisk(first, Math.round((2 * electionTimeoutMs) / 3)),
            joinBetween(first, second),
          ],
        },
        until: ({ view }) =>
          leaderOf(view) === first &&
          [first, second].every((id) => (nodeOf(view, id)?.commitIndex ?? 0) > index),
        missed: `${first} did not become leader of a later term.`,
        after: ({ view }) =>
          `${first} leads term ${nodeOf(view, first)?.term ?? '?'}. Its first act was an empty entry of that term at index ${index + 1}; when ${second} had it, both were committed together.`,
        focus: () => [first, second, 'Replicated log'],
        checks: async ({ heard, view }, client) => {
          const newTerm = nodeOf(view, first)?.term ?? 0;
          const commits = commitsOf(heard, first, newTerm);
          const onTwo = heard.filter((each) => isOnTwo(each, first, second, newTerm, index));
          const waited = onTwo.filter((each) => (nodeOf(each, first)?.commitIndex ?? 0) < index);
          const logs = await Promise.all([first, second].map((id) => client.nodeLog(id, index, 2)));
          const terms = logs.map((log) =>
            log.ok ? log.value.entries.map((entry) => entry.term).join(', ') : '?',
          );
          return [
            {
              name: 'The old entry kept its term, and one of the new term follows it',
              passed: terms.every((each) => each === `${term}, ${newTerm}`),
              evidence: `terms at ${index} and ${index + 1}: ${first} ${terms[0] ?? '?'}; ${second} ${terms[1] ?? '?'}`,
            },
            {
              name: 'Two of three had it, and the leader knew, and it was not committed',
              passed: waited.length > 0,
              evidence: `${waited.length} of ${onTwo.length} views in which ${first} and ${second} had ${index} on disk, but ${first} not yet ${index + 1}`,
            },
            {
              name: `The commit index was never ${index}, the old entry, alone`,
              passed: !commits.includes(index) && commits.some((commit) => commit > index),
              evidence: `in term ${newTerm} ${first} reported commit index ${commits.join(', then ')}`,
            },
          ];
        },
      },
      {
        title: 'The third node',
        before: `The links are healed; ${third} gets both entries. The write, whose outcome was unknown, is sent again under its name: it is answered with what was done in the old term.`,
        action: {
          label: 'Heal, send again',
          calls: () => [
            healAll(),
            write({ lesson: LESSON, field: 'value', value, session: name }, (result) => {
              if (result.ok) again = result.value;
            }),
          ],
        },
        until: (scene) => again !== null && haveCaughtUp(scene),
        missed: 'The nodes did not agree again, or the write was not acknowledged.',
        after: () =>
          `The answer names revision ${must(again, 'it was sent again').revision}: index ${index}.`,
        focus: () => [third, 'Replicated log'],
        checks: async (scene, client) => [
          {
            name: 'It was done once, at its old place',
            passed: again?.revision === index,
            evidence: outcomeInWords(again === null ? null : { ok: true, value: again }),
          },
          await sameLogs(scene, client),
        ],
      },
    ];
  },
};

/** The commit indexes that a leader reported in a term, in their order. */
function commitsOf(heard: readonly ClusterView[], id: string, term: number): readonly number[] {
  const commits = heard.flatMap((view) => {
    const node = nodeOf(view, id);
    return node?.role === 'leader' && node.term === term ? [node.commitIndex] : [];
  });
  return [...new Set(commits)];
}

/** The leader has `index` on disk and nothing after it, and knows that `peer` has it too. */
function isOnTwo(
  view: ClusterView,
  leader: string,
  peer: string,
  term: number,
  index: number,
): boolean {
  const node = nodeOf(view, leader);
  if (node?.role !== 'leader' || node.term !== term || node.persistedIndex !== index) return false;
  return node.progress.some((each) => each.peer === peer && each.matchIndex >= index);
}
