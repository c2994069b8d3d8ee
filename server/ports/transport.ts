/** The way to the other nodes. May lose, delay, duplicate and reorder; never alters. */
import type { Message } from '../raft/messages.ts';
import type { NodeId } from '../raft/types.ts';

export interface Transport {
  /** Hands over messages for one peer; never blocks, never throws for an unreachable peer. */
  send(to: NodeId, messages: readonly Message[]): void;
  /** Set once by the node host before anything is sent. */
  onReceive(handler: (from: NodeId, messages: readonly Message[]) => void): void;
}
