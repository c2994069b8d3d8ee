'use client';

import clsx from 'clsx';
import { useEffect, useRef } from 'react';
import { checksOf, resultOf } from '../../client/lesson-run.ts';
import type { LessonRun, Sent, StepRun } from '../../client/lesson-run.ts';
import { Button } from '../ui/button.tsx';
import { CheckList } from './check-list.tsx';
import { panelClass } from './place.ts';
import type { Place } from './place.ts';
import type { LessonPlayer } from './use-lesson.ts';

interface LessonPanelProps {
  readonly run: LessonRun;
  readonly player: LessonPlayer;
  readonly place: Place;
  onClose(): void;
}

/** The lesson that is played, over the charts and events of the page, which it tells itself meanwhile. */
export function LessonPanel({ run, player, place, onClose }: LessonPanelProps) {
  const step = run.steps[run.shown];
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => heading.current?.focus(), []);
  if (step === undefined) return null;
  const isShownNow = run.shown === run.at;
  const focus = isShownNow && run.phase === 'playing' ? step.focus : [];
  return (
    <section
      aria-label={`Lesson: ${run.title}`}
      data-testid="lesson-panel"
      data-covers={place === 'over' ? 'page' : undefined}
      data-lesson={run.id}
      data-phase={run.phase}
      data-step={run.shown + 1}
      data-step-phase={step.phase}
      data-result={resultOf(run) ?? ''}
      data-focus={focus.join(' ')}
      className={clsx(panelClass(place), place === 'over' && 'desk:max-h-[31rem]')}
    >
      <FocusRing focus={focus} />
      <header className="flex items-center justify-between gap-3 border-b border-line px-4 py-2">
        <div className="min-w-0">
          <h2 ref={heading} tabIndex={-1} className="truncate text-base font-semibold outline-none">
            {run.title}
          </h2>
          <Steps run={run} />
        </div>
        {run.phase === 'over' ? (
          <Button onClick={onClose}>Close</Button>
        ) : (
          <Button
            title="End the lesson and mend what it broke"
            disabledBecause={run.phase === 'mending' ? 'Mending' : null}
            onClick={player.leave}
          >
            Leave
          </Button>
        )}
      </header>
      {/* eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- what scrolls must be reached by keyboard */}
      <div
        tabIndex={0}
        role="group"
        aria-label="The step"
        className="min-h-0 flex-1 overflow-y-auto px-4 py-3 -outline-offset-2"
      >
        <StepView step={step} number={run.shown + 1} />
        <Ending run={run} player={player} />
      </div>
      <Controls run={run} step={step} player={player} />
    </section>
  );
}

function Steps({ run }: { readonly run: LessonRun }) {
  const step = run.steps[run.shown];
  return (
    <p role="status" aria-live="polite" className="text-xs text-quiet">
      Step {run.shown + 1} of {run.steps.length}: {step?.title}
      <span className="sr-only">
        . {PHASE_WORDS[step?.phase ?? 'ahead']}. {step?.after ?? step?.before}
      </span>
    </p>
  );
}

const PHASE_WORDS = {
  ahead: 'Not yet begun',
  ready: 'Ready',
  acting: 'Sending the requests',
  waiting: 'Waiting for it to happen',
  checking: 'It happened; checking',
  done: 'Done',
  failed: 'Failed',
} as const;

function StepView({ step, number }: { readonly step: StepRun; readonly number: number }) {
  const isUnderWay =
    step.phase === 'acting' || step.phase === 'waiting' || step.phase === 'checking';
  return (
    <div className="flex flex-col gap-2.5">
      <h3 className="font-semibold">
        <span className="font-mono text-quiet">{number}</span> {step.title}
      </h3>
      <p>{step.before}</p>
      {step.sent.length > 0 && <SentList sent={step.sent} />}
      {isUnderWay && <p className="text-quiet">{PHASE_WORDS[step.phase]}…</p>}
      {step.after !== null && (
        <p data-testid="lesson-after" className="border-l-2 border-text pl-3">
          {step.after}
        </p>
      )}
      {step.problem !== null && (
        <p role="alert" className="border-l-2 border-danger pl-3">
          <strong className="font-semibold text-danger">It did not happen.</strong> {step.problem}
        </p>
      )}
      <CheckList checks={step.checks} />
    </div>
  );
}

/** What was asked of the server, and what it answered; each with its curl. */
function SentList({ sent }: { readonly sent: readonly Sent[] }) {
  return (
    <ul
      aria-label="Requests"
      className="flex flex-col gap-1 rounded-lg border border-line p-2 text-sm"
    >
      {sent.map(({ what, curl, words }) => (
        <li key={what} className="min-w-0">
          <details>
            <summary className="cursor-pointer wrap-anywhere">
              {what} <span className="text-quiet">· {words ?? 'under way…'}</span>
            </summary>
            <pre className="mt-1 overflow-x-auto rounded-sm bg-raised p-2 text-xs whitespace-pre-wrap wrap-anywhere">
              {curl}
            </pre>
          </details>
        </li>
      ))}
    </ul>
  );
}

function Ending({ run, player }: { readonly run: LessonRun; readonly player: LessonPlayer }) {
  const result = resultOf(run);
  if (result === null) return null;
  const checks = checksOf(run);
  const passed = checks.filter((check) => check.passed).length;
  const broken = player.broken.length > 0 || player.isMending ? player.broken : run.broken;
  return (
    <div role="status" data-testid="lesson-result" className="mt-3 border-t border-line pt-3">
      <p className="font-semibold">{ENDINGS[result]}</p>
      <p>
        {passed} of {checks.length} checks hold
        {run.tookMs !== null && `, in ${(run.tookMs / 1000).toFixed(1)} s`}.{' '}
        {run.phase === 'mending'
          ? 'Mending what it broke…'
          : run.broken.length === 0
            ? 'The cluster is whole again.'
            : `Still broken: ${broken.join(', ')}.`}
      </p>
      {run.broken.length > 0 && (
        <Button
          className="mt-2"
          disabledBecause={player.isMending ? 'Under way' : null}
          onClick={player.mendAll}
        >
          Mend everything
        </Button>
      )}
    </div>
  );
}

const ENDINGS = {
  passed: '✓ The lesson is over: all it claims was seen.',
  failed: '✗ The lesson is over: not all it claims was seen.',
  left: 'You left the lesson before its end.',
} as const;

interface ControlsProps {
  readonly run: LessonRun;
  readonly step: StepRun;
  readonly player: LessonPlayer;
}

function Controls({ run, step, player }: ControlsProps) {
  const isShownNow = run.shown === run.at;
  const isPlaying = run.phase === 'playing';
  const isLast = run.shown + 1 === run.steps.length;
  const canAct = isPlaying && isShownNow && step.phase === 'ready' && step.actionLabel !== null;
  const canGoOn = !isShownNow || (isPlaying && step.phase === 'done');
  const because = isPlaying ? 'This step is not over yet' : 'The lesson is over';
  return (
    <footer className="flex flex-wrap items-center gap-2 border-t border-line px-4 py-2">
      <Button
        disabledBecause={run.shown === 0 ? 'This is the first step' : null}
        onClick={player.previous}
      >
        Previous
      </Button>
      <Button
        tone={canGoOn ? 'primary' : 'plain'}
        disabledBecause={canGoOn ? null : because}
        onClick={player.next}
      >
        {isLast && isShownNow ? 'Finish' : 'Next'}
      </Button>
      {isPlaying && step.actionLabel !== null && isShownNow && (
        <Button
          tone={canAct ? 'primary' : 'plain'}
          className="min-w-0 shrink"
          disabledBecause={canAct ? null : 'It is done, or under way'}
          onClick={player.act}
        >
          <span className="truncate">Do it: {step.actionLabel}</span>
        </Button>
      )}
      {isPlaying && (
        <Button
          className={clsx('ml-auto', run.auto && 'border-text')}
          aria-pressed={run.auto}
          title="Do every step, with time to read between them"
          onClick={() => player.playByItself(!run.auto)}
        >
          {run.auto ? 'Playing: stop' : 'Play all'}
        </Button>
      )}
    </footer>
  );
}

/** A ring round what the step is about. Names of nodes and panels are those that the page itself uses. */
function FocusRing({ focus }: { readonly focus: readonly string[] }) {
  const selectors = focus
    .filter((name) => /^[\w ]+$/.test(name))
    .map((name) => `main [data-node="${name}"], main section[aria-label="${name}"]`);
  if (selectors.length === 0) return null;
  return (
    <style>{`${selectors.join(', ')} { outline: 2px dashed var(--text); outline-offset: 3px; }`}</style>
  );
}
