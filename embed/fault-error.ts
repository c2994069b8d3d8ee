import type { ErrorCode } from '../contracts/errors.ts';

/** Why a fault was not done, or not taken away. */
export class FaultError extends Error {
  override readonly name = 'FaultError';
  /** One of the API's, or UNREACHABLE when the server is closed. */
  readonly code: ErrorCode | 'UNREACHABLE';

  constructor(code: ErrorCode | 'UNREACHABLE', message: string, cause?: unknown) {
    super(message, cause === undefined ? {} : { cause });
    this.code = code;
  }
}
