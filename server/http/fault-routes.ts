/** Breaking the world and mending it: links, partitions, pauses, disks, clocks. */
import type { FastifyInstance, FastifyRequest } from 'fastify';
import * as faults from '../../contracts/faults.ts';
import type { LinkView } from '../../contracts/view.ts';
import type { FaultOutcome, Faults } from '../cluster/faults.ts';
import { NodeGone } from '../cluster/supervisor.ts';
import type { Supervisor } from '../cluster/supervisor.ts';
import { HttpError } from './errors.ts';
import { checkNoBody, checkNoQuery, parse } from './input.ts';

interface NodeParams {
  readonly id: string;
}
interface LinkParams {
  readonly from: string;
  readonly to: string;
}

export function faultRoutes(app: FastifyInstance, supervisor: Supervisor, lab: Faults): void {
  app.put<{ Params: LinkParams }>('/api/v1/links/:from/:to', async ({ params, query, body }) => {
    checkNoQuery(query);
    const { both, ...change } = parse(faults.LinkBody, body, 'body');
    return setLink(params, change, both);
  });

  app.patch<{ Params: LinkParams }>('/api/v1/links/:from/:to', async ({ params, query, body }) => {
    checkNoQuery(query);
    const { both, ...change } = parse(faults.LinkPatchBody, body, 'body');
    return setLink(params, change, both);
  });

  app.delete('/api/v1/links', async ({ query, body }): Promise<{ healed: true }> => {
    checkNoQuery(query);
    checkNoBody(body);
    supervisor.healAll();
    await supervisor.inForce();
    return { healed: true };
  });

  app.post('/api/v1/partition', async ({ query, body }): Promise<faults.PartitionAnswer> => {
    checkNoQuery(query);
    const { groups } = parse(faults.PartitionBody, body, 'body');
    await done(lab.apply({ type: 'partition', groups }), 'body.');
    return { groups };
  });

  app.post('/api/v1/heal', async ({ query, body }): Promise<{ healed: true }> => {
    checkNoQuery(query);
    checkNoBody(body);
    await lab.heal();
    return { healed: true };
  });

  app.post<{ Params: NodeParams }>('/api/v1/nodes/:id/pause', async (request) => {
    const { node, body } = requestTo(request);
    const { forMs } = parse(faults.PauseBody, body, 'body');
    await done(lab.apply({ type: 'pause', node, forMs }));
    return answer(node, 'its thread runs nothing until then; if it leads, another is elected');
  });

  app.post<{ Params: NodeParams }>('/api/v1/nodes/:id/resume', async (request) => {
    const { node, body } = requestTo(request);
    checkNoBody(body);
    await done(lab.takeAway({ type: 'pause', node, forMs: 1 }));
    return answer(node, 'its thread runs again');
  });

  app.put<{ Params: NodeParams }>('/api/v1/nodes/:id/disk', async (request) => {
    const { node, body } = requestTo(request);
    const disk = parse(faults.DiskBody, body, 'body');
    await done(lab.apply({ type: 'disk', node, ...disk }));
    return answer(node, disk.full ? FULL : 'it stands until it is set anew or healed');
  });

  app.put<{ Params: NodeParams }>('/api/v1/nodes/:id/clock', async (request) => {
    const { node, body } = requestTo(request);
    const clock = parse(faults.ClockBody, body, 'body');
    await done(lab.apply({ type: 'clock', node, ...clock }));
    return answer(node, 'it stands until it is set anew or healed');
  });

  app.post<{ Params: NodeParams }>('/api/v1/nodes/:id/wipe', async (request) => {
    const { node, body } = requestTo(request);
    checkNoBody(body);
    await done(lab.apply({ type: 'wipe', node }));
    return answer(
      node,
      `its database is gone, and with it whom it voted for and what it acknowledged: ${node} may not come back; replace it by a new node (POST /api/v1/members/${node}/replace)`,
    );
  });

  async function setLink(
    { from, to }: LinkParams,
    change: faults.LinkChange,
    both: boolean,
  ): Promise<LinkView> {
    await done(lab.apply({ type: 'link', from, to, change, both }));
    return { from, to, ...supervisor.rule(from, to) };
  }

  /** A node that there is, and the body of a request without parameters. */
  function requestTo({ params, query, body }: FastifyRequest<{ Params: NodeParams }>): {
    readonly node: string;
    readonly body: unknown;
  } {
    if (!supervisor.has(params.id))
      throw new HttpError('NODE_UNKNOWN', `there is no node ${params.id}`);
    checkNoQuery(query);
    return { node: params.id, body };
  }

  function answer(node: string, note: string): faults.NodeFaultsAnswer {
    return { node, faults: supervisor.faults(node), note };
  }
}

const FULL =
  'a write that needs a new page fails, and the node stops itself; with room again it can be revived';

/** Throws what was refused as a problem; `where` is the part of the request that the fault was made of. */
async function done(outcome: Promise<FaultOutcome>, where = ''): Promise<void> {
  const result = await outcome.catch((error: unknown) => {
    throw error instanceof NodeGone ? new HttpError('NODE_UNKNOWN', error.message) : error;
  });
  if (result.ok) return;
  const { code, message, path } = result.error;
  throw new HttpError(code, message, path === undefined ? {} : { path: `${where}${path}` });
}
