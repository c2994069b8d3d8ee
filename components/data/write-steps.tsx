'use client';

import clsx from 'clsx';
import { stepsOf } from '../../client/write-steps.ts';
import type { WriteStep } from '../../client/write-steps.ts';
import { useFollowedWrite } from './followed-write.ts';

const MARKS: Readonly<
  Record<WriteStep['state'], { readonly mark: string; readonly word: string }>
> = {
  ahead: { mark: '○', word: 'not yet' },
  begun: { mark: '◐', word: 'in part' },
  done: { mark: '●', word: 'done' },
  lost: { mark: '✗', word: 'undone' },
};

/** Follow my write: each step lights once some node has proved it. */
export function WriteSteps() {
  const steps = useFollowedWrite(({ track }) => track);
  return (
    <ol
      aria-label="Follow my write"
      data-testid="write-steps"
      className="grid grid-cols-3 gap-x-1.5 gap-y-1 @sm:grid-cols-[1fr_1fr_1.3fr_1.1fr_0.85fr]"
    >
      {stepsOf(steps).map(({ id, state, detail }) => {
        const isReached = state === 'done' || state === 'begun';
        return (
          <li
            key={id}
            data-step={id}
            data-state={state}
            title={detail === '' ? undefined : `${id} ${detail}`}
            className={clsx(
              'min-w-0 border-t-2 pt-0.5 transition-colors duration-100',
              state === 'done' && 'border-text',
              state === 'begun' && 'border-dashed border-text',
              state === 'lost' && 'border-dashed border-danger',
              state === 'ahead' && 'border-line',
            )}
          >
            <span
              className={clsx(
                'block truncate text-[11px] leading-4 @md:text-xs',
                isReached ? 'font-medium' : 'text-quiet',
              )}
            >
              <span aria-hidden="true">{MARKS[state].mark}</span> {id}
              <span className="sr-only">: {MARKS[state].word}</span>
            </span>
            <span className="block min-h-3.5 truncate text-[11px] leading-3.5 text-quiet">
              {detail}
            </span>
          </li>
        );
      })}
    </ol>
  );
}
