/**
 * What nodes did and said to each other while the cluster was slowed, from
 * leaving full speed until it is back: one stretch, the last one. At full speed
 * messages have no numbers, so what came of what cannot be told; a stretch
 * ends before the first node is let go, and nothing in it hangs on a message
 * that is not.
 *
 * Bounded: of more events than `limit` the newest are kept. No clock of its own.
 */
import type { PaceView } from '../../contracts/pace.ts';
import { TRACE_EVENTS } from '../../contracts/trace.ts';
import type { TraceAnswer, TraceEvent } from '../../contracts/trace.ts';
import type { TransitReport } from '../node/pace-control.ts';
import { packetId } from './cluster-pace.ts';

/** Without what every event gets. */
type Draft<T = TraceEvent> = T extends TraceEvent ? Omit<T, 'clusterMs' | 'seq'> : never;

export class MessageTrace {
  private readonly cluster: string;
  private readonly epoch: string;
  private readonly limit: number;
  private events: TraceEvent[] = [];
  private lastSeq = 0;
  private stretch = 0;
  private isOpen = false;
  private beganAtMs: number | null = null;
  private forgotten = 0;
  /** Which life of each node was heard of last in this stretch. */
  private readonly boots = new Map<string, number>();

  constructor(cluster: string, epoch: string, limit = TRACE_EVENTS) {
    this.cluster = cluster;
    this.epoch = epoch;
    this.limit = limit;
  }

  /** The cluster is about to run at that speed; told before any node is. */
  pace({ pace, atMs }: PaceView): void {
    const isSlow = pace !== 1;
    if (isSlow && !this.isOpen) {
      this.stretch++;
      this.events = [];
      this.boots.clear();
      this.forgotten = 0;
      this.beganAtMs = atMs;
    }
    this.isOpen = isSlow;
  }

  /** `clusterMs`: now. */
  report({ from: node, boot, sent, ended, steps }: TransitReport, clusterMs: number): void {
    if (!this.isOpen) return;
    this.boots.set(node, boot);
    const messages = new Map(sent.map((message) => [message.number, message]));
    for (const step of steps) {
      switch (step.type) {
        case 'mark':
          this.add({ ...step, node, boot }, clusterMs);
          break;
        case 'received': {
          const { from, boot: fromBoot, number } = step;
          const id = packetId(from, fromBoot, number);
          this.add({ type: 'received', node, boot, id, from, fromBoot, number }, clusterMs);
          break;
        }
        case 'sent': {
          const message = messages.get(step.number);
          if (message === undefined) break;
          const { number, to, type, term, refused, entries, fields } = message;
          const id = packetId(node, boot, number);
          const said = { message: type, term, refused, entries, fields: [...fields] };
          this.add({ type: 'sent', node, boot, id, number, to, ...said }, clusterMs);
        }
      }
    }
    for (const { number, how } of ended)
      if (how !== 'arrived')
        this.add({ type: 'ended', id: packetId(node, boot, number), how }, clusterMs);
  }

  /** The node is gone, and with it what it had on its way. */
  down(node: string, clusterMs: number): void {
    const boot = this.boots.get(node);
    if (!this.isOpen || boot === undefined) return;
    this.boots.delete(node);
    this.add({ type: 'mark', node, boot, mark: 'down', term: null, index: null }, clusterMs);
  }

  /** Without those up to `after`, when the asker knows them: they are of this stretch. */
  answer(stretch: number | null = null, after = 0): TraceAnswer {
    const known = stretch === this.stretch ? after : 0;
    return {
      cluster: this.cluster,
      epoch: this.epoch,
      stretch: this.stretch,
      isOpen: this.isOpen,
      beganAtMs: this.beganAtMs,
      forgotten: this.forgotten,
      events: this.events.filter(({ seq }) => seq > known),
    };
  }

  private add(draft: Draft, clusterMs: number): void {
    this.events.push({ ...draft, seq: ++this.lastSeq, clusterMs });
    if (this.events.length <= this.limit) return;
    this.events.shift();
    this.forgotten++;
  }
}
