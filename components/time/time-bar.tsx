'use client';

import clsx from 'clsx';
import { FastForward, Pause, Play, StepBack, StepForward } from 'lucide-react';
import { useEffect, useEffectEvent } from 'react';
import { eventAfter, eventBefore } from '../../client/recording-lanes.ts';
import { SPEEDS } from '../../client/viewing.ts';
import type { Mode, Speed } from '../../client/viewing.ts';
import {
  secondOf,
  useHeardUntil,
  useLive,
  useServerNow,
  useStream,
  useViewing,
  useViewingState,
} from '../live/live-provider.tsx';
import { Button } from '../ui/button.tsx';
import { RecordingMenu } from './recording-menu.tsx';
import { Scrubber } from './scrubber.tsx';
import { useTimeKeys } from './use-time-keys.ts';

/** The server is asked how far its recording goes, ms. */
const REFRESH_MS = 2000;
const TICK_MS = 66;

const MODE_WORDS: Record<Mode, string> = { live: 'LIVE', paused: 'PAUSED VIEW', replay: 'REPLAY' };

interface TimeBarProps {
  /** Not seen while the view is live, and yet heard. */
  readonly hiddenWhenLive?: boolean;
}

/** Which moment is looked at, and the way to any other that is kept. It moves the view alone, never the cluster. */
export function TimeBar({ hiddenWhenLive = false }: TimeBarProps) {
  const mode = useViewingState((state) => state.mode);
  useRefresh();
  usePlaying();
  useMomentInAddress();
  useTimeKeys();
  if (hiddenWhenLive && mode === 'live') return null;
  return (
    <section
      aria-label="Time"
      data-testid="time-bar"
      data-mode={mode}
      className={clsx(
        'sticky bottom-0 z-30 flex h-16 min-w-0 shrink-0 items-center gap-2 border-t px-2 sm:gap-3 sm:px-4 wide:flex-1',
        mode === 'live' ? 'border-line bg-surface' : 'border-line-strong bg-raised',
      )}
    >
      <Where />
      <Controls />
      <Scrubber />
      <RecordingMenu />
      <Problem />
    </section>
  );
}

/** The mode in a word, and the moment. */
function Where() {
  const { mode, atMs, busy, skippedMs, fileName } = useViewingState((state) => ({
    mode: state.mode,
    atMs: state.atMs,
    busy: state.busy,
    skippedMs: state.skippedMs,
    fileName: state.source.fileName,
  }));
  const now = useServerNow();
  const heardUntil = useHeardUntil();
  const isStale = useStream(({ conn }) => conn === 'reconnecting') && mode === 'live';
  const shown = useLive(({ view }) => view?.events.at(-1)?.seq ?? 0);
  const newest = useStream(({ view }) => view?.events.at(-1)?.seq ?? 0);
  const at = atMs ?? (isStale ? heardUntil : now);
  const note =
    mode === 'paused'
      ? `${newest - shown} ${newest - shown === 1 ? 'event' : 'events'} behind`
      : mode === 'live'
        ? isStale
          ? 'as heard last'
          : 'as it happens'
        : busy
          ? 'loading…'
          : skippedMs !== null
            ? `skipped ${Math.round(skippedMs / 1000)} quiet s`
            : fileName === null
              ? 'not live'
              : `from ${fileName}`;
  return (
    <div className="flex w-24 shrink-0 flex-col leading-4 sm:w-40">
      <span
        role="status"
        data-testid="view-mode"
        className={clsx(
          'flex items-center gap-1.5 text-sm font-semibold tracking-wide whitespace-nowrap',
          mode === 'replay' && 'text-past',
        )}
      >
        <ModeMark mode={mode} isStale={isStale} />
        {isStale ? 'NOT LIVE' : MODE_WORDS[mode]}
      </span>
      <span className="font-mono text-xs" data-testid="view-time" data-at-ms={atMs ?? ''}>
        {at === null ? '' : `${secondOf(at)} UTC`}
      </span>
      <span className="truncate text-xs text-quiet" data-testid="view-note" title={note}>
        {note}
      </span>
    </div>
  );
}

interface ModeMarkProps {
  readonly mode: Mode;
  readonly isStale: boolean;
}

/** A dot that is there, a ring where it was, two bars, or an arrow back: never told by colour alone. */
function ModeMark({ mode, isStale }: ModeMarkProps) {
  return (
    <svg viewBox="0 0 12 12" className="size-3 shrink-0" aria-hidden="true" fill="currentColor">
      {mode === 'live' && !isStale && <circle cx="6" cy="6" r="4.5" />}
      {isStale && (
        <circle cx="6" cy="6" r="4" fill="none" stroke="currentColor" strokeWidth="1.5" />
      )}
      {mode === 'paused' && <path d="M2 1h3v10H2zM7 1h3v10H7z" />}
      {mode === 'replay' && <path d="M6 1v10L0 6zM12 1v10L6 6z" />}
    </svg>
  );
}

function Controls() {
  const viewing = useViewing();
  const now = useServerNow();
  const { mode, playing, speed } = useViewingState((state) => ({
    mode: state.mode,
    playing: state.playing,
    speed: state.speed,
  }));
  const { hasBefore, hasAfter } = useViewingState(({ atMs, lanes, range }) => {
    const at = atMs ?? range?.toMs ?? 0;
    const before = eventBefore(lanes, at);
    return {
      hasBefore: before !== null && before >= (range?.fromMs ?? 0),
      hasAfter: atMs !== null && eventAfter(lanes, at) !== null,
    };
  });
  return (
    <div className="flex shrink-0 items-center gap-1">
      {mode === 'live' ? (
        <Button
          className="w-9 px-0! sm:w-28"
          aria-label="Pause view"
          title="Hold the picture still, for you alone (Space)"
          onClick={() => {
            if (now !== null) viewing.pause(now);
          }}
        >
          <Pause className="size-4" aria-hidden="true" />
          <span className="hidden sm:inline">Pause view</span>
        </Button>
      ) : (
        <Button
          tone="primary"
          className="w-9 px-0! sm:w-28"
          aria-label="Back to live"
          title="Back to live (Esc)"
          onClick={() => viewing.backToLive()}
        >
          <FastForward className="size-4" aria-hidden="true" />
          <span className="hidden sm:inline">Back to live</span>
        </Button>
      )}
      <div className="hidden items-center gap-1 sm:flex">
        <Button
          className="w-8 px-0!"
          aria-label="Step back"
          title="To the event before (Left)"
          disabledBecause={hasBefore ? null : 'No earlier event is kept'}
          onClick={() => void viewing.step(-1)}
        >
          <StepBack className="size-4" aria-hidden="true" />
        </Button>
        <Button
          className="w-8 px-0!"
          aria-label="Step"
          title="To the next event (Right)"
          disabledBecause={hasAfter ? null : 'There is no later event'}
          onClick={() => void viewing.step(1)}
        >
          <StepForward className="size-4" aria-hidden="true" />
        </Button>
        <Button
          className="w-8 px-0!"
          aria-label={playing ? 'Stop' : 'Play'}
          title={playing ? 'Stop (Space)' : 'Play from here (Space)'}
          disabledBecause={mode === 'replay' ? null : 'Choose a moment of the past first'}
          onClick={() => (playing ? viewing.stop() : viewing.play())}
        >
          {playing ? (
            <Pause className="size-4" aria-hidden="true" />
          ) : (
            <Play className="size-4" aria-hidden="true" />
          )}
        </Button>
        <select
          aria-label="Replay speed"
          title="How fast the recording is played, for you alone"
          value={speed}
          onChange={(event) => viewing.setSpeed(Number(event.target.value) as Speed)}
          className="h-8 rounded-lg border border-line-strong bg-raised px-1 text-[13px]"
        >
          {SPEEDS.map((one) => (
            <option key={one} value={one}>
              {SPEED_WORDS[one]}
            </option>
          ))}
        </select>
      </div>
    </div>
  );
}

const SPEED_WORDS: Record<Speed, string> = {
  0.25: '1/4x',
  0.5: '1/2x',
  1: '1x',
  2: '2x',
  4: '4x',
  8: '8x',
};

/** Why a moment cannot be shown, or a file not be read. */
function Problem() {
  const viewing = useViewing();
  const problem = useViewingState((state) => state.problem);
  return (
    <div role="alert" className="absolute inset-x-2 bottom-full flex justify-center">
      {problem !== null && (
        <p
          data-testid="view-problem"
          className="mb-2 flex max-w-full items-center gap-3 rounded-lg border border-line-strong bg-raised py-1 pr-1 pl-3 text-sm shadow-lg"
        >
          <span className="min-w-0 wrap-anywhere">{problem}</span>
          <Button onClick={() => viewing.forgetProblem()}>Dismiss</Button>
        </p>
      )}
    </div>
  );
}

function useRefresh(): void {
  const viewing = useViewing();
  useEffect(() => {
    const refresh = (): void => {
      if (!document.hidden) void viewing.refresh();
    };
    refresh();
    const timer = setInterval(refresh, REFRESH_MS);
    return () => clearInterval(timer);
  }, [viewing]);
}

/** The watcher's clock, while it plays. */
function usePlaying(): void {
  const viewing = useViewing();
  const playing = useViewingState((state) => state.playing);
  useEffect(() => {
    if (!playing) return;
    let lastMs = performance.now();
    const timer = setInterval(() => {
      const nowMs = performance.now();
      viewing.tick(nowMs - lastMs);
      lastMs = nowMs;
    }, TICK_MS);
    return () => clearInterval(timer);
  }, [viewing, playing]);
}

/** `?t=` opens at that moment, or says why not. */
function useMomentInAddress(): void {
  const viewing = useViewing();
  const open = useEffectEvent(() => {
    const query = new URLSearchParams(window.location.search);
    const asked = query.get('t');
    if (asked !== null && /^\d{1,15}$/.test(asked))
      void viewing.openAt(Number(asked), query.get('epoch'));
  });
  useEffect(() => open(), []);
}
