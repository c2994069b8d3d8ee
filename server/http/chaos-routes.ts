/** Chaos runs: `/api/v1/chaos`. */
import type { FastifyInstance } from 'fastify';
import { ChaosBody } from '../../contracts/chaos.ts';
import type {
  ChaosRun,
  ChaosRuns as ChaosRunsAnswer,
  ChaosSchedule,
} from '../../contracts/chaos.ts';
import { ChaosRunning, NobodyLeads } from '../lab/chaos-runs.ts';
import type { ChaosRuns } from '../lab/chaos-runs.ts';
import { HttpError } from './errors.ts';
import { checkNoBody, checkNoQuery, parse } from './input.ts';

interface Params {
  readonly id: string;
}

export function chaosRoutes(app: FastifyInstance, runs: ChaosRuns): void {
  app.post('/api/v1/chaos', ({ query, body }): ChaosRun => {
    checkNoQuery(query);
    const settings = parse(ChaosBody, body ?? {}, 'body');
    try {
      return runs.start(settings);
    } catch (error) {
      if (error instanceof ChaosRunning) throw new HttpError('CHAOS_RUNNING', error.message);
      if (error instanceof NobodyLeads) throw new HttpError('NO_LEADER', error.message);
      throw error;
    }
  });

  app.post('/api/v1/chaos/schedule', ({ query, body }): ChaosSchedule => {
    checkNoQuery(query);
    return runs.plan(parse(ChaosBody, body ?? {}, 'body'));
  });

  app.get('/api/v1/chaos', ({ query }): ChaosRunsAnswer => {
    checkNoQuery(query);
    return { runs: [...runs.list()] };
  });

  app.get<{ Params: Params }>('/api/v1/chaos/:id', ({ params, query }): ChaosRun => {
    checkNoQuery(query);
    return known(params.id);
  });

  app.post<{ Params: Params }>('/api/v1/chaos/:id/stop', ({ params, query, body }): ChaosRun => {
    checkNoQuery(query);
    checkNoBody(body);
    known(params.id);
    if (!runs.stop(params.id))
      throw new HttpError('CONFLICT', `run ${params.id} has no load to stop any more`);
    return known(params.id);
  });

  app.get<{ Params: Params }>(
    '/api/v1/chaos/:id/history',
    { exposeHeadRoute: false },
    ({ params, query }, reply) => {
      checkNoQuery(query);
      known(params.id);
      const lines = runs.history(params.id);
      if (lines === null) throw new HttpError('NOT_FOUND', `run ${params.id} left no history`);
      return reply
        .header('content-type', 'application/x-ndjson; charset=utf-8')
        .header('content-disposition', `attachment; filename="chaos-${params.id}.ndjson"`)
        .header('cache-control', 'no-store')
        .send(lines);
    },
  );

  function known(id: string): ChaosRun {
    const run = runs.find(id);
    if (run === null) throw new HttpError('NOT_FOUND', `there is no chaos run ${id}`);
    return run;
  }
}
