/**
 * What became of a write, in one of five words. There is no sixth, and a write
 * that may yet commit has no word but "unknown".
 */
import type { ApiFailure } from './api-failure.ts';

export const writeOutcomes = [
  /** On the disks of a quorum, and applied. */
  'committed',
  /** Refused, by the store or before it was logged: nothing was written, nor will be. */
  'rejected',
  /** No node took it in time: it will never happen. */
  'no-leader',
  /** Time ran out before it was sent: it will never happen. */
  'timed-out',
  /** Some node may have it: it may be committed, now or later. */
  'unknown',
] as const;
export type WriteOutcome = (typeof writeOutcomes)[number];

/** A sign beside the word, so that the sign is never alone. */
export const OUTCOME_WORDS: Readonly<
  Record<WriteOutcome, { readonly mark: string; readonly word: string }>
> = {
  committed: { mark: '✓', word: 'Committed' },
  rejected: { mark: '✗', word: 'Rejected' },
  'no-leader': { mark: '–', word: 'No leader' },
  'timed-out': { mark: '…', word: 'Timed out' },
  unknown: { mark: '?', word: 'Unknown' },
};

/** It is known that nothing was written. */
export function isFailed(outcome: WriteOutcome): boolean {
  return outcome !== 'committed' && outcome !== 'unknown';
}

/** Of a write that was answered by a problem, or not at all. */
export function outcomeOf({ code }: Pick<ApiFailure, 'code'>): Exclude<WriteOutcome, 'committed'> {
  switch (code) {
    case 'NO_LEADER':
      return 'no-leader';
    case 'UNREACHABLE':
      return 'timed-out';
    case 'OUTCOME_UNKNOWN':
    // A bug on the server's side does not say how far the write had come.
    case 'INTERNAL':
      return 'unknown';
    default:
      return 'rejected';
  }
}

/**
 * Whether the failure of a repeat settles a write that was unknown. A repeat
 * that no store judged says nothing of the attempts before it.
 */
export function settles({ code }: Pick<ApiFailure, 'code'>): boolean {
  return JUDGED.has(code);
}

/** What only a store says, of the write itself; a session that has ended or moved on forgot the answer. */
const JUDGED: ReadonlySet<ApiFailure['code']> = new Set<ApiFailure['code']>([
  'CONDITION_FAILED',
  'COMPACTED',
  'WRONG_KIND',
  'NOT_AN_INTEGER',
  'OUT_OF_RANGE',
  'REVISION_NOT_YET',
  'TOO_LARGE',
]);
