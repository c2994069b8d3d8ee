import { burst, compact, isolate, reconnect } from './calls.ts';
import type { BurstResult } from './calls.ts';
import {
  areHashesOfOneRevision,
  eventsOf,
  haveApplied,
  haveCaughtUp,
  inItsWords,
  nodeOf,
  sameLocally,
  sameStates,
} from './evidence.ts';
import type { Lesson } from './lesson.ts';

const LESSON = 'snapshot';

export const snapshot: Lesson = {
  id: LESSON,
  title: 'A slow follower gets a snapshot',
  teaches: 'Who missed more than the log still has gets the state itself instead of the entries.',
  aboutSeconds: 5,
  tell: ({ leader, others }) => {
    const [here, away] = others;
    let result: BurstResult | null = null;
    const written = (): number =>
      Math.max(0, ...(result?.acknowledged ?? []).map((each) => each.revision));
    return [
      {
        title: 'Left behind',
        before: `${away} is cut off, and the others go on with 40 writes.`,
        action: {
          label: `Cut ${away} off and write`,
          calls: () => [
            isolate(away),
            burst({ lesson: LESSON, clients: 4, each: 10 }, (each) => {
              result = each;
            }),
          ],
        },
        until: ({ view }) =>
          [leader, here].every((id) => (nodeOf(view, id)?.lastApplied ?? 0) >= written()),
        missed: 'The two that are joined did not apply the writes.',
        after: ({ view }) =>
          `${result?.acknowledged.length ?? 0} writes are committed; ${away} ends at ${nodeOf(view, away)?.lastIndex ?? '?'}, the others at ${written()}.`,
        focus: () => [away, 'Replicated log'],
      },
      {
        title: 'The log is forgotten',
        before: `${leader} and ${here} drop the entries that their databases have. What ${away} needs next is in no log any more.`,
        action: { label: 'Shorten both logs', calls: () => [compact(leader), compact(here)] },
        until: ({ view }) =>
          [leader, here].every(
            (id) => (nodeOf(view, id)?.firstIndex ?? 0) > (nodeOf(view, away)?.lastIndex ?? 0) + 1,
          ),
        missed: 'A log still reaches back far enough for the follower.',
        after: ({ view }) =>
          `The logs begin at ${nodeOf(view, leader)?.firstIndex ?? '?'} and ${nodeOf(view, here)?.firstIndex ?? '?'}; ${away} would need ${(nodeOf(view, away)?.lastIndex ?? 0) + 1}.`,
        focus: () => [leader, here],
      },
      {
        title: 'The snapshot',
        before: `${away} is joined again. The leader has no entries for it, so it sends the rows of its state that ${away} lacks.`,
        action: { label: `Join ${away}`, calls: () => [reconnect(away)] },
        until: (scene) =>
          haveCaughtUp(scene) &&
          haveApplied(scene.view, written()) &&
          areHashesOfOneRevision(scene.view) &&
          eventsOf(scene, 'snapshot-installed').some((event) => event.node === away),
        missed: `${away} did not take over a snapshot.`,
        after: (scene) => inItsWords(eventsOf(scene, 'snapshot-sent', 'snapshot-installed')),
        focus: () => [away],
        checks: async (scene, client) => [
          {
            name: `${away} took over the state, not the entries`,
            passed: (nodeOf(scene.view, away)?.firstIndex ?? 0) > 1,
            evidence: `its log begins at ${nodeOf(scene.view, away)?.firstIndex ?? '?'}`,
          },
          sameStates(scene),
          await sameLocally(client, [away], { lesson: LESSON, field: 'c3-9', value: 'c3-9' }),
        ],
      },
    ];
  },
};
