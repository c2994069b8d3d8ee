/** What the store may forget: `/api/v1/retention`. */
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { RetentionBody } from '../../contracts/retention.ts';
import type { RetentionAnswer } from '../../contracts/retention.ts';
import type { KvService } from '../cluster/kv-service.ts';
import { HttpError } from './errors.ts';
import { checkNoQuery, parse, timeoutOf } from './input.ts';
import { kvError, readError, writeError } from './kv-problems.ts';

export function retentionRoutes(app: FastifyInstance, kv: KvService): void {
  app.get('/api/v1/retention', (request): Promise<RetentionAnswer> => {
    checkNoQuery(request.query);
    return read(request);
  });

  app.put('/api/v1/retention', async (request): Promise<RetentionAnswer> => {
    checkNoQuery(request.query);
    const policy = parse(RetentionBody, request.body, 'body');
    const outcome = await kv.write({ op: 'retention', ...policy }, timeoutOf(request));
    if (!outcome.ok) throw writeError(outcome);
    if (!outcome.result.ok) throw kvError(outcome.result.error);
    return read(request);
  });

  async function read(request: FastifyRequest): Promise<RetentionAnswer> {
    const outcome = await kv.read({ type: 'retention' }, timeoutOf(request));
    if (!outcome.ok) throw readError(outcome, null);
    const { result, node, appliedRevision } = outcome;
    if (!result.ok) throw kvError(result.error);
    if (result.answer.type !== 'retention')
      throw new HttpError('INTERNAL', 'the answer is to another question');
    const { policy, horizon, watchableAfter } = result.answer;
    return {
      ...policy,
      horizon,
      watchableAfter,
      node,
      consistency: 'linearizable',
      appliedRevision,
    };
  }
}
