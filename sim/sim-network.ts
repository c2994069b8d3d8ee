/** Links between nodes in virtual time: each direction delays, loses, doubles, reorders, holds and replays as told. */
import { must } from '../server/base/assert.ts';
import type { Random } from '../server/base/random.ts';
import type { Message } from '../server/raft/messages.ts';
import type { NodeId } from '../server/raft/types.ts';
import type { Packet, Transport } from '../server/ports/transport.ts';
import type { Scheduler } from './scheduler.ts';
import type { ClockError } from './sim-clock.ts';

export interface Weather {
  minDelayMs: number;
  maxDelayMs: number;
  loss: number;
  duplicate: number;
}

export const CALM: Weather = { minDelayMs: 0.1, maxDelayMs: 2, loss: 0, duplicate: 0 };

/** What was held comes out within this time, in any order. */
const HELD_SPREAD_MS = 20;

type Handler = (from: NodeId, packet: unknown) => void;

/** Is told of each packet that `from` got through; `hear` gives the node another in its place, at once. */
type Echo = (packet: Packet, hear: (packet: unknown) => void) => void;

/** A node as the network knows it. */
interface Port {
  readonly id: NodeId;
  /** Null while the node is down. */
  handler: Handler | null;
  /** Those who cannot reach this node; called with each message that this costs. */
  readonly cutFrom: Map<NodeId, () => void>;
  /** What comes before this instant is held until then, or, `passing` often, passes and comes again then. */
  heldUntilMs: number;
  passing: number;
  onHeld: () => void;
  /** What comes before this instant has an echo. */
  echoUntilMs: number;
  echo: Echo;
  /** Nothing is heard here before this instant. */
  readonly clockError: Readonly<ClockError>;
}

export class SimNetwork {
  weather: Weather = { ...CALM };
  readonly counts = { sent: 0, lost: 0, doubled: 0, cut: 0 };
  private readonly scheduler: Scheduler;
  private readonly random: Random;
  private readonly ports = new Map<NodeId, Port>();

  constructor(scheduler: Scheduler, random: Random) {
    this.scheduler = scheduler;
    this.random = random;
  }

  /** Every node joins once, before anything is sent to it. */
  join(id: NodeId, clockError: Readonly<ClockError>): void {
    this.ports.set(id, {
      id,
      handler: null,
      cutFrom: new Map(),
      heldUntilMs: 0,
      passing: 0,
      onHeld: () => {},
      echoUntilMs: 0,
      echo: () => {},
      clockError,
    });
  }

  /** The way out of `id`, for one boot of it; `onSend` sees all that leaves. */
  endpoint(id: NodeId, onSend: (message: Message) => void = () => {}): Transport {
    return {
      send: (to, { head, messages }) => {
        const port = this.port(to);
        for (const message of messages) {
          onSend(message);
          this.send(id, port, { head, messages: [message] });
        }
      },
      onReceive: (handler) => {
        this.port(id).handler = handler;
      },
    };
  }

  /** A node that is down hears nothing. */
  disconnect(id: NodeId): void {
    this.port(id).handler = null;
  }

  /** Nothing from `from` reaches `to`, until all is healed. `onCut` hears of each message lost. */
  cut(from: NodeId, to: NodeId, onCut: () => void = () => {}): void {
    this.port(to).cutFrom.set(from, onCut);
  }

  /** What reaches `to` before `untilMs` is held until then; of all, the share `passing` passes too, and comes again then. */
  hold(to: NodeId, untilMs: number, passing: number, onHeld: () => void): void {
    Object.assign(this.port(to), { heldUntilMs: untilMs, passing, onHeld });
  }

  /** Of what `to` hears before `untilMs`, `echo` is told right after. */
  follow(to: NodeId, untilMs: number, echo: Echo): void {
    Object.assign(this.port(to), { echoUntilMs: untilMs, echo });
  }

  /** What was held already still comes late. */
  heal(): void {
    for (const port of this.ports.values()) {
      port.cutFrom.clear();
      port.heldUntilMs = 0;
      port.echoUntilMs = 0;
    }
  }

  private port(id: NodeId): Port {
    return must(this.ports.get(id), 'a node of this network');
  }

  private send(from: NodeId, to: Port, packet: Packet): void {
    this.counts.sent++;
    if (this.random.chance(this.weather.loss)) {
      this.counts.lost++;
      return;
    }
    this.deliverLater(from, to, packet);
    if (this.random.chance(this.weather.duplicate)) {
      this.counts.doubled++;
      this.deliverLater(from, to, packet);
    }
  }

  private deliverLater(from: NodeId, to: Port, packet: Packet): void {
    const { minDelayMs, maxDelayMs } = this.weather;
    const delayMs = minDelayMs + this.random.nextFloat() * (maxDelayMs - minDelayMs);
    this.scheduler.after(delayMs, () => this.deliver(from, to, packet));
  }

  private deliver(from: NodeId, to: Port, packet: Packet): void {
    const onCut = to.cutFrom.get(from);
    if (onCut !== undefined) {
      this.counts.cut++;
      onCut();
      return;
    }
    if (to.heldUntilMs > this.scheduler.nowMs) {
      to.onHeld();
      const spreadMs = this.random.nextFloat() * HELD_SPREAD_MS;
      const late = to.heldUntilMs + spreadMs;
      this.scheduler.at(late, () => this.hear(from, to, packet));
      if (!this.random.chance(to.passing)) return;
    }
    this.hear(from, to, packet);
  }

  /** It has come as far as the machine: no cut takes it back. */
  private hear(from: NodeId, to: Port, packet: Packet): void {
    const awakeMs = to.clockError.pausedUntilMs;
    if (awakeMs > this.scheduler.nowMs) {
      this.scheduler.at(awakeMs, () => this.hear(from, to, packet));
      return;
    }
    const { handler } = to;
    if (handler === null) return;
    handler(from, packet);
    if (to.echoUntilMs > this.scheduler.nowMs) to.echo(packet, (other) => handler(from, other));
  }
}
