/**
 * Linearizable reads by ReadIndex (§8; dissertation §6.4): see read-rounds.ts
 * for why a round is safe. A leader answers none before an entry of its own
 * term is committed, since until then it may not know the newest commit.
 */
import type { Core } from './core.ts';
import { isDiskStuck, sendHeartbeat } from './heartbeat.ts';
import { quorumValue } from './quorum.ts';

export function onRead(core: Core, id: number): void {
  if (core.leadership === null) {
    core.result({ type: 'readFailed', id, reason: 'not-leader', leaderHint: core.leader });
    return;
  }
  core.leadership.reads.add(id);
}

/**
 * Opens the next round if there is one to open. Called once per drain, so reads
 * share rounds. With a stuck disk the round waits for the next heartbeat: reads
 * must not keep a leader in office that can write nothing.
 */
export function startReadRound(core: Core): void {
  const leadership = core.leadership;
  if (leadership === null || !leadership.reads.canStart) return;
  if (core.commitIndex < leadership.noopIndex) return;
  leadership.reads.start(core.commitIndex);
  if (!isDiskStuck(core)) {
    for (const progress of leadership.progress.values()) sendHeartbeat(core, leadership, progress);
  }
  onReadConfirmation(core);
}

/** Closes the round under way once a quorum has confirmed it. */
export function onReadConfirmation(core: Core): void {
  const leadership = core.leadership;
  if (leadership === null || !leadership.reads.hasOpenRound) return;
  const confirmed = quorumValue(core.conf, (id) =>
    id === core.id ? leadership.reads.currentSeq : (leadership.progress.get(id)?.readSeq ?? 0),
  );
  const ready = leadership.reads.confirm(confirmed);
  if (ready === null) return;
  for (const id of ready.ids) core.result({ type: 'readReady', id, index: ready.index });
}
