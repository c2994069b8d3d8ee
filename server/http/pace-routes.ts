/** The cluster's speed, a step of one event, and single messages on their way. */
import type { FastifyInstance } from 'fastify';
import { laboratory } from '../../contracts/operations/laboratory.ts';
import type { ClusterPace } from '../cluster/cluster-pace.ts';
import { HttpError } from './errors.ts';
import { route } from './route.ts';

export function paceRoutes(app: FastifyInstance, pace: ClusterPace): void {
  route(app, laboratory.pace, () => pace.view());

  route(app, laboratory.setPace, async ({ body }) => {
    await pace.set(body.pace);
    return pace.view();
  });

  route(app, laboratory.step, async () => {
    const step = await pace.step();
    if (!step.ok)
      throw new HttpError('CHANGE_REFUSED', 'the cluster is not paused: pause it to step');
    return step.answer;
  });

  route(app, laboratory.drop, async ({ params }) => {
    switch (await pace.drop(params.id)) {
      case 'dropped':
        return { dropped: params.id };
      case 'gone':
        throw new HttpError('PACKET_GONE', `${params.id} is not on its way any more`);
      case 'unknown':
        throw new HttpError('PACKET_UNKNOWN', `there never was a packet ${params.id}`);
    }
  });
}
