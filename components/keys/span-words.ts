/** A version's life in words. */
import { formatNear } from '../../client/time-input.ts';
import type { VersionSpan } from '../../client/version-spans.ts';

/** "since 14:03 UTC until 14:05 UTC, when revision 9 replaced it; learned 2 min late". */
export function spanWords(span: VersionSpan, now: number): string {
  const { version, learnedLateMs, plannedAheadMs } = span;
  const { timestamp, value } = version;
  const verb = timestamp > now ? 'planned from' : value === null ? 'deleted at' : 'since';
  const told = [`${verb} ${formatNear(timestamp, now)}${endWords(span, now)}`];
  if (learnedLateMs > 0) told.push(`written ${spanOf(learnedLateMs)} after its time`);
  if (plannedAheadMs > 0) told.push(`written ${spanOf(plannedAheadMs)} ahead of its time`);
  return told.join('; ');
}

function endWords({ version, to, end, endedBy }: VersionSpan, now: number): string {
  const until = to === null ? '' : ` until ${formatNear(to, now)}`;
  const isAhead = to !== null && to > now;
  switch (end) {
    case 'open':
      return '';
    case 'expired':
      return `${until}, when it ${isAhead ? 'expires' : 'expired'}`;
    case 'corrected':
      return `, corrected by revision ${endedBy}`;
    case 'deleted':
      return version.value === null
        ? ''
        : `${until}, when revision ${endedBy} ${isAhead ? 'deletes' : 'deleted'} it`;
    case 'replaced':
      return `${until}, when revision ${endedBy} ${replacement(version.value === null, isAhead)}`;
  }
}

function replacement(wasDeleted: boolean, isAhead: boolean): string {
  if (wasDeleted) return isAhead ? 'writes it anew' : 'wrote it anew';
  return isAhead ? 'replaces it' : 'replaced it';
}

/** A span of time in its greatest unit. */
export function spanOf(ms: number): string {
  if (ms < 1000) return `${ms} ms`;
  const seconds = Math.floor(ms / 1000);
  if (seconds < 60) return `${seconds} s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min`;
  if (seconds < 86_400) return `${Math.floor(seconds / 3600)} h`;
  return `${Math.floor(seconds / 86_400).toLocaleString('en')} d`;
}
