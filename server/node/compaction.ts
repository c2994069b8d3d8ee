/**
 * How much of the log is kept. What the saved state covers is needed only to
 * bring followers up to date cheaply, so a tail of it stays: long enough that
 * one who was away for a moment needs no snapshot, bounded in entries and in
 * memory. Compaction waits until the log is twice as long as the tail, so that
 * its cost is spread over many writes.
 */
import type { Raft } from '../raft/raft.ts';
import type { LogIndex } from '../raft/types.ts';

export interface LogTail {
  /** Entries kept, ≥ 0. */
  readonly entries: number;
  /** Data kept, UTF-16 units. */
  readonly chars: number;
}

export const USUAL_TAIL: LogTail = { entries: 10_000, chars: 16 * 1024 * 1024 };

/** Up to where the log should be compacted now; null when it may stay. `savedTo` is what the saved state covers. */
export function compactionPoint(raft: Raft, savedTo: LogIndex, tail: LogTail): LogIndex | null {
  const entries = raft.lastIndex - raft.firstIndex + 1;
  if (entries <= 2 * tail.entries && raft.logChars <= 2 * tail.chars) return null;
  let upTo = raft.lastIndex;
  let chars = 0;
  while (upTo > raft.firstIndex && raft.lastIndex - upTo < tail.entries) {
    chars += raft.entryAt(upTo).data.length;
    if (chars > tail.chars) break;
    upTo--;
  }
  const point = Math.min(upTo, savedTo);
  return point >= raft.firstIndex ? point : null;
}
