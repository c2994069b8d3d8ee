/** Messages of one turn, sorted by who is to have them. */
import type { Message } from '../raft/messages.ts';
import type { NodeId } from '../raft/types.ts';

/** For each receiver its messages, in their order. */
export function byReceiver(messages: readonly Message[]): ReadonlyMap<NodeId, readonly Message[]> {
  const batches = new Map<NodeId, Message[]>();
  for (const message of messages) {
    const batch = batches.get(message.to);
    if (batch === undefined) batches.set(message.to, [message]);
    else batch.push(message);
  }
  return batches;
}
