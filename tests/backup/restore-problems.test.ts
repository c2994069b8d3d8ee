/** What a restore that stopped says: no more than is known, and how far it came. */
import { expect, test } from 'vitest';
import { RestoreStopped } from '../../server/backup/restore-file.ts';
import { HttpError } from '../../server/http/errors.ts';
import { restoreError } from '../../server/http/restore-problems.ts';

function problemOf(error: unknown) {
  const known = restoreError(error);
  if (!(known instanceof HttpError)) throw new Error('an error of the API');
  return known.problem('id');
}

test('[H19] a part whose outcome is unknown is told as unknown, with what is known to be written', () => {
  const outcome = { ok: false, code: 'OUTCOME_UNKNOWN', leader: 'n1' } as const;
  expect(problemOf(new RestoreStopped({ at: 'write', outcome }, 1200))).toMatchObject({
    status: 504,
    code: 'OUTCOME_UNKNOWN',
    message:
      'the last part may or may not be committed, now or later; the parts before it changed 1200; the same restore, done again, goes on',
    written: 1200,
    leader: 'n1',
  });
});

test('[H19] a restore without a leader, or that the store refuses, says so', () => {
  const none = { ok: false, code: 'NO_LEADER', leader: null } as const;
  expect(problemOf(new RestoreStopped({ at: 'write', outcome: none }, 0))).toMatchObject({
    code: 'NO_LEADER',
    retryable: true,
    message: expect.stringMatching(/no part before it changed anything$/) as string,
  });
  const late = { ok: false, code: 'READ_TIMEOUT', leader: null } as const;
  expect(problemOf(new RestoreStopped({ at: 'read', outcome: late }, 0)).code).toBe('READ_TIMEOUT');
  const error = { code: 'NOT_EMPTY', message: 'a.x is there' } as const;
  expect(problemOf(new RestoreStopped({ at: 'store', error }, 7))).toMatchObject({
    status: 409,
    code: 'NOT_EMPTY',
    written: 7,
  });
  const bug = new Error('a bug');
  expect(restoreError(bug)).toBe(bug);
});
