import { must } from './must.ts';
import type { ClusterView } from '../../contracts/view.ts';
import type { SetAnswer } from '../../contracts/write.ts';
import { healAll, link, together, write } from './calls.ts';
import { firstAtMs, haveApplied, nodeOf, sameLocally } from './evidence.ts';
import type { Lesson } from './lesson.ts';

const LESSON = 'journey';

export const journey: Lesson = {
  id: LESSON,
  title: 'One write’s journey',
  teaches: 'What happens to a write between the request and the answer, and when it is safe.',
  aboutSeconds: 4,
  tell: ({ leader, others, mark, electionTimeoutMs }) => {
    const value = `written ${mark}`;
    // Slow enough to be seen, too fast to be missed as a heartbeat.
    const delayMs = Math.round(electionTimeoutMs / 5);
    let answer: SetAnswer | null = null;
    const index = (): number => must(answer, 'the write was answered').revision;
    return [
      {
        title: 'Slower links',
        before: `At full speed a write takes a few milliseconds, too short to watch. So what ${leader} sends is slowed down: to ${others[0]} by ${delayMs} ms, to ${others[1]} by ${2 * delayMs} ms.`,
        action: {
          label: 'Slow the links',
          calls: () => [
            together(`Slow down what ${leader} sends`, [
              link(leader, others[0], { delayMs }),
              link(leader, others[1], { delayMs: 2 * delayMs }),
            ]),
          ],
        },
        until: ({ view }) => view.links.filter((each) => each.delayMs > 0).length >= 2,
        missed: 'The links do not show as slow: they may have been healed by hand.',
        after: () => 'Both ways are slow now; heartbeats arrive late, but they arrive.',
        focus: () => [leader, ...others],
      },
      {
        title: 'Follow the write',
        before: `We write one value. ${leader} appends it to its log and sends it to both others; when two of three have it on disk it is committed, and only then are you answered.`,
        action: {
          label: 'Write',
          calls: () => [
            write({ lesson: LESSON, field: 'value', value }, (result) => {
              if (result.ok) answer = result.value;
            }),
          ],
        },
        until: ({ view }) => answer !== null && haveApplied(view, answer.revision),
        missed: 'The write was not answered as committed, or did not reach every node.',
        after: (scene) => {
          const { heard } = scene;
          const appendedAtMs = firstAtMs(heard, (view) => isOnDisk(view, leader, index()));
          const at = (isTrue: (view: ClusterView) => boolean): string => {
            const atMs = firstAtMs(heard, isTrue);
            return atMs === null || appendedAtMs === null
              ? '?'
              : `+${Math.max(0, atMs - appendedAtMs)} ms`;
          };
          const steps = [
            `${leader} has it on disk at index ${index()}`,
            ...others.map(
              (id) => `${at((view) => isOnDisk(view, id, index()))} ${id} has it on disk`,
            ),
            `${at((view) => (nodeOf(view, leader)?.commitIndex ?? 0) >= index())} ${leader} knows it committed`,
            `${at((view) => haveApplied(view, index()))} all have applied it`,
          ];
          return `${steps.join('; ')}. (As the page heard of it: nodes report every few tens of milliseconds.)`;
        },
        focus: () => ['Replicated log'],
        checks: async ({ view, heard }, client) => {
          const { revision, term } = must(answer, 'the write was answered');
          const holders = view.nodes.filter((node) => isOnDisk(view, node.id, revision));
          const committed = heard.find(
            (each) => (nodeOf(each, leader)?.commitIndex ?? 0) >= revision,
          );
          const then = committed === undefined ? [] : holdersBy(committed, leader, revision);
          const logs = await Promise.all(
            view.nodes.map(({ id }) => client.nodeLog(id, revision, 1)),
          );
          const terms = logs.map((log) => (log.ok ? log.value.entries[0]?.term : undefined));
          return [
            {
              name: 'When it was heard to be committed, two of three had it on disk',
              passed: then.length >= 2,
              evidence: `${then.join(' and ')} at that moment by what ${leader} knew, ${holders.length} of ${view.nodes.length} now`,
            },
            {
              name: `Every log holds it at index ${revision} with term ${term}`,
              passed: terms.every((each) => each === term),
              evidence: view.nodes.map(({ id }, i) => `${id}: term ${terms[i] ?? '?'}`).join(', '),
            },
            await sameLocally(client, [leader, ...others], {
              lesson: LESSON,
              field: 'value',
              value,
            }),
          ];
        },
      },
      {
        title: 'Full speed again',
        before: 'The links are healed.',
        action: { label: 'Heal', calls: () => [healAll()] },
        until: ({ view }) => view.links.every((each) => each.delayMs === 0),
        missed: 'A link is still slow.',
        after: () => 'The same journey now takes a few milliseconds, with the same steps.',
        focus: () => ['Replicated log'],
      },
    ];
  },
};

function isOnDisk(view: ClusterView, node: string, index: number): boolean {
  return (nodeOf(view, node)?.persistedIndex ?? 0) >= index;
}

/** Who had `index` on disk as the leader knew it: what others say of themselves in the same view may be older. */
function holdersBy(view: ClusterView, leader: string, index: number): readonly string[] {
  const progress = nodeOf(view, leader)?.progress ?? [];
  return [
    ...(isOnDisk(view, leader, index) ? [leader] : []),
    ...progress.flatMap(({ peer, matchIndex }) => (matchIndex >= index ? [peer] : [])),
  ];
}
