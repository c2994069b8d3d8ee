/**
 * Handing over (dissertation §3.10): the leader takes no more proposals, brings
 * the chosen voter up to date, and tells it to campaign at once. If that has not
 * ended its leadership within an election time-out it goes on as before.
 */
import type { Core } from './core.ts';
import { isVoter } from './quorum.ts';
import type { NodeId } from './types.ts';

export function onTransferLeadership(core: Core, to: NodeId): void {
  const { leadership } = core;
  if (leadership === null || to === core.id || !isVoter(core.conf, to)) return;
  leadership.transfer = { to, untilMono: core.now.mono + core.config.electionTimeoutMs };
  core.trace({ type: 'transfer', to, phase: 'began' });
  pushTransfer(core, to);
}

/** `peer` has answered: if it is the heir and lacks nothing, it is told, again and again, as the word may be lost. */
export function pushTransfer(core: Core, peer: NodeId): void {
  const { leadership } = core;
  if (leadership?.transfer?.to !== peer) return;
  if (leadership.progress.get(peer)?.matchIndex !== core.log.lastIndex) return;
  core.send({ type: 'TimeoutNow', from: core.id, to: peer, term: core.term });
  core.trace({ type: 'transfer', to: peer, phase: 'asked' });
}

/** Takes proposals again when the heir did not take over in time, or is no voter any more. */
export function checkTransfer(core: Core): void {
  const { leadership } = core;
  const transfer = leadership?.transfer;
  if (leadership === null || transfer === null || transfer === undefined) return;
  if (core.now.mono < transfer.untilMono && isVoter(core.conf, transfer.to)) return;
  leadership.transfer = null;
  core.trace({ type: 'transfer', to: transfer.to, phase: 'gaveUp' });
}
