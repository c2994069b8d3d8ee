'use client';

import clsx from 'clsx';
import { ChevronLeft, ChevronRight, GitCompareArrows } from 'lucide-react';
import { useEffect, useRef, useState } from 'react';
import { isNow, stepTo } from '../../client/keys-moment.ts';
import type { Moment } from '../../client/keys-moment.ts';
import { changeAfter, changeBefore, snapped } from '../../client/time-axis.ts';
import { formatNear, parseAsOf, writeAsOf } from '../../client/time-input.ts';
import type { Coordinates } from '../../client/time-input.ts';
import { useNow } from '../live/live-provider.tsx';
import { Button } from '../ui/button.tsx';
import { TextField } from '../ui/field.tsx';
import { Timeline } from './timeline.tsx';
import type { Shown } from './use-shown.ts';

/** Steps of the slider. */
const STEPS = 1000;
/** This near to a change, as a part of the axis, the slider is at it. */
const REACH = 0.006;
/** Up to this part of the axis a label has room beside the one at the end. */
const LABEL_ROOM = 0.82;
/** While the slider is dragged the page is read again at most once in this time, ms. */
const DRAG_MS = 100;

interface TimePanelProps {
  readonly moment: Moment;
  readonly shown: Shown;
  onTime(time: Coordinates): void;
  onField(field: string): void;
  onCompare(against: Coordinates | null): void;
}

/** Chooses the time of the whole page: by a slider over all changes, step by step, or by typing. */
export function TimePanel({ moment, shown, onTime, onField, onCompare }: TimePanelProps) {
  const { axis, now, at, steps } = shown;
  const before = changeBefore(steps, at);
  const after = changeAfter(steps, at);
  // Past the last change comes now.
  const forward = after ?? (isNow(moment.time) ? null : now);
  const goTo = (time: Coordinates): void => onTime(stepTo(moment.time, time));
  const lanes = shown.lanes.answer?.key === moment.key ? shown.lanes.answer : null;
  return (
    <div className="flex flex-col gap-2 p-3">
      <div className="flex flex-wrap items-end gap-2">
        <TimeBox time={moment.time} onTime={onTime} />
        <Button
          aria-label="Previous change"
          data-action="previous"
          title="To the change before ([)"
          disabledBecause={before === null ? 'Nothing changed before' : null}
          onClick={() => before !== null && goTo({ at: before })}
        >
          <ChevronLeft className="size-4" aria-hidden="true" />
          <span className="hidden sm:inline">Previous change</span>
        </Button>
        <Button
          aria-label="Next change"
          data-action="next"
          title="To the next change, and after the last to now (])"
          disabledBecause={forward === null ? 'Nothing changes after' : null}
          onClick={() => forward !== null && goTo(forward === now ? {} : { at: forward })}
        >
          <span className="hidden sm:inline">Next change</span>
          <ChevronRight className="size-4" aria-hidden="true" />
        </Button>
        <Button
          aria-label={moment.against === null ? 'Compare with another instant' : 'End comparison'}
          data-action="compare"
          title="Compare this instant with another (C)"
          className={clsx('sm:ml-auto', moment.against !== null && 'border-text!')}
          onClick={() => onCompare(moment.against === null ? otherInstant(moment, before) : null)}
        >
          <GitCompareArrows className="size-4" aria-hidden="true" />
          {moment.against === null ? 'Compare with…' : 'End comparison'}
        </Button>
      </div>
      <TimeSlider moment={moment} shown={shown} withNames={lanes !== null} onTime={goTo} />
      <Timeline
        axis={axis}
        now={now}
        at={at}
        moment={moment}
        lanes={lanes}
        onTime={goTo}
        onField={onField}
      />
    </div>
  );
}

/** Compare the past with now, and now with how it was before the last change. */
function otherInstant({ time }: Moment, before: number | null): Coordinates {
  return isNow(time) && before !== null ? { at: Math.max(0, before - 1) } : {};
}

interface TimeBoxProps {
  readonly time: Coordinates;
  onTime(time: Coordinates): void;
}

/** The time as text; takes all that can be typed as a time. */
function TimeBox({ time, onTime }: TimeBoxProps) {
  /** Null while nothing is being typed. */
  const [typed, setTyped] = useState<string | null>(null);
  const nowMs = useNow() ?? 0;
  const asked = parseAsOf(typed ?? '', nowMs);
  const error = typed === null || asked.ok ? null : asked.message;
  const settle = (): void => {
    if (typed === null || !asked.ok) return;
    setTyped(null);
    onTime(asked.coordinates);
  };
  return (
    <form
      aria-label="Time of the page"
      className="min-w-0 flex-1 basis-56 sm:max-w-80"
      onSubmit={(event) => {
        event.preventDefault();
        settle();
      }}
    >
      <TextField
        label="As of"
        name="as-of"
        placeholder="now, -5m, 14:03, rev 57"
        title="now, -5m, 14:03:22, 2026-11-21 14:03, 1500, rev 57, or a time and a revision; UTC unless a zone is named"
        value={typed ?? writeAsOf(time)}
        onValue={setTyped}
        error={error}
        onBlur={settle}
        onKeyDown={(event) => {
          if (event.key === 'Escape') setTyped(null);
        }}
      />
      {error !== null && (
        <p role="alert" className="pt-1 text-xs text-danger">
          {error}
        </p>
      )}
    </form>
  );
}

interface TimeSliderProps {
  readonly moment: Moment;
  readonly shown: Shown;
  /** Lanes with names at their left are below. */
  readonly withNames: boolean;
  onTime(time: Coordinates): void;
}

/** From before the first change to now, and beyond when something is planned. Arrow keys step from change to change. */
function TimeSlider({ moment, shown, withNames, onTime }: TimeSliderProps) {
  const { axis, now, at, steps } = shown;
  const { time } = moment;
  const [dragged, setDragged] = useState<number | null>(null);
  const throttled = useThrottled(onTime);
  const timeAt = (step: number): Coordinates => {
    const at = snapped(axis, step / STEPS, now, REACH);
    return at === now ? {} : { at };
  };
  const shownTime = dragged === null ? time : timeAt(dragged);
  const label = isNow(shownTime) ? 'now' : writeAsOf(shownTime);
  const last = axis.stops.at(-1) ?? 0;
  const nowPlace = axis.fractionOf(now);
  const isEmpty = axis.stops.length === 0;
  // Without a change there is only now, at the right end.
  const place = dragged ?? (isEmpty ? STEPS : Math.round(axis.fractionOf(at) * STEPS));
  const step = (to: number | null): void => {
    if (to !== null) onTime(to === now ? {} : { at: to });
  };
  return (
    <div className={clsx('flex flex-col', withNames && 'sm:ml-28')}>
      <input
        type="range"
        aria-label="Time"
        aria-valuetext={label}
        title={isEmpty ? 'Nothing has changed yet' : `As of ${label}`}
        min={0}
        max={STEPS}
        value={place}
        disabled={isEmpty}
        onChange={(event) => {
          const next = Number(event.target.value);
          setDragged(next);
          throttled(timeAt(next));
        }}
        onPointerUp={() => setDragged(null)}
        onBlur={() => setDragged(null)}
        onKeyDown={(event) => {
          if (event.key === 'ArrowLeft' || event.key === 'ArrowDown') step(changeBefore(steps, at));
          else if (event.key === 'ArrowRight' || event.key === 'ArrowUp')
            step(changeAfter(steps, at) ?? now);
          else return;
          event.preventDefault();
          setDragged(null);
        }}
        className={clsx('m-0 h-6 w-full min-w-0', isNow(shownTime) ? 'accent-text' : 'accent-past')}
      />
      <p
        aria-hidden="true"
        className="relative mx-2 flex justify-between gap-2 font-mono text-[11px] leading-4 text-quiet"
      >
        <span className="truncate">
          {isEmpty ? 'no changes yet' : formatNear(axis.stops[0] ?? 0, now)}
        </span>
        {last > now && nowPlace < LABEL_ROOM && (
          <span
            style={{ left: `${nowPlace * 100}%` }}
            className="absolute hidden -translate-x-1/2 sm:inline"
          >
            now
          </span>
        )}
        <span className="shrink-0">{last > now ? formatNear(last, now) : 'now'}</span>
      </p>
    </div>
  );
}

/** Calls at once and then at most every {@link DRAG_MS}; the last call is never lost. */
function useThrottled(call: (time: Coordinates) => void): (time: Coordinates) => void {
  const latest = useRef(call);
  const waiting = useRef<Coordinates | null>(null);
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  useEffect(() => {
    latest.current = call;
  });
  useEffect(() => () => clearTimeout(timer.current), []);
  const rest = (): void => {
    timer.current = setTimeout(() => {
      timer.current = undefined;
      if (waiting.current === null) return;
      const time = waiting.current;
      waiting.current = null;
      latest.current(time);
      rest();
    }, DRAG_MS);
  };
  return (time) => {
    if (timer.current !== undefined) {
      waiting.current = time;
      return;
    }
    latest.current(time);
    rest();
  };
}
