/** The cluster itself: its view, its nodes, its links, its health. */
import { setTimeout as delay } from 'node:timers/promises';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import * as z from 'zod';
import type { LogAnswer, NodeActionAnswer } from '../../contracts/control.ts';
import type { InvariantsAnswer } from '../../contracts/invariants.ts';
import type { ClusterView, NodeView } from '../../contracts/view.ts';
import type { ClusterViewFold } from '../cluster/cluster-view.ts';
import type { LeaderTracker } from '../cluster/leader-tracker.ts';
import { NodeGone } from '../cluster/supervisor.ts';
import type { Supervisor } from '../cluster/supervisor.ts';
import type { Clock } from '../ports/clock.ts';
import { HttpError } from './errors.ts';
import { checkNoBody, checkNoQuery, digits, parse } from './input.ts';

/** A hand-over takes an election time-out at most; then there is some time to hear of it. */
const HAND_OVER_WITHIN_MS = 3000;
const COMPACT_WITHIN_MS = 5000;
const LOOK_EVERY_MS = 20;

const LogQuery = z.strictObject({
  from: digits.optional(),
  limit: digits.pipe(z.number().min(1).max(500)).optional(),
});

interface NodeParams {
  readonly id: string;
}

export function clusterRoutes(
  app: FastifyInstance,
  supervisor: Supervisor,
  fold: ClusterViewFold,
  leaders: LeaderTracker,
  /** Cluster time. */
  clock: Clock,
): void {
  app.get('/api/v1/cluster', (): ClusterView => fold.view(Date.now()));

  app.get('/api/v1/invariants', (request): InvariantsAnswer => {
    checkNoQuery(request.query);
    return { invariants: fold.invariantViews() };
  });

  app.get<{ Params: NodeParams }>(
    '/api/v1/nodes/:id',
    (request): NodeView => fold.nodeView(known(request.params.id)),
  );

  app.get<{ Params: NodeParams }>('/api/v1/nodes/:id/log', async (request): Promise<LogAnswer> => {
    const node = known(request.params.id);
    const { from, limit } = parse(LogQuery, request.query, 'query');
    const page = await supervisor.node(node).log(Math.max(1, from ?? 1), limit ?? 100);
    if (page === null) throw new HttpError('NODE_DOWN', `node ${node} is not running`);
    return { node, lastIndex: page.lastIndex, entries: [...page.entries] };
  });

  app.post<{ Params: NodeParams }>('/api/v1/nodes/:id/kill', (request) =>
    act(request, async (node) => {
      if (!(await supervisor.kill(node)))
        throw new HttpError('CONFLICT', `node ${node} is not running`);
    }),
  );

  app.post<{ Params: NodeParams }>('/api/v1/nodes/:id/revive', (request) =>
    act(request, async (node) => {
      if (!(await supervisor.revive(node)))
        throw new HttpError('CONFLICT', `node ${node} is running`);
      if (supervisor.node(known(node)).state !== 'serving') {
        throw new HttpError(
          'NODE_DOWN',
          `node ${node} did not come up: ${fold.nodeView(node).reason}`,
        );
      }
    }),
  );

  app.post<{ Params: NodeParams }>('/api/v1/nodes/:id/isolate', (request) =>
    act(request, (node) => {
      supervisor.isolate(node);
      return supervisor.inForce();
    }),
  );

  app.post<{ Params: NodeParams }>('/api/v1/nodes/:id/reconnect', (request) =>
    act(request, (node) => {
      supervisor.reconnect(node);
      return supervisor.inForce();
    }),
  );

  app.post<{ Params: NodeParams }>('/api/v1/nodes/:id/campaign', (request) =>
    act(request, (node) => {
      checkServing(node);
      supervisor.node(node).campaign();
    }),
  );

  app.post<{ Params: NodeParams }>('/api/v1/nodes/:id/lead', (request) =>
    act(request, async (node) => {
      checkServing(node);
      const { leader } = leaders;
      if (leader === node) throw new HttpError('CONFLICT', `${node} leads already`);
      if (leader === null) throw new HttpError('NO_LEADER', 'there is no leader to hand over');
      if (!fold.nodeView(leader).conf.voters.includes(node))
        throw new HttpError('CHANGE_REFUSED', `${node} is no voter`);
      supervisor.node(leader).transferLeadership(node);
      if (await comesTrue(() => leaders.leader === node, HAND_OVER_WITHIN_MS, clock)) return;
      throw new HttpError(
        'CHANGE_REFUSED',
        `${node} did not take over; ${leaders.leader ?? 'nobody'} leads`,
      );
    }),
  );

  app.post<{ Params: NodeParams }>('/api/v1/nodes/:id/compact', (request) =>
    act(request, async (node) => {
      checkServing(node);
      const { lastApplied } = fold.nodeView(node);
      supervisor.node(node).compact();
      const isShort = (): boolean => fold.nodeView(known(node)).firstIndex > lastApplied;
      if (await comesTrue(isShort, COMPACT_WITHIN_MS, clock)) return;
      throw new HttpError('OUTCOME_UNKNOWN', `${node} did not say in time that its log is short`);
    }),
  );

  app.get('/livez', () => ({ status: 'ok' }));

  app.get('/readyz', (_request, reply) => {
    const { voters, quorum } = fold.members();
    const serving = voters.filter(
      (id) => supervisor.has(id) && supervisor.node(id).isServing,
    ).length;
    const ready = leaders.leader !== null && serving >= quorum;
    return reply.status(ready ? 200 : 503).send({
      status: ready ? 'ok' : 'not ready',
      leader: leaders.leader,
      serving,
      quorum,
    });
  });

  function known(id: string): string {
    if (!supervisor.has(id)) throw new HttpError('NODE_UNKNOWN', `there is no node ${id}`);
    return id;
  }

  function checkServing(node: string): void {
    if (!supervisor.node(node).isServing)
      throw new HttpError('NODE_DOWN', `node ${node} is not running`);
  }

  async function act(
    { params, query, body }: FastifyRequest<{ Params: NodeParams }>,
    run: (node: string) => Promise<void> | void,
  ): Promise<NodeActionAnswer> {
    const node = known(params.id);
    checkNoQuery(query);
    checkNoBody(body);
    const startedMs = performance.now();
    try {
      await run(node);
    } catch (error) {
      if (error instanceof NodeGone) throw new HttpError('NODE_UNKNOWN', error.message);
      throw error;
    }
    const { state } = supervisor.node(known(node));
    return { node, state, tookMs: performance.now() - startedMs };
  }
}

/** Waits in cluster time. */
async function comesTrue(isSo: () => boolean, withinMs: number, clock: Clock): Promise<boolean> {
  const untilMono = clock.now().mono + withinMs;
  while (!isSo()) {
    if (clock.now().mono >= untilMono) return false;
    await delay(LOOK_EVERY_MS);
  }
  return true;
}
