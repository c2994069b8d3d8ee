import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { formatDuration, parseDuration } from '../../client/duration.ts';

test('[U55] lengths of time are read as they are written', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 1_000_000_000_000 }), (ms) => {
      expect(parseDuration(formatDuration(ms))).toBe(ms);
    }),
  );
  expect(['7d', ' 90 S ', '2w', '1500ms', '24h'].map(parseDuration)).toEqual([
    604_800_000, 90_000, 1_209_600_000, 1500, 86_400_000,
  ]);
  expect([86_400_000, 90_000, 1500].map(formatDuration)).toEqual(['1d', '90s', '1500ms']);
});

test('[U55] what is no length of time is none', () => {
  for (const text of ['', '7', 'd', '-1d', '0s', '1.5h', '7 days', '999999999999w'])
    expect(parseDuration(text), text).toBeNull();
});
