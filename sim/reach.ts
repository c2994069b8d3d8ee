/** How clients and watchers reach the nodes: what they ask and are answered takes time, and is lost with a node that falls. */
import type { Random } from '../server/base/random.ts';
import type { NodeId } from '../server/raft/types.ts';
import type { Invariants } from './invariants.ts';
import type { Machine } from './machine.ts';
import type { Scheduler } from './scheduler.ts';
import type { Reach } from './sim-client.ts';
import type { WatchReach } from './sim-watcher.ts';

export interface Machines {
  readonly scheduler: Scheduler;
  /** Those that there are; they change. */
  readonly ids: readonly NodeId[];
  machine(id: NodeId): Machine;
  /** Of a request; each is another. */
  nextId(): number;
}

export function clientReach(machines: Machines, random: Random, invariants: Invariants): Reach {
  const { ids, machine, nextId } = machines;
  const later = delayed(machines, random);
  return {
    nodes: ids,
    propose: (node, data, answer) =>
      later(() => {
        const { host, proposals } = machine(node);
        if (host === null) return;
        const id = nextId();
        proposals.set(id, (proposed) => later(() => answer(proposed)));
        host.propose([{ id, data }]);
      }),
    read: (node, query, answer) =>
      later(() => {
        const { host, reads } = machine(node);
        if (host === null) return;
        const id = nextId();
        const asked = invariants.committed.length;
        reads.set(id, (read) => {
          if (read.outcome === 'answered') invariants.checkRead(asked, read.appliedRevision);
          later(() => answer(read));
        });
        host.read([{ id, query, level: 'linearizable' }]);
      }),
    acknowledged: (index) => invariants.checkAcknowledged(index),
  };
}

export function watchReach(machines: Machines, random: Random): WatchReach {
  const { ids, machine, nextId } = machines;
  const later = delayed(machines, random);
  return {
    nodes: ids,
    changes: (node, query, waits, answer) =>
      later(() => {
        const { host, reads } = machine(node);
        if (host === null) return;
        const id = nextId();
        reads.set(id, (read) => later(() => answer(read)));
        if (waits) host.follow(id, query);
        else host.read([{ id, query, level: 'local' }]);
      }),
  };
}

function delayed({ scheduler }: Machines, random: Random): (run: () => void) => void {
  return (run) => void scheduler.after(0.05 + random.nextFloat() * 1.5, run);
}
