/**
 * An axis for times that may lie a millisecond or fifty years apart. Between
 * two neighbouring changes it is linear; the width of such a stretch grows with
 * the logarithm of its length, so that a burst can be seen and an idle night
 * does not take the page. Any time on it can be reached, not the changes alone.
 */

export interface TimeAxis {
  /** Instants at which something changes, ascending, and none twice. */
  readonly stops: readonly number[];
  /** 0 to 1; what lies outside is at the end. */
  fractionOf(time: number): number;
  /** Whole milliseconds. */
  timeOf(fraction: number): number;
}

/** An axis over these changes and now, with a little before the first, when there was nothing yet, and after the last that is planned. */
export function timeAxis(changes: Iterable<number>, now: number): TimeAxis {
  const stops = [...new Set(changes)].sort((a, b) => a - b);
  const known = [...new Set([...stops, now])].sort((a, b) => a - b);
  const first = known[0] ?? now;
  const last = known.at(-1) ?? now;
  const margin = Math.max(MIN_MARGIN_MS, Math.ceil((last - first) * MARGIN));
  const hasPlans = last > now;
  const marks = [
    ...new Set([Math.max(0, first - margin), ...known, ...(hasPlans ? [last + margin] : [])]),
  ];
  const places = placesOf(marks, hasPlans);
  return {
    stops,
    fractionOf: (time) => onBrokenLine(marks, places, time),
    timeOf: (fraction) => Math.round(onBrokenLine(places, marks, fraction)),
  };
}

/** The margins have this part of the time between the first and the last mark, and at least so much, ms. */
const MARGIN = 0.05;
const MIN_MARGIN_MS = 100;
/** Width of a margin, and of a stretch of no length, beside one of ten milliseconds. */
const LEAST_WIDTH = 1;

/** Where on the axis each mark is, 0 to 1. */
function placesOf(marks: readonly number[], hasPlans: boolean): readonly number[] {
  const places = [0];
  for (const [i, mark] of marks.entries()) {
    const before = marks[i - 1];
    if (before === undefined) continue;
    const isMargin = i === 1 || (hasPlans && i === marks.length - 1);
    const width = isMargin ? LEAST_WIDTH : LEAST_WIDTH + Math.log10(1 + mark - before);
    places.push((places[i - 1] ?? 0) + width);
  }
  const total = places.at(-1) ?? 0;
  return places.map((place) => (total === 0 ? 0 : place / total));
}

/** `x` on the broken line through the points (xs, ys); at its ends outside. */
export function onBrokenLine(xs: readonly number[], ys: readonly number[], x: number): number {
  const after = xs.findIndex((at) => at >= x);
  if (after === -1) return ys.at(-1) ?? 0;
  if (after === 0) return ys[0] ?? 0;
  const [x0 = 0, x1 = 0, y0 = 0, y1 = 0] = [xs[after - 1], xs[after], ys[after - 1], ys[after]];
  return y0 + ((x - x0) / (x1 - x0)) * (y1 - y0);
}

/** The last change before `time`, or null; `stops` ascend. */
export function changeBefore(stops: readonly number[], time: number): number | null {
  return stops.findLast((stop) => stop < time) ?? null;
}

/** The first change after `time`, or null. */
export function changeAfter(stops: readonly number[], time: number): number | null {
  return stops.find((stop) => stop > time) ?? null;
}

/**
 * The change or `now` that is within `reach` of this place on the axis, else the
 * time there. Where nothing is planned, what lies after now is now.
 */
export function snapped(axis: TimeAxis, fraction: number, now: number, reach: number): number {
  let nearest = axis.timeOf(fraction);
  let distance = reach;
  for (const stop of [...axis.stops, now]) {
    const off = Math.abs(axis.fractionOf(stop) - fraction);
    if (off > distance) continue;
    distance = off;
    nearest = stop;
  }
  return nearest > now && (axis.stops.at(-1) ?? 0) <= now ? now : nearest;
}
