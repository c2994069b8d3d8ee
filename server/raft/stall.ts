/**
 * A node that did not run (starved of processor, suspended) has heard nobody in
 * that time because nobody listened. It must not take its own silence for that
 * of others, or one slow moment of the machine ends a good leadership.
 */
import type { Core } from './core.ts';

/** Time in which this node did not run counts against nobody. Only ever delays a campaign or a step-down, on which no safety rests; leases age on. */
export function excuse(core: Core, ms: number): void {
  core.electionAtMono += ms;
  if (core.lastHeardMono !== null)
    core.lastHeardMono = Math.min(core.now.mono, core.lastHeardMono + ms);
  for (const progress of core.leadership?.progress.values() ?? [])
    progress.lastAckMono = Math.min(core.now.mono, progress.lastAckMono + ms);
  core.persistence.excuse(ms, core.now.mono);
}
