'use client';

import clsx from 'clsx';
import { Unlink } from 'lucide-react';
import type { LinkView } from '../../contracts/view.ts';
import { useActionsDisabled } from '../live/live-provider.tsx';
import type { Lane } from './geometry.ts';
import { useFaults } from './use-faults.ts';

/** Both directions between two nodes, taken together. */
export interface Pair {
  readonly a: string;
  readonly b: string;
  readonly state: 'up' | 'cut' | 'slow' | 'lossy';
}

export function pairsOf(voters: readonly string[], links: readonly LinkView[]): readonly Pair[] {
  return voters.flatMap((a, i) =>
    voters.slice(i + 1).map((b) => {
      const lanes = links.filter(
        (l) => (l.from === a && l.to === b) || (l.from === b && l.to === a),
      );
      return { a, b, state: stateOf(lanes) };
    }),
  );
}

function stateOf(lanes: readonly LinkView[]): Pair['state'] {
  if (lanes.some((lane) => lane.cut)) return 'cut';
  if (lanes.some((lane) => lane.loss > 0 || lane.duplicate > 0)) return 'lossy';
  return lanes.some((lane) => lane.delayMs > 0 || lane.jitterMs > 0) ? 'slow' : 'up';
}

interface LaneLineProps {
  readonly link: LinkView;
  readonly lane: Lane;
  /** A node at an end of it is not running. */
  readonly isIdle: boolean;
}

/** One direction of a link, with its arrow at the end. */
export function LaneLine({ link, lane, isIdle }: LaneLineProps) {
  const colour = link.cut ? 'var(--danger)' : isIdle ? 'var(--line)' : 'var(--line-strong)';
  return (
    <g
      data-testid={`lane-${link.from}-${link.to}`}
      data-state={link.cut ? 'cut' : 'up'}
      stroke={colour}
      fill="none"
    >
      <line
        x1={lane.from.x}
        y1={lane.from.y}
        x2={lane.to.x}
        y2={lane.to.y}
        strokeWidth="1.25"
        strokeDasharray={link.cut || isIdle ? '3 7' : undefined}
      />
      <path
        d="M-6-3.5 0 0l-6 3.5"
        strokeWidth="1.25"
        transform={`translate(${lane.to.x} ${lane.to.y}) rotate(${lane.angle})`}
      />
    </g>
  );
}

interface LinkSwitchProps {
  readonly pair: Pair;
  /** Messages in the last second, both ways; null before the first second is over. */
  readonly rate: number | null;
}

const STATE_WORD = { up: 'linked', cut: 'cut', slow: 'slow', lossy: 'lossy' } as const;

/** Cuts and joins both directions of one link. */
export function LinkSwitch({ pair, rate }: LinkSwitchProps) {
  const { a, b, state } = pair;
  const disabled = useActionsDisabled();
  const { busy, error, setLink } = useFaults();
  const isCut = state === 'cut';
  const hint = isCut ? `Join ${a} and ${b} again` : `Cut the link between ${a} and ${b}`;
  return (
    <>
      <button
        type="button"
        role="switch"
        aria-checked={!isCut}
        aria-label={`Link ${a} to ${b}`}
        aria-disabled={disabled !== null || busy}
        title={disabled ?? hint}
        data-testid={`link-${a}-${b}`}
        data-state={state}
        onClick={() => {
          if (disabled === null && !busy) setLink(a, b, !isCut);
        }}
        className={clsx(
          'flex min-h-11 min-w-19 items-center justify-center rounded-full sm:min-h-9 sm:group-data-[density=small]/stage:min-h-6 sm:group-data-[density=small]/stage:min-w-6',
          'group text-xs transition-colors duration-100',
        )}
      >
        <span
          className={clsx(
            'flex min-w-19 items-center justify-center gap-1 rounded-full border bg-surface px-2 py-0.5 group-hover:border-text sm:group-data-[density=small]/stage:size-3 sm:group-data-[density=small]/stage:min-w-0 sm:group-data-[density=small]/stage:overflow-hidden sm:group-data-[density=small]/stage:p-0',
            isCut ? 'border-danger font-medium text-danger' : 'border-line text-quiet',
          )}
        >
          {isCut && <Unlink className="size-3" aria-hidden="true" />}
          <span className="sm:group-data-[density=small]/stage:hidden">
            {state === 'up' && rate !== null ? (
              <>
                <span className="font-mono text-text">{rate.toLocaleString('en')}</span>/s
              </>
            ) : (
              STATE_WORD[state]
            )}
          </span>
        </span>
      </button>
      {error !== null && (
        <p
          role="alert"
          className="absolute top-full left-1/2 z-10 w-48 -translate-x-1/2 rounded-lg border border-danger bg-raised p-2 text-xs"
        >
          {error}
        </p>
      )}
    </>
  );
}
