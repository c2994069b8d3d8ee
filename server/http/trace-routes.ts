/** What nodes did and said while the cluster was slowed. */
import type { FastifyInstance } from 'fastify';
import * as z from 'zod';
import type { TraceAnswer } from '../../contracts/trace.ts';
import type { MessageTrace } from '../cluster/message-trace.ts';
import { digits, parse } from './input.ts';

const Query = z.strictObject({ stretch: digits.optional(), after: digits.optional() });

export function traceRoutes(app: FastifyInstance, trace: MessageTrace): void {
  app.get('/api/v1/trace', ({ query }): TraceAnswer => {
    const { stretch, after } = parse(Query, query, 'query');
    return trace.answer(stretch, after);
  });
}
