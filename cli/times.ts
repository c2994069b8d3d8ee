/** Times, revisions and lengths of time as a person types them, for options; see client/time-input.ts. */
import { parseDuration } from '../client/duration.ts';
import { parseAsOf, parseInstant, parseSpan } from '../client/time-input.ts';
import { usageError } from './failure.ts';

/** A revision, or the instant at which the cluster knew what is asked for. */
export type Known = { readonly revision: number } | { readonly atMs: number };

const TIMES = 'try "5m ago", -90s, 14:03, 2026-11-21T14:03:22Z or 1795240999107';

/** Undefined for now. */
export function instantOf(option: string, text: string, nowMs: number): number | undefined {
  const instant = parseInstant(text, nowMs);
  if (instant.ok) return instant.at;
  throw usageError(`--${option} "${text}" is no time`, TIMES);
}

/** From here on a plain number is an instant in milliseconds, below it a revision. */
const FIRST_INSTANT = 1_000_000_000_000;

/** Undefined for the latest. */
export function knownOf(option: string, text: string, nowMs: number): Known | undefined {
  const trimmed = text.trim();
  if (/^\d+$/.test(trimmed) && Number(trimmed) < FIRST_INSTANT)
    return { revision: Number(trimmed) };
  const parsed = parseAsOf(trimmed, nowMs);
  if (!parsed.ok)
    throw usageError(`--${option} "${text}" is no revision and no time`, `${TIMES}, or rev 57`);
  const { at, asOf } = parsed.coordinates;
  if (at !== undefined && asOf !== undefined)
    throw usageError(`--${option} takes a revision or a time, not both`, 'the time goes to --at');
  if (asOf !== undefined) return { revision: asOf };
  return at === undefined ? undefined : { atMs: at };
}

/** Whole milliseconds, at least 1. */
export function spanOf(option: string, text: string): number {
  const ms = parseDuration(text) ?? parseSpan(text)?.ms;
  if (ms === undefined || text.trim() === '')
    throw usageError(
      `--${option} "${text}" is no length of time`,
      'try 500ms, 90s, 15m, 12h or 7d',
    );
  return ms;
}
