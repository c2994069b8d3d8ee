/** What a read says of its time: the past, what has not come, what is forgotten; and where the slider stands. */
import type { GetAnswer, HistoryVersion, Horizon } from '../contracts/kv.ts';
import type { ApiFailure } from './api-failure.ts';
import { formatNear, formatTimestamp } from './time-input.ts';
import type { Coordinates } from './time-input.ts';
import { changesOf, versionSpans } from './version-spans.ts';

/** The stops of the slider: every instant at which the field changes; after the last comes now. */
export function stopsOf(versions: readonly HistoryVersion[]): readonly number[] {
  return changesOf(versionSpans(versions));
}

/** Where the slider stands: at now, or at the last stop that the coordinates include. */
export function stopAt(versions: readonly HistoryVersion[], { at, asOf }: Coordinates): number {
  const stops = stopsOf(versions);
  if (at === undefined && asOf === undefined) return stops.length;
  const known = asOf === undefined ? versions : versions.filter(({ revision }) => revision <= asOf);
  const until = at ?? Math.max(0, ...known.map(({ stamp }) => stamp / 1000));
  const last = stopsOf(known).findLast((stop) => stop <= until) ?? 0;
  return Math.max(
    0,
    stops.findLastIndex((stop) => stop <= last),
  );
}

interface Known {
  /** Of the field, oldest first; null while they are not known. */
  readonly versions: readonly HistoryVersion[] | null;
  /** The cluster's time, as far as it is known, ms. */
  readonly nowMs: number;
}

/** What is shown of another time than now; `asked` is what was asked for. */
export function timeWords(
  { at, asOf }: Pick<GetAnswer, 'at' | 'asOf'>,
  asked: Coordinates,
  { versions, nowMs }: Known,
): string {
  const known = `as known at revision ${asOf}`;
  if (asked.at === undefined) return `The past: ${known}`;
  const time =
    at > nowMs
      ? `Not yet${newestWords(versions, nowMs)}`
      : `The past: as it was at ${formatNear(at, nowMs)}`;
  return asked.asOf === undefined ? time : `${time}, ${known}`;
}

function newestWords(versions: Known['versions'], nowMs: number): string {
  if (versions === null) return '';
  const newest = versions.findLast(({ timestamp }) => timestamp <= nowMs);
  return newest === undefined
    ? '; nothing is there now'
    : `; newest is revision ${newest.revision}, ${formatNear(newest.timestamp, nowMs)}`;
}

/** Why it could not be read. */
export function failureWords({ code, message, horizon, retryable }: ApiFailure): string {
  if (horizon !== undefined) return forgottenWords(horizon);
  if (code === 'REVISION_NOT_YET') return `Not yet: ${message}`;
  return retryable ? `${message}. Reads change nothing: simply ask again.` : message;
}

/** From when on there is something to ask for. */
export function forgottenWords({ timestamp, revision }: Horizon): string {
  return `This past is forgotten. What is kept here begins at ${formatTimestamp(timestamp)}, revision ${revision}`;
}
