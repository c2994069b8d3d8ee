/**
 * An operator's wishes, drawn as faults are: who joins, who becomes a voter, who
 * leaves. What is asked fits the configuration in force, so that most of it is
 * done and much of it is under way when the next fault comes. And an operator's
 * duty: a node that cannot come back is replaced by a new one, in the steps of
 * the real server's membership.
 */
import { must } from '../server/base/assert.ts';
import type { Random } from '../server/base/random.ts';
import type { NodeHost } from '../server/node/node-host.ts';
import { isJoint, members } from '../server/raft/conf-state.ts';
import type { ConfChange, ConfState, NodeId } from '../server/raft/types.ts';
import type { Invariants } from './invariants.ts';
import type { Machine } from './machine.ts';
import type { Scheduler } from './scheduler.ts';

/** Never fewer voters than this by an operator's wish. */
const FEWEST_VOTERS = 2;
/** How often the operator sees to a node that cannot come back. */
const TEND_EVERY_MS = 50;

/** The cluster as its operator has it. */
export interface Cluster {
  readonly random: Random;
  readonly scheduler: Scheduler;
  readonly invariants: Invariants;
  readonly machines: ReadonlyMap<NodeId, Machine>;
  leader(): NodeHost | null;
  running(): readonly NodeHost[];
  propose(leader: NodeHost, changes: readonly ConfChange[]): void;
  /** Makes and starts a node that waits to be added. */
  addNode(): NodeId;
  /** It has left for good. */
  onReplaced(id: NodeId): void;
}

export class Operator {
  /** Nodes that were lost for good and have left the cluster. */
  replaced = 0;
  private readonly cluster: Cluster;
  /** Waits for a leader, to ask for a change of members. */
  private wishes = false;

  constructor(cluster: Cluster) {
    this.cluster = cluster;
  }

  /** Asks whoever is elected next. */
  wish(): void {
    this.wishes = true;
  }

  onElected(): void {
    if (!this.wishes) return;
    this.wishes = false;
    this.cluster.scheduler.after(0, () => void this.changeMembers());
  }

  /** Asks whoever believes to lead. False when there was nobody to ask, or nothing to wish for. */
  changeMembers(): boolean {
    const { cluster } = this;
    const leaders = cluster.running().filter(({ raft }) => raft.role === 'leader');
    const leader = leaders.length > 0 ? cluster.random.pick(leaders) : null;
    if (leader === null || isJoint(leader.raft.conf)) return false;
    const fates = [...cluster.machines.values()];
    const well = fates.filter(({ fate }) => fate === 'well').map(({ id }) => id);
    const changes =
      this.replacement(leader.raft.conf) ?? drawChange(cluster.random, leader.raft.conf, well);
    // Who is damaged may be about to go: those who then remain must be a quorum.
    if (changes === null || fates.some(({ fate }) => fate === 'damaged')) return false;
    cluster.propose(leader, changes);
    return true;
  }

  /** May its store go for good? Only while all the others that are well are a quorum, whatever comes into force. */
  maySpare(victim: Machine): boolean {
    const lost = [...this.cluster.machines.values()].filter(({ fate }) => fate !== 'well');
    return (
      victim.fate === 'well' &&
      this.cluster.invariants.surviveWithout([victim, ...lost].map(({ id }) => id))
    );
  }

  /** The store of this node is refused for good: a new node is made, and put in its place. */
  replace(lost: Machine): void {
    lost.fate = 'lost';
    lost.heir = this.cluster.addNode();
    this.tend(lost);
  }

  /** Asks again and again, as answers may be lost, until it is in no configuration that is committed. */
  private tend(lost: Machine): void {
    const { invariants, scheduler } = this.cluster;
    if (!members(invariants.conf).includes(lost.id)) {
      lost.fate = 'replaced';
      this.replaced++;
      this.cluster.onReplaced(lost.id);
      return;
    }
    const leader = this.cluster.leader();
    const changes = leader && this.replacement(leader.raft.conf);
    if (leader !== null && changes !== null) this.cluster.propose(leader, changes);
    scheduler.after(TEND_EVERY_MS, () => this.tend(lost));
  }

  /** While a member cannot come back, nothing else may change: the others may be no quorum then. */
  private replacement(conf: ConfState): readonly ConfChange[] | null {
    for (const machine of this.cluster.machines.values()) {
      const heir = this.heirOf(machine);
      const changes = heir === null ? null : replacing(conf, machine.id, heir);
      if (changes !== null) return changes;
    }
    return null;
  }

  /** The last one, where an heir was lost too. */
  private heirOf({ heir }: Machine): NodeId | null {
    if (heir === null) return null;
    return this.heirOf(must(this.cluster.machines.get(heir), 'an heir is a machine')) ?? heir;
  }
}

/** The next change, or null when there is nothing to wish for. `everyone` are all nodes that there are. */
function drawChange(
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

/** The next step that puts `heir` in the place of `lost`; null when all is done. */
function replacing(conf: ConfState, lost: NodeId, heir: NodeId): readonly ConfChange[] | null {
  if (!members(conf).includes(lost)) return null;
  if (!members(conf).includes(heir)) return [{ type: 'addLearner', id: heir }];
  const leaves: ConfChange = { type: 'removeNode', id: lost };
  return conf.voters.includes(heir) ? [leaves] : [{ type: 'addVoter', id: heir }, leaves];
}
