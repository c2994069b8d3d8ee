/**
 * One run of a lesson as plain data, and what each event makes of it: a pure state machine. The
 * step that is played only goes forward; the step that is shown is the reader's own affair.
 */
import type { Check, Lesson, Step } from './lessons/lesson.ts';

/** What was sent, and what came of it; null while it is under way. */
export interface Sent {
  readonly what: string;
  readonly curl: string;
  readonly words: string | null;
}

export interface StepRun {
  readonly phase: 'ahead' | 'ready' | 'acting' | 'waiting' | 'checking' | 'done' | 'failed';
  readonly title: string;
  readonly before: string;
  /** On its button; null where there is nothing to do but to watch. */
  readonly actionLabel: string | null;
  readonly sent: readonly Sent[];
  readonly after: string | null;
  readonly focus: readonly string[];
  readonly checks: readonly Check[];
  /** Why it failed. */
  readonly problem: string | null;
}

export interface LessonRun {
  readonly id: string;
  readonly title: string;
  readonly steps: readonly StepRun[];
  /** Being played. */
  readonly at: number;
  /** Being looked at. */
  readonly shown: number;
  /** Goes on by itself. */
  readonly auto: boolean;
  /** `mending` and `over`: nothing more is played. */
  readonly phase: 'playing' | 'mending' | 'over';
  /** Once over, what could not be mended; empty when all is well. */
  readonly broken: readonly string[];
  readonly tookMs: number | null;
}

export type RunEvent =
  | { readonly type: 'ready'; readonly focus: readonly string[] }
  | { readonly type: 'act'; readonly calls: readonly Omit<Sent, 'words'>[] }
  | { readonly type: 'answered'; readonly call: number; readonly words: string }
  | { readonly type: 'wait' }
  | { readonly type: 'happened'; readonly after: string; readonly focus: readonly string[] }
  | { readonly type: 'checked'; readonly checks: readonly Check[] }
  | { readonly type: 'failed'; readonly problem: string }
  /** To the step after the one that is done. */
  | { readonly type: 'next' }
  | { readonly type: 'show'; readonly step: number }
  | { readonly type: 'auto'; readonly on: boolean }
  | { readonly type: 'mending' }
  | { readonly type: 'over'; readonly broken: readonly string[]; readonly tookMs: number };

export function newRun({ id, title }: Lesson, steps: readonly Step[]): LessonRun {
  return {
    id,
    title,
    steps: steps.map((step) => ({
      phase: 'ahead',
      title: step.title,
      before: step.before,
      actionLabel: step.action?.label ?? null,
      sent: [],
      after: null,
      focus: [],
      checks: [],
      problem: null,
    })),
    at: 0,
    shown: 0,
    auto: false,
    phase: 'playing',
    broken: [],
    tookMs: null,
  };
}

export function reduceRun(run: LessonRun, event: RunEvent): LessonRun {
  switch (event.type) {
    case 'ready':
      return played(run, { phase: 'ready', focus: event.focus });
    case 'act':
      return played(run, {
        phase: 'acting',
        sent: event.calls.map((call) => ({ ...call, words: null })),
      });
    case 'answered':
      return played(run, (step) => ({
        sent: step.sent.map((sent, i) =>
          i === event.call ? { ...sent, words: event.words } : sent,
        ),
      }));
    case 'wait':
      return played(run, { phase: 'waiting' });
    case 'happened':
      return played(run, { phase: 'checking', after: event.after, focus: event.focus });
    case 'checked':
      return played(run, { phase: 'done', checks: event.checks });
    case 'failed':
      return played(run, { phase: 'failed', problem: event.problem });
    case 'next':
      return run.steps[run.at]?.phase === 'done' && run.at + 1 < run.steps.length
        ? { ...run, at: run.at + 1, shown: run.at + 1 }
        : run;
    case 'show':
      return { ...run, shown: Math.max(0, Math.min(run.at, event.step)) };
    case 'auto':
      return { ...run, auto: event.on };
    case 'mending':
      return { ...run, phase: 'mending', auto: false };
    case 'over':
      return { ...run, phase: 'over', broken: event.broken, tookMs: event.tookMs };
  }
}

function played(
  run: LessonRun,
  change: Partial<StepRun> | ((step: StepRun) => Partial<StepRun>),
): LessonRun {
  return {
    ...run,
    steps: run.steps.map((step, i) => {
      if (i !== run.at) return step;
      return { ...step, ...(typeof change === 'function' ? change(step) : change) };
    }),
  };
}

/** `left`: it was not played to its end. */
export function resultOf(run: LessonRun): 'passed' | 'failed' | 'left' | null {
  if (run.phase === 'playing') return null;
  if (run.steps.some((step) => step.phase === 'failed')) return 'failed';
  if (checksOf(run).some((check) => !check.passed)) return 'failed';
  return run.steps.every((step) => step.phase === 'done') ? 'passed' : 'left';
}

export function checksOf(run: LessonRun): readonly Check[] {
  return run.steps.flatMap((step) => step.checks);
}
