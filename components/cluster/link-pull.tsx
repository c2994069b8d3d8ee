'use client';

import { deedName, forecastDeed } from '../../client/link-deed.ts';
import type { LinkDeed } from '../../client/link-deed.ts';
import { useLive } from '../live/live-provider.tsx';
import { useLinkPulling } from './link-pulling.ts';
import type { Pull } from './link-pulling.ts';

/** Between the hand and what is said beside it, px. */
const GAP_PX = 18;
/** The line begins so far from the middle of its handle, which stays to be read, px. */
const HANDLE_PX = 34;
/** Nearer to the upper edge than this, it is said below the hand, px. */
const TOP_PX = 90;

/** The line from a card's handle to the hand that pulls it, and what letting go would do. */
export function LinkPull() {
  const pull = useLinkPulling((state) => state.pull);
  if (pull === null) return null;
  const { start, end, deed } = pull;
  const isBelow = end.y < TOP_PX;
  return (
    <div
      data-testid="link-pull"
      data-deed={deed === null ? '' : deedName(deed)}
      className="pointer-events-none absolute inset-0 z-20"
    >
      <svg className="absolute inset-0 size-full" aria-hidden="true">
        <Line start={start} end={end} deed={deed} />
      </svg>
      <p
        role="status"
        className="absolute w-max max-w-72 -translate-x-1/2 rounded-lg border border-text bg-raised px-3 py-1.5 text-sm shadow-lg"
        style={{
          left: `clamp(9.25rem, ${end.x}px, 100% - 9.25rem)`,
          ...(isBelow ? { top: end.y + GAP_PX } : { bottom: `calc(100% - ${end.y - GAP_PX}px)` }),
        }}
      >
        <Words pull={pull} />
      </p>
    </div>
  );
}

function Words({ pull: { from, deed } }: { readonly pull: Pull }) {
  const forecast = useLive(({ view }) =>
    view === null || deed === null ? null : forecastDeed(view, deed),
  );
  if (deed === null || forecast === null)
    return `From ${from}: let go on another node. Shift: one way only. Escape: nothing.`;
  return (
    <>
      <span className="block font-semibold">{deedName(deed)}</span>
      {forecast}
    </>
  );
}

/** Broken where it would cut, whole where it would heal, with an arrow at each end that it would change. */
function Line({ start, end, deed }: Pick<Pull, 'deed' | 'end' | 'start'>) {
  const length = Math.hypot(end.x - start.x, end.y - start.y);
  const bare = Math.min(HANDLE_PX, length / 2) / Math.max(1, length);
  const begin = {
    x: start.x + (end.x - start.x) * bare,
    y: start.y + (end.y - start.y) * bare,
  };
  const degrees = (Math.atan2(end.y - start.y, end.x - start.x) * 180) / Math.PI;
  const at = ({ x, y }: Pull['end'], turn: number): string =>
    `translate(${x} ${y}) rotate(${degrees + turn})`;
  return (
    <g
      fill="none"
      stroke={deed?.cut === true ? 'var(--danger)' : 'var(--text)'}
      strokeWidth="2.5"
      strokeLinecap="round"
      strokeLinejoin="round"
    >
      <line
        x1={begin.x}
        y1={begin.y}
        x2={end.x}
        y2={end.y}
        strokeDasharray={deed === null ? '1 6' : dashes(deed)}
      />
      {deed !== null && <path d={ARROW} transform={at(end, 0)} />}
      {deed?.both === true && <path d={ARROW} transform={at(begin, 180)} />}
    </g>
  );
}

const ARROW = 'M-9-6 0 0l-9 6';

function dashes({ cut }: LinkDeed): string | undefined {
  return cut ? '8 7' : undefined;
}
