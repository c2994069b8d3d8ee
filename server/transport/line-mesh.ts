/**
 * Replica traffic between nodes: one line per peer, handed over by the
 * supervisor, never passing the main thread. A revived peer comes with a new
 * line; the old one is closed, so nothing of an earlier life arrives.
 */
import { failpoint } from '../base/failpoint.ts';
import { Random } from '../base/random.ts';
import { OPEN_LINK } from '../node/control.ts';
import type { LinkRule } from '../node/control.ts';
import type { Clock } from '../ports/clock.ts';
import type { PeerLine } from '../ports/peer-line.ts';
import type { Packet, Transport } from '../ports/transport.ts';
import type { Message } from '../raft/messages.ts';
import type { NodeId } from '../raft/types.ts';
import type { DropResult, OnSlowed } from '../node/pace-control.ts';
import { LinkFilter } from './link-filter.ts';
import { Transit } from './transit.ts';
import { numberOf, pack, unpack } from './wire.ts';

export class LineMesh implements Transport {
  private readonly clock: Clock;
  private readonly random: Random;
  private readonly lines = new Map<NodeId, PeerLine>();
  private readonly filters = new Map<NodeId, LinkFilter>();
  private readonly onSent: (to: NodeId, messages: readonly Message[]) => void;
  private readonly transit: Transit;
  private readonly onTransit: OnSlowed;
  private readonly onLost: (messages: readonly Message[]) => void;
  private handler: (from: NodeId, packet: unknown) => void = () => {};

  /** `onSent` sees every hand-over, also those that a filter then loses; `onLost` sees those. */
  constructor(
    clock: Clock,
    seed: number,
    onSent: (to: NodeId, messages: readonly Message[]) => void,
    onTransit: OnSlowed = () => {},
    onLost: (messages: readonly Message[]) => void = () => {},
  ) {
    this.clock = clock;
    this.random = Random.fromSeed(seed);
    this.onSent = onSent;
    this.onTransit = onTransit;
    this.onLost = onLost;
    this.transit = new Transit(
      clock,
      (peer, packet, number) => this.deliver(peer, packet, number),
      onTransit,
    );
  }

  onReceive(handler: (from: NodeId, packet: unknown) => void): void {
    this.handler = handler;
  }

  connect(peer: NodeId, line: PeerLine): void {
    this.lines.get(peer)?.close();
    this.transit.lose(peer);
    this.lines.set(peer, line);
    line.on('message', (packet: unknown) => {
      const slowed = numberOf(packet);
      if (slowed !== null) this.onTransit({ type: 'received', from: peer, ...slowed });
      this.handler(peer, unpack(packet));
    });
    line.once('close', () => {
      if (this.lines.get(peer) === line) this.lines.delete(peer);
    });
  }

  setRule(peer: NodeId, rule: LinkRule): void {
    this.filter(peer).rule = rule;
    if (rule.cut) this.transit.lose(peer);
  }

  /** Slowed, each message takes its time on the link. */
  slow(isSlow: boolean): void {
    this.transit.slow(isSlow);
  }

  /** Loses a message that is on its way from here. */
  drop(number: number): DropResult {
    return this.transit.drop(number);
  }

  send(to: NodeId, packet: Packet): void {
    failpoint('send');
    this.onSent(to, packet.messages);
    this.filter(to).send(packet);
  }

  close(): void {
    for (const line of this.lines.values()) line.close();
    this.lines.clear();
  }

  /** False when the peer is gone. */
  private deliver(peer: NodeId, packet: Packet, number: number | undefined): boolean {
    const line = this.lines.get(peer);
    line?.postMessage(number === undefined ? pack(packet) : { ...pack(packet), number });
    return line !== undefined;
  }

  private filter(peer: NodeId): LinkFilter {
    let filter = this.filters.get(peer);
    if (filter === undefined) {
      filter = new LinkFilter(
        OPEN_LINK,
        this.clock,
        this.random.fork(),
        (packet) => this.transit.carry(peer, packet),
        (packet) => {
          this.onLost(packet.messages);
          this.transit.carryToLoss(peer, packet);
        },
      );
      this.filters.set(peer, filter);
    }
    return filter;
  }
}
