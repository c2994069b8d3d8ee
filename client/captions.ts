/** The events as captions under a presentation: one sentence at a time, each long enough to be read. */
import type { EventKind, EventView } from '../contracts/view.ts';

/** Each caption stays at least so long, ms: two lines at the pace of subtitles. */
export const CAPTION_MS = 1500;
/** So many wait their turn; beyond, what matters less is left out. */
export const MOST_WAITING = 4;

/** Told by another sentence, or of no interest to an audience. */
const UNTOLD: ReadonlySet<EventKind> = new Set(['vote-cast', 'snapshot-sent', 'node-starting']);

/** Never left out. */
const KEPT: ReadonlySet<EventKind> = new Set([
  'leader-elected',
  'node-killed',
  'node-failed',
  'quorum-lost',
  'invariant-broken',
]);

/** What is said next, after event `said`; null when all has been said. */
export function nextCaption(events: readonly EventView[], said: number): EventView | null {
  const waiting = events.filter(({ seq, kind }) => seq > said && !UNTOLD.has(kind));
  const spare = waiting.length - MOST_WAITING;
  return waiting.find(({ kind }, place) => place >= spare || KEPT.has(kind)) ?? null;
}

/** What is shown at the beginning: the last that was worth telling. */
export function lastCaption(events: readonly EventView[]): EventView | null {
  return events.findLast(({ kind }) => !UNTOLD.has(kind)) ?? null;
}
