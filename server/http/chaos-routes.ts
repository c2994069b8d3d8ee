/** Chaos runs: `/api/v1/chaos`. */
import type { FastifyInstance } from 'fastify';
import type { ChaosRun } from '../../contracts/chaos.ts';
import { LINES_TYPE } from '../../contracts/operations/files.ts';
import { laboratory } from '../../contracts/operations/laboratory.ts';
import { ChaosRunning, NobodyLeads } from '../lab/chaos-runs.ts';
import type { ChaosRuns } from '../lab/chaos-runs.ts';
import { HttpError } from './errors.ts';
import { route } from './route.ts';

export function chaosRoutes(app: FastifyInstance, runs: ChaosRuns): void {
  route(app, laboratory.startChaos, ({ body }) => {
    try {
      return runs.start(body);
    } catch (error) {
      if (error instanceof ChaosRunning) throw new HttpError('CHAOS_RUNNING', error.message);
      if (error instanceof NobodyLeads) throw new HttpError('NO_LEADER', error.message);
      throw error;
    }
  });

  route(app, laboratory.planChaos, ({ body }) => runs.plan(body));

  route(app, laboratory.chaosRuns, () => ({ runs: [...runs.list()] }));

  route(app, laboratory.chaosRun, ({ params }) => known(params.id));

  route(app, laboratory.stopChaos, ({ params }) => {
    known(params.id);
    if (!runs.stop(params.id))
      throw new HttpError('CONFLICT', `run ${params.id} has no load to stop any more`);
    return known(params.id);
  });

  route(app, laboratory.chaosHistory, ({ params }, _request, reply) => {
    known(params.id);
    const lines = runs.history(params.id);
    if (lines === null) throw new HttpError('NOT_FOUND', `run ${params.id} left no history`);
    return reply
      .header('content-type', LINES_TYPE)
      .header('content-disposition', `attachment; filename="chaos-${params.id}.ndjson"`)
      .send(lines);
  });

  function known(id: string): ChaosRun {
    const run = runs.find(id);
    if (run === null) throw new HttpError('NOT_FOUND', `there is no chaos run ${id}`);
    return run;
  }
}
