/** What went wrong, in one line with what to do, and the exit code that says so. */
import type { ApiFailure } from '../client/api-failure.ts';
import { failureWords } from '../client/read-words.ts';
import { EXIT } from './exit-codes.ts';
import type { ExitCode } from './exit-codes.ts';

export class CliError extends Error {
  override readonly name = 'CliError';
  readonly exit: ExitCode;
  /** Stable, for programs. */
  readonly code: string;
  /** What a person can do about it; null where the message says it all. */
  readonly todo: string | null;

  constructor(exit: ExitCode, code: string, message: string, todo: string | null = null) {
    super(message);
    this.exit = exit;
    this.code = code;
    this.todo = todo;
  }
}

export function usageError(message: string, todo: string | null = null): CliError {
  return new CliError(EXIT.usage, 'USAGE', message, todo);
}

export function errorOf(failure: ApiFailure): CliError {
  const { code, message, path } = failure;
  const where = path === undefined || message.includes(path) ? '' : ` (${path})`;
  const words = code === 'COMPACTED' ? failureWords(failure) : `${message}${where}`;
  return new CliError(exitOf(code), code, words, todoOf(code));
}

function exitOf(code: ApiFailure['code']): ExitCode {
  switch (code) {
    case 'BAD_REQUEST':
    case 'BAD_ENCODING':
    case 'TOO_LARGE':
      return EXIT.usage;
    case 'NODE_UNKNOWN':
    case 'NOT_FOUND':
    case 'PACKET_UNKNOWN':
      return EXIT.notFound;
    case 'UNREACHABLE':
    case 'NO_LEADER':
    case 'READ_TIMEOUT':
    case 'NODE_DOWN':
    case 'SHUTTING_DOWN':
    case 'OVERLOADED':
      return EXIT.unreachable;
    case 'OUTCOME_UNKNOWN':
    // A bug on the server's side does not say how far a write had come.
    case 'INTERNAL':
      return EXIT.unknown;
    case 'CONDITION_FAILED':
      return EXIT.refused;
    default:
      return EXIT.failed;
  }
}

function todoOf(code: ApiFailure['code']): string | null {
  switch (code) {
    case 'NO_LEADER':
    case 'READ_TIMEOUT':
      return 'see `chronoraft status`, and try again';
    case 'OUTCOME_UNKNOWN':
    case 'INTERNAL':
      return 'read before you write it again';
    case 'UNAUTHENTICATED':
      return 'give a token with CHRONORAFT_TOKEN';
    case 'NODE_DOWN':
      return 'bring it back with `chronoraft node revive`';
    case 'NODE_UNKNOWN':
      return 'see `chronoraft member list`';
    case 'OVERLOADED':
      return 'try again in a moment';
    case 'REVISION_NOT_YET':
      return 'ask for an earlier revision, or wait';
    case 'NOT_EMPTY':
      return 'restore with --mode present, or into an empty store';
    default:
      return null;
  }
}
