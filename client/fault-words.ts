/** Active faults in few words, for cards and links. */
import type { LinkView } from '../contracts/view.ts';
import type { NodeFaults } from '../contracts/faults.ts';

export interface FaultWord {
  /** What is at fault: each has a shape of its own. */
  readonly what: 'thread' | 'disk' | 'clock';
  readonly text: string;
}

/** `nowMs` is server time; null while it is not known. */
export function nodeFaultWords(faults: NodeFaults, nowMs: number | null): readonly FaultWord[] {
  const { pausedUntilMs, diskDelayMs, diskFull, clockOffsetMs, clockDrift, wiped } = faults;
  const words: FaultWord[] = [];
  if (pausedUntilMs !== null) {
    const left =
      nowMs === null ? '' : ` ${Math.max(1, Math.ceil((pausedUntilMs - nowMs) / 1000))} s`;
    words.push({ what: 'thread', text: `paused${left}` });
  }
  if (wiped) words.push({ what: 'disk', text: 'disk wiped: replace it' });
  if (diskFull) words.push({ what: 'disk', text: 'disk full' });
  if (diskDelayMs > 0) words.push({ what: 'disk', text: `disk +${diskDelayMs} ms` });
  if (clockOffsetMs !== 0) words.push({ what: 'clock', text: `clock ${inSeconds(clockOffsetMs)}` });
  if (clockDrift !== 0) words.push({ what: 'clock', text: `clock ${driftWords(clockDrift)}` });
  return words;
}

export function hasFault(faults: NodeFaults): boolean {
  return nodeFaultWords({ ...faults, wiped: false }, null).length > 0;
}

export function driftWords(drift: number): string {
  return `${drift > 0 ? '+' : '−'}${Math.abs(drift) / 10} % rate`;
}

function inSeconds(ms: number): string {
  return `${ms > 0 ? '+' : '−'}${(Math.abs(ms) / 1000).toFixed(1)} s`;
}

type LinkState = 'up' | 'cut' | 'slow' | 'lossy';

/** One direction, or both taken together: the worst of them counts. */
export function linkState(lanes: readonly LinkView[]): LinkState {
  if (lanes.some((lane) => lane.cut)) return 'cut';
  if (lanes.some(({ loss, duplicate, reorder }) => loss > 0 || duplicate > 0 || reorder > 0))
    return 'lossy';
  return lanes.some((lane) => lane.delayMs > 0 || lane.jitterMs > 0) ? 'slow' : 'up';
}

/** What one direction does to its messages; "" when nothing. */
export function laneWords({ cut, ...lane }: LinkView): string {
  if (cut) return 'cut';
  const words: string[] = [];
  if (lane.delayMs > 0 || lane.jitterMs > 0) {
    const most = lane.delayMs + lane.jitterMs;
    words.push(lane.jitterMs > 0 ? `${lane.delayMs}–${most} ms` : `${most} ms`);
  }
  if (lane.loss > 0) words.push(`${percent(lane.loss)} lost`);
  if (lane.duplicate > 0) words.push(`${percent(lane.duplicate)} twice`);
  if (lane.reorder > 0) words.push(`${percent(lane.reorder)} swapped`);
  return words.join(', ');
}

/** Both directions of a link; what only one of them does is told with its arrow. */
export function linkWords(lanes: readonly LinkView[]): string {
  const told = lanes.map((lane) => ({ lane, words: laneWords(lane) }));
  const [first] = told;
  if (first !== undefined && told.every(({ words }) => words === first.words)) return first.words;
  return told
    .filter(({ words }) => words !== '')
    .map(({ lane, words }) => `${lane.from} → ${lane.to} ${words}`)
    .join('; ');
}

export function percent(share: number): string {
  return `${Math.round(share * 100)} %`;
}
