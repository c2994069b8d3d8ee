/**
 * The axis of the time bar: a stretch in which nothing happened takes a narrow
 * mark on it, whatever its length; all else is to one scale. A place on the axis
 * is a number of ms as well: those that are drawn before it. Whole places and
 * whole times lead to each other and back without a loss, inside a fold too.
 */
import type { Span } from './recording-lanes.ts';
import { onBrokenLine } from './time-axis.ts';

/** More stretches than this are not folded: the longest are. */
const MOST_FOLDS = 8;
/** A shorter one is left as it is, ms. */
const LEAST_MS = 20_000;
/** What a mark takes of the whole axis. */
const SHARE = 0.04;
/** A fold that does not make a stretch shorter by so much is not worth its mark. */
const LEAST_GAIN = 2;

export interface TimeFold {
  readonly range: Span;
  /** What is folded, oldest first. */
  readonly folds: readonly Span[];
  /** Of the whole axis, ms. */
  readonly length: number;
  /** From 0 to `length`, rising with time; what lies outside the range is at its end. */
  placeOf(ms: number): number;
  /** A whole ms of the range. */
  timeOf(place: number): number;
}

/** `idle`: stretches of the range that may be folded, oldest first, none touching another. */
export function timeFold(range: Span, idle: readonly Span[]): TimeFold {
  const whole = range.toMs - range.fromMs;
  const { folds, width } = worthFolding(whole, idle);
  const times = [0];
  const places = [0];
  for (const fold of folds) {
    const [from, to] = [fold.fromMs - range.fromMs, fold.toMs - range.fromMs];
    const place = (places.at(-1) ?? 0) + from - (times.at(-1) ?? 0);
    times.push(from, to);
    places.push(place, place + width);
  }
  const length = (places.at(-1) ?? 0) + whole - (times.at(-1) ?? 0);
  times.push(whole);
  places.push(length);
  return {
    range,
    folds,
    length,
    placeOf: (ms) => onBrokenLine(times, places, ms - range.fromMs),
    timeOf: (place) => range.fromMs + Math.round(onBrokenLine(places, times, place)),
  };
}

/** The stretch that is folded at `ms`; null when none is. */
export function foldAt({ folds }: TimeFold, ms: number): Span | null {
  return folds.find(({ fromMs, toMs }) => fromMs <= ms && ms < toMs) ?? null;
}

/** How far along the axis, %. */
export function percentOf(axis: TimeFold, ms: number): number {
  return (100 * axis.placeOf(ms)) / Math.max(1, axis.length);
}

/** The folds of which one mark after the other is closer than `least` %, middle to middle, together; oldest first. */
export function foldGroups(axis: TimeFold, least: number): readonly (readonly Span[])[] {
  const groups: Span[][] = [];
  let lastMiddle = Number.NEGATIVE_INFINITY;
  for (const fold of axis.folds) {
    const middle = (percentOf(axis, fold.fromMs) + percentOf(axis, fold.toMs)) / 2;
    const group = groups.at(-1);
    if (group !== undefined && middle - lastMiddle < least) group.push(fold);
    else groups.push([fold]);
    lastMiddle = middle;
  }
  return groups;
}

/** What is folded, and the width of each mark, ms. Leaving one out makes marks wider, so that another may go. */
function worthFolding(
  whole: number,
  idle: readonly Span[],
): { readonly folds: readonly Span[]; readonly width: number } {
  let folds = idle
    .filter((span) => lengthOf(span) >= LEAST_MS)
    .toSorted((a, b) => lengthOf(b) - lengthOf(a))
    .slice(0, MOST_FOLDS);
  for (;;) {
    const shown = whole - folds.reduce((sum, span) => sum + lengthOf(span), 0);
    const width = Math.max(1, Math.round((SHARE * shown) / (1 - SHARE * folds.length)));
    const worth = folds.filter((span) => lengthOf(span) >= LEAST_GAIN * width);
    if (worth.length === folds.length)
      return { folds: folds.toSorted((a, b) => a.fromMs - b.fromMs), width };
    folds = worth;
  }
}

function lengthOf({ fromMs, toMs }: Span): number {
  return toMs - fromMs;
}
