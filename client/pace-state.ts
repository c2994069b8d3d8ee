/** The cluster's speed and the messages on their way, as the page holds them; and cluster time now. */
import type { Patch } from '../contracts/live.ts';
import type { Pace, PaceView, StepAnswer, TransitView } from '../contracts/pace.ts';
import type { ClusterView } from '../contracts/view.ts';

/** What the patch makes of the view's part. */
export function pacePatched(
  view: ClusterView,
  { pace, transit }: Patch,
): Partial<Pick<ClusterView, 'pace' | 'transit'>> {
  return {
    ...(pace && { pace }),
    ...(transit && { transit: moved(view.transit, transit) }),
  };
}

/** A message that did not arrive. */
export interface Loss {
  readonly packet: TransitView;
  readonly how: 'dropped' | 'lost';
  /** How far it had come on its way, 0 to 1. */
  readonly part: number;
  /** Local clock, ms. */
  readonly toldAtMs: number;
}

/** Of more, the newest. */
const MAX_LOSSES = 20;

/** Those before, and what the patch says was lost of what was on its way in `view`. */
export function withLosses(
  before: readonly Loss[],
  view: ClusterView,
  { transit, pace = view.pace, atMs }: Patch,
  toldAtMs: number,
): readonly Loss[] {
  const losses = (transit?.ended ?? []).flatMap(({ id, how }): Loss[] => {
    const packet = view.transit.find((candidate) => candidate.id === id);
    if (packet === undefined || (how !== 'dropped' && how !== 'lost')) return [];
    return [{ packet, how, part: partOfWay(packet, clusterMsAt(pace, atMs)), toldAtMs }];
  });
  return losses.length === 0 ? before : [...before, ...losses].slice(-MAX_LOSSES);
}

export function lossWords({ how }: Pick<Loss, 'how'>): string {
  return how === 'dropped' ? 'dropped by hand' : 'lost on its way';
}

function moved(
  held: readonly TransitView[],
  { sent, ended }: NonNullable<Patch['transit']>,
): TransitView[] {
  const over = new Set(ended.map(({ id }) => id));
  // A view fetched over HTTP may be ahead of its number.
  const known = new Set(held.map(({ id }) => id));
  return [...held, ...sent.filter(({ id }) => !known.has(id))].filter(({ id }) => !over.has(id));
}

/** Cluster time, ms, at server clock `nowMs`. */
export function clusterMsAt({ pace, clusterMs, atMs }: PaceView, nowMs: number): number {
  return clusterMs + Math.max(0, nowMs - atMs) * pace;
}

/** How far a message has come on its way at that cluster time, 0 to 1. */
export function partOfWay(
  { sentAtMs, arrivesAtMs }: Pick<TransitView, 'arrivesAtMs' | 'sentAtMs'>,
  clusterMs: number,
): number {
  const part = (clusterMs - sentAtMs) / (arrivesAtMs - sentAtMs);
  return Math.min(1, Math.max(0, part));
}

/** "1x", "1/10", "Pause". */
export function paceLabel(pace: Pace): string {
  if (pace === 0) return 'Pause';
  return pace === 1 ? '1x' : `1/${1 / pace}`;
}

/** What a sentence about the cluster ends with; nothing at full speed. */
export function speedNote(pace: Pace): string {
  if (pace === 0) return '; paused for everyone, writes wait';
  return pace === 1 ? '' : `, at ${paceLabel(pace)} speed`;
}

/** What a step did: the cause, then what follows. */
export function stepWords({ happened, advancedMs }: StepAnswer): string {
  if (happened.length === 0) return 'Nothing is due';
  return `${happened.join('; ')} (${advancedMs.toFixed(1)} ms on)`;
}
