/** The last seconds of the cluster's work: `/api/v1/metrics`. */
import * as z from 'zod';
import type { FastifyInstance } from 'fastify';
import { METRICS_SECONDS } from '../../contracts/metrics.ts';
import type { MetricsAnswer } from '../../contracts/metrics.ts';
import type { ClusterViewFold } from '../cluster/cluster-view.ts';
import { digits, parse } from './input.ts';

const USUAL_SECONDS = 300;

const MetricsQuery = z.strictObject({
  seconds: digits.pipe(z.number().min(1).max(METRICS_SECONDS)).optional(),
});

export function metricsRoutes(app: FastifyInstance, fold: ClusterViewFold): void {
  app.get('/api/v1/metrics', (request): MetricsAnswer => {
    const { seconds } = parse(MetricsQuery, request.query, 'query');
    return {
      epoch: fold.epoch,
      atMs: Date.now(),
      seconds: fold.seconds(seconds ?? USUAL_SECONDS),
    };
  });
}
