'use client';

import clsx from 'clsx';
import { SlidersHorizontal, Unlink } from 'lucide-react';
import { linkState, linkWords } from '../../client/fault-words.ts';
import type { LinkView } from '../../contracts/view.ts';
import { useActionsDisabled } from '../live/live-provider.tsx';
import { useForecasting } from './forecast.tsx';
import type { Lane } from './geometry.ts';
import { useFaults } from './use-faults.ts';

/** Both directions between two nodes, taken together. */
export interface Pair {
  readonly a: string;
  readonly b: string;
  readonly state: ReturnType<typeof linkState>;
  /** What it does to messages; "" when nothing. */
  readonly words: string;
  /** Nothing passes either way. */
  readonly isCut: boolean;
}

export function pairsOf(voters: readonly string[], links: readonly LinkView[]): readonly Pair[] {
  return voters.flatMap((a, i) =>
    voters.slice(i + 1).map((b) => {
      const lanes = links.filter(
        (l) => (l.from === a && l.to === b) || (l.from === b && l.to === a),
      );
      const isCut = lanes.every((lane) => lane.cut);
      return { a, b, state: linkState(lanes), words: linkWords(lanes), isCut };
    }),
  );
}

interface LaneLineProps {
  readonly link: LinkView;
  readonly lane: Lane;
  /** A node at an end of it is not running. */
  readonly isIdle: boolean;
  /** The line itself was clicked. */
  onClick(line: Element): void;
}

/** One direction of a link, with its arrow at the end. */
export function LaneLine({ link, lane, isIdle, onClick }: LaneLineProps) {
  const state = linkState([link]);
  const colour = link.cut ? 'var(--danger)' : isIdle ? 'var(--line)' : 'var(--line-strong)';
  return (
    <g
      data-testid={`lane-${link.from}-${link.to}`}
      data-state={state}
      stroke={colour}
      fill="none"
      className="presenting:*:stroke-[2.5px]"
    >
      <line
        x1={lane.from.x}
        y1={lane.from.y}
        x2={lane.to.x}
        y2={lane.to.y}
        strokeWidth="1.25"
        strokeDasharray={link.cut || isIdle ? '3 7' : DASHES[state]}
      />
      <path
        d="M-6-3.5 0 0l-6 3.5"
        strokeWidth="1.25"
        transform={`translate(${lane.to.x} ${lane.to.y}) rotate(${lane.angle})`}
      />
      {/* oxlint-disable-next-line jsx-a11y/click-events-have-key-events, jsx-a11y/no-static-element-interactions -- a wider place for the mouse; the button beside the link is the way by keyboard */}
      <line
        x1={lane.from.x}
        y1={lane.from.y}
        x2={lane.to.x}
        y2={lane.to.y}
        strokeOpacity="0"
        strokeWidth="12"
        pointerEvents="stroke"
        className="cursor-pointer"
        onClick={(event) => onClick(event.currentTarget)}
      />
    </g>
  );
}

/** Beside its words on the link, a slow or lossy lane has a line of its own. */
const DASHES = { up: undefined, cut: '3 7', slow: '14 3', lossy: '2 2' } as const;

interface LinkSwitchProps {
  readonly pair: Pair;
  /** Messages in the last second, both ways; null before the first second is over. */
  readonly rate: number | null;
  /** Asks for the faults of the link, beside the button. */
  onMore(button: Element): void;
}

/** Cuts and joins both directions of one link, and leads to its other faults. */
export function LinkSwitch({ pair, rate, onMore }: LinkSwitchProps) {
  const { a, b, state, words, isCut } = pair;
  const disabled = useActionsDisabled();
  const { busy, error, setLink } = useFaults();
  const forecasting = useForecasting(isCut ? null : { do: 'cut', pairs: [[a, b]] });
  const hint = isCut ? `Join ${a} and ${b} again` : `Cut the link between ${a} and ${b}`;
  return (
    <span className="group/link flex items-center justify-center sm:group-data-[density=small]/stage:relative">
      <button
        type="button"
        role="switch"
        aria-checked={!isCut}
        aria-label={`Link ${a} to ${b}`}
        aria-disabled={disabled !== null || busy}
        title={disabled ?? (words === '' ? hint : `${hint}; now ${words}`)}
        data-testid={`link-${a}-${b}`}
        data-state={state}
        onClick={() => {
          if (disabled === null && !busy) setLink(a, b, !isCut);
        }}
        {...forecasting}
        className={clsx(
          'flex min-h-11 min-w-14 items-center justify-center rounded-full presenting:min-w-0 sm:min-h-7 presenting:sm:min-h-9 sm:group-data-[density=small]/stage:min-h-6 sm:group-data-[density=small]/stage:min-w-6',
          'group text-xs transition-colors duration-100',
        )}
      >
        <span
          className={clsx(
            'flex min-w-14 items-center justify-center gap-1 rounded-full border presenting:min-w-0 presenting:border-2 bg-surface px-2 py-0.5 whitespace-nowrap group-hover:border-text sm:group-data-[density=small]/stage:size-3 sm:group-data-[density=small]/stage:min-w-0 sm:group-data-[density=small]/stage:overflow-hidden sm:group-data-[density=small]/stage:p-0',
            state === 'cut'
              ? 'border-danger font-medium text-danger'
              : state === 'up'
                ? 'border-line text-quiet'
                : 'border-line-strong font-medium',
          )}
        >
          {state === 'cut' && <Unlink className="size-3 shrink-0" aria-hidden="true" />}
          <span className="max-w-24 truncate sm:max-w-36 sm:group-data-[density=compact]/stage:max-w-20 sm:group-data-[density=small]/stage:hidden">
            {state === 'up' && rate !== null ? (
              <>
                <span className="font-mono text-text">{rate.toLocaleString('en')}</span>/s
              </>
            ) : state === 'up' ? (
              'linked'
            ) : (
              words
            )}
          </span>
        </span>
      </button>
      <button
        type="button"
        aria-label={`Faults of the link ${a} to ${b}`}
        title="Delay, loss and more"
        aria-haspopup="dialog"
        onClick={(event) => onMore(event.currentTarget)}
        className="flex min-h-11 min-w-11 items-center justify-center rounded-full text-quiet hover:text-text focus-visible:text-text sm:min-h-6 sm:min-w-6 sm:bg-surface sm:group-data-[density=compact]/stage:sr-only sm:group-data-[density=compact]/stage:focus-visible:not-sr-only sm:group-data-[density=small]/stage:sr-only sm:group-data-[density=small]/stage:focus-visible:not-sr-only"
      >
        <SlidersHorizontal className="size-3.5" aria-hidden="true" />
      </button>
      {error !== null && (
        <p
          role="alert"
          className="absolute top-full left-1/2 z-10 w-48 -translate-x-1/2 rounded-lg border border-danger bg-raised p-2 text-xs"
        >
          {error}
        </p>
      )}
    </span>
  );
}
