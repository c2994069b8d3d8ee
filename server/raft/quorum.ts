/**
 * Majorities, also of a joint configuration, in which both the old and the new
 * majority must agree (§6). Pure arithmetic over a {@link ConfState}.
 */
import type { ConfState, NodeId } from './types.ts';

/** Smallest number of voters that is more than half. */
export function majority(voters: number): number {
  return Math.floor(voters / 2) + 1;
}

/** Every voter of either half, each once, sorted. */
export function allVoters(conf: ConfState): readonly NodeId[] {
  if (conf.votersOutgoing.length === 0) return conf.voters;
  return [...new Set([...conf.voters, ...conf.votersOutgoing])].sort();
}

export function isVoter(conf: ConfState, id: NodeId): boolean {
  return conf.voters.includes(id) || conf.votersOutgoing.includes(id);
}

/**
 * The greatest value that a quorum has reached: with match indexes the commit
 * candidate, with times of last contact the instant since which a quorum is
 * known to be alive. An empty half constrains nothing.
 */
export function quorumValue(conf: ConfState, valueOf: (id: NodeId) => number): number {
  const incoming = halfValue(conf.voters, valueOf);
  if (conf.votersOutgoing.length === 0) return incoming;
  return Math.min(incoming, halfValue(conf.votersOutgoing, valueOf));
}

export type VoteOutcome = 'won' | 'lost' | 'pending';

/** Counts votes: `lost` as soon as a majority can no longer be reached. */
export function voteOutcome(conf: ConfState, votes: ReadonlyMap<NodeId, boolean>): VoteOutcome {
  const incoming = halfOutcome(conf.voters, votes);
  if (conf.votersOutgoing.length === 0) return incoming;
  const outgoing = halfOutcome(conf.votersOutgoing, votes);
  if (incoming === 'lost' || outgoing === 'lost') return 'lost';
  return incoming === 'won' && outgoing === 'won' ? 'won' : 'pending';
}

function halfValue(voters: readonly NodeId[], valueOf: (id: NodeId) => number): number {
  if (voters.length === 0) return Number.POSITIVE_INFINITY;
  const values: number[] = [];
  for (const voter of voters) {
    // Inserted in falling order: a handful, for which a sort would be the dearer way.
    const value = valueOf(voter);
    let place = values.push(value) - 1;
    for (; place > 0 && (values[place - 1] as number) < value; place--)
      values[place] = values[place - 1] as number;
    values[place] = value;
  }
  return values[majority(voters.length) - 1] as number;
}

function halfOutcome(voters: readonly NodeId[], votes: ReadonlyMap<NodeId, boolean>): VoteOutcome {
  let granted = 0;
  let refused = 0;
  for (const voter of voters) {
    const vote = votes.get(voter);
    if (vote === true) granted++;
    else if (vote === false) refused++;
  }
  const needed = majority(voters.length);
  if (voters.length === 0 || granted >= needed) return 'won';
  return voters.length - refused < needed ? 'lost' : 'pending';
}
