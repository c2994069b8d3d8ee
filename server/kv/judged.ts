/** What a write comes to, and where in the log it stands. */
import type { Outcome, Revision, Stamp, TimestampMs, Version } from './types.ts';

export interface WritePlace {
  readonly index: Revision;
  readonly stamp: Stamp;
}

export interface Judged {
  readonly timestamp: TimestampMs;
  readonly outcome: Outcome;
  readonly versions: readonly Version[];
}
