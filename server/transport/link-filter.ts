/**
 * What a link does to messages on their way out: cut, lose, duplicate, delay,
 * swap. Sits at the sending end, so each direction of a link has a filter of its
 * own.
 */
import type { Random } from '../base/random.ts';
import { isOpenLink } from '../node/control.ts';
import type { LinkRule } from '../node/control.ts';
import type { Clock, Timer } from '../ports/clock.ts';
import type { Packet } from '../ports/transport.ts';

/** A message that is held back goes on alone when none has come after it for so long, ms. */
const HELD_AT_MOST_MS = 250;

export class LinkFilter {
  rule: LinkRule;
  private readonly clock: Clock;
  private readonly random: Random;
  private readonly deliver: (packet: Packet) => void;
  private readonly lose: (packet: Packet) => void;
  /** Held back until the next message has gone. */
  private held: { readonly packet: Packet; readonly timer: Timer } | null = null;

  /** `lose` is told of what the rule takes. */
  constructor(
    rule: LinkRule,
    clock: Clock,
    random: Random,
    deliver: (packet: Packet) => void,
    lose: (packet: Packet) => void,
  ) {
    this.rule = rule;
    this.clock = clock;
    this.random = random;
    this.deliver = deliver;
    this.lose = lose;
  }

  /** Messages of one hand-over travel together unless the rule treats them apart. */
  send(packet: Packet): void {
    const { cut, loss, reorder } = this.rule;
    if (cut) {
      this.lose(packet);
      return;
    }
    if (this.held === null && isOpenLink(this.rule)) {
      this.deliver(packet);
      return;
    }
    for (const message of packet.messages) {
      const alone = { head: packet.head, messages: [message] };
      if (this.random.chance(loss)) this.lose(alone);
      else if (this.held === null && this.random.chance(reorder)) this.hold(alone);
      else {
        this.pass(alone);
        this.release();
      }
    }
  }

  private pass(packet: Packet): void {
    this.later(packet);
    if (this.random.chance(this.rule.duplicate)) this.later(packet);
  }

  /** One at a time, so that the next message overtakes it. */
  private hold(packet: Packet): void {
    const timer = this.clock.setTimer(HELD_AT_MOST_MS, () => this.release());
    this.held = { packet, timer };
  }

  private release(): void {
    const { held } = this;
    if (held === null) return;
    this.held = null;
    held.timer.cancel();
    if (this.rule.cut) this.lose(held.packet);
    else this.pass(held.packet);
  }

  /** A link cut meanwhile loses what was still on its way. */
  private later(packet: Packet): void {
    const delayMs = this.rule.delayMs + this.random.nextFloat() * this.rule.jitterMs;
    if (delayMs === 0) {
      this.deliver(packet);
      return;
    }
    this.clock.setTimer(delayMs, () => {
      if (this.rule.cut) this.lose(packet);
      else this.deliver(packet);
    });
  }
}
