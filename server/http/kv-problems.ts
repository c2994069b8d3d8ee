/** What the store, the service and the hub of watches answer instead of what was asked, as errors of the API. */
import { unreachable } from '../base/assert.ts';
import type { ReadOutcome, WriteOutcome } from '../cluster/kv-service.ts';
import type { KvError } from '../kv/types.ts';
import { MAX_WATCHES } from '../watch/hub.ts';
import type { Opened } from '../watch/hub.ts';
import type { WatchEnd } from '../watch/watcher.ts';
import { HttpError } from './errors.ts';

export function writeError({ code, leader }: Extract<WriteOutcome, { ok: false }>): HttpError {
  switch (code) {
    case 'NO_LEADER':
      return new HttpError(code, 'no node took the write in time, so it will not happen', {
        leader,
      });
    case 'OUTCOME_UNKNOWN':
      return new HttpError(
        code,
        'the write may or may not be committed, now or later; read to find out, or send it again with the same clientId and sequence, if it had one',
        { leader },
      );
    case 'OVERLOADED':
      return new HttpError(code, 'too many requests are under way; nothing was written', {
        leader,
      });
    case 'SHUTTING_DOWN':
      return new HttpError(code, 'the server is stopping; nothing was written', { leader });
    default:
      return unreachable(code);
  }
}

/** Of a session that was to be opened. */
export function sessionError(outcome: Extract<WriteOutcome, { ok: false }>): HttpError {
  const { code, leader } = outcome;
  if (code !== 'OUTCOME_UNKNOWN') return writeError(outcome);
  const message = 'a session may have been opened, which nobody will use; ask for another';
  return new HttpError(code, message, { leader });
}

/** `node` is the one asked alone, if only one was. */
export function readError(
  { code, leader }: Extract<ReadOutcome, { ok: false }>,
  node: string | null,
): HttpError {
  switch (code) {
    case 'READ_TIMEOUT':
      return new HttpError(
        code,
        node === null
          ? 'no quorum confirmed the read in time'
          : `node ${node} did not answer in time`,
        { leader },
      );
    case 'NODE_DOWN':
      return new HttpError(code, `node ${node ?? ''} is not running`, { leader });
    case 'OVERLOADED':
      return new HttpError(code, 'too many requests are under way', { leader });
    case 'SHUTTING_DOWN':
      return new HttpError(code, 'the server is stopping', { leader });
    default:
      return unreachable(code);
  }
}

export function kvError({ code, message, operation, horizon, limit }: KvError): HttpError {
  const details = {
    ...(operation !== undefined && { operation }),
    ...(horizon !== undefined && { horizon }),
    ...(limit !== undefined && { limit }),
  };
  switch (code) {
    case 'SESSION_STALE':
    case 'SESSION_EXPIRED':
    case 'REVISION_NOT_YET':
    case 'COMPACTED':
    case 'WRONG_KIND':
    case 'NOT_AN_INTEGER':
    case 'OUT_OF_RANGE':
    case 'NOT_EMPTY':
    case 'TOO_LARGE':
      return new HttpError(code, message, details);
    case 'BAD_COMMAND':
      return new HttpError('INTERNAL', message);
    default:
      return unreachable(code);
  }
}

/** Why a watch was not begun. */
export function watchRefused(refused: Extract<Opened, { ok: false }>): HttpError {
  switch (refused.code) {
    case 'TOO_MANY_WATCHES':
      return new HttpError('OVERLOADED', `there are ${MAX_WATCHES} watches already`, {
        limit: MAX_WATCHES,
      });
    case 'REVISION_NOT_YET':
      return new HttpError(
        refused.code,
        `what comes after a revision that is not reached cannot be watched; the latest is ${refused.head}`,
      );
    case 'SHUTTING_DOWN':
      return stopping();
    case 'NO_HEAD':
      return readError(refused.failed, null);
    default:
      return unreachable(refused);
  }
}

/** Why a watch that was begun is over. */
export function watchEnded(end: WatchEnd): HttpError {
  switch (end.code) {
    case 'SLOW_READER':
      return new HttpError(
        end.code,
        'nothing was taken for too long; watch again after the last revision that was told',
      );
    case 'SHUTTING_DOWN':
      return stopping();
    case 'REFUSED':
      return kvError(end.error);
    default:
      return unreachable(end);
  }
}

function stopping(): HttpError {
  return new HttpError('SHUTTING_DOWN', 'the server is stopping');
}
