/**
 * Configurations and the steps between them (§6; dissertation §4). A change that
 * moves at most one voter goes there in one step: any majority of the one
 * overlaps any majority of the other. Every other change passes through a joint
 * configuration, in which both majorities must agree.
 */
import { assert } from '../base/assert.ts';
import { err, ok } from '../base/result.ts';
import type { Result } from '../base/result.ts';
import { allVoters } from './quorum.ts';
import type { ConfChange, ConfState, NodeId } from './types.ts';

export function isJoint(conf: ConfState): boolean {
  return conf.votersOutgoing.length > 0;
}

/** Everyone in it, each once, sorted: voters of both halves and learners. */
export function members(conf: ConfState): readonly NodeId[] {
  return [...new Set([...allVoters(conf), ...conf.learners])].sort();
}

/**
 * The configuration to enter so that `changes` are made, all at once; the error
 * says why it cannot be. A new node begins as a learner; a learner becomes a
 * voter by `addVoter`; a voter never becomes a learner, it is removed.
 */
export function enter(conf: ConfState, changes: readonly ConfChange[]): Result<ConfState, string> {
  assert(!isJoint(conf), 'one change at a time');
  const voters = new Set(conf.voters);
  const learners = new Set(conf.learners);
  const named = new Set<NodeId>();
  for (const { type, id } of changes) {
    if (named.has(id)) return err(`${id} is named twice`);
    named.add(id);
    switch (type) {
      case 'addLearner':
        if (voters.has(id)) return err(`${id} is a voter`);
        if (learners.has(id)) return err(`${id} is a learner already`);
        learners.add(id);
        break;
      case 'addVoter':
        if (voters.has(id)) return err(`${id} is a voter already`);
        if (!learners.delete(id)) return err(`${id} is not a learner`);
        voters.add(id);
        break;
      case 'removeNode':
        if (!voters.delete(id) && !learners.delete(id)) return err(`${id} is not a member`);
        break;
    }
  }
  if (named.size === 0) return err('nothing to change');
  if (voters.size === 0) return err('no voter would be left');
  const moved = [...voters, ...conf.voters].filter(
    (id) => voters.has(id) !== conf.voters.includes(id),
  );
  return ok({
    voters: [...voters].sort(),
    votersOutgoing: moved.length > 1 ? conf.voters : [],
    learners: [...learners].sort(),
  });
}

/** The configuration that a joint one leads to. */
export function leave(conf: ConfState): ConfState {
  assert(isJoint(conf), 'only a joint configuration is left');
  return { voters: conf.voters, votersOutgoing: [], learners: conf.learners };
}

/** As the data of a `confChange` entry. */
export function encodeConf(conf: ConfState): string {
  const { voters, votersOutgoing, learners } = conf;
  return JSON.stringify({ voters, votersOutgoing, learners });
}

/** Reads what {@link encodeConf} wrote. */
export function decodeConf(data: string): ConfState {
  const { voters, votersOutgoing, learners } = JSON.parse(data) as ConfState;
  assert(voters.length > 0, 'a configuration has voters');
  return { voters, votersOutgoing, learners };
}
