/**
 * The versions of a field as spans of valid time: from when each holds, and
 * what ends it. Two versions of one timestamp are a correction: the later
 * revision stands, the other never holds as the store is known now.
 */
import type { HistoryVersion } from '../contracts/kv.ts';

export type SpanEnd =
  /** Nothing ends it as far as is known. */
  | 'open'
  /** A version of a later timestamp. */
  | 'replaced'
  | 'deleted'
  | 'expired'
  /** A later revision of the same timestamp. */
  | 'corrected';

export interface VersionSpan {
  readonly version: HistoryVersion;
  /** First instant at which it no longer holds; null when it is open. */
  readonly to: number | null;
  readonly end: SpanEnd;
  /** Revision of the version that ends it; null when none does. */
  readonly endedBy: number | null;
  /** How long after its timestamp the cluster learned it, ms; 0 when not a backfill. */
  readonly learnedLateMs: number;
  /** How long before its timestamp the cluster learned it, ms; 0 when it was not planned. */
  readonly plannedAheadMs: number;
}

/** In the order of `versions`, which is by (timestamp, revision, op), ascending, without gaps. */
export function versionSpans(versions: readonly HistoryVersion[]): readonly VersionSpan[] {
  return versions.map((version, i) => {
    const { timestamp, stamp } = version;
    const learnedMs = Math.floor(stamp / 1000);
    return {
      version,
      ...endOf(version, versions[i + 1]),
      learnedLateMs: Math.max(0, learnedMs - timestamp),
      plannedAheadMs: Math.max(0, timestamp - learnedMs),
    };
  });
}

function endOf(
  { timestamp, expiresAt, value }: HistoryVersion,
  next: HistoryVersion | undefined,
): Pick<VersionSpan, 'to' | 'end' | 'endedBy'> {
  if (next !== undefined && next.timestamp === timestamp)
    return { to: timestamp, end: 'corrected', endedBy: next.revision };
  if (value !== null && expiresAt !== null && (next === undefined || expiresAt < next.timestamp))
    return { to: expiresAt, end: 'expired', endedBy: null };
  if (next === undefined) return { to: null, end: 'open', endedBy: null };
  const end = next.value === null ? 'deleted' : 'replaced';
  return { to: next.timestamp, end, endedBy: next.revision };
}

/** The span that says what holds at `time`, be it a delete; null before the first, and for what has expired. */
export function spanAt(spans: readonly VersionSpan[], time: number): VersionSpan | null {
  const span = spans.findLast(({ version }) => version.timestamp <= time) ?? null;
  return span === null || (span.to !== null && span.to <= time) ? null : span;
}

/** Every instant at which the field changes, ascending: versions, and what runs out. */
export function changesOf(spans: readonly VersionSpan[]): readonly number[] {
  return spans.flatMap(({ version, to, end }) => {
    if (end === 'corrected') return [];
    return end === 'expired' && to !== null ? [version.timestamp, to] : [version.timestamp];
  });
}
