/**
 * Changing who belongs to the cluster while it works: a node is made and added
 * as a learner, gets the log or a snapshot, and becomes a voter once it has
 * caught up; a node is removed, or another put in its place in one step. Each is
 * a series of changes that Raft makes one by one; what is said to be done is
 * what the leader's configuration says, committed.
 *
 * One such series at a time. When time runs out in the middle, or the server
 * dies, the cluster is whole, and how far it came is on view: the series can be
 * taken up again. Time to do it in is cluster time; a cluster that stands still is
 * not changed. What would be left over is swept up: a node that runs and is
 * in no configuration is retired, as it was on its way in or out.
 */
import { setTimeout as delay } from 'node:timers/promises';
import type { MembersView } from '../../contracts/view.ts';
import type { ConfChange } from '../raft/types.ts';
import type { Proposed } from '../node/control.ts';
import { AskedChange, refused } from './asked-change.ts';
import type { ChangeFailure } from './asked-change.ts';
import type { PacedClock } from '../ports/paced-clock.ts';
import type { ClusterViewFold } from './cluster-view.ts';
import type { DataDir } from './data-dir.ts';
import type { LeaderTracker } from './leader-tracker.ts';
import type { Supervisor } from './supervisor.ts';

/** Members at most, those on their way in included. */
export const MAX_MEMBERS = 9;
const LOOK_EVERY_MS = 25;
const SWEEP_EVERY_MS = 1000;
/** A change that was given up may still be committed for a while. */
const STRANGE_AFTER_LOOKS = 5;

export type MembershipResult =
  | { readonly ok: true; readonly node: string; readonly members: MembersView }
  | ChangeFailure;

export class Membership {
  private readonly supervisor: Supervisor;
  private readonly dataDir: DataDir;
  private readonly fold: ClusterViewFold;
  private readonly leaders: LeaderTracker;
  private readonly clock: PacedClock;
  private busy = false;
  private closed = false;
  private readonly sweeper: NodeJS.Timeout;
  /** For how many looks in a row each node was seen to be in no configuration. */
  private strangers = new Map<string, number>();

  constructor(
    supervisor: Supervisor,
    dataDir: DataDir,
    fold: ClusterViewFold,
    leaders: LeaderTracker,
    clock: PacedClock,
    /** The data folder could not be written; it is tried again. */
    onSweepFailed: (error: unknown) => void,
  ) {
    this.supervisor = supervisor;
    this.dataDir = dataDir;
    this.fold = fold;
    this.leaders = leaders;
    this.clock = clock;
    this.sweeper = setInterval(() => void this.sweep().catch(onSweepFailed), SWEEP_EVERY_MS);
    this.sweeper.unref();
  }

  /** What is under way ends at its next step. */
  close(): void {
    this.closed = true;
    clearInterval(this.sweeper);
  }

  private async sweep(): Promise<void> {
    const conf = this.busy ? null : this.settled();
    const belongs = (id: string): boolean =>
      conf === null || conf.voters.includes(id) || conf.learners.includes(id);
    this.strangers = new Map(
      this.dataDir.nodes
        .filter((id) => !belongs(id))
        .map((id) => [id, (this.strangers.get(id) ?? 0) + 1]),
    );
    const [left] = [...this.strangers].find(([, looks]) => looks >= STRANGE_AFTER_LOOKS) ?? [];
    if (left === undefined) return;
    this.busy = true;
    try {
      await this.forget(left);
    } finally {
      this.busy = false;
    }
  }

  /** Makes a node and adds it: as a voter, or as a learner that stays one. */
  add(as: 'voter' | 'learner', withinMs: number): Promise<MembershipResult> {
    return this.alone(withinMs, async (deadlineMs) => {
      const node = await this.bringIn(deadlineMs);
      if (typeof node !== 'string') return node;
      if (as === 'learner') return this.done(node);
      return this.change([{ type: 'addVoter', id: node }], node, deadlineMs);
    });
  }

  /** Makes a voter of a learner that runs, once it has caught up: one that does not would only raise the quorum. */
  promote(node: string, withinMs: number): Promise<MembershipResult> {
    return this.alone(withinMs, async (deadlineMs) => {
      if (!this.supervisor.node(node).isServing)
        return { ok: false, code: 'NODE_DOWN', message: `${node} is not running` };
      return this.change([{ type: 'addVoter', id: node }], node, deadlineMs);
    });
  }

  /** Removes the node for good and ends its thread. Its database stays in the folder, unused. */
  remove(node: string, withinMs: number): Promise<MembershipResult> {
    return this.alone(withinMs, (deadlineMs) =>
      this.retire(node, [{ type: 'removeNode', id: node }], node, deadlineMs),
    );
  }

  /** Makes a node and puts it in the place of another, in one joint change. */
  replace(old: string, withinMs: number): Promise<MembershipResult> {
    return this.alone(withinMs, async (deadlineMs) => {
      const node = await this.bringIn(deadlineMs);
      if (typeof node !== 'string') return node;
      const changes: ConfChange[] = [
        { type: 'addVoter', id: node },
        { type: 'removeNode', id: old },
      ];
      return this.retire(old, changes, node, deadlineMs);
    });
  }

  /** A new node, running, as a learner; its name. */
  private async bringIn(deadlineMs: number): Promise<string | ChangeFailure> {
    if (this.dataDir.nodes.length >= MAX_MEMBERS)
      return refused(`a cluster has at most ${MAX_MEMBERS} members here`);
    const node = this.dataDir.addNode();
    this.supervisor.add(node);
    this.fold.addNode(node, Date.now());
    await this.supervisor.revive(node);
    if (!this.supervisor.node(node).isServing) {
      const { reason } = this.fold.nodeView(node);
      return { ok: false, code: 'NODE_DOWN', message: `${node} did not come up: ${reason}` };
    }
    const added = await this.change([{ type: 'addLearner', id: node }], node, deadlineMs);
    return added.ok ? node : added;
  }

  private async retire(
    old: string,
    changes: readonly ConfChange[],
    node: string,
    deadlineMs: number,
  ): Promise<MembershipResult> {
    const changed = await this.change(changes, node, deadlineMs);
    if (!changed.ok) return changed;
    await this.forget(old);
    return this.done(node);
  }

  /** Ends the thread of a node that is in no configuration any more. */
  private async forget(id: string): Promise<void> {
    this.dataDir.removeNode(id);
    await this.supervisor.remove(id);
    this.leaders.update(id, null);
    this.fold.removeNode(id, Date.now());
  }

  /** Asks one leader after another until the configuration says that it is so, or one says that it cannot be. */
  private async change(
    changes: readonly ConfChange[],
    node: string,
    deadlineMs: number,
  ): Promise<MembershipResult> {
    const asked = new AskedChange();
    while (!this.isSo(changes)) {
      if (this.closed || this.clock.now().mono >= deadlineMs) return asked.failure;
      if (asked.mayAskAgain(() => this.isSettledWithout(changes))) {
        const proposed = await this.ask(changes, deadlineMs);
        if (proposed !== null && asked.hear(proposed) === 'refused') return asked.failure;
      }
      await delay(LOOK_EVERY_MS);
    }
    return this.done(node);
  }

  /** Null when there is nobody to ask. */
  private ask(changes: readonly ConfChange[], deadlineMs: number): Promise<Proposed | null> {
    const { leader } = this.leaders;
    if (leader === null || !this.supervisor.has(leader)) return Promise.resolve(null);
    return new Promise((resolve) => {
      const late = this.clock.setTimer(Math.max(0, deadlineMs - this.clock.now().mono), () =>
        resolve({ outcome: 'unknown', leaderHint: leader }),
      );
      this.supervisor.node(leader).changeMembers(changes, (proposed) => {
        late.cancel();
        resolve(proposed);
      });
    });
  }

  /** Does the leader's configuration, committed and not joint, say that the changes are made? */
  private isSo(changes: readonly ConfChange[]): boolean {
    const conf = this.settled();
    return (
      conf !== null &&
      changes.every(({ type, id }) => {
        switch (type) {
          case 'addLearner':
            return conf.learners.includes(id) || conf.voters.includes(id);
          case 'addVoter':
            return conf.voters.includes(id);
          case 'removeNode':
            return !conf.voters.includes(id) && !conf.learners.includes(id);
        }
      })
    );
  }

  /** A later leader has settled on a configuration without them: they were lost with the one who took them. */
  private isSettledWithout(changes: readonly ConfChange[]): boolean {
    return this.settled() !== null && !this.isSo(changes);
  }

  private settled() {
    const { leader } = this.leaders;
    if (leader === null || !this.supervisor.has(leader)) return null;
    const { conf, confCommitted, role } = this.fold.nodeView(leader);
    return role === 'leader' && confCommitted && conf.votersOutgoing.length === 0 ? conf : null;
  }

  private done(node: string): MembershipResult {
    return { ok: true, node, members: this.fold.members() };
  }

  private async alone(
    withinMs: number,
    run: (deadlineMs: number) => Promise<MembershipResult>,
  ): Promise<MembershipResult> {
    if (this.busy) return refused('another change of members is under way');
    if (this.clock.pace === 0) return refused('the cluster is paused');
    this.busy = true;
    try {
      return await run(this.clock.now().mono + withinMs);
    } finally {
      this.busy = false;
    }
  }
}
