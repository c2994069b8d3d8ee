/** Breaking the world and mending it: links, partitions, pauses, disks, clocks. */
import type { FastifyInstance } from 'fastify';
import type { HealAnswer, LinkChange, NodeFaultsAnswer } from '../../contracts/faults.ts';
import { faults } from '../../contracts/operations/faults.ts';
import type { LinkView } from '../../contracts/view.ts';
import type { FaultOutcome, Faults } from '../cluster/faults.ts';
import { NodeGone } from '../cluster/supervisor.ts';
import type { Supervisor } from '../cluster/supervisor.ts';
import { HttpError } from './errors.ts';
import { route } from './route.ts';

export function faultRoutes(app: FastifyInstance, supervisor: Supervisor, lab: Faults): void {
  route(app, faults.setLink, ({ params, body: { both, ...change } }) =>
    setLink(params, change, both),
  );

  route(app, faults.changeLink, ({ params, body: { both, ...change } }) =>
    setLink(params, change, both),
  );

  route(app, faults.healLinks, async (): Promise<HealAnswer> => {
    supervisor.healAll();
    await supervisor.inForce();
    return { healed: true };
  });

  route(app, faults.partition, async ({ body: { groups } }) => {
    await done(lab.apply({ type: 'partition', groups }), 'body.');
    return { groups };
  });

  route(app, faults.heal, async (): Promise<HealAnswer> => {
    await lab.heal();
    return { healed: true };
  });

  route(app, faults.pause, async ({ params, body: { forMs } }) => {
    const node = known(params.id);
    await done(lab.apply({ type: 'pause', node, forMs }));
    return answer(node, 'it runs nothing until then; if it leads, another is elected');
  });

  route(app, faults.resume, async ({ params }) => {
    const node = known(params.id);
    await done(lab.takeAway({ type: 'pause', node, forMs: 1 }));
    return answer(node, 'it runs again');
  });

  route(app, faults.disk, async ({ params, body: disk }) => {
    const node = known(params.id);
    await done(lab.apply({ type: 'disk', node, ...disk }));
    return answer(node, disk.full ? FULL : 'it stands until it is set anew or healed');
  });

  route(app, faults.clock, async ({ params, body: clock }) => {
    const node = known(params.id);
    await done(lab.apply({ type: 'clock', node, ...clock }));
    return answer(node, 'it stands until it is set anew or healed');
  });

  route(app, faults.wipe, async ({ params }) => {
    const node = known(params.id);
    await done(lab.apply({ type: 'wipe', node }));
    return answer(
      node,
      `its database is gone, and with it whom it voted for and what it acknowledged: ${node} may not come back; replace it by a new node (POST /api/v1/members/${node}/replace)`,
    );
  });

  async function setLink(
    { from, to }: { readonly from: string; readonly to: string },
    change: LinkChange,
    both: boolean,
  ): Promise<LinkView> {
    await done(lab.apply({ type: 'link', from, to, change, both }));
    return { from, to, ...supervisor.rule(from, to) };
  }

  function known(id: string): string {
    if (!supervisor.has(id)) throw new HttpError('NODE_UNKNOWN', `there is no node ${id}`);
    return id;
  }

  function answer(node: string, note: string): NodeFaultsAnswer {
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
