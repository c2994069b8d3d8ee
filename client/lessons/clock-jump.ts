import type { SetAnswer } from '../../contracts/write.ts';
import { healAll, lead, shiftClock, write } from './calls.ts';
import { haveApplied, haveCaughtUp, leaderOf, sameLocally } from './evidence.ts';
import type { Check, Lesson } from './lesson.ts';
import { must } from './must.ts';

const LESSON = 'clock';
const JUMP_MS = 60_000;
/** Beyond this a stamp would have followed the clock, ms. */
const FOLLOWED_MS = JUMP_MS / 2;

export const clockJump: Lesson = {
  id: 'clock-jump',
  title: 'A clock jumps',
  teaches:
    'Time in the store only moves forward, whatever the clocks of the machines do, and expires nothing early.',
  aboutSeconds: 3,
  tell: ({ leader, others, mark }) => {
    const next = others[0];
    const answers: SetAnswer[] = [];
    const put = (value: string) =>
      write({ lesson: LESSON, field: 'value', value: `${value}, ${mark}` }, (result) => {
        if (result.ok) answers.push(result.value);
      });
    const at = (i: number): SetAnswer => must(answers[i], 'the write was answered');
    return [
      {
        title: 'The leader’s clock jumps ahead',
        before: `We write, set the clock of ${leader} a minute ahead, and write again. A leader reads its wall clock once, when it is elected, and then counts on.`,
        action: {
          label: 'Write, jump, write',
          calls: () => [put('before'), shiftClock(leader, JUMP_MS), put('ahead')],
        },
        until: ({ view }) => answers.length === 2 && haveApplied(view, at(1).revision),
        missed: 'A write was not acknowledged.',
        after: () =>
          `Between the two stamps lie ${betweenMs(at(0), at(1)).toFixed(0)} ms, not 60,000.`,
        focus: () => [leader],
        checks: () => [
          rises(at(0), at(1)),
          {
            name: 'The store’s time did not jump with the clock',
            passed: betweenMs(at(0), at(1)) < FOLLOWED_MS,
            evidence: `${betweenMs(at(0), at(1)).toFixed(1)} ms between the stamps, the clock jumped ${JUMP_MS} ms`,
          },
        ],
      },
      {
        title: 'A leader whose clock is behind',
        before: `The clock of ${next} is set a minute back, and ${leader} hands over to it. ${next} reads a time from before the last write.`,
        action: {
          label: `Set ${next} back, let it lead, write`,
          calls: () => [shiftClock(next, -JUMP_MS), lead(next), put('behind')],
        },
        until: ({ view }) => answers.length === 3 && leaderOf(view) === next,
        missed: `${next} did not take over, or the write was not acknowledged.`,
        after: () =>
          `${at(2).leader} stamped the write ${betweenMs(at(1), at(2)).toFixed(3)} ms after the last one, though its clock shows a minute earlier.`,
        focus: () => [next],
        checks: () => [
          rises(at(1), at(2)),
          {
            name: `It was ${next} that stamped it`,
            passed: at(2).leader === next,
            evidence: `${at(2).leader} in term ${at(2).term}`,
          },
        ],
      },
      {
        title: 'The clocks are set right',
        before: `All clocks show the true time again. ${leader} takes the lead back and reads the right time, so that the store need not wait for it.`,
        action: { label: 'Set right', calls: () => [healAll(), lead(leader)] },
        until: (scene) => haveCaughtUp(scene) && leaderOf(scene.view) === leader,
        missed: `${leader} did not take over.`,
        after: () => 'Nobody had to be restarted, and nothing expired.',
        focus: () => [leader, next],
        checks: async (_scene, client) => [
          await sameLocally(client, [leader, ...others], {
            lesson: LESSON,
            field: 'value',
            value: `behind, ${mark}`,
          }),
        ],
      },
    ];
  },
};

/** Stamps are in microseconds. */
function betweenMs(a: SetAnswer, b: SetAnswer): number {
  return (b.stamp - a.stamp) / 1000;
}

function rises(a: SetAnswer, b: SetAnswer): Check {
  return {
    name: 'The stamp rose',
    passed: b.stamp > a.stamp,
    evidence: `${a.stamp} µs at revision ${a.revision}, then ${b.stamp} µs at ${b.revision}`,
  };
}
