/** What a slowed node tells of itself. */
import { expect, test } from 'vitest';
import { PacedNode } from '../../server/node/paced-node.ts';
import type { TransitReport } from '../../server/node/pace-control.ts';
import { PacedClock } from '../../server/ports/paced-clock.ts';
import type { Message } from '../../server/raft/messages.ts';
import { Scheduler } from '../../sim/scheduler.ts';
import { SimClock } from '../../sim/sim-clock.ts';

const MESSAGE: Message = { type: 'HeartbeatResponse', from: 'n1', to: 'n2', term: 3, readSeq: 0 };

function slowable() {
  const scheduler = new Scheduler();
  const clock = new PacedClock(
    new SimClock(scheduler, { rate: 1, wallOffsetMs: 0, pausedUntilMs: 0 }),
  );
  const reports: TransitReport[] = [];
  const identity = { nodeId: 'n1', clusterId: 'c', storeId: 's', bootEpoch: 2 };
  const node = new PacedNode(clock, identity, ({ report }) => reports.push(report));
  const told = (): readonly TransitReport[] => {
    while (scheduler.step(scheduler.nowMs + 1));
    return reports.splice(0);
  };
  return { clock, node, told };
}

test('[H55] a slowed node tells what came, what it did and what it sent, in that order within a turn', () => {
  const { clock, node, told } = slowable();
  clock.pace = 0.1;
  node.onTransit({ type: 'received', from: 'n2', boot: 1, number: 7 });
  // As the host does: the messages of a turn first, then what it did.
  node.onTransit({ type: 'sent', number: 1, message: MESSAGE, takesMs: 20 });
  node.onTransit({ type: 'sent', number: 2, message: MESSAGE, takesMs: 20 });
  node.onTransit({ type: 'ended', number: 2, message: MESSAGE, how: 'lost' });
  node.onTrace({ type: 'commit', index: 5, term: 3 });
  node.onTrace({ type: 'role', role: 'leader', term: 3, leader: 'n1', reason: 'votes' });
  const [report, ...more] = told();
  expect(more).toEqual([]);
  expect(report).toMatchObject({ from: 'n1', boot: 2, ended: [{ number: 2, how: 'lost' }] });
  expect(report?.sent.map(({ number }) => number)).toEqual([1, 2]);
  expect(report?.steps.map((step) => ('mark' in step ? step.mark : step.type))).toEqual([
    'received',
    'commit',
    'leader',
    'sent',
    'sent',
  ]);
});

test('[H55] a node at full speed has nothing for a trace, whatever slowed peers send it', () => {
  const { node, told } = slowable();
  node.onTransit({ type: 'received', from: 'n2', boot: 1, number: 7 });
  node.onTrace({ type: 'commit', index: 5, term: 3 });
  expect(told()).toEqual([]);
});
