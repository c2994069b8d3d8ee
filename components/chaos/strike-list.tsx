import clsx from 'clsx';
import { isOver, seconds } from '../../client/chaos-words.ts';
import type { ChaosRun, ChaosStrike } from '../../contracts/chaos.ts';

/** The schedule, and what each strike came to. */
export function StrikeList({ run }: { readonly run: ChaosRun }) {
  const { schedule, state } = run;
  if (schedule.length === 0)
    return <p className="px-3 pb-4 text-quiet">Nothing strikes in this run: the load alone.</p>;
  return (
    <ol aria-label="Schedule" className="px-3 pb-3 text-[13px]">
      {schedule.map((strike) => (
        <li
          key={strike.number}
          data-state={strike.state}
          aria-current={strike.state === 'striking' ? 'step' : undefined}
          className={clsx(
            'grid grid-cols-[3.25rem_minmax(0,1fr)_5.5rem] gap-x-2 border-t border-line py-1',
            strike.state === 'striking' && 'font-medium',
            (strike.state === 'skipped' || strike.state === 'planned') && 'text-quiet',
          )}
        >
          <span className="font-mono">{seconds(strike.beganMs ?? strike.atMs)}</span>
          <span>{wordsOf(strike)}</span>
          <span className="text-right text-quiet">{endOf(strike, isOver(state))}</span>
        </li>
      ))}
    </ol>
  );
}

function wordsOf({ state, words, note }: ChaosStrike): string {
  return state === 'skipped' ? `${words}: skipped, ${note ?? ''}` : (note ?? words);
}

function endOf({ state, beganMs, endedMs, forMs }: ChaosStrike, isPast: boolean): string {
  switch (state) {
    case 'planned':
      return isPast ? 'never came' : forMs === 0 ? 'to come' : `for ${seconds(forMs)}`;
    case 'striking':
      return isPast ? '' : 'now';
    case 'over':
      return forMs === 0 ? 'done' : `${seconds((endedMs ?? 0) - (beganMs ?? 0))} long`;
    case 'skipped':
      return '';
  }
}
