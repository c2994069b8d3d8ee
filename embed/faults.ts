/** Faults as requests of the API: what breaks the world, and what takes that away again. */
import * as z from 'zod';
import type { ApiRequest } from '../client/api-request.ts';
import * as requests from '../client/fault-requests.ts';
import type { Fault, LastingFault, LinkChange } from '../contracts/faults.ts';
import { FaultError } from './fault-error.ts';

/** What requests can be made of; what else there is to say of a fault, the server says. */
const Shape = z.discriminatedUnion('type', [
  z.object({
    type: z.enum(['kill', 'pause', 'disk', 'clock', 'wipe']),
    node: z.string(),
  }),
  z.object({
    type: z.literal('link'),
    from: z.string(),
    to: z.string(),
    change: z.looseObject({}),
  }),
  z.object({ type: z.literal('partition'), groups: z.array(z.array(z.string())) }),
]);

/** Throws FaultError for what only a program without types can say; so does {@link mending}. */
export function breaking(fault: Fault): ApiRequest {
  check(fault);
  switch (fault.type) {
    case 'kill':
      return act(fault.node, 'kill');
    case 'pause': {
      const { node, forMs } = fault;
      return requests.pause(node, { forMs });
    }
    case 'disk': {
      const { node, delayMs, full } = fault;
      return requests.setDisk(node, { delayMs, full });
    }
    case 'clock': {
      const { node, offsetMs, drift } = fault;
      return requests.setClock(node, { offsetMs, drift });
    }
    case 'link': {
      const { from, to, change, both } = fault;
      return requests.changeLink(from, to, { ...change, both });
    }
    case 'partition':
      return requests.partition(fault.groups);
    case 'wipe':
      return requests.wipe(fault.node);
  }
}

/** One after the other. */
export function mending(fault: LastingFault): readonly ApiRequest[] {
  check(fault);
  switch (fault.type) {
    case 'kill':
      return [act(fault.node, 'revive')];
    case 'pause':
      return [requests.resume(fault.node)];
    case 'disk':
      return [requests.setDisk(fault.node, { delayMs: 0, full: false })];
    case 'clock':
      return [requests.setClock(fault.node, { offsetMs: 0, drift: 0 })];
    case 'link': {
      const { from, to, change, both } = fault;
      const parts = Object.keys(change) as (keyof LinkChange)[];
      const whole = Object.fromEntries(parts.map((part) => [part, part === 'cut' ? false : 0]));
      return [requests.changeLink(from, to, { ...whole, both })];
    }
    case 'partition':
      return pairsBetween(fault.groups).map(([from, to]) =>
        requests.changeLink(from, to, { cut: false, both: true }),
      );
    default:
      throw new FaultError('BAD_REQUEST', 'what was wiped cannot be brought back');
  }
}

function pairsBetween(groups: readonly (readonly string[])[]): readonly [string, string][] {
  return groups.flatMap((group, i) =>
    groups
      .slice(i + 1)
      .flatMap((other) => group.flatMap((from) => other.map((to): [string, string] => [from, to]))),
  );
}

function act(node: string, action: 'kill' | 'revive'): ApiRequest {
  return { method: 'POST', path: `/api/v1/nodes/${encodeURIComponent(node)}/${action}` };
}

function check(fault: Fault): void {
  const parsed = Shape.safeParse(fault);
  if (parsed.success) return;
  const [issue] = parsed.error.issues;
  const where = issue?.path.join('.') ?? '';
  throw new FaultError('BAD_REQUEST', `${where === '' ? 'the fault' : where}: ${issue?.message}`);
}
