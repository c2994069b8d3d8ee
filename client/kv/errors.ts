/**
 * What a call may end in other than its answer, a class a kind. `code` is stable
 * (the list of contracts/errors.ts, and a few that only this side can say), a
 * message is for people. Nothing else is thrown, but the reason of the caller's
 * own signal.
 */
import type { ErrorCode, Problem } from '../../contracts/errors.ts';
import type { FoundInstead, Horizon } from '../../contracts/kv.ts';
import type { ApiFailure } from '../api-failure.ts';

/** The server's codes; no answer of this API came; the client was closed; the caller's signal came first. */
export type ClientErrorCode = ErrorCode | 'UNREACHABLE' | 'CLOSED' | 'ABORTED';

export interface ErrorDetails {
  readonly code: ClientErrorCode;
  readonly message: string;
  readonly retryable: boolean;
  /** Of the last request that was sent; null: none was. */
  readonly requestId: string | null;
  readonly cause?: unknown;
}

/** Base of them all. */
export abstract class ChronoraftError extends Error {
  readonly code: ClientErrorCode;
  /** The same call may succeed later. Of a write: and nothing was written by this one. */
  readonly retryable: boolean;
  /** The server's log has more under it; null: no request was sent. */
  readonly requestId: string | null;

  constructor({ code, message, retryable, requestId, cause }: ErrorDetails) {
    super(message, cause === undefined ? {} : { cause });
    this.code = code;
    this.retryable = retryable;
    this.requestId = requestId;
  }
}

/** The request cannot be: BAD_REQUEST, BAD_ENCODING, TOO_LARGE. Nothing was done. */
export class InvalidRequestError extends ChronoraftError {
  override readonly name = 'InvalidRequestError';
  /** Where in the request: "body.ttl"; null when it is not one place. */
  readonly path: string | null;
  readonly limit: number | null;

  constructor(details: ErrorDetails, path: string | null, limit: number | null) {
    super(details);
    this.path = path;
    this.limit = limit;
  }
}

/** Who asks may not: a wrong token, or a page of another site. */
export class ForbiddenError extends ChronoraftError {
  override readonly name = 'ForbiddenError';
}

/** There is no such node, or no such route: the server is of another version. */
export class NotFoundError extends ChronoraftError {
  override readonly name = 'NotFoundError';
}

/** The condition of a write did not hold: nothing was written. */
export class ConditionFailedError extends ChronoraftError {
  override readonly name = 'ConditionFailedError';
  /** What stood there; null: nothing did. */
  readonly found: FoundInstead;

  constructor(details: ErrorDetails, found: FoundInstead) {
    super(details);
    this.found = found;
  }
}

/** What stands there cannot be changed so: WRONG_KIND, NOT_AN_INTEGER, OUT_OF_RANGE. Nothing was written. */
export class OperationRefusedError extends ChronoraftError {
  override readonly name = 'OperationRefusedError';
  /** Its place in its transaction; null outside of one. */
  readonly operation: number | null;

  constructor(details: ErrorDetails, operation: number | null) {
    super(details);
    this.operation = operation;
  }
}

/** That past is forgotten. */
export class CompactedError extends ChronoraftError {
  override readonly name = 'CompactedError';
  /** From this time and this revision on there is something to ask for; null when the server did not say. */
  readonly horizon: Horizon | null;

  constructor(details: ErrorDetails, horizon: Horizon | null) {
    super(details);
    this.horizon = horizon;
  }
}

/** The revision that was named is not there yet. */
export class RevisionNotYetError extends ChronoraftError {
  override readonly name = 'RevisionNotYetError';
}

/**
 * No answer until the deadline: there was no leader, no quorum, too much to do, or
 * no server. Of a write: nothing was written, and nothing will be.
 */
export class UnavailableError extends ChronoraftError {
  override readonly name = 'UnavailableError';
  /** The server asked to be left alone for so long, ms; null: it did not. */
  readonly retryAfterMs: number | null;

  constructor(details: ErrorDetails, retryAfterMs: number | null) {
    super(details);
    this.retryAfterMs = retryAfterMs;
  }
}

/** Something is wrong on the server's side, or it cannot do this now; `code` says what. */
export class ServerError extends ChronoraftError {
  override readonly name = 'ServerError';
}

/** The client or the watch was closed; nothing was sent. */
export class ClosedError extends ChronoraftError {
  override readonly name = 'ClosedError';

  constructor(message = 'the client is closed') {
    super({ code: 'CLOSED', message, retryable: false, requestId: null });
  }
}

/** In a batch: the caller's signal, whose reason is the `cause`, came before this write was sent. */
export class AbortedError extends ChronoraftError {
  override readonly name = 'AbortedError';

  constructor(reason: unknown) {
    super({
      code: 'ABORTED',
      message: 'it was cancelled before it was sent',
      retryable: true,
      requestId: null,
      cause: reason,
    });
  }
}

export interface ResolveOptions {
  /** Longest wait, ms; by default that of the client. */
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
}

/**
 * The write may or may not be committed, now or later: some node may have it, and
 * nobody said in time. It is neither a failure nor a success, so never write again
 * what it was to write: {@link resolve} asks under the same name.
 */
export class OutcomeUnknownError<Answer = unknown> extends ChronoraftError {
  override readonly name = 'OutcomeUnknownError';
  /** False: its session has ended, and with it all memory of what became of the write. Only a read can tell. */
  readonly resolvable: boolean;
  private readonly again: (options: ResolveOptions) => Promise<Answer>;

  constructor(
    details: Omit<ErrorDetails, 'code' | 'retryable'>,
    again: ((options: ResolveOptions) => Promise<Answer>) | null,
  ) {
    super({ ...details, code: 'OUTCOME_UNKNOWN', retryable: false });
    this.resolvable = again !== null;
    this.again = again ?? (() => Promise.reject(this));
  }

  /**
   * Sends the write again under its name: if it was done it is answered as it would
   * have been, if not it is done now, and never twice. Rejects with what the store
   * refused it for, or with another of this class. May be called until it is settled,
   * within the time that a session may be idle (an hour).
   */
  resolve(options: ResolveOptions = {}): Promise<Answer> {
    return this.again(options);
  }
}

/** What this side refuses; nothing was sent. */
export function wrongArgument(
  path: string,
  message: string,
  code: 'BAD_REQUEST' | 'BAD_ENCODING' = 'BAD_REQUEST',
): InvalidRequestError {
  return new InvalidRequestError({ code, message, retryable: false, requestId: null }, path, null);
}

/** The error that a failure is. `requestId`: that the request was sent with. */
export function errorOf(failure: ApiFailure, requestId: string | null): ChronoraftError {
  const { code, message, retryable, horizon, problem, retryAfterMs, cause } = failure;
  const id = problem?.requestId ?? requestId;
  const details = { code, message, retryable, requestId: id, cause };
  switch (code) {
    case 'BAD_REQUEST':
    case 'BAD_ENCODING':
    case 'TOO_LARGE':
      return new InvalidRequestError(details, failure.path ?? null, problem?.limit ?? null);
    case 'CONDITION_FAILED':
      return new ConditionFailedError(details, problem?.found ?? null);
    case 'WRONG_KIND':
    case 'NOT_AN_INTEGER':
    case 'OUT_OF_RANGE':
      return new OperationRefusedError(details, problem?.operation ?? null);
    case 'COMPACTED':
      return new CompactedError(details, horizon ?? null);
    case 'REVISION_NOT_YET':
      return new RevisionNotYetError(details);
    case 'NODE_UNKNOWN':
    case 'NOT_FOUND':
      return new NotFoundError(details);
    case 'NO_LEADER':
    case 'READ_TIMEOUT':
    case 'NODE_DOWN':
    case 'OVERLOADED':
    case 'SHUTTING_DOWN':
    case 'UNREACHABLE':
      return new UnavailableError(details, retryAfterMs ?? null);
    default:
      return byStatus(details, problem, retryAfterMs ?? null);
  }
}

/** A server may know more reasons than this list. */
function byStatus(
  details: ErrorDetails,
  problem: Problem | undefined,
  retryAfterMs: number | null,
): ChronoraftError {
  switch (problem?.status) {
    case 401:
    case 403:
      return new ForbiddenError(details);
    case 429:
    case 503:
      return new UnavailableError(details, retryAfterMs);
    default:
      return new ServerError(details);
  }
}
