/**
 * What a link does to messages on their way out: cut, lose, duplicate, delay.
 * Sits at the sending end, so each direction of a link has a filter of its own.
 */
import type { Random } from '../base/random.ts';
import type { LinkRule } from '../node/control.ts';
import type { Clock } from '../ports/clock.ts';
import type { Packet } from '../ports/transport.ts';

export class LinkFilter {
  rule: LinkRule;
  private readonly clock: Clock;
  private readonly random: Random;
  private readonly deliver: (packet: Packet) => void;

  constructor(rule: LinkRule, clock: Clock, random: Random, deliver: (packet: Packet) => void) {
    this.rule = rule;
    this.clock = clock;
    this.random = random;
    this.deliver = deliver;
  }

  /** Messages of one hand-over travel together unless the rule treats them apart. */
  send(packet: Packet): void {
    const { cut, delayMs, jitterMs, loss, duplicate } = this.rule;
    if (cut) return;
    if (loss === 0 && duplicate === 0 && delayMs === 0 && jitterMs === 0) {
      this.deliver(packet);
      return;
    }
    for (const message of packet.messages) {
      if (this.random.chance(loss)) continue;
      const alone = { head: packet.head, messages: [message] };
      this.later(alone);
      if (this.random.chance(duplicate)) this.later(alone);
    }
  }

  /** A link cut meanwhile loses what was still on its way. */
  private later(packet: Packet): void {
    const delayMs = this.rule.delayMs + this.random.nextFloat() * this.rule.jitterMs;
    if (delayMs === 0) {
      this.deliver(packet);
      return;
    }
    this.clock.setTimer(delayMs, () => {
      if (!this.rule.cut) this.deliver(packet);
    });
  }
}
