/** Nodes joined by real MessagePorts. */
import { once } from 'node:events';
import { MessageChannel } from 'node:worker_threads';
import { afterEach, expect, test } from 'vitest';
import { OPEN_LINK } from '../../server/node/control.ts';
import { RealClock } from '../../server/node/real-clock.ts';
import type { Message } from '../../server/raft/messages.ts';
import type { Packet } from '../../server/ports/transport.ts';
import { LineMesh } from '../../server/transport/line-mesh.ts';

const meshes: LineMesh[] = [];
afterEach(() => {
  for (const mesh of meshes.splice(0)) mesh.close();
});

function mesh(sent: Message[] = []): LineMesh {
  const made = new LineMesh(new RealClock(), 1, (_to, messages) => sent.push(...messages));
  meshes.push(made);
  return made;
}

const packet = (...messages: readonly Message[]): Packet => ({
  head: { version: 1, clusterId: 'c', storeId: 's', bootEpoch: 1 },
  messages,
});

const beat = (term: number): Message => ({
  type: 'Heartbeat',
  from: 'a',
  to: 'b',
  term,
  leaderCommit: 0,
  readSeq: 0,
});

const append = {
  type: 'AppendEntries',
  from: 'a',
  to: 'b',
  term: 3,
  prevLogIndex: 0,
  prevLogTerm: 0,
  leaderCommit: 0,
} as const;

/** Resolves with the terms of the next hand-over. */
function next(to: LineMesh): Promise<number[]> {
  return new Promise((resolve) =>
    to.onReceive((_from, got) => resolve((got as Packet).messages.map(({ term }) => term))),
  );
}

test('[N2] messages reach the peer in order, and each hand-over is seen leaving', async () => {
  const sent: Message[] = [];
  const [a, b] = [mesh(sent), mesh()];
  const { port1, port2 } = new MessageChannel();
  a.connect('b', port1);
  b.connect('a', port2);
  const arrived = next(b);
  a.send('b', packet(beat(1), beat(2)));
  expect(await arrived).toEqual([1, 2]);
  expect(sent).toHaveLength(2);
});

test('[N2] entries arrive as they were sent, with all that text can hold', async () => {
  const [a, b] = [mesh(), mesh()];
  const { port1, port2 } = new MessageChannel();
  a.connect('b', port1);
  b.connect('a', port2);
  const stamp = 1_790_000_000_000_000;
  const sent: Message[] = [
    { ...append, entries: [] },
    {
      ...append,
      prevLogIndex: 41,
      entries: [
        { index: 42, term: 2, stamp, kind: 'noop', data: '' },
        { index: 43, term: 3, stamp: stamp + 1, kind: 'command', data: 'nul \0, 😀, half \ud800' },
        { index: 44, term: 3, stamp: stamp + 2, kind: 'confChange', data: '{}' },
      ],
    },
    beat(7),
  ];
  const arrived = new Promise((resolve) => b.onReceive((_from, got) => resolve(got)));
  a.send('b', packet(...sent));
  expect(await arrived).toEqual(packet(...sent));
});

test('[N2] to nobody, and to a peer that is gone, is no error', async () => {
  const a = mesh();
  a.send('b', packet(beat(1)));
  const { port1, port2 } = new MessageChannel();
  a.connect('b', port1);
  const closed = once(port1, 'close');
  port2.close();
  await closed;
  a.send('b', packet(beat(2)));
});

test('[N2] a revived peer hears nothing of its former life', async () => {
  const [a, b] = [mesh(), mesh()];
  const former = new MessageChannel();
  a.connect('b', former.port1);
  // Sent while nobody listens at the other end, as to a thread that died.
  a.send('b', packet(beat(1)));
  const channel = new MessageChannel();
  a.connect('b', channel.port1);
  b.connect('a', channel.port2);
  const arrived = next(b);
  a.send('b', packet(beat(2)));
  expect(await arrived).toEqual([2]);
  former.port2.close();
});

test('[N2] a rule that came before the peer holds for it', async () => {
  const [a, b] = [mesh(), mesh()];
  a.setRule('b', { ...OPEN_LINK, cut: true });
  const { port1, port2 } = new MessageChannel();
  a.connect('b', port1);
  b.connect('a', port2);
  const arrived = next(b);
  a.send('b', packet(beat(1)));
  a.setRule('b', OPEN_LINK);
  a.send('b', packet(beat(2)));
  expect(await arrived).toEqual([2]);
});

test('[N8] what is no packet arrives as it is, for the receiver to refuse', async () => {
  const b = mesh();
  const { port1, port2 } = new MessageChannel();
  b.connect('a', port2);
  const columns = { first: 1, marks: new Float64Array(2), kinds: 'cc', data: ['x'] };
  const { messages: _, ...headAlone } = packet();
  const sent = [
    null,
    7,
    [],
    headAlone,
    { ...headAlone, messages: [null, 'x', { ...append, columns }, { ...append, columns: null }] },
  ];
  const arrived: unknown[] = [];
  const all = new Promise<void>((resolve) =>
    b.onReceive((_from, got) => {
      if (arrived.push(got) === sent.length) resolve();
    }),
  );
  for (const garbage of sent) port1.postMessage(garbage);
  await all;
  expect(arrived).toEqual(sent);
  port1.close();
});
