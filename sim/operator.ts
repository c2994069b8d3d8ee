/**
 * An operator's wishes, drawn as faults are: who joins, who becomes a voter, who
 * leaves. What is asked fits the configuration in force, so that most of it is
 * done and much of it is under way when the next fault comes.
 */
import { members } from '../server/raft/conf-state.ts';
import type { Random } from '../server/base/random.ts';
import type { ConfChange, ConfState, NodeId } from '../server/raft/types.ts';

/** Never fewer voters than this by an operator's wish. */
const FEWEST_VOTERS = 2;

/** The next change, or null when there is nothing to wish for. `everyone` are all nodes that there are. */
export function drawChange(
  random: Random,
  conf: ConfState,
  everyone: readonly NodeId[],
): readonly ConfChange[] | null {
  const spare = everyone.filter((id) => !members(conf).includes(id));
  const mayLeave = conf.voters.length > FEWEST_VOTERS;
  const leaving: ConfChange[] =
    mayLeave && random.chance(0.5) ? [{ type: 'removeNode', id: random.pick(conf.voters) }] : [];
  if (conf.learners.length > 0 && random.chance(0.8)) {
    // All learners at once, perhaps in the place of a voter: a joint configuration.
    return [...conf.learners.map((id) => ({ type: 'addVoter', id }) as const), ...leaving];
  }
  if (spare.length > 0 && random.chance(0.7))
    return [{ type: 'addLearner', id: random.pick(spare) }];
  return leaving.length > 0 ? leaving : null;
}
