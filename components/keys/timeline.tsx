'use client';

import clsx from 'clsx';
import { isNow } from '../../client/keys-moment.ts';
import type { Moment } from '../../client/keys-moment.ts';
import type { TimeAxis } from '../../client/time-axis.ts';
import type { Coordinates } from '../../client/time-input.ts';
import type { VersionSpan } from '../../client/version-spans.ts';
import { ValueText } from '../data/value-text.tsx';
import type { Lane, Lanes } from './use-shown.ts';
import { spanWords } from './span-words.ts';

interface TimelineProps {
  readonly axis: TimeAxis;
  readonly now: number;
  /** Valid time that the page shows. */
  readonly at: number;
  readonly moment: Moment;
  readonly lanes: Lanes | null;
  onTime(time: Coordinates): void;
  onField(field: string): void;
}

/**
 * The versions of each field as bars over the slider's axis. For the eye and
 * the mouse: the list of versions says the same in words, and the slider and
 * its buttons reach the same times by keyboard.
 */
export function Timeline({ axis, now, at, moment, lanes, onTime, onField }: TimelineProps) {
  const { time, against, field } = moment;
  if (lanes === null || lanes.lanes.length === 0) return null;
  const marks = [
    { id: 'now', at: now, shown: true },
    { id: 'here', at, shown: !isNow(time) },
    { id: 'other', at: against?.at ?? now, shown: against?.at !== undefined },
  ].filter(({ shown }) => shown);
  return (
    <div
      aria-hidden="true"
      data-testid="timeline"
      // The thumb of a slider is 16 px wide: its middle runs from 8 px to 8 px.
      className="relative mx-2 overflow-hidden sm:ml-0 sm:pl-2"
    >
      {lanes.lanes.map((lane) => (
        <LaneRow
          key={lane.field}
          lane={lane}
          axis={axis}
          at={at}
          isPast={!isNow(time)}
          now={now}
          chosen={lane.field === field}
          onTime={onTime}
          onField={() => onField(lane.field)}
        />
      ))}
      {lanes.further > 0 && (
        <p className="pt-1 text-[11px] leading-4 text-quiet">
          {lanes.further} further field{lanes.further === 1 ? '' : 's'}: choose one below to see it
          here
        </p>
      )}
      <div className="pointer-events-none absolute inset-y-0 right-0 left-0 sm:left-30">
        {marks.map(({ id, at }) => (
          <span
            key={id}
            style={{ left: `${axis.fractionOf(at) * 100}%` }}
            className={clsx(
              'absolute inset-y-0 w-0',
              id === 'now' && 'border-l border-dashed border-quiet',
              id === 'here' && '-ml-px border-l-2 border-past',
              id === 'other' && '-ml-px border-l-2 border-dotted border-text',
            )}
          />
        ))}
      </div>
    </div>
  );
}

interface LaneRowProps {
  readonly lane: Lane;
  readonly axis: TimeAxis;
  readonly at: number;
  readonly isPast: boolean;
  readonly now: number;
  readonly chosen: boolean;
  onTime(time: Coordinates): void;
  onField(): void;
}

function LaneRow({ lane, axis, at, isPast, now, chosen, onTime, onField }: LaneRowProps) {
  return (
    <div className="relative h-11 pt-4 sm:h-8 sm:py-0.5 sm:pl-28">
      <button
        type="button"
        tabIndex={-1}
        onClick={onField}
        className={clsx(
          'absolute top-0 left-0 max-w-full truncate text-left font-mono text-[11px] leading-4 hover:text-text hover:underline sm:top-2 sm:w-24',
          chosen ? 'font-medium text-text' : 'text-quiet',
        )}
      >
        {lane.field}
      </button>
      <div className="relative h-7">
        {lane.spans.map((span) => (
          <Bar
            key={`${span.version.revision}-${span.version.op}`}
            span={span}
            axis={axis}
            at={at}
            isPast={isPast}
            now={now}
            onTime={onTime}
          />
        ))}
      </div>
    </div>
  );
}

interface BarProps {
  readonly span: VersionSpan;
  readonly axis: TimeAxis;
  readonly at: number;
  readonly isPast: boolean;
  readonly now: number;
  onTime(time: Coordinates): void;
}

/** A bar has room for text from this part of the axis on. */
const TEXT_ROOM = 0.025;

function Bar({ span, axis, at, isPast, now, onTime }: BarProps) {
  const { version, to, end } = span;
  const { timestamp, value } = version;
  const left = axis.fractionOf(timestamp);
  const right = to === null ? 1 : axis.fractionOf(to);
  const holds = timestamp <= at && (to === null || at < to);
  return (
    <button
      type="button"
      tabIndex={-1}
      title={spanWords(span, now)}
      onClick={() => onTime(momentOf(span))}
      style={{ left: `${left * 100}%`, width: `max(3px, ${(right - left) * 100}%)` }}
      data-end={end}
      className={clsx(
        'absolute inset-y-0 overflow-hidden border text-left font-mono text-xs leading-6 whitespace-nowrap',
        end === 'expired' ? 'rounded-l-sm border-r-4 border-double' : 'rounded-sm',
        end === 'open' && 'rounded-r-none border-r-0',
        value === null
          ? 'hatched border-line'
          : holds
            ? isPast
              ? 'border-past bg-past-wash'
              : 'border-text bg-raised'
            : 'border-line-strong bg-term-odd text-quiet hover:text-text',
        timestamp > now && 'border-dashed',
      )}
    >
      {span.learnedLateMs > 0 && (
        // Written for a time that was over: a corner says so.
        <span className="absolute top-0 left-0 border-t-8 border-r-8 border-t-text border-r-transparent" />
      )}
      {right - left >= TEXT_ROOM && (
        <span className="px-1.5">
          {value === null ? (
            <em className="font-sans text-quiet">deleted</em>
          ) : (
            <ValueText value={value} />
          )}
        </span>
      )}
    </button>
  );
}

/** What to look at to see this very version: one that was corrected is seen as of its own revision. */
export function momentOf({ version: { timestamp, revision }, end }: VersionSpan): Coordinates {
  return { at: timestamp, ...(end === 'corrected' && { asOf: revision }) };
}
