'use client';

import { useEffect, useEffectEvent, useMemo, useRef, useState } from 'react';
import { ChronoraftClient } from '../../client/http-client.ts';
import { LessonRunner, mend } from '../../client/lesson-runner.ts';
import type { LessonPorts } from '../../client/lesson-runner.ts';
import type { LessonRun } from '../../client/lesson-run.ts';
import type { Lesson } from '../../client/lessons/lesson.ts';
import { RESILIENCE } from '../../client/lessons/list.ts';
import { askToMend, whyUnfit } from '../../client/lessons/mend.ts';
import { useLiveStore } from '../live/live-provider.tsx';

/** Between the steps of a lesson that plays by itself, ms: long enough to read two sentences. */
const READ_MS = 4000;

export interface LessonPlayer {
  /** The lesson that is open; null when none is. */
  readonly run: LessonRun | null;
  /** The ten tests as they are run one after the other, with those that are over; null while they are not. */
  readonly suite: Suite | null;
  readonly isMending: boolean;
  /** What the last mending could not mend. */
  readonly broken: readonly string[];
  start(lesson: Lesson): void;
  act(): void;
  next(): void;
  previous(): void;
  playByItself(on: boolean): void;
  /** Ends the lesson or the tests, and mends. */
  leave(): void;
  /** Puts a lesson or a table away that is over. */
  close(): void;
  runSuite(): void;
  mendAll(): void;
}

export interface Suite {
  readonly runs: readonly LessonRun[];
  readonly isOver: boolean;
}

/** Plays lessons on the cluster of this page, one at a time. */
export function useLesson(): LessonPlayer {
  const ports = useLessonPorts();
  const runner = useRef<LessonRunner | null>(null);
  const [run, setRun] = useState<LessonRun | null>(null);
  const [suite, setSuite] = useState<Suite | null>(null);
  const [isMending, setMending] = useState(false);
  const [broken, setBroken] = useState<readonly string[]>([]);
  const stopsSuite = useRef(false);

  const play = (lesson: Lesson, readMs: number): LessonRunner => {
    const next = new LessonRunner(lesson, ports, setRun, { readMs });
    runner.current = next;
    setRun(next.state);
    return next;
  };
  const runTests = async (): Promise<void> => {
    stopsSuite.current = false;
    const runs: LessonRun[] = [];
    setSuite({ runs, isOver: false });
    for (const lesson of RESILIENCE) {
      if (stopsSuite.current || whyUnfit(ports.view()) !== null) break;
      const next = play(lesson, 0);
      next.playByItself(true);
      runs.push(await next.over);
      setSuite({ runs: [...runs], isOver: false });
    }
    setSuite({ runs: [...runs], isOver: true });
  };
  const mendAll = async (): Promise<void> => {
    setMending(true);
    setBroken(await mend(ports));
    setMending(false);
  };

  const leaveQuickly = useEffectEvent(() => {
    const { current } = runner;
    if (current === null || current.state.phase === 'over') return;
    stopsSuite.current = true;
    // What is asked for now is sent even though the page goes; nobody is left to wait for it.
    const parting = new ChronoraftClient({
      fetch: (url, init) => fetch(url, { ...init, keepalive: true }),
    });
    void askToMend(parting, ports.view());
    void current.leave();
  });
  useEffect(() => {
    const go = (): void => leaveQuickly();
    window.addEventListener('pagehide', go);
    return () => {
      window.removeEventListener('pagehide', go);
      go();
    };
  }, []);

  return {
    run,
    suite,
    isMending,
    broken,
    start: (lesson) => {
      setSuite(null);
      play(lesson, READ_MS);
    },
    act: () => runner.current?.act(),
    next: () => runner.current?.next(),
    previous: () => runner.current?.previous(),
    playByItself: (on) => runner.current?.playByItself(on),
    leave: () => {
      stopsSuite.current = true;
      void runner.current?.leave();
    },
    close: () => {
      setRun(null);
      setSuite(null);
    },
    runSuite: () => void runTests(),
    mendAll: () => void mendAll(),
  };
}

function useLessonPorts(): LessonPorts {
  const store = useLiveStore();
  return useMemo(
    () => ({
      client: (timeoutMs = 10_000) => new ChronoraftClient({ timeoutMs }),
      view: () => {
        const { view } = store.getState();
        if (view === null) throw new Error('no lesson begins before the cluster was heard of');
        return view;
      },
      listen: (hear) =>
        store.subscribe(({ view }, before) => {
          if (view !== null && view !== before.view) hear(view);
        }),
      after: (ms, run) => {
        const timer = setTimeout(run, ms);
        return () => clearTimeout(timer);
      },
    }),
    [store],
  );
}
