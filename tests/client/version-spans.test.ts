import { describe, expect, test } from 'vitest';
import { changesOf, spanAt, versionSpans } from '../../client/version-spans.ts';
import type { HistoryVersion } from '../../contracts/kv.ts';

/** `[timestamp, revision, value, expiresAt?, stampMs?]`; null is a delete. */
type Line = readonly [number, number, string | null, (number | null)?, number?];

function spans(...lines: readonly Line[]) {
  return versionSpans(
    lines.map(([timestamp, revision, value, expiresAt = null, stampMs = timestamp]) => ({
      timestamp,
      revision,
      op: 0,
      kind: value === null ? 'delete' : 'set',
      value,
      expiresAt,
      stamp: stampMs * 1000,
    })) satisfies HistoryVersion[],
  );
}

function ends(...lines: readonly Line[]) {
  return spans(...lines).map(({ to, end, endedBy }) => [to, end, endedBy]);
}

describe('versions as spans of time', () => {
  test('[U47] a version holds until another begins, a delete, or its expiry', () => {
    expect(ends([10, 1, 'a'], [20, 2, 'b', 25], [30, 3, 'c'], [40, 4, null])).toEqual([
      [20, 'replaced', 2],
      [25, 'expired', null],
      [40, 'deleted', 4],
      [null, 'open', null],
    ]);
  });

  test('[U47] an expiry that another version forestalls ends nothing', () => {
    expect(ends([10, 1, 'a', 90], [20, 2, 'b', 30])).toEqual([
      [20, 'replaced', 2],
      [30, 'expired', null],
    ]);
    expect(ends([10, 1, 'a', 20], [20, 2, 'b'])[0]).toEqual([20, 'replaced', 2]);
  });

  test('[U47] of two versions of one time the later revision corrects the other', () => {
    expect(ends([10, 1, 'a'], [10, 2, null], [10, 3, 'c'])).toEqual([
      [10, 'corrected', 2],
      [10, 'corrected', 3],
      [null, 'open', null],
    ]);
  });

  test('[U47] what was learned late or planned ahead is known by its stamp', () => {
    const [late, planned, plain] = spans(
      [10, 5, 'a', null, 70],
      [90, 4, 'b', null, 60],
      [95, 6, 'c', null, 95],
    );
    expect([late?.learnedLateMs, late?.plannedAheadMs]).toEqual([60, 0]);
    expect([planned?.learnedLateMs, planned?.plannedAheadMs]).toEqual([0, 30]);
    expect([plain?.learnedLateMs, plain?.plannedAheadMs]).toEqual([0, 0]);
  });

  test('[U47] what holds at a time is found, and nothing where nothing holds', () => {
    const held = spans([10, 1, 'a', 15], [20, 2, 'b'], [20, 3, 'c'], [30, 4, null]);
    const revisionAt = (time: number) => spanAt(held, time)?.version.revision ?? null;
    expect([9, 10, 14, 15, 20, 29, 30, 99].map(revisionAt)).toEqual([null, 1, 1, null, 3, 3, 4, 4]);
    expect(changesOf(held)).toEqual([10, 15, 20, 30]);
  });
});
