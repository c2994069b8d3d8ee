'use client';

import { useEffect, useEffectEvent, useState } from 'react';
import type { PointerEvent } from 'react';
import { usePageKeys } from '../ui/page-keys.ts';
import { useToast } from '../ui/toast.tsx';
import { useCutDrawing } from './cut-drawing.ts';
import { usePointAt } from './forecast.tsx';
import { crosses } from './geometry.ts';
import type { Lane, Point } from './geometry.ts';
import { useFaults } from './use-faults.ts';

interface Stroke {
  readonly from: Point;
  readonly to: Point;
}

/** After X, a line drawn over the stage cuts every link that it crosses, both ways. */
export function CutStroke({ lanes }: { readonly lanes: ReadonlyMap<string, Lane> }) {
  const { armed, end: disarm } = useCutDrawing();
  const [stroke, setStroke] = useState<Stroke | null>(null);
  const { cutLinks } = useFaults();
  const point = usePointAt();
  const toast = useToast();
  usePageKeys((event) => {
    if (event.key !== 'Escape' || !armed) return;
    // It is used up: what else Escape leads out of stays.
    event.preventDefault();
    disarm();
  });
  const clear = useEffectEvent(() => {
    setStroke(null);
    point(null);
  });
  useEffect(() => {
    if (!armed) return;
    return () => clear();
  }, [armed]);
  useEffect(() => disarm, [disarm]);
  if (!armed) return null;

  const follow = (event: PointerEvent<Element>): void => {
    if (stroke === null) return;
    const next = { from: stroke.from, to: placeOf(event) };
    setStroke(next);
    point({ do: 'cut', pairs: crossedBy(next, lanes) });
  };
  const cut = (): void => {
    const pairs = stroke === null ? [] : crossedBy(stroke, lanes);
    disarm();
    if (pairs.length === 0) toast({ text: 'The line crossed no link' });
    else cutLinks(pairs);
  };
  return (
    <div
      data-testid="cut-stroke"
      className="absolute inset-0 z-10 hidden cursor-crosshair touch-none sm:block"
      onPointerDown={(event) => {
        event.currentTarget.setPointerCapture(event.pointerId);
        const at = placeOf(event);
        setStroke({ from: at, to: at });
      }}
      onPointerMove={follow}
      onPointerUp={cut}
      onPointerCancel={disarm}
    >
      <p
        role="status"
        className="pointer-events-none absolute top-2 left-1/2 -translate-x-1/2 rounded-lg border border-text bg-raised px-3 py-1.5 text-sm font-medium whitespace-nowrap"
      >
        Draw a line: every link that it crosses is cut. Escape ends.
      </p>
      {stroke !== null && (
        <svg className="pointer-events-none absolute inset-0 size-full" aria-hidden="true">
          <line
            x1={stroke.from.x}
            y1={stroke.from.y}
            x2={stroke.to.x}
            y2={stroke.to.y}
            stroke="var(--danger)"
            strokeWidth="2"
            strokeDasharray="8 5"
          />
        </svg>
      )}
    </div>
  );
}

/** Each link once. */
function crossedBy(
  { from, to }: Stroke,
  lanes: ReadonlyMap<string, Lane>,
): readonly (readonly [string, string])[] {
  const pairs: (readonly [string, string])[] = [];
  for (const [key, lane] of lanes) {
    if (!crosses(from, to, lane)) continue;
    const [a = '', b = ''] = key.split('>');
    if (!pairs.some(([c, d]) => c === b && d === a)) pairs.push([a, b]);
  }
  return pairs;
}

function placeOf(event: PointerEvent<Element>): Point {
  const { left, top } = event.currentTarget.getBoundingClientRect();
  return { x: event.clientX - left, y: event.clientY - top };
}
