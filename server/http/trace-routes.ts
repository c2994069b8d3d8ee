/** What nodes did and said while the cluster was slowed. */
import type { FastifyInstance } from 'fastify';
import { laboratory } from '../../contracts/operations/laboratory.ts';
import type { MessageTrace } from '../cluster/message-trace.ts';
import { route } from './route.ts';

export function traceRoutes(app: FastifyInstance, trace: MessageTrace): void {
  route(app, laboratory.trace, ({ query: { stretch, after } }) => trace.answer(stretch, after));
}
