import clsx from 'clsx';
import Link from 'next/link';
import { INVARIANT_STATUS, isOver, number } from '../../client/chaos-words.ts';
import { INVARIANT_WORDS } from '../../client/invariant-words.ts';
import type { ChaosInvariant, ChaosRun } from '../../contracts/chaos.ts';
import type { Violation } from '../../contracts/invariants.ts';
import { VerdictMark } from './verdict-mark.tsx';

/** What the nodes themselves were held against while the run went on. */
export function RunInvariants({ run }: { readonly run: ChaosRun }) {
  return (
    <div className="px-3 pb-3">
      <p className="pb-2 text-[13px] text-quiet">
        Comparisons of what the nodes reported, from the first call of a client{' '}
        {isOver(run.state) ? 'to the verdict' : 'until now'}.
      </p>
      <ul aria-label="Invariants" className="text-[13px]">
        {run.invariants.map((invariant) => (
          <Row key={invariant.id} invariant={invariant} />
        ))}
      </ul>
    </div>
  );
}

function Row({ invariant }: { readonly invariant: ChaosInvariant }) {
  const { id, title, status, checks, violation } = invariant;
  const { word, phase } = INVARIANT_STATUS[status];
  return (
    <li
      data-testid={`chaos-invariant-${id}`}
      data-status={status}
      data-checks={checks}
      className="grid grid-cols-[1.25rem_minmax(0,1fr)_auto_5.5rem] items-center gap-x-2 border-t border-line py-1"
    >
      <VerdictMark phase={phase} className="size-4" />
      <span title={INVARIANT_WORDS[id].says}>{title}</span>
      <span className="text-right text-quiet tabular-nums">
        {number(checks)} {checks === 1 ? 'check' : 'checks'}
      </span>
      <span className={clsx('text-right', status === 'violated' ? 'font-medium text-danger' : '')}>
        {word}
      </span>
      {violation !== null && <Clash violation={violation} />}
    </li>
  );
}

function Clash({ violation: { text, facts, atMs, eventSeq } }: { readonly violation: Violation }) {
  return (
    <div className="col-span-3 col-start-2 pt-1 wrap-anywhere">
      <p className="font-medium">{text}</p>
      <ol className="list-decimal pl-5">
        {facts.map((fact) => (
          <li key={fact}>{fact}</li>
        ))}
      </ol>
      <p className="text-quiet">
        Event {eventSeq}.{' '}
        <Link href={`/?t=${Math.round(atMs)}`} className="underline underline-offset-4">
          Open the cluster at this moment
        </Link>
      </p>
    </div>
  );
}
