import clsx from 'clsx';
import { isFailed, OUTCOME_WORDS } from '../../client/write-outcome.ts';
import type { WriteOutcome } from '../../client/write-outcome.ts';

/** What became of a write, as a sign and a word; red only where it is known that nothing was written. */
export function OutcomeWord({ outcome }: { readonly outcome: WriteOutcome }) {
  const { mark, word } = OUTCOME_WORDS[outcome];
  return (
    <strong className={clsx('mr-1', isFailed(outcome) && 'text-danger')}>
      <span aria-hidden="true">{mark}</span> {word}
    </strong>
  );
}
