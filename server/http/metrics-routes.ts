/** The last seconds of the cluster's work: `/api/v1/metrics`. */
import type { FastifyInstance } from 'fastify';
import { cluster } from '../../contracts/operations/cluster.ts';
import type { ClusterViewFold } from '../cluster/cluster-view.ts';
import { route } from './route.ts';

const USUAL_SECONDS = 300;

export function metricsRoutes(app: FastifyInstance, fold: ClusterViewFold): void {
  route(app, cluster.metrics, ({ query: { seconds } }) => ({
    epoch: fold.epoch,
    atMs: Date.now(),
    seconds: fold.seconds(seconds ?? USUAL_SECONDS),
  }));
}
