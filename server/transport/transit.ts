/**
 * Messages on their way, when the cluster is slowed: each takes its time on the
 * link and can be seen, and lost, until it arrives. At full speed there is no
 * such time: a message goes as it comes, and nothing here runs. Stands behind
 * the link's rule, at the sending end; what is held dies with its sender, as
 * packets in a network card do.
 *
 * What the rule takes is seen to go a part of the way, and be lost there.
 *
 * Invariant: the messages of a link arrive in the order in which they were let in.
 */
import type { DropResult, OnTransit, TransitEnd } from '../node/pace-control.ts';
import type { Clock, Timer } from '../ports/clock.ts';
import type { Packet } from '../ports/transport.ts';
import type { NodeId } from '../raft/types.ts';

/** What a message takes from node to node, ms of cluster time: a fifth of a second at a tenth of the speed. */
export const TRANSIT_MS = 20;
/** How long a message is on its way that its link loses, cluster ms. */
export const LOST_AFTER_MS = TRANSIT_MS / 4;

interface Held {
  readonly number: number;
  readonly to: NodeId;
  readonly packet: Packet;
  /** Its link has taken it: whatever comes, it does not arrive. */
  readonly isTaken: boolean;
  readonly timer: Timer;
}

/** Says whether there is a line; a message that was slowed has its number. */
type Deliver = (to: NodeId, packet: Packet, number?: number) => boolean;

export class Transit {
  private readonly clock: Clock;
  private readonly deliver: Deliver;
  private readonly onTransit: OnTransit;
  private readonly held = new Map<number, Held>();
  private isSlow = false;
  private nextNumber = 1;

  constructor(clock: Clock, deliver: Deliver, onTransit: OnTransit) {
    this.clock = clock;
    this.deliver = deliver;
    this.onTransit = onTransit;
  }

  /** Full speed lets go of all that is held, at once and in order. */
  slow(isSlow: boolean): void {
    this.isSlow = isSlow;
    if (!isSlow) for (const held of this.held.values()) this.arrive(held);
  }

  carry(to: NodeId, packet: Packet): void {
    if (!this.isSlow) {
      this.deliver(to, packet);
      return;
    }
    this.hold(to, packet, false);
  }

  /** Of a packet that its link has taken: only shows, when slowed, that it was sent. */
  carryToLoss(to: NodeId, packet: Packet): void {
    if (this.isSlow) this.hold(to, packet, true);
  }

  /** Loses the message. `gone`: it is not on its way any more; `unknown`: it never was. */
  drop(number: number): DropResult {
    const held = this.held.get(number);
    if (held === undefined) return number < this.nextNumber && number > 0 ? 'gone' : 'unknown';
    this.end(held, 'dropped');
    return 'dropped';
  }

  /** What was on its way to a peer whose line is gone is lost. */
  lose(to: NodeId): void {
    for (const held of this.held.values()) if (held.to === to) this.end(held, 'lost');
  }

  private hold(to: NodeId, { head, messages }: Packet, isTaken: boolean): void {
    for (const message of messages) {
      const number = this.nextNumber++;
      const held: Held = {
        number,
        to,
        packet: { head, messages: [message] },
        isTaken,
        timer: this.clock.setTimer(isTaken ? LOST_AFTER_MS : TRANSIT_MS, () => this.arrive(held)),
      };
      this.held.set(number, held);
      this.onTransit({ type: 'sent', number, message, takesMs: TRANSIT_MS });
    }
  }

  private arrive(held: Held): void {
    const isThere = !held.isTaken && this.deliver(held.to, held.packet, held.number);
    this.end(held, isThere ? 'arrived' : 'lost');
  }

  private end(held: Held, how: TransitEnd): void {
    held.timer.cancel();
    this.held.delete(held.number);
    const [message] = held.packet.messages;
    if (message !== undefined) this.onTransit({ type: 'ended', number: held.number, how, message });
  }
}
