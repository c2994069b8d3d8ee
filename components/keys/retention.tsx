'use client';

import { useState } from 'react';
import { formatDuration, parseDuration } from '../../client/duration.ts';
import { formatTimestamp } from '../../client/time-input.ts';
import { LIMITS } from '../../contracts/kv.ts';
import type { RetentionAnswer, RetentionBody } from '../../contracts/retention.ts';
import { useActionsDisabled } from '../live/live-provider.tsx';
import { Button } from '../ui/button.tsx';
import { TextField } from '../ui/field.tsx';
import { ReadFailure } from './read-failure.tsx';
import { useRetention } from './use-retention.ts';

/** What may be forgotten: shows the policy and how far it was carried out, and sets another. */
export function Retention() {
  const { answer, failure, saved, busy, save } = useRetention();
  /** Null where nothing was typed. */
  const [age, setAge] = useState<string | null>(null);
  const [count, setCount] = useState<string | null>(null);
  const disabled = useActionsDisabled();
  if (answer === null)
    return failure === null ? (
      <p className="text-quiet">Asking…</p>
    ) : (
      <ReadFailure failure={failure} />
    );

  const shownAge = age ?? (answer.maxAgeMs === null ? '' : formatDuration(answer.maxAgeMs));
  const shownCount = count ?? String(answer.maxVersions ?? '');
  const maxAgeMs = shownAge.trim() === '' ? null : parseDuration(shownAge);
  const maxVersions = shownCount.trim() === '' ? null : countOf(shownCount);
  const ageError =
    shownAge.trim() === '' || maxAgeMs !== null ? null : 'A number and a unit: 90s, 12h, 7d, 2w';
  const countError =
    shownCount.trim() === '' || maxVersions !== null
      ? null
      : `A whole number from 1 to ${LIMITS.keptVersions}`;
  const policy = { maxAgeMs, maxVersions };
  const mistake = ageError ?? countError;
  const same = maxAgeMs === answer.maxAgeMs && maxVersions === answer.maxVersions;
  const forgets = mistake === null && isNarrower(policy, answer);
  const because =
    disabled ?? mistake ?? (busy ? 'The answer is still out' : same ? 'This is set already' : null);
  return (
    <form
      data-testid="retention"
      className="flex flex-col gap-4"
      onSubmit={(event) => {
        event.preventDefault();
        if (because === null) save(policy);
      }}
    >
      <p className="text-quiet">
        Every version is kept, unless you say what may go. What is forgotten is gone on every node,
        and questions about that past are refused, never answered wrongly.
      </p>
      <div className="grid gap-3 sm:grid-cols-2">
        <div>
          <TextField
            label="Forget what is older than"
            name="max-age"
            placeholder="for ever"
            value={shownAge}
            onValue={setAge}
            error={ageError}
          />
          <Mistake text={ageError} />
        </div>
        <div>
          <TextField
            label="Versions to keep of each field"
            name="max-versions"
            inputMode="numeric"
            placeholder="all"
            value={shownCount}
            onValue={setCount}
            error={countError}
          />
          <Mistake text={countError} />
        </div>
      </div>
      <HowFar answer={answer} />
      {failure !== null && <ReadFailure failure={failure} />}
      <div className="flex flex-wrap items-center justify-between gap-3" aria-live="polite">
        <p className="min-w-0 flex-1 basis-60 text-[13px] text-quiet">
          {forgets
            ? 'What is forgotten cannot be brought back. A backup keeps it.'
            : saved && same && 'Set. Old versions go within about a minute.'}
        </p>
        <Button type="submit" tone={forgets ? 'danger' : 'primary'} disabledBecause={because}>
          {forgets ? 'Set, and forget' : 'Set'}
        </Button>
      </div>
    </form>
  );
}

function Mistake({ text }: { readonly text: string | null }) {
  return (
    text !== null && (
      <p role="alert" className="pt-1 text-xs text-danger">
        {text}
      </p>
    )
  );
}

function HowFar({ answer }: { readonly answer: RetentionAnswer }) {
  const { horizon } = answer;
  return (
    <p data-testid="retention-horizon">
      {horizon === null
        ? 'Nothing was forgotten for its age so far.'
        : `Kept from ${formatTimestamp(horizon.timestamp)}, revision ${horizon.revision}, on.`}
    </p>
  );
}

function countOf(text: string): number | null {
  const count = Number(text);
  return Number.isInteger(count) && count >= 1 && count <= LIMITS.keptVersions ? count : null;
}

/** Would it forget what is kept as things are? */
function isNarrower(wanted: RetentionBody, present: RetentionBody): boolean {
  const infinite = (limit: number | null): number => limit ?? Number.POSITIVE_INFINITY;
  return (
    infinite(wanted.maxAgeMs) < infinite(present.maxAgeMs) ||
    infinite(wanted.maxVersions) < infinite(present.maxVersions)
  );
}
