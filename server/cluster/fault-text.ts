/** Faults of a node, set and taken away, in the words of the feed. */
import type { NodeFaults } from '../../contracts/faults.ts';
import type { EventDraft } from './event-text.ts';

/** One line for each part that changed. */
export function describeFaults(
  node: string,
  before: NodeFaults,
  after: NodeFaults,
): readonly EventDraft[] {
  const drafts: EventDraft[] = [];
  const tell = (isFault: boolean, text: string): void => {
    drafts.push({ kind: isFault ? 'fault-set' : 'fault-ended', node, text });
  };
  if (before.pausedUntilMs !== after.pausedUntilMs) {
    const isPaused = after.pausedUntilMs !== null;
    tell(isPaused, isPaused ? `${node} is paused: it stands still` : `${node} runs again`);
  }
  if (before.diskDelayMs !== after.diskDelayMs) {
    const { diskDelayMs } = after;
    tell(
      diskDelayMs > 0,
      diskDelayMs > 0
        ? `${node}’s disk is slow: each durable write takes ${diskDelayMs} ms longer`
        : `${node}’s disk is as fast as it was`,
    );
  }
  if (before.diskFull !== after.diskFull) {
    tell(
      after.diskFull,
      after.diskFull
        ? `${node}’s disk is full: its database cannot grow`
        : `${node}’s disk has room again`,
    );
  }
  if (before.clockOffsetMs !== after.clockOffsetMs || before.clockDrift !== after.clockDrift) {
    const { clockOffsetMs, clockDrift } = after;
    const isWrong = clockOffsetMs !== 0 || clockDrift !== 0;
    const text = [offsetWords(clockOffsetMs), driftWords(clockDrift)].filter(
      (words) => words !== '',
    );
    tell(isWrong, `${node}’s clock ${isWrong ? text.join(' and ') : 'is right again'}`);
  }
  if (after.wiped && !before.wiped)
    tell(
      true,
      `${node}’s disk was wiped: its database is gone, and it may not come back as ${node}`,
    );
  return drafts;
}

function offsetWords(offsetMs: number): string {
  if (offsetMs === 0) return '';
  return `is ${Math.abs(offsetMs)} ms ${offsetMs > 0 ? 'ahead' : 'behind'}`;
}

function driftWords(drift: number): string {
  if (drift === 0) return '';
  return `runs ${Math.abs(drift) / 10} % too ${drift > 0 ? 'fast' : 'slow'}`;
}
