/**
 * A trace of messages put in the order of cause and effect. Each event of a node
 * gets a vector clock: how many events of each node came before it or caused it,
 * itself included (Mattern, "Virtual time and global states", 1989). Of two
 * events one came before the other when its clock is nowhere greater; else
 * neither can have caused the other.
 */
import type { TraceEvent, TraceMark, TraceReceived, TraceSent } from '../contracts/trace.ts';

/** By node; one that is left out counts none. */
export type VectorClock = Readonly<Record<string, number>>;

export interface NodeStep {
  readonly event: TraceSent | TraceReceived | TraceMark;
  readonly clock: VectorClock;
}

/** `under-way`: it had neither come nor been lost when the trace was made. */
export type MessageEnd = 'arrived' | 'dropped' | 'lost' | 'under-way';

export interface TracedMessage {
  readonly sent: TraceSent;
  readonly end: MessageEnd;
  /** Cluster ms; null while it is under way. */
  readonly endMs: number | null;
}

export interface Trace {
  /** In the order of their numbers. */
  readonly nodes: readonly string[];
  /** What every node did; each comes after all that came before it, and what may have causes still to be told of is left out. */
  readonly steps: readonly NodeStep[];
  /** In the order in which they were sent; what was sent before the trace began is not among them. */
  readonly messages: readonly TracedMessage[];
}

/** `events` as the server tells them. */
export function traceOf(events: readonly TraceEvent[]): Trace {
  const lines = linesOf(events);
  const steps = new Ordering(lines).run();
  return { nodes: nodesOf(events), steps, messages: messagesOf(events) };
}

/** Whether `a` came before `b`, or is it: by chains of steps and messages. */
export function isBefore(a: VectorClock, b: VectorClock): boolean {
  return Object.entries(a).every(([node, count]) => count <= (b[node] ?? 0));
}

type OwnEvent = NodeStep['event'];

/** Those that did something, and those to which something was sent. */
function nodesOf(events: readonly TraceEvent[]): readonly string[] {
  const named = events.flatMap((event) => {
    if (event.type === 'ended') return [];
    return event.type === 'sent' ? [event.node, event.to] : [event.node];
  });
  return [...new Set(named)].toSorted((a, b) => a.localeCompare(b, 'en', { numeric: true }));
}

/** What each node did, in its order; a node that started anew goes on on its line. */
function linesOf(events: readonly TraceEvent[]): ReadonlyMap<string, readonly OwnEvent[]> {
  const lines = new Map<string, OwnEvent[]>();
  for (const event of events) {
    if (event.type === 'ended') continue;
    const line = lines.get(event.node);
    if (line === undefined) lines.set(event.node, [event]);
    else line.push(event);
  }
  for (const line of lines.values()) line.sort((a, b) => a.boot - b.boot || a.seq - b.seq);
  return lines;
}

/** Takes the next event of a node once all is taken that caused it. */
class Ordering {
  private readonly lines: ReadonlyMap<string, readonly OwnEvent[]>;
  private readonly taken = new Map<string, number>();
  private readonly clocks = new Map<OwnEvent, VectorClock>();
  private readonly steps: NodeStep[] = [];
  private readonly sentBy: ReadonlyMap<string, TraceSent>;

  constructor(lines: ReadonlyMap<string, readonly OwnEvent[]>) {
    this.lines = lines;
    const sent = [...lines.values()].flat().filter((event) => event.type === 'sent');
    this.sentBy = new Map(sent.map((event) => [event.id, event]));
  }

  run(): readonly NodeStep[] {
    for (let before = -1; before < this.steps.length; ) {
      before = this.steps.length;
      for (const [node, line] of this.lines) this.goOn(node, line);
    }
    return this.steps;
  }

  private goOn(node: string, line: readonly OwnEvent[]): void {
    for (;;) {
      const at = this.taken.get(node) ?? 0;
      const event = line[at];
      if (event === undefined) return;
      const cause = event.type === 'received' ? this.causeOf(event) : 'none';
      if (cause === 'to-come') return;
      const caused = cause === 'none' ? {} : this.clocks.get(cause);
      if (caused === undefined) return;
      const last = line[at - 1];
      const own = last === undefined ? {} : (this.clocks.get(last) ?? {});
      const clock = { ...latest(own, caused), [node]: at + 1 };
      this.clocks.set(event, clock);
      this.steps.push({ event, clock });
      this.taken.set(node, at + 1);
    }
  }

  /** The sending. Of one that was forgotten, the last before it; `to-come` while the sender may yet tell of it. */
  private causeOf({ id, from, fromBoot, number }: TraceReceived): OwnEvent | 'none' | 'to-come' {
    const sent = this.sentBy.get(id);
    if (sent !== undefined) return sent;
    const line = this.lines.get(from) ?? [];
    // A node tells of what it does in the order in which it does it.
    const next = line.findIndex((event) => isAfter(event, fromBoot, number));
    if (next === -1) return 'to-come';
    return line.slice(0, next).findLast(({ type }) => type === 'sent') ?? 'none';
  }
}

/** It tells that the message with that number was sent before, if ever. */
function isAfter(event: OwnEvent, boot: number, number: number): boolean {
  if (event.boot !== boot) return event.boot > boot;
  if (event.type === 'sent') return event.number > number;
  return event.type === 'mark' && event.mark === 'down';
}

function latest(a: VectorClock, b: VectorClock): VectorClock {
  const joined: Record<string, number> = { ...a };
  for (const [node, count] of Object.entries(b)) joined[node] = Math.max(joined[node] ?? 0, count);
  return joined;
}

function messagesOf(events: readonly TraceEvent[]): readonly TracedMessage[] {
  const ends = new Map<string, Pick<TracedMessage, 'end' | 'endMs'>>();
  const sent = events.filter((event) => event.type === 'sent');
  for (const event of events) {
    if (event.type === 'ended') ends.set(event.id, { end: event.how, endMs: event.clusterMs });
    if (event.type === 'received') ends.set(event.id, { end: 'arrived', endMs: event.clusterMs });
  }
  // What a node had on its way goes with it.
  for (const down of events.filter((event) => event.type === 'mark' && event.mark === 'down'))
    for (const { id, node, seq } of sent)
      if (down.type === 'mark' && node === down.node && seq < down.seq && !ends.has(id))
        ends.set(id, { end: 'lost', endMs: down.clusterMs });
  return sent.map((one) => ({
    sent: one,
    ...(ends.get(one.id) ?? { end: 'under-way' as const, endMs: null }),
  }));
}
