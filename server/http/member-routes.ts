/** Who belongs to the cluster: nodes are added, promoted, replaced and removed. */
import type { FastifyInstance } from 'fastify';
import type { MemberAnswer } from '../../contracts/control.ts';
import { cluster } from '../../contracts/operations/cluster.ts';
import type { ClusterViewFold } from '../cluster/cluster-view.ts';
import type { LeaderTracker } from '../cluster/leader-tracker.ts';
import type { Membership, MembershipResult } from '../cluster/membership.ts';
import type { Supervisor } from '../cluster/supervisor.ts';
import { HttpError } from './errors.ts';
import { route } from './route.ts';

/** A change of members may have to bring a whole state to a new node first. */
const CHANGE_WITHIN_MS = 60_000;

export interface MemberParts {
  readonly supervisor: Supervisor;
  readonly fold: ClusterViewFold;
  readonly leaders: LeaderTracker;
  readonly membership: Membership;
}

export function memberRoutes(
  app: FastifyInstance,
  { supervisor, fold, leaders, membership }: MemberParts,
): void {
  route(app, cluster.add, ({ body: { as } }) => changed(membership.add(as, CHANGE_WITHIN_MS)));

  route(app, cluster.promote, ({ params }) => {
    const node = known(params.id);
    if (fold.members().voters.includes(node))
      throw new HttpError('CONFLICT', `${node} has a vote already`);
    return changed(membership.promote(node, CHANGE_WITHIN_MS));
  });

  route(app, cluster.replace, ({ params }) =>
    changed(membership.replace(known(params.id), CHANGE_WITHIN_MS)),
  );

  route(app, cluster.removeMember, ({ params }) =>
    changed(membership.remove(known(params.id), CHANGE_WITHIN_MS)),
  );

  function known(id: string): string {
    if (!supervisor.has(id)) throw new HttpError('NODE_UNKNOWN', `there is no node ${id}`);
    return id;
  }

  async function changed(change: Promise<MembershipResult>): Promise<MemberAnswer> {
    const startedMs = performance.now();
    const result = await change;
    if (!result.ok) throw new HttpError(result.code, result.message, { leader: leaders.leader });
    return { node: result.node, ...result.members, tookMs: performance.now() - startedMs };
  }
}
