/** What became of a restore of a file, as an error of the API. Other errors are bugs, and stay what they are. */
import { BackupFileError } from '../backup/read-backup.ts';
import { RestoreStopped } from '../backup/restore-file.ts';
import { NoSpace, RestoreRunning, UploadBroken } from '../backup/restores.ts';
import { HttpError } from './errors.ts';
import { kvError, readError, writeError } from './kv-problems.ts';

export function restoreError(error: unknown): unknown {
  if (error instanceof RestoreRunning) return new HttpError('RESTORE_RUNNING', error.message);
  if (error instanceof NoSpace)
    return new HttpError('NO_SPACE', `${error.message}; nothing was written`);
  if (error instanceof UploadBroken)
    return new HttpError('BAD_REQUEST', `${error.message}; nothing was written`, { path: 'body' });
  if (error instanceof BackupFileError)
    return new HttpError('BAD_BACKUP', `${error.message}; nothing was written`, {
      path: `line ${error.line}`,
    });
  return error instanceof RestoreStopped ? stopped(error) : error;
}

/** A restore is many writes: what is told of the one that failed is told of that one. */
function stopped({ why, written }: RestoreStopped): HttpError {
  const { code, message, details } =
    why.at === 'store'
      ? kvError(why.error)
      : why.at === 'read'
        ? readError(why.outcome, null)
        : writeError(why.outcome);
  const reason =
    code === 'OUTCOME_UNKNOWN'
      ? 'the last part may or may not be committed, now or later'
      : message;
  const soFar =
    written === 0
      ? 'no part before it changed anything'
      : `the parts before it changed ${written}; the same restore, done again, goes on`;
  return new HttpError(code, `${reason}; ${soFar}`, { ...details, written });
}
