/** Operations as routes: what the contract says of one is what its requests are checked with. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { AnswerOf, Input, Operation } from '../../contracts/operations/operation.ts';
import { checkNoBody, checkNoQuery, parse } from './input.ts';

/** What is answered, or the reply that was given it. */
type Answered<O extends Operation> = AnswerOf<O> | FastifyReply;
export type Handler<O extends Operation> = (
  input: Input<O>,
  request: FastifyRequest,
  reply: FastifyReply,
) => Answered<O> | Promise<Answered<O>>;

/** Serves `operation`; `handle` is given what was checked, and answers what the contract says. */
export function route<O extends Operation>(
  app: FastifyInstance,
  operation: O,
  handle: Handler<O>,
): void {
  const { method, path, answer, status, maxBodyBytes, otherAnswers = [] } = operation;
  app.route({
    method,
    url: path.replaceAll(/\{(\w+)\}/g, ':$1'),
    // What has no end, or is read to be sent, has no HEAD of its own.
    exposeHeadRoute: method === 'GET' && answer !== undefined,
    ...(maxBodyBytes !== undefined && { bodyLimit: maxBodyBytes }),
    config: { stream: otherAnswers.some(({ events }) => events !== undefined) },
    handler: async (request, reply): Promise<Answered<O>> => {
      const input = checked(operation, request) as Input<O>;
      if (status !== undefined) void reply.code(status);
      return handle(input, request, reply);
    },
  });
}

function checked(
  { params, query, body, file, bodyMayBeAbsent }: Operation,
  request: FastifyRequest,
) {
  const input = {
    params: params === undefined ? {} : parse(params, request.params, ''),
    query: query === undefined ? checkNoQuery(request.query) : parse(query, request.query, 'query'),
    body: undefined as unknown,
  };
  if (body !== undefined) {
    const given = bodyMayBeAbsent === true ? (request.body ?? {}) : request.body;
    input.body = parse(body, given, 'body');
  } else if (file === undefined) checkNoBody(request.body);
  return input;
}
