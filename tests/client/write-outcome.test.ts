/** What became of a write: five words, and which problem is which. */
import { expect, test } from 'vitest';
import { isFailed, OUTCOME_WORDS, outcomeOf, writeOutcomes } from '../../client/write-outcome.ts';
import { errorCodes } from '../../contracts/errors.ts';

test('[U116] there are five words, each with a sign of its own', () => {
  const words = writeOutcomes.map((outcome) => OUTCOME_WORDS[outcome]);
  expect(words.map(({ word }) => word)).toEqual([
    'Committed',
    'Rejected',
    'No leader',
    'Timed out',
    'Unknown',
  ]);
  expect(new Set(words.map(({ mark }) => mark)).size).toBe(5);
  expect(OUTCOME_WORDS.unknown.mark).toBe('?');
});

test('[U116] every problem is one of them, and only one that may yet commit is unknown, which is no failure', () => {
  const of = (outcome: string): readonly string[] =>
    errorCodes.filter((code) => outcomeOf({ code }) === outcome);
  expect(of('unknown')).toEqual(['OUTCOME_UNKNOWN', 'INTERNAL']);
  expect(of('no-leader')).toEqual(['NO_LEADER']);
  expect(outcomeOf({ code: 'UNREACHABLE' })).toBe('timed-out');
  expect(of('rejected')).toHaveLength(errorCodes.length - 3);
  expect(writeOutcomes.filter(isFailed)).toEqual(['rejected', 'no-leader', 'timed-out']);
});
