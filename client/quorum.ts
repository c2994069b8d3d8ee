/** Who decides, by the configuration in force: in a joint one, both halves must. */
import type { ClusterView } from '../contracts/view.ts';

export type Deciding = Pick<ClusterView, 'voters' | 'votersOutgoing'>;

/** How many of `ids` may be lost with a quorum of them left; negative when they are none. */
export function spare({ voters, votersOutgoing }: Deciding, ids: readonly string[]): number {
  const half = (of: readonly string[]): number =>
    of.filter((id) => ids.includes(id)).length - majority(of.length);
  return votersOutgoing.length === 0 ? half(voters) : Math.min(half(voters), half(votersOutgoing));
}

export function isQuorum(view: Deciding, ids: readonly string[]): boolean {
  return spare(view, ids) >= 0;
}

/** What it takes to decide, as "no side has …" goes on. */
export function inWords({ voters, votersOutgoing }: Deciding): string {
  return votersOutgoing.length === 0 ? String(majority(voters.length)) : 'both majorities';
}

/** Every node that has a vote, in either half. */
export function deciders({ voters, votersOutgoing }: Deciding): readonly string[] {
  return [...new Set([...voters, ...votersOutgoing])];
}

export function majority(voters: number): number {
  return Math.floor(voters / 2) + 1;
}
