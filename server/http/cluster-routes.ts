/** The cluster itself: its view and its nodes. */
import { setTimeout as delay } from 'node:timers/promises';
import type { FastifyInstance } from 'fastify';
import type { NodeActionAnswer } from '../../contracts/control.ts';
import { cluster } from '../../contracts/operations/cluster.ts';
import type { ClusterViewFold } from '../cluster/cluster-view.ts';
import type { LeaderTracker } from '../cluster/leader-tracker.ts';
import { NodeGone } from '../cluster/supervisor.ts';
import type { Supervisor } from '../cluster/supervisor.ts';
import type { Clock } from '../ports/clock.ts';
import { HttpError } from './errors.ts';
import { route } from './route.ts';

/** A hand-over takes an election time-out at most; then there is some time to hear of it. */
const HAND_OVER_WITHIN_MS = 3000;
const COMPACT_WITHIN_MS = 5000;
const LOOK_EVERY_MS = 20;

export function clusterRoutes(
  app: FastifyInstance,
  supervisor: Supervisor,
  fold: ClusterViewFold,
  leaders: LeaderTracker,
  /** Cluster time. */
  clock: Clock,
): void {
  route(app, cluster.view, () => fold.view(Date.now()));

  route(app, cluster.invariants, () => ({ invariants: fold.invariantViews() }));

  route(app, cluster.node, ({ params }) => fold.nodeView(known(params.id)));

  route(app, cluster.log, async ({ params, query: { from, limit } }) => {
    const node = known(params.id);
    const page = await supervisor.node(node).log(Math.max(1, from ?? 1), limit ?? 100);
    if (page === null) throw new HttpError('NODE_DOWN', `node ${node} is not running`);
    return { node, lastIndex: page.lastIndex, entries: [...page.entries] };
  });

  route(app, cluster.kill, ({ params }) =>
    act(params.id, async (node) => {
      if (!(await supervisor.kill(node)))
        throw new HttpError('CONFLICT', `node ${node} is not running`);
    }),
  );

  route(app, cluster.revive, ({ params }) =>
    act(params.id, async (node) => {
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

  route(app, cluster.isolate, ({ params }) =>
    act(params.id, (node) => {
      supervisor.isolate(node);
      return supervisor.inForce();
    }),
  );

  route(app, cluster.reconnect, ({ params }) =>
    act(params.id, (node) => {
      supervisor.reconnect(node);
      return supervisor.inForce();
    }),
  );

  route(app, cluster.campaign, ({ params }) =>
    act(params.id, (node) => {
      checkServing(node);
      supervisor.node(node).campaign();
    }),
  );

  route(app, cluster.lead, ({ params }) =>
    act(params.id, async (node) => {
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

  route(app, cluster.compact, ({ params }) =>
    act(params.id, async (node) => {
      checkServing(node);
      const { lastApplied } = fold.nodeView(node);
      supervisor.node(node).compact();
      const isShort = (): boolean => fold.nodeView(known(node)).firstIndex > lastApplied;
      if (await comesTrue(isShort, COMPACT_WITHIN_MS, clock)) return;
      throw new HttpError('OUTCOME_UNKNOWN', `${node} did not say in time that its log is short`);
    }),
  );

  function known(id: string): string {
    if (!supervisor.has(id)) throw new HttpError('NODE_UNKNOWN', `there is no node ${id}`);
    return id;
  }

  function checkServing(node: string): void {
    if (!supervisor.node(node).isServing)
      throw new HttpError('NODE_DOWN', `node ${node} is not running`);
  }

  async function act(
    id: string,
    run: (node: string) => Promise<void> | void,
  ): Promise<NodeActionAnswer> {
    const node = known(id);
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
