/** Who belongs to the cluster: nodes are added, promoted, replaced and removed. */
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { AddMemberBody } from '../../contracts/control.ts';
import type { MemberAnswer } from '../../contracts/control.ts';
import type { ClusterViewFold } from '../cluster/cluster-view.ts';
import type { LeaderTracker } from '../cluster/leader-tracker.ts';
import type { Membership, MembershipResult } from '../cluster/membership.ts';
import type { Supervisor } from '../cluster/supervisor.ts';
import { HttpError } from './errors.ts';
import { checkNoBody, checkNoQuery, parse } from './input.ts';

/** A change of members may have to bring a whole state to a new node first. */
const CHANGE_WITHIN_MS = 60_000;

interface Params {
  readonly id: string;
}

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
  app.post('/api/v1/members', ({ query, body }) => {
    checkNoQuery(query);
    const { as } = parse(AddMemberBody, body ?? {}, 'body');
    return changed(membership.add(as, CHANGE_WITHIN_MS));
  });

  app.post<{ Params: Params }>('/api/v1/members/:id/promote', (request) => {
    const node = named(request);
    if (fold.members().voters.includes(node))
      throw new HttpError('CONFLICT', `${node} has a vote already`);
    return changed(membership.promote(node, CHANGE_WITHIN_MS));
  });

  app.post<{ Params: Params }>('/api/v1/members/:id/replace', (request) =>
    changed(membership.replace(named(request), CHANGE_WITHIN_MS)),
  );

  app.delete<{ Params: Params }>('/api/v1/members/:id', (request) =>
    changed(membership.remove(named(request), CHANGE_WITHIN_MS)),
  );

  function named({ params, query, body }: FastifyRequest<{ Params: Params }>): string {
    if (!supervisor.has(params.id))
      throw new HttpError('NODE_UNKNOWN', `there is no node ${params.id}`);
    checkNoQuery(query);
    checkNoBody(body);
    return params.id;
  }

  async function changed(change: Promise<MembershipResult>): Promise<MemberAnswer> {
    const startedMs = performance.now();
    const result = await change;
    if (!result.ok) throw new HttpError(result.code, result.message, { leader: leaders.leader });
    return { node: result.node, ...result.members, tookMs: performance.now() - startedMs };
  }
}
