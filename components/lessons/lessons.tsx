'use client';

import { GraduationCap } from 'lucide-react';
import type { Lesson } from '../../client/lessons/lesson.ts';
import { RESILIENCE, STORIES } from '../../client/lessons/list.ts';
import { whyNotThree } from '../../client/lessons/three-voters.ts';
import { useLive } from '../live/live-provider.tsx';
import { Button } from '../ui/button.tsx';
import { Sheet } from '../ui/sheet.tsx';
import { LessonPanel } from './lesson-panel.tsx';
import { useLessons } from './lessons-context.tsx';
import type { Place } from './place.ts';
import { ResilienceTable } from './resilience-table.tsx';
import { Resizing } from './resizing.tsx';
import type { LessonPlayer } from './use-lesson.ts';

/** The button that lists the lessons. */
export function Lessons() {
  const { player, unfit, isListed, list, start, hide } = useLessons();
  const isBusy = player.run !== null || player.suite !== null;
  return (
    <>
      <Button
        aria-label="Lessons"
        title="Stories told with this cluster, and the tests of its resilience"
        className="px-2 sm:px-2.5"
        disabledBecause={isBusy ? 'A lesson is open' : null}
        onClick={list}
      >
        <GraduationCap className="size-4" aria-hidden="true" />
        <span className="hidden sm:inline">Lessons</span>
      </Button>
      <Sheet title="Lessons" open={isListed} onClose={hide}>
        <Fitness unfit={unfit} player={player} />
        <LessonList lessons={STORIES} unfit={unfit} onStart={start} />
        <div className="flex flex-wrap items-center justify-between gap-2">
          <h3 className="text-base font-semibold">Ten tests of resilience</h3>
          <Button
            disabledBecause={unfit}
            onClick={() => {
              hide();
              player.runSuite();
            }}
          >
            Run all ten
          </Button>
        </div>
        <p className="text-quiet">Two of them are stories above; these are the others.</p>
        <LessonList lessons={OTHER_TESTS} unfit={unfit} onStart={start} />
      </Sheet>
    </>
  );
}

/** The lesson that is played, or the tests; over the page, or in a place of its own. */
export function OpenLesson({ place }: { readonly place: Place }) {
  const { player, close } = useLessons();
  const { run, suite } = player;
  if (suite !== null)
    return (
      <ResilienceTable
        suite={suite}
        now={run}
        place={place}
        onLeave={player.leave}
        onClose={close}
      />
    );
  return run === null ? null : (
    <LessonPanel run={run} player={player} place={place} onClose={close} />
  );
}

const OTHER_TESTS = RESILIENCE.filter((lesson) => !STORIES.includes(lesson));

function Fitness({
  unfit,
  player: { isMending, broken, mendAll },
}: {
  readonly unfit: string | null;
  readonly player: LessonPlayer;
}) {
  const isSize = useLive(({ view }) => view !== null && whyNotThree(view) !== null);
  if (unfit === null) {
    return (
      <p className="text-quiet">
        Stories told with this very cluster: every step is a real request, waits for the real event,
        and is checked with what the nodes answer. What a lesson breaks it mends. They write under{' '}
        <span className="font-mono">lesson/</span> only.
      </p>
    );
  }
  if (isSize) return <Resizing why={unfit} />;
  return (
    <div
      role="status"
      className="flex flex-wrap items-center justify-between gap-2 rounded-lg border border-line-strong p-3"
    >
      <p className="min-w-0 flex-1">
        <strong className="font-semibold">No lesson can begin now.</strong> {unfit}.
        {broken.length > 0 && ` Not mended: ${broken.join(', ')}.`}
      </p>
      <Button disabledBecause={isMending ? 'Under way' : null} onClick={mendAll}>
        {isMending ? 'Mending…' : 'Mend everything first'}
      </Button>
    </div>
  );
}

interface LessonListProps {
  readonly lessons: readonly Lesson[];
  readonly unfit: string | null;
  onStart(lesson: Lesson): void;
}

function LessonList({ lessons, unfit, onStart }: LessonListProps) {
  return (
    <ul className="flex flex-col divide-y divide-line rounded-lg border border-line">
      {lessons.map((lesson) => (
        <li key={lesson.id} className="flex items-center gap-3 px-3 py-2">
          <div className="min-w-0 flex-1">
            <p className="font-medium">
              {lesson.title}{' '}
              <span className="text-xs font-normal whitespace-nowrap text-quiet">
                about {lesson.aboutSeconds} s
              </span>
            </p>
            <p className="text-sm text-quiet">{lesson.teaches}</p>
          </div>
          <Button
            aria-label={`Start: ${lesson.title}`}
            disabledBecause={unfit}
            onClick={() => onStart(lesson)}
          >
            Start
          </Button>
        </li>
      ))}
    </ul>
  );
}
