/**
 * What a person may type into "As of": `now` or nothing, an ISO date-time
 * (local unless it names a zone), milliseconds since 1970 or any small logical
 * number, a time ago (`-5m`, `-90s`, `-250ms`, `-2h`, `-1d`), or a revision
 * (`rev 57`: what the cluster knew then).
 */
import { LIMITS } from '../contracts/kv.ts';

export type AsOf =
  | { readonly kind: 'now' }
  | { readonly kind: 'at'; readonly at: number }
  | { readonly kind: 'revision'; readonly asOf: number }
  | { readonly kind: 'error'; readonly message: string };

const UNITS_MS: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
};

/** `nowMs` is the clock that "ago" counts from. */
export function parseAsOf(text: string, nowMs: number): AsOf {
  const input = text.trim();
  if (input === '' || input.toLowerCase() === 'now') return { kind: 'now' };
  const revision = /^(?:rev(?:ision)?|r)\s*#?\s*(\d+)$/i.exec(input);
  if (revision?.[1] !== undefined) return { kind: 'revision', asOf: Number(revision[1]) };
  const ago = /^-\s*(\d+(?:\.\d+)?)\s*(ms|s|m|h|d)$/i.exec(input);
  if (ago?.[1] !== undefined && ago[2] !== undefined) {
    return instant(Math.round(nowMs - Number(ago[1]) * (UNITS_MS[ago[2].toLowerCase()] ?? 0)));
  }
  if (/^\d+$/.test(input)) return instant(Number(input));
  if (/^\d{4}-\d{2}-\d{2}/.test(input)) {
    const parsed = Date.parse(input.replace(' ', 'T'));
    if (!Number.isNaN(parsed)) return instant(parsed);
  }
  return { kind: 'error', message: 'Try 14:03 as 2026-11-21T14:03:22, -5m, 1500 or rev 57' };
}

function instant(at: number): AsOf {
  if (at < 0 || at > LIMITS.timestampMs)
    return { kind: 'error', message: 'That time is outside the years 1970 to 9999' };
  return { kind: 'at', at };
}

/** From this on a timestamp is shown as a date; below it is more likely a logical number. 2001-09-09. */
const FIRST_DATE_MS = 1_000_000_000_000;

/** A timestamp for people: a date with its zone, or the plain number. */
export function formatTimestamp(ms: number): string {
  if (ms < FIRST_DATE_MS) return String(ms);
  return `${new Date(ms).toISOString().replace('T', ' ').replace('Z', '')} UTC`;
}

/** The time of day of a timestamp, to the millisecond, UTC; a plain number stays one. */
export function formatClock(ms: number): string {
  return ms < FIRST_DATE_MS ? String(ms) : new Date(ms).toISOString().slice(11, 23);
}
