/** "As of": box and slider are one value, and what is beyond the two ends of time is told. */
import { expect, test } from 'vitest';
import { failureWords, stopAt, stopsOf, timeWords } from '../../client/read-words.ts';
import { parseAsOf, writeAsOf } from '../../client/time-input.ts';
import type { HistoryVersion } from '../../contracts/kv.ts';

const NOW = Date.UTC(2026, 10, 21, 14, 3, 22, 118);

function version(revision: number, timestamp: number, stampMs = timestamp): HistoryVersion {
  return {
    timestamp,
    revision,
    op: 0,
    kind: 'set',
    value: `v${revision}`,
    expiresAt: null,
    stamp: stampMs * 1000,
  };
}

const VERSIONS = [
  version(3, NOW - 5000),
  // Dated back: learned last of all.
  version(9, NOW - 4000, NOW - 500),
  version(5, NOW - 3000),
  version(7, NOW + 60_000, NOW - 1000),
];

test('[U118] every stop of the slider, typed as the box shows it, is that stop again', () => {
  const stops = stopsOf(VERSIONS);
  expect(stops).toHaveLength(4);
  for (const [i, at] of stops.entries()) {
    const typed = parseAsOf(writeAsOf({ at }), NOW);
    expect(typed).toEqual({ ok: true, coordinates: { at } });
    expect(stopAt(VERSIONS, { at })).toBe(i);
  }
  expect(stopAt(VERSIONS, {})).toBe(stops.length);
});

test('[U118] a time between two stops stands at the earlier, a revision at what was known and had come then', () => {
  expect(stopAt(VERSIONS, { at: NOW - 4999 })).toBe(0);
  expect(stopAt(VERSIONS, { at: NOW })).toBe(2);
  expect(stopAt(VERSIONS, { asOf: 3 })).toBe(0);
  expect(stopAt(VERSIONS, { asOf: 6 })).toBe(2);
  // Revision 7 is planned ahead, and had not come when it was written.
  expect(stopAt(VERSIONS, { asOf: 7 })).toBe(2);
  expect(stopAt(VERSIONS, { at: NOW - 3500, asOf: 6 })).toBe(0);
  expect(stopAt(VERSIONS, { at: 5 })).toBe(0);
  expect(stopAt([], { at: 5 })).toBe(0);
});

test('[U118] the past is told; a time that has not come says so, with the newest there is', () => {
  const past = { at: NOW - 3500, asOf: 9 };
  const known = { versions: VERSIONS, nowMs: NOW };
  expect(timeWords(past, { at: past.at }, known)).toBe('The past: as it was at 14:03:18.618 UTC');
  expect(timeWords(past, { asOf: 9 }, known)).toBe('The past: as known at revision 9');
  const ahead = { at: NOW + 90_000, asOf: 9 };
  expect(timeWords(ahead, { at: ahead.at }, known)).toBe(
    'Not yet; newest is revision 5, 14:03:19.118 UTC',
  );
  expect(timeWords(ahead, { at: ahead.at, asOf: 9 }, { versions: [], nowMs: NOW })).toBe(
    'Not yet; nothing is there now, as known at revision 9',
  );
  expect(timeWords(ahead, { at: ahead.at }, { versions: null, nowMs: NOW })).toBe('Not yet');
});

test('[U118] a revision that is not there yet and a past that is forgotten are told, the latter with its date', () => {
  const failure = { message: 'the latest is 57', retryable: false } as const;
  expect(failureWords({ ...failure, code: 'REVISION_NOT_YET' })).toBe('Not yet: the latest is 57');
  const horizon = { timestamp: NOW, revision: 40 };
  expect(failureWords({ ...failure, code: 'COMPACTED', horizon })).toBe(
    'This past is forgotten. What is kept here begins at 2026-11-21 14:03:22.118 UTC, revision 40',
  );
  expect(failureWords({ ...failure, code: 'READ_TIMEOUT', retryable: true })).toContain(
    'ask again',
  );
});
