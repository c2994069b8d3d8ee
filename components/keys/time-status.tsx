'use client';

import clsx from 'clsx';
import { History as PastIcon } from 'lucide-react';
import { isNow } from '../../client/keys-moment.ts';
import { formatTimestamp } from '../../client/time-input.ts';
import type { Coordinates } from '../../client/time-input.ts';
import { useFreshness } from '../live/freshness.ts';
import { useNow } from '../live/live-provider.tsx';
import { Button } from '../ui/button.tsx';
import { spanOf } from './span-words.ts';

interface TimeStatusProps {
  readonly time: Coordinates;
  /** Cluster time now, ms. */
  readonly now: number;
  onNow(): void;
}

/** The strip that says what time the page shows. It has its place at all times, so nothing jumps when it changes. */
export function TimeStatus({ time, now, onNow }: TimeStatusProps) {
  const isPast = !isNow(time);
  const freshness = useFreshness();
  return (
    <div
      data-testid="time-status"
      data-past={isPast}
      data-at={time.at ?? ''}
      data-as-of={time.asOf ?? ''}
      className={clsx(
        'sticky top-0 z-20 flex min-h-11 items-center gap-2 border-b px-4 py-1 transition-colors duration-100',
        isPast ? 'border-past bg-past text-surface' : 'border-line bg-surface text-quiet',
      )}
    >
      {isPast && <PastIcon className="size-5 shrink-0" aria-hidden="true" />}
      <p role="status" className="min-w-0 flex-1 text-md">
        {isPast ? (
          <PastSentence time={time} now={now} />
        ) : freshness === null ? (
          'Now: what is written shows by itself. Move the slider to read the past.'
        ) : (
          'Not live: this is the last that was heard.'
        )}
      </p>
      {isPast && (
        <Button
          className="border-surface! bg-surface! text-text!"
          title="Back to now (N)"
          data-action="now"
          onClick={onNow}
        >
          Back to now
        </Button>
      )}
    </div>
  );
}

function PastSentence({ time: { at, asOf }, now }: Pick<TimeStatusProps, 'time' | 'now'>) {
  const isPlan = at !== undefined && at > now;
  return (
    <>
      <strong className="font-semibold">
        {isPlan ? 'You are looking at the future: ' : 'You are looking at the past: '}
      </strong>
      {at !== undefined && (
        <>
          {isPlan ? 'as planned for ' : 'as it was at '}
          <span className="font-mono">{formatTimestamp(at)}</span>
          <Ago at={at} />
        </>
      )}
      {asOf !== undefined && (
        <>
          {at === undefined ? '' : ', '}as known at revision{' '}
          <span className="font-mono">{asOf}</span>
        </>
      )}
    </>
  );
}

/** From here on a time is a date; before it a logical number, and no time ago. */
const FIRST_DATE_MS = 1_000_000_000_000;

/** Not announced: it ticks. */
function Ago({ at }: { readonly at: number }) {
  const nowMs = useNow();
  if (nowMs === null || at < FIRST_DATE_MS || at > nowMs) return null;
  return (
    <span aria-hidden="true" className="hidden sm:inline">
      , {spanOf(Math.floor((nowMs - at) / 1000) * 1000)} ago
    </span>
  );
}
