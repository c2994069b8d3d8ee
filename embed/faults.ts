/** Faults as requests of the API: what breaks the world, and what takes that away again. */
import type { ApiRequest } from '../client/api-request.ts';
import * as requests from '../client/fault-requests.ts';
import type { Fault, LastingFault, LinkChange } from '../contracts/faults.ts';

/** Undefined for what only a program without types can say. */
export function breaking(fault: Fault): ApiRequest | undefined {
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

/** One after the other; none for what only a program without types can say. */
export function mending(fault: LastingFault): readonly ApiRequest[] | undefined {
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
