/**
 * What is tried again, and when: pure. Waits grow exponentially up to a limit, and
 * each is drawn from the whole range below ("full jitter"), so that clients that
 * failed together do not come back together. A server that says when to come back
 * is not asked before.
 */
import type { ApiFailure } from '../api-failure.ts';
import { settles } from '../write-outcome.ts';

/** The first wait is below this, each next below twice as much, ms. */
const BASE_MS = 50;
/** No wait is longer, ms, unless the server asks for it. */
const MOST_MS = 2000;

/** A number from 0 up to, but not including, 1. */
export type Random = () => number;

/** How long to wait before the next attempt, ms; `failed` attempts were made, at least one. */
export function backoffMs(
  failed: number,
  retryAfterMs: number | undefined,
  random: Random,
): number {
  const jittered = random() * Math.min(MOST_MS, BASE_MS * 2 ** (failed - 1));
  return (retryAfterMs ?? 0) + jittered;
}

/** Whether a read may be answered if it is asked again. A revision that is not there comes to a lagging node, not to the leader. */
export function mayRead(failure: ApiFailure, isLocal: boolean): boolean {
  return failure.code === 'REVISION_NOT_YET' ? isLocal : failure.retryable;
}

/** What a failed attempt says of a write that has a name. */
export type Attempt =
  /** The store judged it: this is its answer, and any repeat's. */
  | 'judged'
  /** This attempt was not done and will not be; the next one may. */
  | 'not-done'
  /** This attempt was not done; neither will others be. */
  | 'refused'
  /** Its session is not open: this attempt was not done, and nobody knows of those before. */
  | 'session-ended'
  /** Some node may have it. */
  | 'unknown';

export function attemptOf(failure: ApiFailure): Attempt {
  if (settles(failure)) return 'judged';
  switch (failure.code) {
    case 'SESSION_EXPIRED':
    case 'SESSION_STALE':
      return 'session-ended';
    case 'UNREACHABLE':
      return wasNeverSent(failure.cause) ? 'not-done' : 'unknown';
    case 'OUTCOME_UNKNOWN':
    // A bug on the server's side does not say how far the write had come.
    case 'INTERNAL':
      return 'unknown';
    default:
      return failure.retryable ? 'not-done' : 'refused';
  }
}

/** No connection came about. Browsers do not say so: there it is unknown. */
function wasNeverSent(cause: unknown): boolean {
  for (let at = cause, depth = 0; depth < MOST_CAUSES; depth++) {
    if (typeof at !== 'object' || at === null) return false;
    if ('code' in at && NOT_CONNECTED.has(at.code)) return true;
    at = 'cause' in at ? at.cause : null;
  }
  return false;
}

const MOST_CAUSES = 4;
const NOT_CONNECTED: ReadonlySet<unknown> = new Set(['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN']);
