'use client';

import clsx from 'clsx';
import type { ReactNode } from 'react';
import { INVARIANT_WORDS } from '../../client/invariant-words.ts';
import type { InvariantView, Violation } from '../../contracts/invariants.ts';
import { Sheet } from '../ui/sheet.tsx';
import { Age, StatusMark, STATUS_WORDS } from './check-marks.tsx';

interface InvariantsSheetProps {
  readonly invariants: readonly InvariantView[];
  readonly open: boolean;
  onClose(): void;
}

/** What each invariant says, what is compared, and what was seen last. */
export function InvariantsSheet({ invariants, open, onClose }: InvariantsSheetProps) {
  return (
    <Sheet title="What must always hold" open={open} onClose={onClose}>
      <p className="text-quiet">
        Raft promises these whatever nodes, disks and links do. They are checked here all the time,
        on the running cluster, by what its nodes report. A check is one comparison of two facts;
        what cannot be compared, as a node is down or its log compacted, is not counted. After a
        violation an invariant stays red until the server restarts.
      </p>
      <ul className="flex flex-col gap-3">
        {invariants.map((invariant) => (
          <Invariant key={invariant.id} invariant={invariant} />
        ))}
      </ul>
    </Sheet>
  );
}

function Invariant({ invariant }: { readonly invariant: InvariantView }) {
  const { id, title, status, checks, lastCheckedAtMs, evidence, violation } = invariant;
  const { says, compares } = INVARIANT_WORDS[id];
  return (
    <li
      data-testid={`evidence-${id}`}
      data-status={status}
      className={clsx(
        'rounded-lg border p-3',
        status === 'fail' ? 'border-danger bg-danger-wash' : 'border-line',
      )}
    >
      <div className="flex flex-wrap items-center gap-x-2 gap-y-1">
        <StatusMark status={status} />
        <h3 className="font-semibold">{title}</h3>
        <span className={clsx(status === 'fail' ? 'font-semibold text-danger' : 'text-quiet')}>
          {STATUS_WORDS[status]}
        </span>
        <span className="ml-auto text-quiet tabular-nums">
          {checks.toLocaleString('en')} checks
          {lastCheckedAtMs !== null && ', the last '}
          <Age atMs={lastCheckedAtMs} />
        </span>
      </div>
      <dl className="mt-2 grid grid-cols-1 gap-x-4 gap-y-1 sm:grid-cols-[9rem_minmax(0,1fr)]">
        <Row name="What it says">{says}</Row>
        <Row name="What is compared">{compares}</Row>
        <Row name="Last evidence">
          <span className="break-words">{evidence ?? 'None yet: nothing could be compared.'}</span>
        </Row>
      </dl>
      {violation !== null && <Clash violation={violation} />}
    </li>
  );
}

function Row({ name, children }: { readonly name: string; readonly children: ReactNode }) {
  return (
    <>
      <dt className="text-quiet">{name}</dt>
      <dd className="min-w-0">{children}</dd>
    </>
  );
}

function Clash({ violation }: { readonly violation: Violation }) {
  const { text, facts, node, term, index, eventSeq } = violation;
  const where = [
    `reported by ${node}`,
    term === null ? null : `term ${term}`,
    index === null ? null : `index ${index}`,
    `event ${eventSeq}`,
  ];
  return (
    <div className="mt-3 border-t border-danger pt-2">
      <p className="font-semibold break-words text-danger">Violated: {text}</p>
      <ol className="mt-1 list-decimal pl-5 break-words">
        {facts.map((fact) => (
          <li key={fact}>{fact}</li>
        ))}
      </ol>
      <p className="mt-1 text-sm text-quiet">{where.filter((part) => part !== null).join(', ')}</p>
    </div>
  );
}
