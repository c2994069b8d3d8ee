'use client';

import { useState } from 'react';
import type { ComponentProps } from 'react';
import { formatDuration, parseDuration } from '../../client/duration.ts';
import { formatTimestamp } from '../../client/time-input.ts';
import { LIMITS } from '../../contracts/kv.ts';
import type { RetentionAnswer, RetentionBody } from '../../contracts/retention.ts';
import { useActionsDisabled } from '../live/live-provider.tsx';
import { Button } from '../ui/button.tsx';
import { CopyCurl } from '../ui/copy-curl.tsx';
import { TextField } from '../ui/field.tsx';
import { useCurl } from '../ui/use-curl.ts';
import { ReadFailure } from './read-failure.tsx';
import { useRetention } from './use-retention.ts';

/** What may be forgotten: shows the policy and how far it was carried out, and sets another. */
export function Retention() {
  const { answer, failure, saved, busy, save } = useRetention();
  /** Null where nothing was typed. */
  const [age, setAge] = useState<string | null>(null);
  const [count, setCount] = useState<string | null>(null);
  const disabled = useActionsDisabled();
  const curl = useCurl();
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
        <LimitField
          label="Forget what is older than"
          name="max-age"
          placeholder="for ever"
          value={shownAge}
          onValue={setAge}
          error={ageError}
        />
        <LimitField
          label="Versions to keep of each field"
          name="max-versions"
          inputMode="numeric"
          placeholder="all"
          value={shownCount}
          onValue={setCount}
          error={countError}
        />
      </div>
      {maxVersions !== null && (
        <p data-testid="retention-lists" className="text-[13px] text-quiet">
          A limit by number forgets field by field: a list of keys or fields as they were at a past
          time may then end with “compacted”, where some of its versions are gone.
        </p>
      )}
      <HowFar answer={answer} />
      {failure !== null && <ReadFailure failure={failure} />}
      <div className="flex flex-wrap items-center justify-between gap-3" aria-live="polite">
        <p className="min-w-0 flex-1 basis-60 text-[13px] text-quiet">
          {forgets
            ? 'What is forgotten cannot be brought back. A backup keeps it.'
            : saved && same && 'Set. Old versions go within about a minute.'}
        </p>
        <CopyCurl disabledBecause={mistake} command={curl((api) => api.setRetention(policy))} />
        <Button type="submit" tone={forgets ? 'danger' : 'primary'} disabledBecause={because}>
          {forgets ? 'Set, and forget' : 'Set'}
        </Button>
      </div>
    </form>
  );
}

/** A field that may be left empty, with what is wrong with it below. */
function LimitField(props: ComponentProps<typeof TextField> & { readonly error: string | null }) {
  const { error } = props;
  return (
    <div>
      <TextField {...props} />
      {error !== null && (
        <p role="alert" className="pt-1 text-xs text-danger">
          {error}
        </p>
      )}
    </div>
  );
}

function HowFar({ answer }: { readonly answer: RetentionAnswer }) {
  const { horizon, maxVersions } = answer;
  return (
    <p data-testid="retention-horizon">
      {horizon === null
        ? 'Nothing was forgotten for its age so far.'
        : `Kept from ${formatTimestamp(horizon.timestamp)}, revision ${horizon.revision}, on.`}
      {maxVersions !== null &&
        ` Of a field with more than ${maxVersions.toLocaleString('en')} versions, the older ones go.`}
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
