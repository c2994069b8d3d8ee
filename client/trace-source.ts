/** The trace of the slowed cluster, from the server, as far as it goes and then what is new. */
import { TRACE_EVENTS } from '../contracts/trace.ts';
import type { TraceAnswer } from '../contracts/trace.ts';

/** No answer in this time is none, ms. */
const WITHIN_MS = 5000;

/** Null when the server did not answer. */
export async function askTrace(before: TraceAnswer | null): Promise<TraceAnswer | null> {
  const last = before?.events.at(-1)?.seq;
  const known = last === undefined ? '' : `?stretch=${before?.stretch}&after=${last}`;
  try {
    const response = await fetch(`/api/v1/trace${known}`, {
      signal: AbortSignal.timeout(WITHIN_MS),
    });
    return response.ok ? joinTraces(before, (await response.json()) as TraceAnswer) : null;
  } catch {
    return null;
  }
}

/** What is known with what is new; another stretch, or another server, begins anew. */
export function joinTraces(before: TraceAnswer | null, answer: TraceAnswer): TraceAnswer {
  if (before?.stretch !== answer.stretch || before.epoch !== answer.epoch) return answer;
  const newest = before.events.at(-1)?.seq ?? 0;
  // Asked twice at once, the same may come twice.
  const fresh = answer.events.filter(({ seq }) => seq > newest);
  if (fresh.length === 0 && before.isOpen === answer.isOpen) return before;
  return { ...answer, events: [...before.events, ...fresh].slice(-TRACE_EVENTS) };
}
