/** The lanes of many segments as one, and the moments in them worth a stop. */
import type { FaultSpan, Lanes, LeaderSpan, SegmentInfo } from '../contracts/recording.ts';

/** Nothing that a person waits for happens in so long: worth skipping, ms. */
const QUIET_MS = 5000;
/** Of a quiet stretch the beginning and the end are shown, ms. */
const QUIET_EDGE_MS = 1000;

export interface Span {
  readonly fromMs: number;
  readonly toMs: number;
}

/** Spans that end where a segment does and go on in the next are one. */
export function joinLanes(segments: readonly Pick<SegmentInfo, 'lanes'>[]): Lanes {
  const all = segments.map(({ lanes }) => lanes);
  return {
    leaders: joinSpans(
      all.flatMap(({ leaders }) => leaders),
      ({ node, term }: LeaderSpan) => `${node} ${term}`,
    ).filter(({ fromMs, toMs }) => toMs > fromMs),
    faults: joinSpans(
      all.flatMap(({ faults }) => faults),
      ({ kind, what }: FaultSpan) => `${kind} ${what}`,
    ),
    failed: all.flatMap(({ failed }) => failed),
    busy: all.flatMap(({ busy }) => busy),
    events: all.flatMap(({ events }) => events),
  };
}

function joinSpans<T extends Span>(spans: readonly T[], keyOf: (span: T) => string): T[] {
  const joined: T[] = [];
  const lastOf = new Map<string, number>();
  for (const span of spans) {
    const key = keyOf(span);
    const at = lastOf.get(key);
    const before = at === undefined ? undefined : joined[at];
    if (at !== undefined && before?.toMs === span.fromMs) {
      joined[at] = { ...before, toMs: span.toMs };
    } else {
      lastOf.set(key, joined.length);
      joined.push(span);
    }
  }
  return joined;
}

/** When the view next shows something new to tell, after `ms` or before it; null when never. */
export function eventAfter({ events }: Lanes, ms: number): number | null {
  return events.find(({ atMs }) => atMs > ms)?.atMs ?? null;
}

export function eventBefore({ events }: Lanes, ms: number): number | null {
  return events.findLast(({ atMs }) => atMs < ms)?.atMs ?? null;
}

/** Stretches with nothing but heartbeats: no event, no call and no entry. Less the second at each of their ends. */
export function quietSpans(lanes: Lanes, { fromMs, toMs }: Span): Span[] {
  const moments = [...lanes.events, ...lanes.failed].map(({ atMs }) => ({
    fromMs: atMs,
    toMs: atMs,
  }));
  const work = [...lanes.busy, ...moments, { fromMs: toMs, toMs }].toSorted(
    (a, b) => a.fromMs - b.fromMs,
  );
  const quiet: Span[] = [];
  let sinceMs = fromMs;
  for (const span of work) {
    const untilMs = Math.min(toMs, span.fromMs);
    if (untilMs - sinceMs >= QUIET_MS)
      quiet.push({ fromMs: sinceMs + QUIET_EDGE_MS, toMs: untilMs - QUIET_EDGE_MS });
    sinceMs = Math.max(sinceMs, span.toMs);
  }
  return quiet;
}

/** Who led at `ms`, for the words on a thumb. */
export function leaderAt({ leaders }: Lanes, ms: number): LeaderSpan | null {
  return leaders.findLast(({ fromMs }) => fromMs <= ms) ?? null;
}

/** What was broken at `ms`. */
export function faultsAt({ faults }: Lanes, ms: number): readonly FaultSpan[] {
  return faults.filter(({ fromMs, toMs }) => fromMs <= ms && ms < toMs);
}
