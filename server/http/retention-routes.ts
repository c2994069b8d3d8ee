/** What the store may forget: `/api/v1/retention`. */
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { files } from '../../contracts/operations/files.ts';
import type { RetentionAnswer } from '../../contracts/retention.ts';
import type { KvService } from '../cluster/kv-service.ts';
import { HttpError } from './errors.ts';
import { timeoutOf } from './input.ts';
import { kvError, readError, writeError } from './kv-problems.ts';
import { route } from './route.ts';

export function retentionRoutes(app: FastifyInstance, kv: KvService): void {
  route(app, files.retention, (_input, request) => read(request));

  route(app, files.setRetention, async ({ body: policy }, request) => {
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
