/** What the server keeps of a slowed cluster's messages, and that it is true of a real one. */
import { describe, expect, it } from 'vitest';
import { isBefore, traceOf } from '../../client/message-trace.ts';
import { joinTraces } from '../../client/trace-source.ts';
import { TraceAnswer } from '../../contracts/trace.ts';
import type { TraceMark } from '../../contracts/trace.ts';
import { must } from '../../server/base/assert.ts';
import { MessageTrace } from '../../server/cluster/message-trace.ts';
import type { TransitReport } from '../../server/node/pace-control.ts';
import { Requests } from '../http/requests.ts';
import { sharedServer } from '../server.ts';

const NOTHING: TransitReport = { from: 'n1', boot: 1, sent: [], ended: [], steps: [] };
const SLOW_MACHINE_MS = 120_000;

function sent(number: number): TransitReport['sent'][number] {
  const said = { type: 'Heartbeat', term: 3, refused: false, entries: 0, fields: [] } as const;
  return { number, takesMs: 20, from: 'n1', to: 'n2', ...said };
}

function slowed(pace: 1 | 0.1 | 0 = 0.1) {
  return { pace, clusterMs: 100, atMs: 1000 };
}

/** A report of one message. */
function says(number: number): TransitReport {
  return { ...NOTHING, sent: [sent(number)], steps: [{ type: 'sent', number }] };
}

describe('the message trace', () => {
  it('[H55] keeps what is told while the cluster is slowed, in the order of each node', () => {
    const trace = new MessageTrace('c', 'e');
    trace.report(says(1), 90);
    expect(trace.answer()).toMatchObject({ stretch: 0, isOpen: false, events: [] });
    trace.pace(slowed());
    trace.report(
      {
        ...says(2),
        steps: [
          { type: 'mark', mark: 'timeout', term: 2, index: null },
          { type: 'sent', number: 2 },
          { type: 'received', from: 'n3', boot: 4, number: 9 },
        ],
        ended: [
          { number: 2, how: 'lost' },
          { number: 1, how: 'arrived' },
        ],
      },
      110,
    );
    trace.pace(slowed(0));
    trace.down('n2', 115);
    trace.down('n1', 120);
    const answer = TraceAnswer.parse(trace.answer());
    expect(answer).toMatchObject({ stretch: 1, isOpen: true, beganAtMs: 1000, forgotten: 0 });
    expect(answer.events.map((event) => ('mark' in event ? event.mark : event.type))).toEqual([
      'timeout',
      'sent',
      'received',
      'ended',
      'down',
    ]);
    expect(answer.events[1]).toMatchObject({ id: 'n1-1-2', to: 'n2', term: 3, clusterMs: 110 });
    expect(answer.events[2]).toMatchObject({ id: 'n3-4-9', from: 'n3', node: 'n1' });
    trace.pace(slowed(1));
    trace.report(says(3), 130);
    expect(trace.answer()).toEqual({ ...answer, isOpen: false });
    trace.pace(slowed());
    expect(trace.answer()).toMatchObject({ stretch: 2, events: [] });
  });

  it('[H55] has no more than its limit, the newest, and gives only what the asker does not know', () => {
    const trace = new MessageTrace('c', 'e', 10);
    trace.pace(slowed());
    for (let number = 1; number <= 25; number++) trace.report(says(number), number);
    const seqs = (answer: TraceAnswer) => answer.events.map(({ seq }) => seq);
    const all = trace.answer();
    expect([seqs(all), all.forgotten]).toEqual([[16, 17, 18, 19, 20, 21, 22, 23, 24, 25], 15]);
    expect(seqs(trace.answer(1, 23))).toEqual([24, 25]);
    // Of another stretch, or without saying of which.
    expect(seqs(trace.answer(2, 23))).toHaveLength(10);
    trace.report(says(26), 26);
    const joined = joinTraces(all, trace.answer(1, 24));
    expect(seqs(joined)).toEqual([16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26]);
    expect(joinTraces(joined, { ...trace.answer(), epoch: 'e2' }).events).toHaveLength(10);
  });
});

describe('the trace of a real cluster', { timeout: SLOW_MACHINE_MS }, () => {
  const server = sharedServer();
  const requests = new Requests(server);

  async function read(): Promise<TraceAnswer> {
    return TraceAnswer.parse(await requests.ok('GET', '/api/v1/trace'));
  }

  /** Every node knows all that the leader has to be committed. */
  function isLevel(): boolean {
    const { nodes } = server.fold.view(0);
    const leader = nodes.find(({ role }) => role === 'leader');
    return nodes.every(
      ({ commitIndex, leader: of }) => commitIndex === leader?.lastIndex && of === leader.id,
    );
  }

  async function until(seen: (answer: TraceAnswer) => boolean): Promise<TraceAnswer> {
    for (;;) {
      const answer = await read();
      if (seen(answer)) return answer;
    }
  }

  it('[H55] leads from the sending of an entry by its arrivals and answers to its commit', async () => {
    await requests.ok('PUT', '/api/v1/kv/k/f', { value: 'fast' });
    expect(await read()).toMatchObject({ stretch: 0, events: [] });
    // Nothing of what came before is still on its way.
    await expect.poll(isLevel).toBe(true);
    await requests.ok('PUT', '/api/v1/pace', { pace: 0.25 });
    await requests.ok('PUT', '/api/v1/kv/k/f', { value: 'slow' });
    const isCommit = (event: TraceAnswer['events'][number]): event is TraceMark =>
      event.type === 'mark' && event.mark === 'commit';
    const answer = await until(({ events }) => events.some(isCommit));
    const { steps, messages } = traceOf(answer.events);
    const commit = must(
      steps.find(({ event }) => isCommit(event)),
      'it committed',
    );
    const carrier = must(
      steps.find(({ event }) => event.type === 'sent' && event.message === 'AppendEntries'),
      'it was sent',
    );
    const answers = steps.filter(
      ({ event }) => event.type === 'sent' && event.message === 'AppendEntriesResponse',
    );
    expect(isBefore(carrier.clock, commit.clock)).toBe(true);
    expect(answers.some(({ clock }) => isBefore(clock, commit.clock))).toBe(true);
    expect(answers.every(({ clock }) => isBefore(carrier.clock, clock))).toBe(true);
    expect(messages.some(({ end }) => end === 'arrived')).toBe(true);
  });

  it('[H56] tells of what a cut link lost, and begins anew when the cluster is slowed again', async () => {
    await requests.ok('PUT', '/api/v1/pace', { pace: 1 });
    const before = await read();
    expect(before.isOpen).toBe(false);
    await requests.ok('POST', '/api/v1/nodes/n1/isolate');
    await requests.ok('PUT', '/api/v1/pace', { pace: 0.25 });
    const answer = await until(({ stretch, events }) =>
      stretch > before.stretch ? events.some(({ type }) => type === 'ended') : false,
    );
    const lost = traceOf(answer.events).messages.filter(({ end }) => end === 'lost');
    expect(lost.every(({ sent: { node, to } }) => node === 'n1' || to === 'n1')).toBe(true);
    await requests.ok('POST', '/api/v1/nodes/n1/reconnect');
    await requests.ok('PUT', '/api/v1/pace', { pace: 1 });
    expect(await requests.problem('GET', '/api/v1/trace?after=-1')).toMatchObject({
      code: 'BAD_REQUEST',
    });
  });
});
