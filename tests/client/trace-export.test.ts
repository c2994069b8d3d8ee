/** A trace as a drawing, and as files for others. */
import { describe, expect, it } from 'vitest';
import { traceOf } from '../../client/message-trace.ts';
import { drawTrace } from '../../client/trace-drawing.ts';
import { shivizLog, traceJson } from '../../client/trace-export.ts';
import { indexOf, stepWords } from '../../client/trace-words.ts';
import type { TraceAnswer, TraceEvent, TraceSent } from '../../contracts/trace.ts';

const FIELDS = [
  { name: 'prevLogIndex', value: '40' },
  { name: 'leaderCommit', value: '39' },
  { name: 'entry 41', value: 'term 3: a.x = "{1}"' },
];

function sent(seq: number, clusterMs: number, number: number, part: Partial<TraceSent>): TraceSent {
  return {
    seq,
    clusterMs,
    node: 'n2',
    boot: 1,
    type: 'sent',
    id: `n2-1-${number}`,
    number,
    to: 'n1',
    message: 'AppendEntries',
    term: 3,
    refused: false,
    entries: 1,
    fields: FIELDS,
    ...part,
  };
}

/** n2 leads, and sends an entry to both; that to n10 is lost, and there is a heartbeat. */
const EVENTS: readonly TraceEvent[] = [
  {
    seq: 1,
    clusterMs: 100,
    node: 'n2',
    boot: 1,
    type: 'mark',
    mark: 'leader',
    term: 3,
    index: null,
  },
  sent(2, 110, 1, {}),
  sent(3, 110, 2, { to: 'n10' }),
  sent(4, 111, 3, { message: 'Heartbeat', entries: 0, fields: [] }),
  { seq: 5, clusterMs: 110, type: 'ended', id: 'n2-1-2', how: 'lost' },
  {
    seq: 6,
    clusterMs: 130,
    node: 'n1',
    boot: 2,
    type: 'received',
    id: 'n2-1-1',
    from: 'n2',
    fromBoot: 1,
    number: 1,
  },
  {
    seq: 7,
    clusterMs: 9000,
    node: 'n10',
    boot: 1,
    type: 'mark',
    mark: 'timeout',
    term: 3,
    index: null,
  },
];

const TRACE = traceOf(EVENTS);

describe('a trace as a file', () => {
  it('[U131] is read by ShiViz by its own first line: events, hosts and clocks that count from one', () => {
    const [parser = '', delimiter, ...log] = shivizLog(TRACE).split('\n');
    expect(delimiter).toBe('');
    const found = [...log.join('\n').matchAll(new RegExp(parser, 'g'))].map(({ groups }) => groups);
    expect(found).toHaveLength(TRACE.steps.length);
    expect(found[1]).toEqual({
      time: '110.0',
      event: 'sends AppendEntries n2-1-1 to n1, term 3, index 41',
      host: 'n2',
      clock: '{"n2":2}',
    });
    const arrival = found.find((groups) => groups?.['event'] === 'receives n2-1-1 from n2');
    expect(JSON.parse(arrival?.['clock'] ?? '')).toEqual({ n1: 1, n2: 2 });
    const counts = new Map<string, number>();
    for (const groups of found) {
      const host = groups?.['host'] ?? '';
      const clock = JSON.parse(groups?.['clock'] ?? '') as Record<string, number>;
      counts.set(host, (counts.get(host) ?? 0) + 1);
      expect(clock[host]).toBe(counts.get(host));
    }
  });

  it('[U131] is whole as JSON, with a clock for each step and the end of each message', () => {
    const answer: TraceAnswer = {
      cluster: 'c',
      epoch: 'e',
      stretch: 2,
      isOpen: false,
      beganAtMs: 5,
      forgotten: 0,
      events: [...EVENTS],
    };
    const read = JSON.parse(traceJson(answer, TRACE)) as Record<string, unknown>;
    expect(read).toMatchObject({ format: 'chronoraft-trace', version: 1, stretch: 2 });
    expect(read['nodes']).toEqual(['n1', 'n2', 'n10']);
    expect(read['steps']).toHaveLength(6);
    expect(read['messages']).toEqual([
      { id: 'n2-1-1', end: 'arrived', endMs: 130 },
      { id: 'n2-1-2', end: 'lost', endMs: 110 },
      { id: 'n2-1-3', end: 'under-way', endMs: null },
    ]);
  });

  it('[U131] names the entry or the index that a message is about', () => {
    expect(indexOf({ fields: FIELDS })).toBe('41');
    expect(indexOf({ fields: FIELDS.slice(0, 2) })).toBe('39');
    expect(indexOf({ fields: [] })).toBeNull();
    expect(TRACE.steps.map(({ event }) => stepWords(event))).toContain(
      'election time-out in term 3',
    );
  });
});

describe('a trace as a drawing', () => {
  const options = { width: 344, scalePx: 44, heartbeats: false };
  const drawing = drawTrace(TRACE, options);

  it('[U130] has a line for each node, and an arrow from line to line for each message', () => {
    expect(drawing.lines).toEqual([
      { node: 'n1', x: 94 },
      { node: 'n2', x: 194 },
      { node: 'n10', x: 294 },
    ]);
    const [whole, lost] = drawing.arrows;
    expect(drawing.arrows).toHaveLength(2);
    expect(whole).toMatchObject({ x1: 194, x2: 94 });
    expect((whole?.y2 ?? 0) - (whole?.y1 ?? 0)).toBe(40);
    // It ends on its way, further down even if it was lost at once.
    expect(lost).toMatchObject({ x1: 194, x2: 254 });
    expect((lost?.y2 ?? 0) - (lost?.y1 ?? 0)).toBe(28);
    expect(drawTrace(TRACE, { ...options, heartbeats: true }).arrows).toHaveLength(3);
  });

  it('[U130] puts marks at their time on the line of their node, and cuts long silences short', () => {
    const [first, last] = drawing.marks;
    expect(first).toMatchObject({ x: 194 });
    expect((drawing.arrows[0]?.y1 ?? 0) - (first?.y ?? 0)).toBe(20);
    expect((last?.y ?? 0) - (drawing.arrows[0]?.y2 ?? 0)).toBe(56);
    expect(drawing.height).toBe((last?.y ?? 0) + 20);
    expect(drawTrace(traceOf([]), options)).toMatchObject({ lines: [], arrows: [], marks: [] });
  });

  it('[U130] draws the newest of too many, and the marks since', () => {
    const many = Array.from({ length: 450 }, (_, i) => sent(i + 2, 200 + i, i + 1, {}));
    const newest = drawTrace(traceOf([...EVENTS.slice(0, 1), ...many]), options);
    expect(newest.arrows).toHaveLength(400);
    expect(newest.arrows[0]?.message.sent.number).toBe(51);
    expect(newest.marks).toEqual([]);
  });
});

describe('what a node that goes down had on its way', () => {
  it('[V36] is lost with it', () => {
    const down = {
      seq: 9,
      clusterMs: 140,
      node: 'n2',
      boot: 1,
      type: 'mark',
      mark: 'down',
    } as const;
    const { messages } = traceOf([...EVENTS, { ...down, term: null, index: null }]);
    expect(messages.map(({ end }) => end)).toEqual(['arrived', 'lost', 'lost']);
  });
});
