/**
 * The way to the other nodes. May lose, delay, duplicate and reorder. What arrives
 * is not trusted: it may have been altered, or come from another cluster, another
 * version of the program or an earlier life of its sender (docs/adr/0014).
 */
import type { Message } from '../raft/messages.ts';
import type { NodeId } from '../raft/types.ts';

/** Who speaks, besides its name, which the transport tells: the same for all that a node sends in one life. */
export interface PacketHead {
  /** Of the protocol. */
  readonly version: number;
  readonly clusterId: string;
  /** As in the sender's {@link StoreIdentity}: together they name one life of it. */
  readonly storeId: string;
  readonly bootEpoch: number;
}

/** Messages that are handed over together. */
export interface Packet {
  readonly head: PacketHead;
  readonly messages: readonly Message[];
}

export interface Transport {
  /** Hands over messages for one peer; never blocks, never throws for an unreachable peer. */
  send(to: NodeId, packet: Packet): void;
  /** Set once by the node host before anything is sent. The handler never throws, whatever it is given. */
  onReceive(handler: (from: NodeId, packet: unknown) => void): void;
}
