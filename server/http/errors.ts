/** Errors as answers: the only place that knows status codes. */
import type { ErrorCode, Problem } from '../../contracts/errors.ts';

interface Kind {
  readonly status: number;
  readonly title: string;
  /** Sending the same request again is safe and may succeed. */
  readonly retryable: boolean;
}

/** What each code means to a client. */
export const KINDS: Readonly<Record<ErrorCode, Kind>> = {
  BAD_REQUEST: { status: 400, title: 'The request cannot be understood', retryable: false },
  BAD_ENCODING: { status: 400, title: 'The text is not well-formed Unicode', retryable: false },
  TOO_LARGE: { status: 413, title: 'Something is beyond its limit', retryable: false },
  FORBIDDEN: { status: 403, title: 'The request comes from another site', retryable: false },
  UNAUTHENTICATED: { status: 401, title: 'It is not known who asks', retryable: false },
  NOT_ALLOWED: { status: 403, title: 'The role does not reach so far', retryable: false },
  RATE_LIMITED: { status: 429, title: 'Too many requests came', retryable: true },
  REQUEST_TIMEOUT: { status: 408, title: 'The request did not arrive in time', retryable: true },
  REVISION_NOT_YET: { status: 409, title: 'That revision is not reached yet', retryable: true },
  COMPACTED: { status: 410, title: 'That past is forgotten', retryable: false },
  SESSION_STALE: {
    status: 409,
    title: 'The sequence is not a new one',
    retryable: false,
  },
  SESSION_EXPIRED: { status: 410, title: 'The session is not open', retryable: false },
  CONDITION_FAILED: { status: 412, title: 'The condition does not hold', retryable: false },
  WRONG_KIND: { status: 409, title: 'The value is of another kind', retryable: false },
  NOT_AN_INTEGER: { status: 409, title: 'The value is no whole number', retryable: false },
  OUT_OF_RANGE: { status: 409, title: 'The result is out of range', retryable: false },
  BAD_BACKUP: { status: 400, title: 'The file is not a whole backup', retryable: false },
  RESTORE_RUNNING: { status: 409, title: 'A restore is under way', retryable: true },
  CHAOS_RUNNING: { status: 409, title: 'A chaos run is under way', retryable: true },
  NO_SPACE: { status: 507, title: 'The disk has no room for it', retryable: true },
  NOT_EMPTY: { status: 409, title: 'There is something already', retryable: false },
  NO_LEADER: { status: 503, title: 'No leader was found in time', retryable: true },
  OUTCOME_UNKNOWN: { status: 504, title: 'The outcome is unknown', retryable: false },
  READ_TIMEOUT: { status: 503, title: 'The read was not answered in time', retryable: true },
  NODE_DOWN: { status: 503, title: 'That node is not running', retryable: true },
  NODE_UNKNOWN: { status: 404, title: 'There is no such node', retryable: false },
  CONFLICT: { status: 409, title: 'It is already so', retryable: false },
  PACKET_GONE: { status: 409, title: 'The message is not on its way', retryable: false },
  PACKET_UNKNOWN: { status: 404, title: 'There is no such message', retryable: false },
  CHANGE_REFUSED: { status: 409, title: 'The cluster cannot be changed so now', retryable: true },
  OVERLOADED: { status: 429, title: 'Too much is waiting', retryable: true },
  NOT_RECORDED: { status: 404, title: 'That moment is not recorded', retryable: false },
  SLOW_READER: { status: 408, title: 'Nothing was taken for too long', retryable: true },
  NOT_FOUND: { status: 404, title: 'There is nothing under that address', retryable: false },
  SHUTTING_DOWN: { status: 503, title: 'The server is stopping', retryable: true },
  INTERNAL: { status: 500, title: 'Something is wrong on our side', retryable: false },
};

/** An answer that is not the one hoped for; thrown in routes, turned into a Problem in one place. */
export class HttpError extends Error {
  override readonly name = 'HttpError';
  readonly code: ErrorCode;
  readonly details: Partial<
    Pick<
      Problem,
      'path' | 'leader' | 'limit' | 'found' | 'horizon' | 'operation' | 'written' | 'retryAfterMs'
    >
  >;

  constructor(code: ErrorCode, message: string, details: HttpError['details'] = {}) {
    super(message);
    this.code = code;
    this.details = details;
  }

  get status(): number {
    return KINDS[this.code].status;
  }

  problem(requestId: string): Problem {
    const { status, title, retryable } = KINDS[this.code];
    return {
      type: `urn:chronoraft:error:${this.code}`,
      title,
      status,
      code: this.code,
      message: this.message,
      retryable,
      ...this.details,
      requestId,
    };
  }
}
