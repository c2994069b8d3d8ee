'use client';

import clsx from 'clsx';
import { useEffect, useRef } from 'react';
import { checksOf, resultOf } from '../../client/lesson-run.ts';
import type { LessonRun } from '../../client/lesson-run.ts';
import { RESILIENCE } from '../../client/lessons/list.ts';
import { Button } from '../ui/button.tsx';
import { CheckList } from './check-list.tsx';
import { panelClass } from './place.ts';
import type { Place } from './place.ts';
import type { Suite } from './use-lesson.ts';

interface ResilienceTableProps {
  readonly suite: Suite;
  /** The one under way. */
  readonly now: LessonRun | null;
  readonly place: Place;
  onLeave(): void;
  onClose(): void;
}

/** The ten tests, one after the other on the living cluster: result, time, and what shows it. */
export function ResilienceTable({ suite, now, place, onLeave, onClose }: ResilienceTableProps) {
  const { runs, isOver } = suite;
  const passed = runs.filter((run) => resultOf(run) === 'passed').length;
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => heading.current?.focus(), []);
  return (
    <section
      aria-label="Tests of resilience"
      data-testid="resilience-table"
      data-covers={place === 'over' ? 'page' : undefined}
      data-over={isOver}
      data-passed={passed}
      className={clsx(panelClass(place), place === 'over' && 'desk:max-h-[38rem]')}
    >
      <header className="flex items-center justify-between gap-3 border-b border-line px-4 py-2">
        <div>
          <h2 ref={heading} tabIndex={-1} className="text-base font-semibold outline-none">
            Ten tests of resilience
          </h2>
          <p role="status" className="text-xs text-quiet">
            {wordsFor(suite, passed)}
          </p>
        </div>
        {isOver ? (
          <Button onClick={onClose}>Close</Button>
        ) : (
          <Button title="End the tests and mend what they broke" onClick={onLeave}>
            Leave
          </Button>
        )}
      </header>
      {/* eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- what scrolls must be reached by keyboard */}
      <div
        tabIndex={0}
        role="group"
        aria-label="Results"
        className="min-h-0 overflow-y-auto -outline-offset-2"
      >
        <table className="w-full text-sm">
          <thead className="sticky top-0 bg-surface text-left text-xs text-quiet">
            <tr>
              <th className="w-10 py-1 pl-4 font-normal">#</th>
              <th className="py-1 font-normal">test and evidence</th>
              <th className="py-1 font-normal">result</th>
              <th className="py-1 pr-4 text-right font-normal">time</th>
            </tr>
          </thead>
          <tbody>
            {RESILIENCE.map(({ id, title }, i) => {
              const run = runs[i] ?? (now?.id === id && !isOver ? now : null);
              return <Row key={id} number={i + 1} id={id} title={title} run={run} />;
            })}
          </tbody>
        </table>
      </div>
    </section>
  );
}

interface RowProps {
  readonly number: number;
  readonly id: string;
  readonly title: string;
  readonly run: LessonRun | null;
}

function Row({ number, id, title, run }: RowProps) {
  const checks = run === null ? [] : checksOf(run);
  const result = run === null ? null : resultOf(run);
  const isOver = run?.phase === 'over';
  const problems = run?.steps.flatMap(({ problem }) => problem ?? []) ?? [];
  const word = run === null ? 'waits' : isOver && result !== null ? RESULT_WORDS[result] : 'runs…';
  return (
    <tr
      data-testid={`resilience-${id}`}
      data-result={isOver ? (result ?? '') : ''}
      className="border-t border-line align-top"
    >
      <td className="py-1.5 pl-4 font-mono text-quiet">{number}</td>
      <td className="min-w-0 py-1.5 pr-2">
        {checks.length === 0 ? (
          title
        ) : (
          <details open={result === 'failed'}>
            <summary className="cursor-pointer">
              {title} <span className="text-quiet">· {checks.length} checks</span>
            </summary>
            <div className="pt-1.5 pb-1">
              <CheckList checks={checks} />
            </div>
          </details>
        )}
        {problems.map((problem) => (
          <p key={problem} className="text-danger">
            {problem}
          </p>
        ))}
      </td>
      <td
        className={`py-1.5 whitespace-nowrap ${result === 'failed' ? 'font-medium text-danger' : ''}`}
      >
        {word}
      </td>
      <td className="py-1.5 pr-4 text-right font-mono whitespace-nowrap">
        {run?.tookMs == null ? '' : `${(run.tookMs / 1000).toFixed(1)} s`}
      </td>
    </tr>
  );
}

const RESULT_WORDS = { passed: '✓ passed', failed: '✗ failed', left: '– left' } as const;

function wordsFor({ runs, isOver }: Suite, passed: number): string {
  if (!isOver) return `${runs.length} of ${RESILIENCE.length} over, ${passed} passed`;
  const rest = RESILIENCE.length - runs.length;
  return `${passed} of ${RESILIENCE.length} passed${rest > 0 ? `, ${rest} not run` : ''}; the cluster is mended after each`;
}
