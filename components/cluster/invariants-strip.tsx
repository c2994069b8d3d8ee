'use client';

import clsx from 'clsx';
import { useState } from 'react';
import { INVARIANT_WORDS, lastCheckOf, summaryOf } from '../../client/invariant-words.ts';
import type { InvariantView } from '../../contracts/invariants.ts';
import { useLive } from '../live/live-provider.tsx';
import { AlertsButton } from './alerts-button.tsx';
import { Age, STATUS_WORDS, StatusMark } from './check-marks.tsx';
import { InvariantsSheet } from './invariants-sheet.tsx';

const NONE: readonly InvariantView[] = [];

/** One line: what must always hold, how often that was checked and when last. A click shows the evidence. */
export function InvariantsStrip() {
  const invariants = useLive(({ view }) => view?.invariants ?? NONE);
  const stale = useLive((state) => state.conn === 'reconnecting');
  const [open, setOpen] = useState(false);
  return (
    <section
      aria-label="Invariants and alerts"
      className={clsx(
        'flex h-7 items-stretch border-b border-line bg-surface pr-2 text-xs sm:pr-4',
        stale && '*:stale grayscale',
      )}
    >
      <button
        type="button"
        aria-haspopup="dialog"
        title="What must always hold, and the evidence that it does"
        data-testid="invariants"
        onClick={() => setOpen(true)}
        className="flex min-w-0 flex-1 items-center gap-4 px-2 -outline-offset-2 hover:bg-line sm:px-4"
      >
        <span className="flex min-w-0 items-center gap-1.5 wide:hidden">
          <StatusMark status={worstOf(invariants)} />
          <span className="truncate">{summaryOf(invariants)}</span>
        </span>
        {invariants.map((invariant) => (
          <Item key={invariant.id} invariant={invariant} />
        ))}
        <span className="ml-auto shrink-0 text-right text-quiet tabular-nums">
          <span className="hidden wide:inline">checked </span>
          <Age atMs={lastCheckOf(invariants)} />
        </span>
      </button>
      <AlertsButton />
      <InvariantsSheet invariants={invariants} open={open} onClose={() => setOpen(false)} />
    </section>
  );
}

function Item({ invariant }: { readonly invariant: InvariantView }) {
  const { id, status, checks } = invariant;
  return (
    <span
      data-testid={`invariant-${id}`}
      data-status={status}
      data-checks={checks}
      className="hidden shrink-0 items-center gap-1.5 wide:flex"
    >
      <StatusMark status={status} />
      <span className={clsx(status === 'fail' && 'font-semibold text-danger')}>
        {INVARIANT_WORDS[id].label}
        <span className="sr-only"> {STATUS_WORDS[status]}, checks:</span>
      </span>
      <span className="min-w-[5ch] text-left font-mono text-quiet tabular-nums">
        {status === 'unknown' ? '–' : checks.toLocaleString('en')}
      </span>
    </span>
  );
}

function worstOf(invariants: readonly InvariantView[]): InvariantView['status'] {
  if (invariants.some(({ status }) => status === 'fail')) return 'fail';
  return invariants.some(({ status }) => status === 'pass') ? 'pass' : 'unknown';
}
