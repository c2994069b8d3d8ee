'use client';

import clsx from 'clsx';
import { useEffect, useEffectEvent, useState } from 'react';
import type { ReactNode } from 'react';
import { useActions } from '../actions/actions-context.ts';
import { HelpSheet } from '../actions/page-help.tsx';
import { useCutDrawing } from '../cluster/cut-drawing.ts';
import { Stage } from '../cluster/stage.tsx';
import { VerdictBar } from '../cluster/verdict-bar.tsx';
import { LessonsProvider, useLessons } from '../lessons/lessons-context.tsx';
import { OpenLesson } from '../lessons/lessons.tsx';
import { LogMatrix } from '../log/log-matrix.tsx';
import { TimeBar } from '../time/time-bar.tsx';
import { TIME_KEYS } from '../time/use-time-keys.ts';
import { Button } from '../ui/button.tsx';
import { usePageKeys } from '../ui/page-keys.ts';
import { Panel } from '../ui/panel.tsx';
import { Subtitle } from './subtitle.tsx';

/** The page, or what is shown of it to a room. */
export function LiveOrPresent({ children }: { readonly children: ReactNode }) {
  const isPresenting = useActions().present.show !== null;
  return (
    <LessonsProvider>
      {isPresenting ? (
        <Presentation />
      ) : (
        <>
          {children}
          <OpenLesson place="over" />
        </>
      )}
    </LessonsProvider>
  );
}

/**
 * For a projector: the verdict, the nodes, the log and a caption, large and on
 * light paper, with nothing else on the screen but a lesson that is played.
 */
function Presentation() {
  const { does, present, overlay } = useActions();
  const idle = useIdle();
  const { run, suite } = useLessons().player;
  const isLesson = run !== null || suite !== null;
  const leave = (): void => does.present(null);
  usePageKeys((event) => {
    // What is open, a line about to be drawn and a moment of the past are left first.
    const isFree = !event.defaultPrevented && !useCutDrawing.getState().armed;
    if (event.key !== 'Escape' || overlay !== null || !isFree) return;
    if (document.querySelector(':popover-open, dialog[open]') === null) leave();
  });
  // In full screen the browser keeps Escape to itself, and tells of its end alone.
  const leaveAtEnd = useEffectEvent(() => {
    if (document.fullscreenElement === null) leave();
  });
  useEffect(() => {
    const listen = (): void => leaveAtEnd();
    document.addEventListener('fullscreenchange', listen);
    return () => document.removeEventListener('fullscreenchange', listen);
  }, []);
  return (
    <div
      data-testid="presentation"
      data-present={present.paper}
      data-show={present.show}
      data-idle={idle}
      className={clsx('flex h-dvh flex-col overflow-hidden', idle && 'cursor-none')}
    >
      {/* Of the whole page, in its first paint too. A rule with `:has` would look up all styles again with each element that comes or goes anywhere. */}
      <style>{`:root:root { font-size: 22px; color-scheme: ${present.paper}; }`}</style>
      <h1 className="sr-only">Chronoraft, presentation</h1>
      <VerdictBar />
      <main
        className={clsx(
          'grid min-h-0 flex-1 gap-3 p-3',
          (present.show === 'both' || isLesson) &&
            'grid-cols-1 grid-rows-2 lg:grid-cols-[3fr_2fr] lg:grid-rows-1',
        )}
      >
        {present.show === 'log' ? (
          <Log />
        ) : (
          <Panel title="Cluster" hideTitle>
            <Stage />
          </Panel>
        )}
        {isLesson ? (
          <div className="flex min-h-0 min-w-0 flex-col gap-3">
            {present.show === 'both' && (
              <div className="hidden min-h-0 flex-1 lg:[@media(min-height:50rem)]:grid">
                <Log />
              </div>
            )}
            <OpenLesson place="beside" />
          </div>
        ) : (
          present.show === 'both' && <Log />
        )}
      </main>
      <Subtitle />
      <TimeBar hiddenWhenLive />
      <HelpSheet further={TIME_KEYS}>
        <p className="text-quiet">
          The cluster and its log, for a room: the verdict above, a caption below. What is not shown
          here goes on meanwhile; P or Esc leads back to it.
        </p>
      </HelpSheet>
      <Button
        onClick={leave}
        title="Leave the presentation (P or Esc)"
        className={clsx(
          'fixed top-3 right-3 z-20 focus-visible:opacity-100',
          idle ? 'opacity-0' : 'opacity-100',
        )}
      >
        Leave presentation
      </Button>
    </div>
  );
}

function Log() {
  return (
    <Panel title="Replicated log" hideTitle>
      <LogMatrix />
    </Panel>
  );
}

/** The pointer rests for so long before it is hidden, ms. */
const IDLE_MS = 2000;

/** True while the pointer rests. */
function useIdle(): boolean {
  const [moves, setMoves] = useState(0);
  const [idle, setIdle] = useState(true);
  useEffect(() => {
    const onMove = (): void => {
      setIdle(false);
      setMoves((count) => count + 1);
    };
    document.addEventListener('pointermove', onMove);
    return () => document.removeEventListener('pointermove', onMove);
  }, []);
  useEffect(() => {
    if (moves === 0) return;
    const timer = setTimeout(() => setIdle(true), IDLE_MS);
    return () => clearTimeout(timer);
  }, [moves]);
  return idle;
}
