/** Links between nodes in virtual time: each direction delays, loses, doubles and reorders as told. */
import type { Random } from '../server/base/random.ts';
import type { Message } from '../server/raft/messages.ts';
import type { NodeId } from '../server/raft/types.ts';
import type { Transport } from '../server/ports/transport.ts';
import type { Scheduler } from './scheduler.ts';

export interface Weather {
  minDelayMs: number;
  maxDelayMs: number;
  loss: number;
  duplicate: number;
}

export const CALM: Weather = { minDelayMs: 0.1, maxDelayMs: 2, loss: 0, duplicate: 0 };

type Handler = (from: NodeId, messages: readonly Message[]) => void;

export class SimNetwork {
  weather: Weather = { ...CALM };
  readonly counts = { sent: 0, lost: 0, doubled: 0, cut: 0 };
  private readonly scheduler: Scheduler;
  private readonly random: Random;
  private readonly handlers = new Map<NodeId, Handler>();
  private readonly cuts = new Set<string>();
  private readonly pausedUntil: (id: NodeId) => number;

  constructor(scheduler: Scheduler, random: Random, pausedUntil: (id: NodeId) => number) {
    this.scheduler = scheduler;
    this.random = random;
    this.pausedUntil = pausedUntil;
  }

  /** The way out of `id`, for one boot of it. */
  endpoint(id: NodeId): Transport {
    return {
      send: (to, messages) => {
        for (const message of messages) this.send(id, to, message);
      },
      onReceive: (handler) => this.handlers.set(id, handler),
    };
  }

  /** A node that is down hears nothing. */
  disconnect(id: NodeId): void {
    this.handlers.delete(id);
  }

  cut(from: NodeId, to: NodeId): void {
    this.cuts.add(`${from}>${to}`);
  }

  heal(): void {
    this.cuts.clear();
  }

  private send(from: NodeId, to: NodeId, message: Message): void {
    this.counts.sent++;
    if (this.random.chance(this.weather.loss)) {
      this.counts.lost++;
      return;
    }
    this.deliverLater(from, to, message);
    if (this.random.chance(this.weather.duplicate)) {
      this.counts.doubled++;
      this.deliverLater(from, to, message);
    }
  }

  private deliverLater(from: NodeId, to: NodeId, message: Message): void {
    const { minDelayMs, maxDelayMs } = this.weather;
    const delayMs = minDelayMs + this.random.nextFloat() * (maxDelayMs - minDelayMs);
    this.scheduler.after(delayMs, () => this.deliver(from, to, message));
  }

  private deliver(from: NodeId, to: NodeId, message: Message): void {
    if (this.cuts.has(`${from}>${to}`)) {
      this.counts.cut++;
      return;
    }
    const awakeMs = this.pausedUntil(to);
    if (awakeMs > this.scheduler.nowMs) {
      this.scheduler.at(awakeMs, () => this.deliver(from, to, message));
      return;
    }
    this.handlers.get(to)?.(from, [message]);
  }
}
