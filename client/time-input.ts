/**
 * What a person may type into "As of": a time, a revision, or both.
 *
 *   now, or nothing        the latest
 *   2026-11-21 14:03:22.118   a date-time, UTC unless it names a zone (`Z`, `UTC`, `+02:00`)
 *   14:03, 14:03:22        that time of today, UTC
 *   1500, 1795240999107    milliseconds since 1970, or any small logical number
 *   -5m, -90s, -250ms, +1h so long ago, or ahead (ms, s, m, h, d); also 5m ago
 *   rev 57                 what the cluster knew at that revision
 *   1500 rev 57            the value at 1500 as it was known at revision 57
 *
 * Times are shown in UTC and say so; what is shown can be typed back.
 */
import { LIMITS } from '../contracts/kv.ts';

/** The coordinates of a read; a part left out is the latest. */
export interface Coordinates {
  readonly at?: number;
  readonly asOf?: number;
}

export type AsOf =
  | { readonly ok: true; readonly coordinates: Coordinates }
  | { readonly ok: false; readonly message: string };

export type Instant =
  | { readonly ok: true; readonly at: number | undefined }
  | { readonly ok: false; readonly message: string };

/** `nowMs` is the clock that "ago" and times without a date count from. */
export function parseAsOf(text: string, nowMs: number): AsOf {
  const { time, revision } = split(text);
  const instant = parseInstant(time, nowMs);
  if (!instant.ok) return instant;
  if (revision !== undefined && revision > Number.MAX_SAFE_INTEGER) {
    return { ok: false, message: 'There is no revision of that number' };
  }
  return {
    ok: true,
    coordinates: {
      ...(instant.at !== undefined && { at: instant.at }),
      ...(revision !== undefined && { asOf: revision }),
    },
  };
}

/** A time without a revision; `at` is left undefined for now. */
export function parseInstant(text: string, nowMs: number): Instant {
  const input = text.trim().toLowerCase();
  if (input === '' || input === 'now') return { ok: true, at: undefined };
  const at = relative(input, nowMs) ?? number(input) ?? dateTime(input, nowMs);
  if (at === undefined) {
    return { ok: false, message: 'Try -5m, 14:03:22, 2026-11-21 14:03, 1500 or rev 57' };
  }
  if (at < 0 || at > LIMITS.timestampMs) {
    return { ok: false, message: 'That time is outside the years 1970 to 9999' };
  }
  return { ok: true, at };
}

/** A span such as `5s`, `250ms` or `1500` (ms), at least 1 ms; nothing for no span. Null when it is none. */
export function parseSpan(text: string): { readonly ms: number | undefined } | null {
  const input = text.trim().toLowerCase();
  if (input === '') return { ms: undefined };
  const found = /^(\d+(?:\.\d+)?)\s*(ms|s|m|h|d)?$/.exec(input);
  if (found === null) return null;
  const ms = Number(found[1]) * (UNITS_MS[found[2] ?? 'ms'] ?? 1);
  return Number.isInteger(ms) && ms >= 1 && ms <= LIMITS.timestampMs ? { ms } : null;
}

/** Text that {@link parseAsOf} reads as these coordinates. */
export function writeAsOf({ at, asOf }: Coordinates): string {
  const time = at === undefined ? '' : formatTimestamp(at);
  const revision = asOf === undefined ? '' : `rev ${asOf}`;
  return [time, revision].filter((part) => part !== '').join(' ');
}

function split(text: string): { readonly time: string; readonly revision: number | undefined } {
  const found = /^(.*?)(?:^|\s)\s*r(?:ev(?:ision)?)?\s*#?\s*(\d+)\s*$/i.exec(text);
  if (found?.[2] === undefined) return { time: text, revision: undefined };
  return { time: found[1] ?? '', revision: Number(found[2]) };
}

const UNITS_MS: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
};

function relative(input: string, nowMs: number): number | undefined {
  const signed = input.replace(/^(\d.*)\sago$/, '-$1');
  const found = /^([-+\u2212])\s*(\d+(?:\.\d+)?)\s*(ms|s|m|h|d)$/.exec(signed.trim());
  const unitMs = UNITS_MS[found?.[3] ?? ''];
  if (found === null || unitMs === undefined) return undefined;
  const span = Number(found[2]) * unitMs;
  return Math.round(found[1] === '+' ? nowMs + span : nowMs - span);
}

function number(input: string): number | undefined {
  return /^\d+$/.test(input) ? Number(input) : undefined;
}

const DAY_MS = 86_400_000;
const DATE = /^(\d{4})-(\d{2})-(\d{2})(?:[t\s]+|$)/;
const CLOCK =
  /^(\d{1,2}):(\d{2})(?::(\d{2})(?:[.,](\d{1,9}))?)?\s*(z|utc|[-+\u2212]\d{2}:?\d{2})?$/;

function dateTime(input: string, nowMs: number): number | undefined {
  const date = DATE.exec(input);
  const rest = date === null ? input : input.slice(date[0].length);
  const clock = rest === '' && date !== null ? 0 : clockMs(rest);
  const day = date === null ? Math.floor(nowMs / DAY_MS) * DAY_MS : dayMs(date);
  return day === undefined || clock === undefined ? undefined : day + clock;
}

/** Undefined for a day that no calendar has. */
function dayMs([, year, month, day]: RegExpExecArray): number | undefined {
  const ms = Date.UTC(Number(year), Number(month) - 1, Number(day));
  return new Date(ms).toISOString().startsWith(`${year}-${month}-${day}`) ? ms : undefined;
}

/** From midnight UTC; may be before it, or in the next day, where a zone says so. */
function clockMs(text: string): number | undefined {
  const found = CLOCK.exec(text);
  if (found === null) return undefined;
  const [, hours, minutes, seconds = '0', fraction = '', zone = ''] = found;
  if (Number(hours) > 23 || Number(minutes) > 59 || Number(seconds) > 59) return undefined;
  const ms = Number(fraction.padEnd(3, '0').slice(0, 3));
  return (
    (Number(hours) * 60 + Number(minutes)) * 60_000 + Number(seconds) * 1000 + ms - zoneMs(zone)
  );
}

function zoneMs(zone: string): number {
  const found = /^(.)(\d{2}):?(\d{2})$/.exec(zone);
  if (found === null) return 0;
  const ms = (Number(found[2]) * 60 + Number(found[3])) * 60_000;
  return found[1] === '+' ? ms : -ms;
}

/** From here on a timestamp is shown as a date; below it is more likely a logical number. 2001-09-09. */
const FIRST_DATE_MS = 1_000_000_000_000;

/** A timestamp for people: a date with its zone, or the plain number. */
export function formatTimestamp(ms: number): string {
  if (ms < FIRST_DATE_MS) return String(ms);
  return `${new Date(ms).toISOString().replace('T', ' ').replace('Z', '')} UTC`;
}

/** A timestamp beside others of `nowMs`'s day: without the date when it is the same. */
export function formatNear(ms: number, nowMs: number): string {
  const sameDay = Math.floor(ms / DAY_MS) === Math.floor(nowMs / DAY_MS);
  return sameDay && ms >= FIRST_DATE_MS ? `${formatClock(ms)} UTC` : formatTimestamp(ms);
}

/** The time of day of a timestamp, to the millisecond, UTC; a plain number stays one. */
export function formatClock(ms: number): string {
  return ms < FIRST_DATE_MS ? String(ms) : new Date(ms).toISOString().slice(11, 23);
}
