'use client';

import Link from 'next/link';
import { count, phaseOf, phaseWord, seconds, spanOf } from '../../client/chaos-words.ts';
import { formatTimestamp } from '../../client/time-input.ts';
import { ReadFailure } from '../keys/read-failure.tsx';
import { useRuns } from './use-chaos.ts';
import { VerdictMark } from './verdict-mark.tsx';

/** Earlier runs and the one that goes on, newest first. */
export function RunList() {
  const { value, failure } = useRuns();
  return (
    <div className="flex h-full flex-col">
      <h2 className="px-4 pt-4 pb-2 text-base font-medium">Runs</h2>
      {failure !== null && (
        <div className="px-4 pb-2">
          <ReadFailure failure={failure} />
        </div>
      )}
      {value === null && failure === null && (
        <p className="px-4 pb-3 text-quiet">Reading the runs…</p>
      )}
      {value !== null && value.runs.length === 0 && <NoRuns />}
      <ul aria-label="Runs" className="min-h-0 flex-1 overflow-y-auto px-2 pb-2 empty:hidden">
        {value?.runs.map((run) => {
          const phase = phaseOf(run);
          return (
            <li key={run.id}>
              <Link
                href={`/chaos/${encodeURIComponent(run.id)}`}
                data-testid={`chaos-run-${run.id}`}
                data-verdict={phase}
                className="grid grid-cols-[1.25rem_minmax(0,1fr)_auto] items-baseline gap-x-3 rounded-lg border border-transparent px-2 py-2 -outline-offset-2 hover:border-line-strong"
              >
                <VerdictMark phase={phase} className="size-5 self-center" />
                <span className="font-medium">{phaseWord(run)}</span>
                <span className="text-[13px] text-quiet">{formatTimestamp(run.startedAtMs)}</span>
                <span className="col-span-2 col-start-2 text-[13px] text-quiet">
                  {spanOf(run.settings.durationMs)}, {count(run.counts.operations, 'operation')},{' '}
                  {count(run.strikes, 'fault')}, longest pause {seconds(run.longestPauseMs)}, seed{' '}
                  <span className="font-mono">{run.settings.seed}</span>
                </span>
              </Link>
            </li>
          );
        })}
      </ul>
    </div>
  );
}

const OUTCOMES = [
  ['linearizable', 'Linearizable', 'One order of all operations explains every answer.'],
  ['violation', 'Violation', 'None does: the run shows the first answers that clash.'],
  ['unknown', 'Unknown', 'The check found neither in its time.'],
] as const;

/** Before the first run: what there will be to read. */
function NoRuns() {
  return (
    <div
      data-testid="no-runs"
      className="flex flex-1 flex-col items-center justify-center gap-5 px-6 py-8"
    >
      <div className="max-w-md text-center">
        <p className="text-base font-medium">No run yet</p>
        <p className="pt-1 text-sm text-quiet">
          Start one with the form. It ends in one of three verdicts, and stays here, also after a
          restart of the server.
        </p>
      </div>
      <dl className="flex max-w-md flex-col gap-2.5">
        {OUTCOMES.map(([phase, word, meaning]) => (
          <div key={phase} className="grid grid-cols-[1.25rem_minmax(0,1fr)] gap-x-3">
            <VerdictMark phase={phase} className="row-span-2 mt-0.5 size-5" />
            <dt className="text-sm font-medium">{word}</dt>
            <dd className="text-[13px] text-quiet">{meaning}</dd>
          </div>
        ))}
      </dl>
    </div>
  );
}
