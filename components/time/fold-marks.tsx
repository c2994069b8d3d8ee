'use client';

import { useRef, useState } from 'react';
import { lengthInWords } from '../../client/duration.ts';
import type { Span } from '../../client/recording-lanes.ts';
import { foldGroups, percentOf } from '../../client/time-fold.ts';
import type { TimeFold } from '../../client/time-fold.ts';
import { secondOf } from '../live/live-provider.tsx';
import { useWidth } from '../ui/use-width.ts';

/** What can be hit without hitting its neighbour, px: the least there is by rule, and one for rounding. */
const TARGET_PX = 25;

interface FoldMarksProps {
  readonly axis: TimeFold;
  onUnfold(): void;
}

/**
 * Where time is left out, as a break in the lanes; its length is told to those who point at it, reach it or
 * hear the page. Breaks that are too close to be hit apart are one target, which tells of each.
 */
export function FoldMarks({ axis, onUnfold }: FoldMarksProps) {
  const [told, setTold] = useState<string | null>(null);
  const box = useRef<HTMLDivElement>(null);
  const width = useWidth(box);
  const groups = foldGroups(axis, width === 0 ? 100 : (100 * TARGET_PX) / width);
  return (
    // What lies below has words of its own for who points at it.
    <div ref={box} className="pointer-events-none absolute inset-0">
      {groups.map((folds) => {
        const fromMs = folds[0]?.fromMs ?? 0;
        const toMs = folds.at(-1)?.toMs ?? 0;
        const left = percentOf(axis, fromMs);
        const share = percentOf(axis, toMs) - left;
        const words = folds.map(wordsOf).join('; ');
        return (
          <button
            key={fromMs}
            type="button"
            data-testid="fold-mark"
            data-from-ms={fromMs}
            data-to-ms={toMs}
            aria-label={`${words}. Unfold`}
            style={{ left: `${left + share / 2}%`, width: `${share}%` }}
            // Wide enough to be hit, however narrow it is drawn.
            className="pointer-events-auto absolute top-0 h-7 min-w-6 -translate-x-1/2"
            onPointerEnter={() => setTold(words)}
            onPointerLeave={() => setTold(null)}
            onFocus={() => setTold(words)}
            onBlur={() => setTold(null)}
            onClick={() => {
              setTold(null);
              onUnfold();
            }}
          />
        );
      })}
      {axis.folds.map(({ fromMs, toMs }) => (
        <Break key={fromMs} at={(percentOf(axis, fromMs) + percentOf(axis, toMs)) / 2} />
      ))}
      {told !== null && (
        <p
          aria-hidden="true"
          className="absolute bottom-full left-1/2 z-10 mb-1 w-max max-w-60 -translate-x-1/2 sm:max-w-none rounded-lg border border-line-strong bg-raised px-3 py-1 text-[13px] shadow-lg"
        >
          {told}
        </p>
      )}
    </div>
  );
}

/** Two slanted strokes through the lanes, as an axis is broken on paper; `at` %. */
function Break({ at }: { readonly at: number }) {
  return (
    <svg
      viewBox="0 0 14 28"
      style={{ left: `${at}%` }}
      className="absolute top-0 h-7 w-3.5 -translate-x-1/2"
      aria-hidden="true"
    >
      <path d="M4 28 7 0h6l-3 28z" fill="var(--surface)" />
      <path d="M3 28 6 0M9 28 12 0" stroke="var(--quiet)" strokeWidth="1.5" fill="none" />
    </svg>
  );
}

function wordsOf({ fromMs, toMs }: Span): string {
  return `Idle for ${lengthInWords(toMs - fromMs)}, from ${secondOf(fromMs)} to ${secondOf(toMs)} UTC`;
}
