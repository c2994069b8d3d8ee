/**
 * A node's part of the cluster's speed: slows its clock and its links together,
 * lets time go by one event when it stands still, and tells of messages on
 * their way. At full speed nothing here runs.
 */
import { must, unreachable } from '../base/assert.ts';
import type { StoreIdentity } from '../ports/node-storage.ts';
import type { PacedClock } from '../ports/paced-clock.ts';
import type { Message } from '../raft/messages.ts';
import type { RaftEvent } from '../raft/types.ts';
import { summariseMessage } from './message-summary.ts';
import type { NodeHost } from './node-host.ts';
import type {
  DropResult,
  Happening,
  OnSlowed,
  PaceAnswer,
  PaceAsk,
  TraceStep,
  TransitEvent,
  TransitReport,
} from './pace-control.ts';

/** Messages in one report: of more, the newest. */
const MAX_REPORTED = 64;
const MAX_STEPS = 256;
const MAX_HAPPENINGS = 64;
/** A disk that takes longer than this is not waited for, looks of about a millisecond. */
const MAX_LOOKS = 2000;

/** The links of this node. */
interface PacedLinks {
  slow(isSlow: boolean): void;
  drop(number: number): DropResult;
}

type Told = { readonly type: 'transit'; readonly report: TransitReport };

export class PacedNode {
  private readonly clock: PacedClock;
  private readonly identity: StoreIdentity;
  private readonly tell: (message: Told) => void;
  private host: NodeHost | null = null;
  private links: PacedLinks | null = null;
  private happenings: Happening[] = [];
  private sent: TransitReport['sent'][number][] = [];
  private ended: TransitReport['ended'][number][] = [];
  private steps: TraceStep[] = [];
  private scheduled = false;

  constructor(clock: PacedClock, identity: StoreIdentity, tell: (message: Told) => void) {
    this.clock = clock;
    this.identity = identity;
    this.tell = tell;
  }

  /** Takes charge of a node that begins at `pace`. */
  join(host: NodeHost, links: PacedLinks, pace: number): void {
    this.host = host;
    this.links = links;
    if (pace !== 1) this.setPace(pace, false);
  }

  onAsk(ask: PaceAsk, answer: (answer: PaceAnswer) => void): void {
    switch (ask.do) {
      case 'pace':
        this.setPace(ask.pace, ask.trustLeases);
        answer({ of: 'done' });
        return;
      case 'next':
        this.happenings = [];
        answer({ of: 'next', dueInMs: this.clock.nextDueInMs() });
        return;
      case 'advance':
        // A change of speed may have come first.
        if (this.clock.pace === 0) {
          this.clock.advance(ask.ms);
          if (ask.fire) this.clock.fireNext();
        }
        answer({ of: 'done' });
        return;
      case 'settle':
        this.settle(0, () => answer({ of: 'happened', happenings: this.happenings }));
        return;
      case 'drop':
        answer({ of: 'drop', result: this.drop(ask.boot, ask.number) });
        return;
      default:
        unreachable(ask);
    }
  }

  onTransit(event: Parameters<OnSlowed>[0]): void {
    switch (event.type) {
      case 'received':
        return this.note(event);
      case 'sent':
        this.onSent(event.number, event.message, event.takesMs);
        return this.onMoved(event);
      case 'ended':
        this.ended.push({ number: event.number, how: event.how });
        return this.onMoved(event);
      default:
        unreachable(event);
    }
  }

  onTrace(event: RaftEvent): void {
    if (this.clock.pace === 1) return;
    if (event.type === 'electionTimeout')
      this.happened({ type: 'electionTimeout', node: this.identity.nodeId });
    const mark = markOf(event);
    if (mark !== null) this.note(mark);
  }

  private onSent(number: number, message: Message, takesMs: number): void {
    this.sent.push({ number, takesMs, ...summariseMessage(message) });
    if (this.sent.length > MAX_REPORTED) this.sent.shift();
    this.note({ type: 'sent', number });
    this.reportSoon();
  }

  /** Of a message that can be seen on its way. */
  private onMoved(event: TransitEvent): void {
    const { from, to, type } = event.message;
    this.happened({ type: event.type === 'sent' ? 'sent' : event.how, from, to, message: type });
    this.reportSoon();
  }

  /** While it is slowed: what comes first, as its peers are slowed before it, is of no trace. */
  private note(step: TraceStep): void {
    if (this.clock.pace === 1) return;
    // A turn hands its messages over first, and then tells what they came of.
    const place =
      step.type === 'mark'
        ? this.steps.findLastIndex(({ type }) => type !== 'sent') + 1
        : this.steps.length;
    this.steps.splice(place, 0, step);
    if (this.steps.length > MAX_STEPS) this.steps.shift();
    this.reportSoon();
  }

  private reportSoon(): void {
    if (this.scheduled) return;
    this.scheduled = true;
    this.clock.defer(() => this.report());
  }

  private setPace(pace: number, trustLeases: boolean): void {
    const host = must(this.host, 'it has joined');
    host.trustLeases(trustLeases);
    this.clock.pace = pace;
    must(this.links, 'it has joined').slow(pace !== 1);
  }

  /** What an earlier life had on its way went with it. */
  private drop(boot: number, number: number): DropResult {
    const { bootEpoch } = this.identity;
    if (boot !== bootEpoch) return boot > 0 && boot < bootEpoch ? 'gone' : 'unknown';
    return must(this.links, 'it has joined').drop(number);
  }

  private happened(happening: Happening): void {
    if (this.happenings.length < MAX_HAPPENINGS) this.happenings.push(happening);
  }

  /** Two turns of the loop let in what other threads have sent by now. */
  private settle(looks: number, then: () => void): void {
    setImmediate(() =>
      setImmediate(() => {
        if (must(this.host, 'it has joined').isSettled || looks >= MAX_LOOKS) then();
        else setTimeout(() => this.settle(looks + 1, then), 1);
      }),
    );
  }

  private report(): void {
    this.scheduled = false;
    const { sent, ended, steps } = this;
    this.sent = [];
    this.ended = [];
    this.steps = [];
    const { nodeId: from, bootEpoch: boot } = this.identity;
    this.tell({ type: 'transit', report: { from, boot, sent, ended, steps } });
  }
}

/** What of a node's life is drawn on its line. */
function markOf(event: RaftEvent): TraceStep | null {
  switch (event.type) {
    case 'electionTimeout':
      return { type: 'mark', mark: 'timeout', term: event.term, index: null };
    case 'commit':
      return { type: 'mark', mark: 'commit', term: event.term, index: event.index };
    case 'role':
      return event.role === 'preCandidate'
        ? null
        : { type: 'mark', mark: event.role, term: event.term, index: null };
    default:
      return null;
  }
}
