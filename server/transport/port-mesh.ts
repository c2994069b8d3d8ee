/**
 * Replica traffic between worker threads: one MessagePort per peer, handed
 * over by the supervisor, never passing the main thread. A revived peer comes
 * with a new port; the old one is closed, so nothing of an earlier life arrives.
 */
import type { MessagePort } from 'node:worker_threads';
import { Random } from '../base/random.ts';
import { OPEN_LINK } from '../node/control.ts';
import type { LinkRule } from '../node/control.ts';
import type { Clock } from '../ports/clock.ts';
import type { Packet, Transport } from '../ports/transport.ts';
import type { Message } from '../raft/messages.ts';
import type { NodeId } from '../raft/types.ts';
import { LinkFilter } from './link-filter.ts';
import { pack, unpack } from './wire.ts';

export class PortMesh implements Transport {
  private readonly clock: Clock;
  private readonly random: Random;
  private readonly ports = new Map<NodeId, MessagePort>();
  private readonly filters = new Map<NodeId, LinkFilter>();
  private readonly onSent: (to: NodeId, messages: readonly Message[]) => void;
  private handler: (from: NodeId, packet: unknown) => void = () => {};

  /** `onSent` sees every hand-over, also those that a filter then loses. */
  constructor(
    clock: Clock,
    seed: number,
    onSent: (to: NodeId, messages: readonly Message[]) => void,
  ) {
    this.clock = clock;
    this.random = Random.fromSeed(seed);
    this.onSent = onSent;
  }

  onReceive(handler: (from: NodeId, packet: unknown) => void): void {
    this.handler = handler;
  }

  connect(peer: NodeId, port: MessagePort): void {
    this.ports.get(peer)?.close();
    this.ports.set(peer, port);
    port.on('message', (packet: unknown) => this.handler(peer, unpack(packet)));
  }

  setRule(peer: NodeId, rule: LinkRule): void {
    this.filter(peer).rule = rule;
  }

  send(to: NodeId, packet: Packet): void {
    this.onSent(to, packet.messages);
    this.filter(to).send(packet);
  }

  close(): void {
    for (const port of this.ports.values()) port.close();
    this.ports.clear();
  }

  private filter(peer: NodeId): LinkFilter {
    let filter = this.filters.get(peer);
    if (filter === undefined) {
      filter = new LinkFilter(OPEN_LINK, this.clock, this.random.fork(), (packet) =>
        this.ports.get(peer)?.postMessage(pack(packet)),
      );
      this.filters.set(peer, filter);
    }
    return filter;
  }
}
