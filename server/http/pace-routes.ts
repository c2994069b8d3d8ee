/** The cluster's speed, a step of one event, and single messages on their way. */
import type { FastifyInstance } from 'fastify';
import { PaceBody } from '../../contracts/pace.ts';
import type { DropAnswer, PaceView, StepAnswer } from '../../contracts/pace.ts';
import type { ClusterPace } from '../cluster/cluster-pace.ts';
import { HttpError } from './errors.ts';
import { checkNoBody, checkNoQuery, parse } from './input.ts';

export function paceRoutes(app: FastifyInstance, pace: ClusterPace): void {
  app.get('/api/v1/pace', ({ query }): PaceView => {
    checkNoQuery(query);
    return pace.view();
  });

  app.put('/api/v1/pace', async ({ query, body }): Promise<PaceView> => {
    checkNoQuery(query);
    await pace.set(parse(PaceBody, body, 'body').pace);
    return pace.view();
  });

  app.post('/api/v1/pace/step', async ({ query, body }): Promise<StepAnswer> => {
    checkNoQuery(query);
    checkNoBody(body);
    const step = await pace.step();
    if (!step.ok)
      throw new HttpError('CHANGE_REFUSED', 'the cluster is not paused: pause it to step');
    return step.answer;
  });

  app.delete<{ Params: { readonly id: string } }>(
    '/api/v1/packets/:id',
    async ({ params, query, body }): Promise<DropAnswer> => {
      checkNoQuery(query);
      checkNoBody(body);
      switch (await pace.drop(params.id)) {
        case 'dropped':
          return { dropped: params.id };
        case 'gone':
          throw new HttpError('PACKET_GONE', `${params.id} is not on its way any more`);
        case 'unknown':
          throw new HttpError('PACKET_UNKNOWN', `there never was a packet ${params.id}`);
      }
    },
  );
}
