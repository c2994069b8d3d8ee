/**
 * What the Keys page shows, as one value that its address carries: which keys,
 * which record and field, at what time, and what it is compared with. A link
 * reopens the moment.
 */
import { parseAsOf } from './time-input.ts';
import type { Coordinates } from './time-input.ts';

export interface Moment {
  readonly prefix: string;
  /** Null for the keys as a whole. */
  readonly key: string | null;
  readonly field: string | null;
  /** Empty for now. */
  readonly time: Coordinates;
  /** The other instant of a comparison; null when there is none. */
  readonly against: Coordinates | null;
}

/** `nowMs` is what "-5m" in an address counts from; what is not understood is left out. */
export function readMoment(query: string, nowMs: number): Moment {
  const params = new URLSearchParams(query);
  const key = nonEmpty(params.get('key'));
  const against = params.get('compare');
  return {
    prefix: params.get('prefix') ?? '',
    key,
    field: key === null ? null : nonEmpty(params.get('field')),
    time: coordinatesOf(params.get('time') ?? '', nowMs) ?? {},
    against: against === null ? null : coordinatesOf(against, nowMs),
  };
}

/** The query of an address: `before` with this moment in it; other parameters stay. */
export function writeMoment(moment: Moment, before = ''): string {
  const params = new URLSearchParams(before);
  const { prefix, key, field, time, against } = moment;
  const parts = {
    prefix: nonEmpty(prefix),
    key,
    field,
    time: nonEmpty(coordinatesText(time)),
    compare: against === null ? null : coordinatesText(against) || 'now',
  };
  for (const [name, value] of Object.entries(parts)) {
    if (value === null) params.delete(name);
    else params.set(name, value);
  }
  return params.toString();
}

export function isNow({ at, asOf }: Coordinates): boolean {
  return at === undefined && asOf === undefined;
}

/** Where a step from `from` to `to` leads: what is looked at as of a revision stays so, except at now. */
export function stepTo(from: Coordinates, to: Coordinates): Coordinates {
  return isNow(to) || from.asOf === undefined ? to : { asOf: from.asOf, ...to };
}

function coordinatesText({ at, asOf }: Coordinates): string {
  return [at, asOf === undefined ? undefined : `rev ${asOf}`]
    .filter((part) => part !== undefined)
    .join(' ');
}

function coordinatesOf(text: string, nowMs: number): Coordinates | null {
  const parsed = parseAsOf(text, nowMs);
  return parsed.ok ? parsed.coordinates : null;
}

function nonEmpty(text: string | null): string | null {
  return text === '' ? null : text;
}
