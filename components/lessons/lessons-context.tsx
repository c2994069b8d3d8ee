'use client';

import { createContext, use, useEffect, useEffectEvent, useState } from 'react';
import type { ReactNode } from 'react';
import type { Lesson } from '../../client/lessons/lesson.ts';
import { lessonOf } from '../../client/lessons/list.ts';
import { whyUnfit } from '../../client/lessons/mend.ts';
import { useActionsDisabled, useLive } from '../live/live-provider.tsx';
import { focusOn } from '../ui/page-keys.ts';
import { useLesson } from './use-lesson.ts';
import type { LessonPlayer } from './use-lesson.ts';

export interface LessonsState {
  readonly player: LessonPlayer;
  /** Why no lesson can begin; null when one can. */
  readonly unfit: string | null;
  /** The list of lessons is open. */
  readonly isListed: boolean;
  list(): void;
  hide(): void;
  start(lesson: Lesson): void;
  /** Puts away what is over. */
  close(): void;
}

const LessonsContext = createContext<LessonsState | null>(null);

export function useLessons(): LessonsState {
  const state = use(LessonsContext);
  if (state === null) throw new Error('useLessons is for the inside of LessonsProvider');
  return state;
}

/**
 * Holds the lesson that is played, above all that shows it: the page and the
 * presentation take turns, and the lesson goes on. `?lesson=id` opens one.
 */
export function LessonsProvider({ children }: { readonly children: ReactNode }) {
  const player = useLesson();
  const [isListed, setListed] = useState(false);
  const [asked, setAsked] = useState<string | null>(null);
  const unfit = useUnfit();

  const hide = (): void => {
    setListed(false);
    setAsked(null);
  };
  const start = (lesson: Lesson): void => {
    hide();
    setAddress(lesson.id);
    player.start(lesson);
  };
  const close = (): void => {
    setAddress(null);
    player.close();
    focusOn('button[aria-label="Lessons"]');
  };
  useEffect(() => {
    setAsked(new URLSearchParams(window.location.search).get('lesson'));
  }, []);
  const startAsked = useEffectEvent(() => {
    const lesson = asked === null ? undefined : lessonOf(asked);
    if (asked === null) return;
    // What cannot begin now is at least found in the list, which says why.
    if (lesson !== undefined && unfit === null) start(lesson);
    else if (unfit !== NOT_HEARD) setListed(true);
  });
  useEffect(() => startAsked(), [asked, unfit]);

  return (
    <LessonsContext
      value={{ player, unfit, isListed, list: () => setListed(true), hide, start, close }}
    >
      {children}
    </LessonsContext>
  );
}

const NOT_HEARD = 'Nothing was heard of the cluster yet';

/** Why no lesson can begin; null when one can. */
function useUnfit(): string | null {
  const disabled = useActionsDisabled();
  const { isHeard, unfit } = useLive(({ conn, view }) => ({
    isHeard: conn !== 'connecting' && view !== null,
    unfit: view === null ? null : whyUnfit(view),
  }));
  return isHeard ? (disabled ?? unfit) : NOT_HEARD;
}

/** The address names the lesson, so that it can be sent to somebody. */
function setAddress(lesson: string | null): void {
  const url = new URL(window.location.href);
  if (lesson === null) url.searchParams.delete('lesson');
  else url.searchParams.set('lesson', lesson);
  window.history.replaceState(window.history.state, '', url);
}
