'use client';

import { useState } from 'react';
import { lengthInWords } from '../../client/duration.ts';
import type { Span } from '../../client/recording-lanes.ts';
import { percentOf } from '../../client/time-fold.ts';
import type { TimeFold } from '../../client/time-fold.ts';
import { secondOf } from '../live/live-provider.tsx';

interface FoldMarksProps {
  readonly axis: TimeFold;
  onUnfold(): void;
}

/** Where time is left out, as a break in the lanes; its length is told to those who point at it, reach it or hear the page. */
export function FoldMarks({ axis, onUnfold }: FoldMarksProps) {
  const [told, setTold] = useState<Span | null>(null);
  return (
    <>
      {axis.folds.map((fold) => {
        const left = percentOf(axis, fold.fromMs);
        const share = percentOf(axis, fold.toMs) - left;
        return (
          <button
            key={fold.fromMs}
            type="button"
            data-testid="fold-mark"
            data-from-ms={fold.fromMs}
            data-to-ms={fold.toMs}
            aria-label={`${wordsOf(fold)}. Unfold`}
            style={{ left: `${left + share / 2}%`, width: `${share}%` }}
            // Wide enough to be hit, however narrow it is drawn.
            className="absolute top-0 flex h-7 min-w-6 -translate-x-1/2 justify-center"
            onPointerEnter={() => setTold(fold)}
            onPointerLeave={() => setTold(null)}
            onFocus={() => setTold(fold)}
            onBlur={() => setTold(null)}
            onClick={() => {
              setTold(null);
              onUnfold();
            }}
          >
            <Break />
          </button>
        );
      })}
      {told !== null && (
        <p
          aria-hidden="true"
          className="absolute bottom-full left-1/2 z-10 mb-1 w-max max-w-60 -translate-x-1/2 sm:max-w-none rounded-lg border border-line-strong bg-raised px-3 py-1 text-[13px] shadow-lg"
        >
          {wordsOf(told)}
        </p>
      )}
    </>
  );
}

/** Two slanted strokes through the lanes, as an axis is broken on paper. */
function Break() {
  return (
    <svg viewBox="0 0 14 28" className="h-7 w-3.5" aria-hidden="true">
      <path d="M4 28 7 0h6l-3 28z" fill="var(--surface)" />
      <path d="M3 28 6 0M9 28 12 0" stroke="var(--quiet)" strokeWidth="1.5" fill="none" />
    </svg>
  );
}

function wordsOf({ fromMs, toMs }: Span): string {
  return `Idle for ${lengthInWords(toMs - fromMs)}, from ${secondOf(fromMs)} to ${secondOf(toMs)} UTC`;
}
