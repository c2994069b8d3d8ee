'use client';

import clsx from 'clsx';
import { History as PastIcon } from 'lucide-react';
import { useEffect, useEffectEvent, useState } from 'react';
import type { ApiFailure } from '../../client/http-client.ts';
import { formatTimestamp, parseAsOf } from '../../client/time-input.ts';
import type { AsOf } from '../../client/time-input.ts';
import type { GetAnswer, HistoryAnswer } from '../../contracts/kv.ts';
import { client } from '../cluster/use-action.ts';
import { useActionsDisabled, useLive } from '../live/live-provider.tsx';
import { Button } from '../ui/button.tsx';
import { TextField } from '../ui/field.tsx';
import type { CellName } from './data-console.tsx';
import { timeStops } from './time-stops.ts';

interface ReadFormProps {
  readonly cell: CellName;
  onCell(cell: CellName): void;
  readonly asOf: string;
  onAsOf(text: string): void;
  readonly history: HistoryAnswer | null;
  onHistory(history: HistoryAnswer | null): void;
  /** Changes when the page has written something. */
  readonly writes: number;
}

type Reading =
  | { readonly kind: 'none' }
  | { readonly kind: 'answer'; readonly answer: GetAnswer; readonly asked: AsOf }
  | { readonly kind: 'failed'; readonly failure: ApiFailure };

/** Reads one field: now, at a time, or as of a revision; from the leader with a quorum, or one node's own copy. */
export function ReadForm({
  cell,
  onCell,
  asOf,
  onAsOf,
  history,
  onHistory,
  writes,
}: ReadFormProps) {
  const [localNode, setLocalNode] = useState('');
  const [reading, setReading] = useState<Reading>({ kind: 'none' });
  const [busy, setBusy] = useState(false);
  const disabled = useActionsDisabled();
  const voters = useLive((state) => state.view?.voters ?? NO_VOTERS);
  const asked = parseAsOf(asOf, Date.now());
  const problem =
    asked.kind === 'error'
      ? asked.message
      : cell.key === '' || cell.field === ''
        ? 'Key and field are needed'
        : null;
  const because = disabled ?? problem ?? (busy ? 'The last read is under way' : null);
  const isPast = asked.kind === 'at' || asked.kind === 'revision';

  const read = async (at: AsOf = asked): Promise<void> => {
    if (at.kind === 'error') return;
    setBusy(true);
    const [result, past] = await Promise.all([
      client.get(cell.key, cell.field, {
        ...(at.kind === 'at' && { at: at.at }),
        ...(at.kind === 'revision' && { asOf: at.asOf }),
        ...(localNode !== '' && { localNode }),
      }),
      client.history(cell.key, cell.field),
    ]);
    setBusy(false);
    setReading(
      result.ok
        ? { kind: 'answer', answer: result.value, asked: at }
        : { kind: 'failed', failure: result.failure },
    );
    onHistory(past.ok ? past.value : null);
  };

  const onWrites = useEffectEvent(() => {
    if (writes > 0 && because === null) void read();
  });
  useEffect(() => onWrites(), [writes]);

  const stops = timeStops(history);
  const position = sliderPosition(stops, asked);
  const slide = (index: number): void => {
    const stop = stops[index];
    const text = stop === undefined ? '' : String(stop);
    onAsOf(text);
    void read(parseAsOf(text, Date.now()));
  };

  return (
    <form
      data-testid="read-form"
      aria-label="Read"
      className={clsx('flex flex-col gap-2 p-3', isPast && 'bg-past-wash')}
      onSubmit={(event) => {
        event.preventDefault();
        if (because === null) void read();
      }}
    >
      <div className="flex items-end gap-2">
        <TextField
          className="flex-1"
          label="Key"
          value={cell.key}
          onValue={(key) => onCell({ ...cell, key })}
        />
        <TextField
          className="flex-1"
          label="Field"
          value={cell.field}
          onValue={(field) => onCell({ ...cell, field })}
        />
        <Button type="submit" tone="primary" disabledBecause={because}>
          Read
        </Button>
      </div>
      <div className="flex items-end gap-2">
        <TextField
          className="flex-1"
          label="As of"
          placeholder="now, -5m, 1500, rev 57"
          value={asOf}
          onValue={onAsOf}
          error={asked.kind === 'error' ? asked.message : null}
        />
        <label className="flex flex-col gap-0.5">
          <span className="text-xs text-quiet">From</span>
          <select
            value={localNode}
            onChange={(event) => setLocalNode(event.target.value)}
            className="h-8 rounded-lg border border-line-strong bg-raised px-1.5 text-[13px]"
          >
            <option value="">leader, quorum</option>
            {voters.map((id) => (
              <option key={id} value={id}>
                {id}, own copy
              </option>
            ))}
          </select>
        </label>
      </div>
      <input
        type="range"
        aria-label="As of"
        aria-valuetext={position === stops.length ? 'now' : formatTimestamp(stops[position] ?? 0)}
        min={0}
        max={stops.length}
        step={1}
        value={position}
        disabled={stops.length === 0}
        onChange={(event) => slide(Number(event.target.value))}
        className="w-full accent-text"
      />
      <ReadResult reading={reading} problem={asked.kind === 'error' ? asked.message : null} />
    </form>
  );
}

const NO_VOTERS: readonly string[] = [];

/** The right end is now; else the last stop at or before the time asked for. */
function sliderPosition(stops: readonly number[], asked: AsOf): number {
  if (asked.kind !== 'at') return stops.length;
  const after = stops.findIndex((stop) => stop > asked.at);
  return Math.max(0, (after === -1 ? stops.length : after) - 1);
}

const ABSENT = {
  never: 'Nothing was ever written here',
  'not-yet': 'Nothing yet: its first version is later',
  deleted: 'It was deleted',
  expired: 'It had expired',
} as const;

function ReadResult({
  reading,
  problem,
}: {
  readonly reading: Reading;
  readonly problem: string | null;
}) {
  const answer = reading.kind === 'answer' ? reading.answer : null;
  return (
    <div
      role="status"
      data-testid="read-result"
      data-found={answer?.found ?? ''}
      data-revision={answer?.version?.revision ?? ''}
      data-from-ms={answer?.version?.timestamp ?? ''}
      data-to-ms={answer?.version?.validTo ?? ''}
      data-value={answer?.found === true ? JSON.stringify(answer.value) : ''}
      className="min-h-[88px] text-[13px] leading-5"
    >
      {problem !== null && <p className="text-danger">{problem}</p>}
      {problem === null && reading.kind === 'none' && (
        <p className="text-quiet">Read it now, or as it was at any time.</p>
      )}
      {reading.kind === 'failed' && <p className="text-danger">{reading.failure.message}</p>}
      {reading.kind === 'answer' && <Answer answer={reading.answer} asked={reading.asked} />}
    </div>
  );
}

function Answer({ answer, asked }: { readonly answer: GetAnswer; readonly asked: AsOf }) {
  const past = asked.kind !== 'now';
  return (
    <>
      {past && (
        <p className="flex items-center gap-1 font-medium text-past">
          <PastIcon className="size-3.5" aria-hidden="true" />
          {asked.kind === 'revision'
            ? `As known at revision ${answer.asOf}`
            : `As it was at ${formatTimestamp(answer.at)}`}
        </p>
      )}
      {answer.version === null ? (
        <p className="text-base">{ABSENT[answer.absentBecause ?? 'never']}</p>
      ) : (
        <>
          <p className="line-clamp-2 font-mono text-base break-all">
            {answer.value === '' ? <em className="text-quiet">empty text</em> : answer.value}
          </p>
          <p className="text-quiet">
            holds from{' '}
            <span className="font-mono">{formatTimestamp(answer.version.timestamp)}</span>
            {answer.version.validTo !== undefined && (
              <>
                {' '}
                until <span className="font-mono">{formatTimestamp(answer.version.validTo)}</span>
              </>
            )}
          </p>
        </>
      )}
      <p className="text-quiet">
        {answer.version !== null && `revision ${answer.version.revision}, `}
        {answer.consistency === 'linearizable'
          ? `linearizable, by ${answer.node}`
          : `${answer.node}'s own copy, applied to ${answer.appliedRevision}`}
      </p>
    </>
  );
}
