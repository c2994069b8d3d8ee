/**
 * What must come true once faults end, and how soon. That a cluster hangs is
 * told from what it does, not from what clients happen to ask: those who mostly
 * read may go for seconds without a write that could be done.
 */
import { assert } from '../server/base/assert.ts';
import type { World } from './world.ts';

/** After the last fault, and with one node broken, the cluster answers again within this virtual time. */
export const RECOVER_WITHIN_MS = 5000;
/** Whoever asks its leader after that is answered within this: many times what messages and disks take when all is calm. */
const ANSWER_WITHIN_MS = 500;
/** Two clients that mostly read, at nodes that are down or no members too, can come to three writes as late as this. */
const CLIENTS_WITHIN_MS = 60_000;

/** Waits until `who` has a leader and answers clients; fails when that takes too long. */
export function recover(world: World, who: string): void {
  const { clients, invariants } = world;
  // One more than could have been on its way.
  const enough = invariants.acknowledged + clients.length + 1;
  const areAnswered = (): boolean => world.leader() !== null && invariants.acknowledged >= enough;
  if (comesTrue(world, areAnswered, RECOVER_WITHIN_MS)) return;
  assert(world.leader() !== null, `${who} has a leader`);
  // Clients may have had too few writes, or asked those who are down: it must answer one who does ask.
  let isDone = false;
  const isDoneForUs = (): boolean => {
    world.askLeader(() => {
      isDone = true;
    });
    return isDone;
  };
  assert(comesTrue(world, isDoneForUs, ANSWER_WITHIN_MS), `${who} acknowledges writes`);
  assert(comesTrue(world, areAnswered, CLIENTS_WITHIN_MS), `${who} acknowledges clients' writes`);
}

/** Waits until every node that cannot come back is replaced. */
export function tend(world: World): void {
  const isTended = comesTrue(world, () => world.isTended, RECOVER_WITHIN_MS);
  assert(isTended, 'a node that cannot come back is replaced');
}

/** Runs until it is true, looking now and every 50 ms; false when it is not within that time. */
function comesTrue(world: World, isTrue: () => boolean, withinMs: number): boolean {
  const { scheduler } = world;
  const deadlineMs = scheduler.nowMs + withinMs;
  while (!isTrue()) {
    if (scheduler.nowMs >= deadlineMs) return false;
    world.runUntil(scheduler.nowMs + 50);
  }
  return true;
}
