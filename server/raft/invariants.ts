/**
 * What always holds of one node between two steps, read like the proof. The
 * cheap half of it runs in production after each drain; what concerns several
 * nodes at once is checked by the simulator.
 */
import { assert } from '../base/assert.ts';
import type { Core } from './core.ts';
import type { LogIndex, Term } from './types.ts';

/** What a node must never take back. */
export interface Watermark {
  readonly term: Term;
  readonly commitIndex: LogIndex;
  readonly lastApplied: LogIndex;
}

export function watermark(core: Core): Watermark {
  return { term: core.term, commitIndex: core.commitIndex, lastApplied: core.lastApplied };
}

/** Throws AssertionError unless the state is sound and follows from `before`. */
export function checkInvariants(core: Core, before: Watermark): void {
  assert(core.term >= before.term, 'the term never goes back');
  assert(core.commitIndex >= before.commitIndex, 'the commit index never goes back');
  assert(core.lastApplied >= before.lastApplied, 'the applied index never goes back');

  assert(core.log.baseIndex <= core.lastApplied, 'compacted ≤ applied');
  assert(core.lastApplied <= core.commitIndex, 'applied ≤ commit');
  assert(core.commitIndex <= core.log.lastIndex, 'commit ≤ last');
  assert(core.log.lastTerm <= core.term, 'no entry is from a future term');
  assert(core.persistence.persistedIndex <= core.log.lastIndex, 'persisted ≤ last');

  assert((core.role === 'leader') === (core.leadership !== null), 'a leader has a leadership');
  assert(core.role !== 'leader' || core.leader === core.id, 'a leader knows that it leads');
  assert(core.role !== 'candidate' || core.votedFor === core.id, 'a candidate votes for itself');
  assert(core.role !== 'follower' || core.leader !== core.id, 'a follower does not follow itself');

  if (core.leadership === null) return;
  const { heldUntilMono, noopIndex } = core.leadership;
  const isHeld = heldUntilMono !== null;
  assert(!isHeld || core.commitIndex < noopIndex, 'a leader that must wait has committed nothing');
  for (const progress of core.leadership.progress.values()) {
    assert(progress.matchIndex < progress.nextIndex, 'match < next');
    assert(progress.matchIndex <= core.log.lastIndex, 'match ≤ last');
    assert(progress.peer !== core.id, 'a leader does not replicate to itself');
  }
}
