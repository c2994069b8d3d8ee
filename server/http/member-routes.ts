/** Who belongs to the cluster, who leads it, and how long its logs are: an operator's wishes. */
import { setTimeout as delay } from 'node:timers/promises';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { AddMemberBody } from '../../contracts/control.ts';
import type { MemberAnswer, NodeActionAnswer } from '../../contracts/control.ts';
import type { ClusterViewFold } from '../cluster/cluster-view.ts';
import type { LeaderTracker } from '../cluster/leader-tracker.ts';
import type { Membership, MembershipResult } from '../cluster/membership.ts';
import type { Supervisor } from '../cluster/supervisor.ts';
import { HttpError } from './errors.ts';
import { checkNoBody, checkNoQuery, parse } from './input.ts';

/** A change of members may have to bring a whole state to a new node first. */
const CHANGE_WITHIN_MS = 60_000;
/** A hand-over takes an election time-out at most; then there is some time to hear of it. */
const HAND_OVER_WITHIN_MS = 3000;
const COMPACT_WITHIN_MS = 5000;
const LOOK_EVERY_MS = 20;

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

  app.post<{ Params: Params }>('/api/v1/nodes/:id/lead', (request) =>
    act(request, async (node) => {
      const { leader } = leaders;
      if (leader === node) throw new HttpError('CONFLICT', `${node} leads already`);
      if (leader === null) throw new HttpError('NO_LEADER', 'there is no leader to hand over');
      if (!fold.nodeView(leader).conf.voters.includes(node))
        throw new HttpError('CHANGE_REFUSED', `${node} is no voter`);
      supervisor.node(leader).transferLeadership(node);
      if (await comesTrue(() => leaders.leader === node, HAND_OVER_WITHIN_MS)) return;
      throw new HttpError(
        'CHANGE_REFUSED',
        `${node} did not take over; ${leaders.leader ?? 'nobody'} leads`,
      );
    }),
  );

  app.post<{ Params: Params }>('/api/v1/nodes/:id/compact', (request) =>
    act(request, async (node) => {
      const { lastApplied } = fold.nodeView(node);
      supervisor.node(node).compact();
      const isShort = (): boolean => fold.nodeView(node).firstIndex > lastApplied;
      if (await comesTrue(isShort, COMPACT_WITHIN_MS)) return;
      throw new HttpError('OUTCOME_UNKNOWN', `${node} did not say in time that its log is short`);
    }),
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

  /** For nodes that run. */
  async function act(
    request: FastifyRequest<{ Params: Params }>,
    run: (node: string) => Promise<void>,
  ): Promise<NodeActionAnswer> {
    const node = named(request);
    if (!supervisor.node(node).isServing)
      throw new HttpError('NODE_DOWN', `node ${node} is not running`);
    const startedMs = performance.now();
    await run(node);
    return { node, state: supervisor.node(node).state, tookMs: performance.now() - startedMs };
  }
}

async function comesTrue(isSo: () => boolean, withinMs: number): Promise<boolean> {
  const untilMs = performance.now() + withinMs;
  while (!isSo()) {
    if (performance.now() >= untilMs) return false;
    await delay(LOOK_EVERY_MS);
  }
  return true;
}
