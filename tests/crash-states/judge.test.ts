/** What may be found, and what the workload itself says must be. */
import { describe, expect, test } from 'vitest';
import {
  applyKvChanges,
  applyLogWrite,
  emptyDurableState,
  restoredNode,
  stageRows,
} from '../../server/ports/durable-state.ts';
import { Moments } from '../../torture/crash-states/found.ts';
import type { Found } from '../../torture/crash-states/found.ts';
import { judge } from '../../torture/crash-states/judge.ts';
import { AT_FIRST, mark, progressed } from '../../torture/crash-states/progress.ts';
import type { Progress } from '../../torture/crash-states/progress.ts';
import { makeWorkload, VOTERS } from '../../torture/crash-states/workload.ts';

/** Log write 3 is a snapshot, and save 2 of the state. */
const HISTORY = { installs: [{ log: 3, applied: 2 }], stagedTo: [0, 5, 9] };

const FOUND: Found = {
  storeId: 's',
  bootEpoch: 2,
  logs: [2],
  applied: [1],
  lastApplied: 4,
  reach: 9,
  log: 'term 1',
  state: 'save 1',
};

function progress(...marks: readonly string[]): Progress {
  return marks.reduce((before, text) => progressed(before, text, HISTORY.installs), AT_FIRST);
}

/** Opened, two log writes and a save done, the third log write begun, two pieces staged. */
const MARKS = [
  mark.opening(),
  mark.opened('s'),
  ...[1, 2].flatMap((number) => [mark.begun('log', number), mark.done('log', number)]),
  mark.begun('save', 1),
  mark.done('save', 1),
  ...[1, 2].flatMap((number) => [mark.begun('stage', number), mark.done('stage', number)]),
  mark.begun('log', 3),
];

describe('a found store', () => {
  test('[X23] may have what was acknowledged, and what was only begun', () => {
    expect(judge(FOUND, progress(...MARKS), HISTORY)).toBeNull();
    const installed = { ...FOUND, logs: [3], applied: [2], lastApplied: 9 };
    expect(judge(installed, progress(...MARKS), HISTORY)).toBeNull();
  });

  test.each([
    ['lacks a log write that was acknowledged', { logs: [1] }, /write 1, when 2 was acknowledged/],
    ['has a log write that was not begun', { logs: [4] }, /write 4, when .* 3 begun/],
    ['has a log of no moment', { logs: [] }, /the log, term 1, is that of no moment/],
    ['lacks a save', { applied: [0] }, /save 0, when 1 was acknowledged/],
    ['has a state of no moment', { applied: [] }, /the state, save 1, is that of no moment/],
    ['has the log of a snapshot alone', { logs: [3] }, /half of a snapshot/],
    ['has the state of a snapshot alone', { applied: [2] }, /half of a snapshot/],
    ['lacks a piece that was staged', { reach: 5 }, /rows reach 5, not 9/],
    ['is another', { storeId: 't' }, /it is the store t, and was s/],
    ['forgot that it was opened', { bootEpoch: 1 }, /boot epoch is 1/],
    ['was opened by somebody else', { bootEpoch: 3 }, /boot epoch is 3/],
  ])('[X23] may not be one that %s', (_what, rest, says) => {
    expect(judge({ ...FOUND, ...rest }, progress(...MARKS), HISTORY)).toMatch(says);
  });

  test('[X23] must have a snapshot, log and state, once that was acknowledged', () => {
    const promised = progress(...MARKS, mark.done('log', 3));
    expect(judge(FOUND, promised, HISTORY)).toMatch(/write 2, when 3 was acknowledged/);
    expect(judge({ ...FOUND, logs: [3] }, promised, HISTORY)).toMatch(/when 2 was acknowledged/);
  });

  test('[X23] a mark that is none is an error', () => {
    for (const text of ['', 'done', 'done log', 'done log x', 'begun tea 1', 'log 1'])
      expect(() => progress(text), text).toThrow('is no mark');
  });
});

describe('the workload', () => {
  test.each([1, 2, 3, 4, 5])(
    '[X23] says of every request what the contract of a store says (seed %i)',
    (seed) => {
      const workload = makeWorkload(seed, 4);
      const moments = new Moments(workload);
      const state = emptyDurableState({ clusterId: 'c', nodeId: 'n1', storeId: 's' }, VOTERS);
      let log = 0;
      let applied = 0;
      for (const step of workload.steps) {
        for (const operation of step.type === 'do' ? step.operations : []) {
          const { number } = operation;
          if (operation.type === 'log') {
            applyLogWrite(state, operation.write);
            log = number;
            applied = workload.installs.find((at) => at.log === number)?.applied ?? applied;
          } else if (operation.type === 'save') {
            applyKvChanges(state, operation.changes);
            applied = number;
          } else
            expect(stageRows(state, operation.after, operation.rows)).toBe(
              workload.stagedTo[number],
            );
          expect(moments.find(restoredNode(state), state.reach)).toMatchObject({
            logs: [log],
            applied: [applied],
          });
        }
      }
      expect([log, applied]).toEqual([workload.logs.length - 1, workload.applied.length - 1]);
    },
  );

  test('[X23] is the same for a seed, and asks for everything that a node may ask', () => {
    expect(makeWorkload(9, 3).steps).toEqual(makeWorkload(9, 3).steps);
    const { steps, installs } = makeWorkload(9, 3);
    const operations = steps.flatMap((step) => (step.type === 'do' ? step.operations : []));
    const writes = operations.flatMap((each) => (each.type === 'log' ? [each.write] : []));
    const saves = operations.flatMap((each) => (each.type === 'save' ? [each.changes] : []));
    expect(installs.length).toBeGreaterThan(0);
    expect(steps.filter(({ type }) => type === 'kill')).toHaveLength(1);
    expect(steps.filter(({ type }) => type === 'close').length).toBeGreaterThan(1);
    expect(operations.some(({ type }) => type === 'stage')).toBe(true);
    for (const has of ['hardState', 'truncateFrom', 'base', 'install'] as const)
      expect(
        writes.some((write) => write[has] !== null),
        has,
      ).toBe(true);
    for (const has of [
      'versions',
      'marks',
      'dropped',
      'floors',
      'droppedFloors',
      'sessions',
      'droppedSessions',
    ] as const)
      expect(
        saves.some((changes) => changes[has].length > 0),
        has,
      ).toBe(true);
  });
});
